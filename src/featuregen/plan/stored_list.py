"""`list`: filters, ranges, search, sorts and keyset pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake
from featuregen.plan.quote import py_string
from featuregen.plan.stored_rows import column, lookup, model_of, reads_as, scope, variable
from featuregen.spec.model import compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Operation


class FilterPlan(NamedTuple):
    """What a column is compared with, where its parameter is given."""

    column: str
    sign: str
    parameter: str


class OrdersPlan(NamedTuple):
    """A constant: the orders that a list offers."""

    name: str
    entries: tuple[tuple[str, str], ...]  # the value of `sort`, and the columns


class ListStep(NamedTuple):
    """The body of a service's method that reads a page."""

    lookup: tuple[str, ...]
    statement: str
    filters: tuple[FilterPlan, ...]
    search: str | None  # the condition on `q`
    page: str
    page_model: str
    item: str  # about `row`


def plan_list(operation: Operation, spec: FeatureSpec) -> ListStep:
    entity = spec.entities[operation.entity or ""]
    where = list(scope(entity, reads_as(entity, operation)))
    lines: tuple[str, ...] = ()
    found = lookup(operation, spec)
    if found is not None and operation.parent_field is not None:
        row = variable(found.entity)
        lines = (f"{row} = {found.call}",)
        where.insert(0, f"{column(entity, operation.parent_field)} == {row}.{found.by}")
    chosen = f".where({', '.join(where)})" if where else ""
    page_model = operation.response.model or ""
    return ListStep(
        lookup=lines,
        statement=f"select({entity.name}){chosen}",
        filters=tuple(_filters(entity, operation)),
        search=_search(entity, operation),
        page="await page(self._session, statement, "
        f"order={orders_name(operation)}[sort], limit=limit, cursor=cursor)",
        page_model=page_model,
        item=model_of("row", item_model(page_model, spec), operation, spec),
    )


def item_model(page_model: str, spec: FeatureSpec) -> str:
    """The model of one row of a page."""
    items = next(field for field in spec.models[page_model].fields if field.name == "items")
    return items.type.of.model or "" if items.type.of else ""


def _filters(entity: Entity, operation: Operation) -> Iterator[FilterPlan]:
    listing = operation.listing
    offered = {field.name for field in operation.query}
    for name in listing.filters if listing else ():
        known = column(entity, name)
        for parameter, sign in compared(name).items():
            if parameter in offered:
                yield FilterPlan(known, sign, parameter)


def _search(entity: Entity, operation: Operation) -> str | None:
    listing = operation.listing
    if listing is None or not listing.search:
        return None
    found = [f"contains({column(entity, name)}, q)" for name in listing.search]
    return found[0] if len(found) == 1 else f"or_({', '.join(found)})"


def orders_name(operation: Operation) -> str:
    """`LIST_PAYMENTS_ORDERS`."""
    return f"{snake(operation.name).upper()}_ORDERS"


def plan_orders(operation: Operation, spec: FeatureSpec) -> OrdersPlan:
    """Each sort ends with the id, so that no two rows are in the same place."""
    entity = spec.entities[operation.entity or ""]
    listing = operation.listing
    return OrdersPlan(
        orders_name(operation),
        tuple(
            (py_string(sort), _columns(entity, sort)) for sort in (listing.sort if listing else ())
        ),
    )


def _columns(entity: Entity, sort: str) -> str:
    direction = "desc" if sort.startswith("-") else "asc"
    names = dict.fromkeys((sort.removeprefix("-"), entity.id.name))
    inside = ", ".join(f"{column(entity, name)}.{direction}()" for name in names)
    return f"({inside},)" if len(names) == 1 else f"({inside})"
