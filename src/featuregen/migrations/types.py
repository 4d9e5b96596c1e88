"""What becomes of a column's values when its type changes."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Conversion = Literal["same", "wider", "narrower", "other"]
"""`other`: no value of the old type is one of the new."""

_STRING = re.compile(r"sa\.String\(([0-9]+)\)")
_NUMERIC = re.compile(r"sa\.Numeric\(([0-9]+), ([0-9]+)\)")
_ANY_LENGTH = 1 << 62
_EMPTY = (
    ("sa.String", '""'),
    ("sa.Text", '""'),
    ("sa.Integer", "0"),
    ("sa.BigInteger", "0"),
    ("sa.Numeric", "0"),
    ("sa.Float", "0.0"),
    ("sa.Boolean", "False"),
    ("sa.DateTime", "datetime(1970, 1, 1, tzinfo=UTC)"),
    ("sa.Date", "date(1970, 1, 1)"),
    ("sa.Time", "time(0)"),
    ("sa.Uuid", "UUID(int=0)"),
    ("sa.JSON", "sa.literal_column(\"'{}'\")"),
    ("sa.LargeBinary", 'b""'),
)


class Digits(NamedTuple):
    """How many a number has, before and after the point."""

    whole: int
    places: int


def digits_of(type_: str) -> Digits | None:
    """The digits of a number's type; None for any other."""
    if found := _NUMERIC.match(type_):
        places = int(found[2])
        return Digits(int(found[1]) - places, places)
    return {"sa.Integer()": Digits(9, 0), "sa.BigInteger()": Digits(19, 0)}.get(type_)


def conversion(old: str, new: str) -> Conversion:
    """How values of the old type fit into the new one."""
    if old == new:
        return "same"
    widths = _width(old), _width(new)
    if widths[0] is not None and widths[1] is not None:
        return "wider" if widths[0] <= widths[1] else "narrower"
    numbers = digits_of(old), digits_of(new)
    if numbers[0] is not None and numbers[1] is not None:
        fits = numbers[0].whole <= numbers[1].whole and numbers[0].places <= numbers[1].places
        return "wider" if fits else "narrower"
    return "other"


def _width(type_: str) -> int | None:
    if type_ == "sa.Text()":
        return _ANY_LENGTH
    found = _STRING.fullmatch(type_)
    return int(found[1]) if found else None


def empty_value(type_: str) -> str:
    """What stands where a value is gone for good: of a migration that is taken back."""
    return next(value for start, value in _EMPTY if type_.startswith(start))
