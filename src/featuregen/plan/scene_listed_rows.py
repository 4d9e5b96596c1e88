"""The rows that the tests of a list make: in which they differ, and how that orders them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.scene_found import STRANGER
from featuregen.plan.scene_makers import another_id, another_row, stored_sample
from featuregen.plan.scene_requests import text
from featuregen.plan.scene_rows import OWNER, is_one_for_all, is_one_for_each, only_by_reference
from featuregen.plan.scene_values import ascending, others
from featuregen.plan.stored_rows import reads_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Operation

_PARENT, _OTHER_PARENT, _SHARED, FIRST = 1, 2, 3, 10  # numbers of rows
_JSON_KINDS = {"list", "map", "model", "json"}
_TIES = ((1, 0, 2, 1, 0), (0, 2, 1, 0, 2), (2, 1, 0, 2, 1))
_NO_TIES = ((1, 4, 0, 3, 2), (3, 0, 4, 2, 1), (2, 3, 1, 0, 4))
_COUNT = 5


class ListedRows(NamedTuple):
    """Calls that make rows."""

    needed: tuple[str, ...]  # what the rows refer to
    rows: tuple[str, ...]
    newcomer: str | None = None


def parent_id(operation: Operation, spec: FeatureSpec) -> str:
    """The row below which the list is."""
    return another_id(spec.entities[operation.parent or ""], spec, _PARENT)


def listed_rows(
    operation: Operation, spec: FeatureSpec, values: Sequence[dict[str, Json]]
) -> ListedRows | None:
    """Rows with these values; None where a key lets there be but one."""
    entity = spec.entities[operation.entity or ""]
    if is_one_for_all(entity):
        return None
    needed: list[str] = []
    base: dict[str, Json] = {}
    if operation.parent is not None and operation.parent_field is not None:
        parent = spec.entities[operation.parent]
        own: dict[str, Json] = {parent.owner.name: OWNER} if parent.owner is not None else {}
        needed += another_row(parent, spec, _PARENT, own)
        base[operation.parent_field] = parent_id(operation, spec)
    for number, field in enumerate(entity.fields, _SHARED):
        if field.references is None or field.nullable or field.name in base:
            continue
        if field.name in only_by_reference(entity):
            continue
        target = spec.entities[field.references]
        if not all(field.name in each for each in values):
            needed += another_row(target, spec, number, {})
            base[field.name] = another_id(target, spec, number)
    apart = _owners_apart(operation, entity, [*values, {}])
    if apart is None and len(values) > 1:
        return None
    made: list[str] = []
    for number, each in enumerate((*values, {})):
        owner = apart[number] if apart else {}
        *before, row = another_row(entity, spec, FIRST + number, base | owner | each)
        needed += before
        made.append(row)
    return ListedRows(tuple(dict.fromkeys(needed)), tuple(made[:-1]), made[-1])


def _owners_apart(
    operation: Operation, entity: Entity, values: Sequence[dict[str, Json]]
) -> list[dict[str, Json]] | None:
    """Owners that keep rows apart which a key has once for each; None where they do not help."""
    count = len(values)
    if is_one_for_each(entity) and entity.owner is not None:
        unsaid = [each for each in values[:-1] if entity.owner.name not in each]
        if len(unsaid) > 1 and reads_as(entity, operation) == "owned":
            return None  # the caller sees one
        return [{entity.owner.name: f"user_{number}"} for number in range(1, count + 1)]
    if operation.parent_field not in only_by_reference(entity):
        return [{}] * count
    keys = [key for key in entity.unique if operation.parent_field in key]
    if any(len(set(key) & only_by_reference(entity)) > 1 for key in keys):
        return [{}] * count  # another reference of the key differs
    owner = entity.owner
    if owner is None or reads_as(entity, operation) == "owned":
        return None
    if not all(owner.name in key for key in keys):
        return None
    return [{owner.name: f"user_{number}"} for number in range(1, count + 1)]


def shown_rows(
    operation: Operation, spec: FeatureSpec, *, owners: bool = False, parents: bool = False
) -> ListedRows | None:
    """Two rows, the second of another owner, or below another parent."""
    entity = spec.entities[operation.entity or ""]
    if owners:
        if entity.owner is None:
            return None
        return listed_rows(operation, spec, [{}, {entity.owner.name: STRANGER}])
    if not parents or operation.parent is None or operation.parent_field is None:
        return None
    parent = spec.entities[operation.parent]
    other = another_id(parent, spec, _OTHER_PARENT)
    found = listed_rows(operation, spec, [{}, {operation.parent_field: other}])
    if found is None:
        return None
    return found._replace(needed=(*another_row(parent, spec, _OTHER_PARENT, {}), *found.needed))


def sorted_rows(
    operation: Operation, spec: FeatureSpec
) -> tuple[ListedRows, dict[str, list[int]]] | None:
    """Rows with equal and unequal values, and how each `sort` has them."""
    entity, listing = spec.entities[operation.entity or ""], operation.listing
    if listing is None:
        return None
    names = list(dict.fromkeys(sort.removeprefix("-") for sort in listing.sort))
    ranks: dict[str, list[int]] = {entity.id.name: list(range(_COUNT))}
    values: list[dict[str, Json]] = [{} for _ in range(_COUNT)]
    turn = 0
    for name in names:
        field = entity.field(name)
        if field in (entity.id, entity.owner) or field.references is not None:
            continue
        ranks[name], chosen = _ranked(field, entity, turn, spec)
        turn += 1
        for row, value in zip(values, chosen, strict=True):
            row[name] = value
    rows = listed_rows(operation, spec, values)
    if rows is None:
        return None
    orders = {
        sort: _order(ranks[sort.removeprefix("-")], down=sort.startswith("-"))
        for sort in listing.sort
        if sort.removeprefix("-") in ranks
    }
    return (rows, orders) if orders and listing.sort[0] in orders else None


def _order(ranks: list[int], *, down: bool) -> list[int]:
    """The id, which ascends, goes the same way."""
    return sorted(range(_COUNT), key=lambda row: (ranks[row], row), reverse=down)


def _ranked(
    field: Field, entity: Entity, turn: int, spec: FeatureSpec
) -> tuple[list[int], list[Json]]:
    alone = any(field.name in key for key in entity.unique)
    wanted = _COUNT if alone else 3
    values = values_of(field, spec, wanted)
    if field.nullable and not alone and len(values) > 1:
        values = (*values[: wanted - 1], None)  # is the largest
    pattern = (_NO_TIES if alone else _TIES)[turn % 3]
    ranks = [min(place, len(values) - 1) for place in pattern]
    return ranks, [values[rank] for rank in ranks]


def values_of(field: Field, spec: FeatureSpec, count: int) -> tuple[Json, ...]:
    """So many values in ascending order, or fewer where there are not so many."""
    held = stored_sample(field, spec)
    more = others(field, spec, held)
    found = ascending([held, *islice(more, count * 3)], field)
    return found[:count] if held in found[:count] else (*found[: count - 1], found[-1])[:count]


def filtered_rows(
    operation: Operation, spec: FeatureSpec
) -> tuple[ListedRows, list[tuple[dict[str, Json], list[int]]]] | None:
    """Three rows of three values in each field, and which of them each query shows."""
    entity, listing = spec.entities[operation.entity or ""], operation.listing
    if listing is None or not listing.filters:
        return None
    offered = {field.name: field.wire_name for field in operation.query}
    values: list[dict[str, Json]] = [{}, {}, {}]
    queries: list[tuple[dict[str, Json], list[int]]] = []
    needed: list[str] = []
    for number, name in enumerate(listing.filters):
        field = entity.field(name)
        if field.type.kind in _JSON_KINDS or name == operation.parent_field:
            continue
        held = _held(field, entity, operation, spec, number, needed)
        if len(set(map(str, held))) == 1:
            continue
        for row, value in zip(values, held, strict=True):
            row[name] = value
        queries += _queries(name, held, offered)
    queries += _together(queries)
    rows = listed_rows(operation, spec, values)
    return (rows._replace(needed=(*needed, *rows.needed)), queries) if rows else None


def _held(
    field: Field,
    entity: Entity,
    operation: Operation,
    spec: FeatureSpec,
    number: int,
    needed: list[str],
) -> list[Json]:
    """The values of the three rows, ascending; the last two are equal where there are but two."""
    if field == entity.owner:
        both = reads_as(entity, operation) != "owned"
        return ["user_1", STRANGER, STRANGER] if both else ["user_1"] * 3
    if field.references is not None:
        target = spec.entities[field.references]
        count = 3 if field.name in only_by_reference(entity) else 2
        numbers = range(FIRST * 2 + 3 * number, FIRST * 2 + 3 * number + count)
        for each in numbers:
            needed += another_row(target, spec, each, {})
        first, second, *third = (another_id(target, spec, each) for each in numbers)
        return [first, second, third[0] if third else None if field.nullable else second]
    found = values_of(field, spec, 3)
    return [found[min(place, len(found) - 1)] for place in range(3)]


def _queries(
    name: str, held: list[Json], offered: dict[str, str]
) -> Iterator[tuple[dict[str, Json], list[int]]]:
    first, middle, _ = held
    if name in offered:
        for value in (first, middle):
            yield {offered[name]: text(value)}, [row for row in range(3) if held[row] == value]
    if f"{name}_from" in offered:
        least, most = offered[f"{name}_from"], offered[f"{name}_to"]
        equal = [row for row in range(3) if held[row] == middle]
        yield {least: text(middle)}, sorted({*equal, 2})
        yield {most: text(middle)}, sorted({*equal, 0})
        yield {least: text(middle), most: text(middle)}, equal


def _together(
    queries: list[tuple[dict[str, Json], list[int]]],
) -> Iterator[tuple[dict[str, Json], list[int]]]:
    """Two filters of different fields show what both let through."""
    for query, shown in queries[1:]:
        first, firsts = queries[0]
        if not set(query) & set(first) and set(shown) & set(firsts) != set(shown):
            yield first | query, [row for row in firsts if row in shown]
            return
