"""Search: what stands in a text is found as it is written, whatever it means to a database."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.python_values import normalised_text
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.scene_listed_rows import ListedRows, listed_rows
from featuregen.plan.scene_makers import stored_sample
from featuregen.plan.scene_values import others

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Field, Json, Operation

_SPECIAL = "1% _\\/'\""
_PLAIN = "1xyzzzz-"  # what `_SPECIAL` would stand for as a pattern
_MARKS = ("%", "_", "\\", "/", "'", '"', "1% _")


class SearchScene(NamedTuple):
    """Two rows, and the queries that show the first, or none."""

    name: str  # the field
    rows: ListedRows
    queries: tuple[tuple[str, str], ...]


def search_scenes(operation: Operation, spec: FeatureSpec) -> tuple[SearchScene, ...]:
    listing = operation.listing
    found = (_scene(name, operation, spec) for name in (listing.search if listing else ()))
    return tuple(scene for scene in found if scene is not None)


def _scene(name: str, operation: Operation, spec: FeatureSpec) -> SearchScene | None:
    entity = spec.entities[operation.entity or ""]
    field = entity.field(name)
    special = _is_free(field)
    first, second = _texts(field, spec, special=special)
    if first is None or second is None:
        return None
    rows = listed_rows(operation, spec, [{name: first}, {name: second}])
    if rows is None:
        return None
    wire = next(each.wire_name for each in operation.query if each.name == "q")
    rest = [
        str(stored_sample(entity.field(other), spec))
        for other in (operation.listing.search if operation.listing else ())
        if other != name
    ]
    asked = [str(first), str(first).upper(), str(first).lower()]
    asked += [mark for mark in _MARKS if special]
    queries = [
        (py_literal({wire: each}), "[0]")
        for each in dict.fromkeys(asked)
        if each.lower() not in str(second).lower()
        and not any(each.lower() in other.lower() for other in rest)
    ]
    nowhere = py_literal({wire: "%_%_%"})
    return SearchScene(py_string(name), rows, (*queries, (nowhere, "[]")))


def _is_free(field: Field) -> bool:
    longest, text = field.max_length, normalised_text(_SPECIAL, field)
    fits = longest is None or longest >= len(_SPECIAL)
    return field.type.kind == "string" and field.pattern is None and fits and text == _SPECIAL


def _texts(field: Field, spec: FeatureSpec, *, special: bool) -> tuple[Json, Json]:
    if special:
        size = field.min_length or 0
        return _SPECIAL.ljust(size, "1"), _PLAIN.ljust(size, "1")
    values = islice(others(field, spec, stored_sample(field, spec)), 2)
    return next(values, None), next(values, None)
