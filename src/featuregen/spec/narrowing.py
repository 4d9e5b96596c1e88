"""Requests of the user's own that are written into rows: they say no more than a column holds.

A bound that a request leaves open is the column's. One that it names and that is wider is not
touched here: `checks/filled.py` reports it, by what `too_wide` says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.spec.entities import DIGITS, GREATEST, SMALLEST, within_column
from featuregen.spec.fields import decimal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from featuregen.spec.model import Entity, Field, Model, Operation

FOREIGN_ID = 255  # characters of an id that another system made
EMAIL = 320
_WRITES = frozenset({"create", "update"})
_OPEN_ENDED = {"url": "a url", "id": "an id", "email": "an e-mail address"}
_TOKEN = re.compile(
    r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}*+?|^$])(?:\{(?:\d+,)?(\d+)\}|\?)?"
)


def narrowed(
    models: Mapping[str, Model],
    operations: Mapping[str, Operation],
    entities: Mapping[str, Entity],
) -> dict[str, Model]:
    """The models, each with the bounds of the columns that its fields are written into."""
    found = dict(models)
    for name, field, column in _written(found, operations, entities):
        model = found[name]
        fields = tuple(_narrow(one, column) if one.name == field else one for one in model.fields)
        found[name] = replace(model, fields=fields)
    return found


def _written(
    models: Mapping[str, Model],
    operations: Mapping[str, Operation],
    entities: Mapping[str, Entity],
) -> Iterator[tuple[str, str, Field]]:
    """Model, field and column of everything that a client says of a row."""
    for operation in operations.values():
        model = models.get(operation.request or "")
        if model is None:
            continue
        entity = entities.get(operation.entity or "")
        if entity is not None and operation.action in _WRITES:
            columns = {one.name: one for one in entity.fields if one.generated is None}
            for field in model.fields:
                if field.name in columns:
                    yield model.name, field.name, columns[field.name]
        reserve = operation.reserve
        bounded = entities.get(reserve.entity) if reserve else None
        if reserve is not None and bounded is not None:
            counter = {one.name: one for one in bounded.fields}.get(reserve.field)
            if counter is not None:
                yield model.name, reserve.by, counter


def _narrow(field: Field, column: Field) -> Field:
    match field.type.kind:
        case "id" if column.references is not None and field.pattern is None:
            return replace(field, pattern=column.pattern, prefix=column.prefix)
        case "int" if column.type.kind == "int":
            return within_column(field)
        case "decimal" if column.type.kind == "decimal" and column.decimal_places is not None:
            return _narrow_decimal(field, column, column.decimal_places)
        case "string" if field.max_length is None:
            longest = _longest(column)
            by_pattern = width(field.pattern)
            if longest is None or (by_pattern is not None and by_pattern <= longest):
                return field
            return replace(field, max_length=longest)
        case _:
            return field


def _narrow_decimal(field: Field, column: Field, places: int) -> Field:
    if field.decimal_places is None and field.round is None:
        field = replace(field, decimal_places=places)
    whole = (column.max_digits or DIGITS) - places
    if field.max_digits is None and not _is_below(field, Decimal(10) ** whole):
        field = replace(field, max_digits=max(whole + (field.decimal_places or 0), 1))
    return field


def _is_below(field: Field, limit: Decimal) -> bool:
    """Whether the field's own bounds keep it within so many digits."""
    low, high = (
        decimal_of(str(one if one is not None else other))
        for one, other in ((field.gt, field.ge), (field.lt, field.le))
    )
    return low is not None and high is not None and -limit < low and high < limit


def _longest(column: Field) -> int | None:
    match column.type.kind:
        case "string":
            return column.max_length
        case "id":
            return FOREIGN_ID
        case _:
            return None


def width(pattern: str | None) -> int | None:
    """The most characters that the pattern lets through; None where that is not plain to see."""
    if pattern is None or not pattern.startswith("^") or not pattern.endswith("$"):
        return None
    rest, total = pattern[1:-1], 0
    while rest:
        token = _TOKEN.match(rest)
        if token is None:
            return None
        total += int(token.group(1) or 1)
        rest = rest[token.end() :]
    return total


def too_wide(field: Field, column: Field) -> tuple[str, str | None] | None:
    """What a request may say and the column cannot hold, and what to write instead."""
    found = next(_too_wide(field, column), None)
    if found is None or found[1] is None or ":" not in found[1]:
        return found
    return found[0], f"{field.name}: {{…, {found[1]}}}"


def _too_wide(field: Field, column: Field) -> Iterator[tuple[str, str | None]]:
    if field.type.kind == "int" == column.type.kind:
        yield from beyond_column(field)
    elif field.type.kind == "decimal" == column.type.kind:
        yield from _too_many_digits(field, column)
    elif column.type.kind == "string" and column.max_length is not None:
        longest = column.max_length
        if field.type.kind == "string" and (field.max_length or 0) > longest:
            told = f"may have {field.max_length} characters, and the row's {longest}"
            yield told, f"max_length: {longest}"
        elif field.type.kind == "enum" and _longest_value(field.values) > longest:
            told = f"may have {_longest_value(field.values)} characters, and the row's {longest}"
            yield told, f"let the row's have {_longest_value(field.values)}"
        elif field.type.kind in _OPEN_ENDED and longest < _most(field):
            what = _OPEN_ENDED[field.type.kind]
            told = f"is {what}, which may be longer than the row's {longest} characters"
            yield told, f"let the row's be of the type {field.type.kind}"


def beyond_column(field: Field) -> Iterator[tuple[str, str | None]]:
    """A bound of a whole number that no column reaches."""
    for key in ("gt", "ge", "lt", "le"):
        bound = getattr(field, key)
        if isinstance(bound, int) and not SMALLEST <= bound <= GREATEST:
            end = SMALLEST if bound < 0 else GREATEST
            yield f"has the bound {bound}, and a row holds 64 bits", f"{key[0]}e: {end}"


def _too_many_digits(field: Field, column: Field) -> Iterator[tuple[str, str | None]]:
    places, most = column.decimal_places, column.max_digits or DIGITS
    if places is None:
        return
    if (field.decimal_places or 0) > places:
        told = f"may have {field.decimal_places} decimal places, and the row's {places}"
        yield told, f"decimal_places: {places}"
    whole = most - places
    if field.max_digits is None or _is_below(field, Decimal(10) ** whole):
        return
    digits = field.max_digits - (field.decimal_places or 0)
    if digits > whole:
        told = f"may have {digits} digits before the point, and the row's {whole}"
        yield told, f"max_digits: {whole + (field.decimal_places or 0)}"


def _longest_value(values: Iterable[str | int]) -> int:
    return max((len(str(one)) for one in values), default=0)


def _most(field: Field) -> float:
    return {"email": EMAIL, "id": FOREIGN_ID}.get(field.type.kind, float("inf"))
