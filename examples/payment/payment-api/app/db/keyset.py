"""Keyset pages: the order of a list, the cursor of a row in it, and what comes after a cursor."""

from collections.abc import Sequence
from datetime import time
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    Integer,
    TypeDecorator,
    UnaryExpression,
    and_,
    false,
    literal,
    or_,
    tuple_,
)
from sqlalchemy.sql.operators import desc_op

from app.core.pagination import decode_cursor, encode_cursor, invalid_cursor


class _Key:
    """One column of an order. Nulls are its largest values, as in PostgreSQL's indexes."""

    def __init__(self, sorted_by: UnaryExpression[Any]) -> None:
        self.column: ColumnElement[Any] = sorted_by.element
        self.descending = sorted_by.modifier is desc_op
        self.nullable = bool(getattr(self.column, "nullable", False))
        self.order_by: ColumnElement[Any] = sorted_by
        if self.nullable:
            self.order_by = sorted_by.nulls_first() if self.descending else sorted_by.nulls_last()
        self.attribute = str(self.column.key)
        self.name = f"-{self.attribute}" if self.descending else self.attribute

    def equals(self, value: ColumnElement[Any] | None) -> ColumnElement[bool]:
        return self.column.is_(None) if value is None else self.column == value

    def after(self, value: ColumnElement[Any] | None) -> ColumnElement[bool]:
        if value is None:
            return self.column.is_not(None) if self.descending else false()
        if self.descending:
            return self.column < value
        is_greater = self.column > value
        return or_(is_greater, self.column.is_(None)) if self.nullable else is_greater

    def read(self, value: object, dialect: Dialect) -> ColumnElement[Any] | None:
        """Return a value of the column from its JSON form; `ValueError` where it is none."""
        if value is None and self.nullable:
            return None
        kind = self.column.type
        python_type: object = kind.python_type
        found = _adapter(python_type).validate_python(value)
        if isinstance(kind, TypeDecorator):
            kind.process_bind_param(found, dialect)
        if isinstance(kind, Integer):
            bits = 63 if isinstance(kind, BigInteger) else 31
            if not -(1 << bits) <= found < 1 << bits:
                raise ValueError("a number that the column cannot hold")
        return literal(found, kind)


class Keyset:
    """The order of a list, over columns of which the last is the id."""

    def __init__(self, order: Sequence[UnaryExpression[Any]], dialect: Dialect) -> None:
        self._keys = [_Key(each) for each in order]
        self._dialect = dialect
        self._name = ",".join(key.name for key in self._keys)
        self.order_by = [key.order_by for key in self._keys]

    def cursor(self, row: object) -> str:
        """Return the cursor of a row: in which order it stands, and where."""
        values = [getattr(row, key.attribute) for key in self._keys]
        return encode_cursor([self._name, *values])

    def after(self, cursor: str) -> ColumnElement[bool]:
        """Tell whether a row comes after the cursor; one that no row of this order has is a 422."""
        values = self._read(cursor)
        descending = {key.descending for key in self._keys}
        if len(descending) == 1 and not any(key.nullable for key in self._keys):
            # What an index answers at once.
            row, last = tuple_(*(key.column for key in self._keys)), tuple_(*values)
            return row < last if descending.pop() else row > last
        steps: list[ColumnElement[bool]] = []
        equal: list[ColumnElement[bool]] = []
        for key, value in zip(self._keys, values, strict=True):
            steps.append(and_(*equal, key.after(value)))
            equal.append(key.equals(value))
        return or_(*steps)

    def _read(self, cursor: str) -> list[ColumnElement[Any] | None]:
        name, *values = decode_cursor(cursor) or [None]
        if name != self._name or len(values) != len(self._keys):
            raise invalid_cursor()
        try:
            return [
                key.read(value, self._dialect)
                for key, value in zip(self._keys, values, strict=True)
            ]
        except (ValueError, ArithmeticError):
            raise invalid_cursor() from None


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a time of day has no zone")
    return value


# Narrower than Python's own, where PostgreSQL's are.
_TYPES: dict[object, Any] = {
    str: Annotated[str, Field(pattern=r"^[^\x00]*$")],
    time: Annotated[time, AfterValidator(_without_zone)],
}


@cache
def _adapter(kind: object) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPES.get(kind, kind))
