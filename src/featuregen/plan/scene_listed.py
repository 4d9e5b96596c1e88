"""Lists: whose rows they show, which of them, in which order, and what they make of a question.

Each test makes rows of its own; `rows[2]` in it is the third of them. Their ids ascend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake, words
from featuregen.plan.python_values import VALUE_IMPORTS
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.scene_found import STRANGER
from featuregen.plan.scene_guards import doubled
from featuregen.plan.scene_listed_rows import (
    FIRST,
    ListedRows,
    filtered_rows,
    listed_rows,
    shown_rows,
    sorted_rows,
)
from featuregen.plan.scene_makers import another_id
from featuregen.plan.scene_requests import request_plan, url
from featuregen.plan.scene_searched import SearchScene, search_scenes
from featuregen.plan.scene_stored import is_tested
from featuregen.plan.stored_list import item_model
from featuregen.plan.stored_rows import reads_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.plan.scene_requests import RequestPlan
    from featuregen.spec.model import FeatureSpec, Operation

_INJECTION = "' OR 1=1 --"
_NUMBERED = 'f"{prefix}{{number:032x}}"'
_DIGITS = 32  # of an id, behind its prefix


class Shown(NamedTuple):
    """Who asks, and which rows are shown."""

    label: str
    token: str  # arguments of `make_token`
    rows: str  # a list display of indices


class OrderedScene(NamedTuple):
    """Rows, and the order that each `sort` gives them."""

    rows: ListedRows
    sorts: tuple[tuple[str, str], ...]  # a query, indices


class FilteredScene(NamedTuple):
    """Rows, and those that each query shows."""

    rows: ListedRows
    queries: tuple[tuple[str, str], ...]


class CrowdScene(NamedTuple):
    """More rows than a page has where nothing is said of it."""

    needed: tuple[str, ...]
    row: str  # the call that makes that of a `number`
    limit: int


class ListTest(NamedTuple):
    """What is tested of one list."""

    name: str
    verb: str
    request: RequestPlan
    status: int
    auth: bool
    validation_status: int
    table: str
    id_name: str
    id_wire: str
    reader: str | None  # the arguments of `make_token`, where rows of several owners are shown
    owned: ListedRows | None
    shown: tuple[Shown, ...]
    below: ListedRows | None  # the second row stands below another parent
    ordered: OrderedScene | None
    newcomer: str | None  # a row more than those of `ordered`
    crowd: CrowdScene | None
    filtered: FilteredScene | None
    searches: tuple[SearchScene, ...]
    injected: tuple[tuple[str, bool], ...]  # a query, whether it is a valid one
    other_sort: tuple[str, str] | None


class ListTests(NamedTuple):
    """`tests/test_<feature>_lists.py`."""

    docstring: str
    imports: tuple[str, ...]
    bears: bool  # tokens of its own making
    doubled: tuple[str, ...]  # functions of the user's, in whose place the tests put their own
    operations: tuple[ListTest, ...]


def plan_list_tests(spec: FeatureSpec) -> ListTests | None:
    """The tests of a feature's lists; None where it has none."""
    tests = tuple(
        test
        for operation in spec.operations.values()
        if operation.action == "list" and is_tested(operation)
        for test in _tests(operation, spec)
    )
    if not tests:
        return None
    feature = spec.feature
    makers = (f"make_{snake(name)}" for name in spec.entities)
    return ListTests(
        docstring=docstring(
            f"Lists of the {words(feature)} feature: whose rows, which, and in which order",
            indent=0,
        ),
        imports=(
            *VALUE_IMPORTS,
            "from typing import Any",
            "import httpx2",
            "import pytest",
            "from app.db.session import Database",
            f"from app.services import {feature}_hooks",
            *(f"from app.tables.{feature} import {name}" for name in spec.entities),
            "from tests.conftest import TokenFactory",
            *(f"from tests.{feature}_rows import {name}" for name in ("add", "stored", *makers)),
        ),
        bears=any(test.reader or (test.owned and test.shown) for test in tests),
        doubled=doubled(spec.operations[test.name] for test in tests),
        operations=tests,
    )


def _tests(operation: Operation, spec: FeatureSpec) -> Iterator[ListTest]:
    entity = spec.entities[operation.entity or ""]
    item = spec.models[item_model(operation.response.model or "", spec)]
    known = next((field for field in item.fields if field.name == entity.id.name), None)
    if known is None:  # the rows of an answer cannot be told apart
        return
    ordered = _ordered(operation, spec)
    sorts = operation.listing.sort if operation.listing else ()
    yield ListTest(
        name=operation.name,
        verb=operation.method.lower(),
        request=_request(operation, spec),
        status=operation.status,
        auth=operation.auth != "none",
        validation_status=spec.validation_status,
        table=entity.name,
        id_name=entity.id.name,
        id_wire=known.wire_name,
        reader=_reader(operation, spec),
        owned=shown_rows(operation, spec, owners=True),
        shown=tuple(_shown(operation, spec)),
        below=shown_rows(operation, spec, parents=True),
        ordered=ordered,
        newcomer=ordered.rows.newcomer if ordered else None,
        crowd=_crowd(operation, spec),
        filtered=_filtered(operation, spec),
        searches=search_scenes(operation, spec),
        injected=tuple(_injected(operation, spec)),
        other_sort=(py_string(sorts[0]), py_string(sorts[1])) if len(sorts) > 1 else None,
    )


def _request(operation: Operation, spec: FeatureSpec) -> RequestPlan:
    plan = request_plan(operation, spec, body=None)
    if operation.parent is None:
        return plan
    from featuregen.plan.scene_listed_rows import parent_id

    there = {operation.row_param or "": parent_id(operation, spec)}
    return plan._replace(url=py_string(url(operation, spec, there)))


def _reader(operation: Operation, spec: FeatureSpec) -> str | None:
    entity = spec.entities[operation.entity or ""]
    if reads_as(entity, operation) != "visible" or operation.auth != "required":
        return None
    held = {operation.permission, entity.scope_permission}
    if operation.parent is not None:
        held |= {spec.entities[operation.parent].scope_permission}
    return _token("user_1", held)


def _shown(operation: Operation, spec: FeatureSpec) -> Iterator[Shown]:
    """The first row is the caller's, the second a stranger's."""
    entity = spec.entities[operation.entity or ""]
    if entity.owner is None or operation.auth != "required":
        return
    kind = reads_as(entity, operation)
    held = {operation.permission} - {None}
    if operation.parent is not None:  # which has to be seen
        held |= {spec.entities[operation.parent].scope_permission} - {None}
        if reads_as(spec.entities[operation.parent], operation) == "owned":
            return
    opened = {entity.scope_permission} - {None}
    every = kind == "existing" or bool(opened and opened <= held)
    for user, own in (("user_1", "[0]"), (STRANGER, "[1]")):
        shown = "[0, 1]" if every else own
        yield Shown(py_string(user), _token(user, held), shown)
    if kind == "visible" and not every:
        label = py_string("who may see all")
        yield Shown(label, _token(STRANGER, held | opened), "[0, 1]")


def _token(user: str, permissions: set[str | None]) -> str:
    held = ", ".join(py_string(name) for name in sorted(filter(None, permissions)))
    return f"{py_string(user)}, [{held}]"


def _ordered(operation: Operation, spec: FeatureSpec) -> OrderedScene | None:
    found = sorted_rows(operation, spec)
    if found is None:
        return None
    rows, orders = found
    sorts = list(orders.items())
    queries = [(py_literal({"sort": sort}), str(order)) for sort, order in sorts]
    return OrderedScene(rows, (("{}", queries[0][1]), *queries))


def _crowd(operation: Operation, spec: FeatureSpec) -> CrowdScene | None:
    """None where more tells rows apart than the id, which is all that the loop changes."""
    entity = spec.entities[operation.entity or ""]
    limit = next((field.default for field in operation.query if field.name == "limit"), None)
    rows = listed_rows(operation, spec, [{}, {}])
    if rows is None or not isinstance(limit, int) or rows.needed != _needed_of_one(operation, spec):
        return None
    first, second = (another_id(entity, spec, FIRST + number) for number in range(2))
    one, other = (
        row.replace(py_string(each), _NUMBERED.format(prefix=each[:-_DIGITS]))
        for row, each in zip(rows.rows, (first, second), strict=True)
    )
    return CrowdScene(rows.needed, one, limit) if one == other else None


def _needed_of_one(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    rows = listed_rows(operation, spec, [{}])
    return rows.needed if rows is not None else ()


def _filtered(operation: Operation, spec: FeatureSpec) -> FilteredScene | None:
    found = filtered_rows(operation, spec)
    if found is None or not found[1]:
        return None
    rows, queries = found
    once = dict.fromkeys((py_literal(query), str(shown)) for query, shown in queries)
    return FilteredScene(rows, tuple(once))


def _injected(operation: Operation, spec: FeatureSpec) -> Iterator[tuple[str, bool]]:
    """SQL in each parameter: it is refused, or a text that no row has."""
    from featuregen.spec.checks.values import fault_of

    for field in operation.query:
        is_text = field.type.kind != "id"  # which has a form of its own
        valid = is_text and fault_of(_INJECTION, field, spec.models) is None
        yield f"{{{py_string(field.wire_name)}: {py_string(_INJECTION)}}}", valid
