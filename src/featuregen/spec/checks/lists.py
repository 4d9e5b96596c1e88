"""Lists: what can be filtered, searched and sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.checks.entities import JSON, key_hint, keyed
from featuregen.spec.suggest import did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from featuregen.spec.checks.place import Place
    from featuregen.spec.model import Entity, Field, Listing, Operation

_SEARCHED = frozenset({"string", "email", "url", "id"})


def check_list(operation: Operation, listing: Listing, entity: Entity, place: Place) -> None:
    """Report fields that are not there, or that no list can offer."""
    for key, names in (
        ("filter", listing.filters),
        ("search", listing.search),
        ("sort", listing.sort),
    ):
        if place.has(key):
            _check(key, names, entity, place)
    if listing.search:
        place.warn("FG803", "no index backs a search: every row that is left is read", "search")
    seen: set[str] = set()
    for field in operation.query:
        if field.name in seen and place.has("query", field.name):
            place.report(
                "FG510",
                f"'{field.name}' is a parameter of every such list already",
                "query",
                field.name,
                key=True,
            )
        elif field.name in seen and place.has("filter"):
            place.report(
                "FG510",
                f"'{field.name}' is a parameter of every such list already",
                "filter",
                hint="give the field another name, also in JSON",
            )
        seen.add(field.name)


def _check(key: str, names: tuple[str, ...], entity: Entity, place: Place) -> None:
    fields = {field.name: field for field in entity.fields}
    seen: set[str] = set()
    for index, written in enumerate(names):
        name = written.removeprefix("-")
        if written in seen:
            place.report("FG405", f"'{written}' stands in the list twice", key, index)
        seen.add(written)
        field = fields.get(name)
        if field is None:
            hint = did_you_mean_or_list(name, (one for one in fields if not fields[one].internal))
            place.report("FG206", f"{entity.name} has no field '{name}'", key, index, hint=hint)
        elif (why := _refused(key, field)) is not None:
            hint = key_hint(field) if key == "sort" else None
            place.report("FG519", why, key, index, hint=hint)
        elif key != "search" and (why := _slow(field)) is not None:
            place.warn("FG803", why, key, index, hint=key_hint(field))


def _refused(key: str, field: Field) -> str | None:
    """Why a list cannot offer it."""
    name, kind = field.name, field.type.kind
    if field.internal:
        return f"'{name}' is internal: no request knows it"
    if field.sensitive and key != "sort":
        return f"'{name}' is sensitive, and what stands in an address is logged"
    if key == "search":
        if kind in _SEARCHED:
            return None
        return f"'{name}' is {type_name(field.type)}, and only text is searched"
    if kind in JSON:
        return f"'{name}' is {type_name(field.type)}, which is stored as JSON"
    if key == "sort" and kind == "string" and (why := keyed(field)) is not None:
        return f"a cursor holds what a list is sorted by, and {why}"
    return f"'{name}' is bytes" if kind == "bytes" else None


def _slow(field: Field) -> str | None:
    """Why no index backs it."""
    why = keyed(field)
    return f"no index backs it: {why}" if why else None
