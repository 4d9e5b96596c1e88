"""Patterns of decimals in a range, for JSON Schema, which compares numbers but no strings."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final


@dataclass(frozen=True)
class Limit:
    """An end of a range, which may belong to it."""

    value: Decimal
    inclusive: bool

    def negated(self) -> "Limit":
        """Return the same end on the other side of zero."""
        return Limit(-self.value, self.inclusive)


@dataclass(frozen=True)
class _Edge:
    """The digits of a limit that are still to come, without the zeros at their end."""

    digits: str
    inclusive: bool

    @property
    def digit(self) -> int:
        return int(self.digits[:1] or 0)

    @property
    def rest(self) -> "_Edge":
        return _Edge(self.digits[1:], self.inclusive)


_ZERO: Final = _Edge("", inclusive=True)
_MORE_THAN_ZERO: Final = _Edge("", inclusive=False)
_POINT: Final = r"\."
_MARKS: Final[dict[tuple[int, int | None], str]] = {
    (1, 1): "",
    (0, 1): "?",
    (1, None): "+",
    (0, None): "*",
}


def decimal_pattern(low: Limit, high: Limit, places: int | None) -> str:
    """Return the pattern of the plain decimals from `low` to `high` with up to that many places."""
    found: list[str] = []
    if low.value < 0:
        nearest = high.negated() if high.value < 0 else Limit(Decimal(0), inclusive=False)
        found += [f"-{pattern}" for pattern in _positive(nearest, low.negated(), places)]
    if high.value >= 0:
        start = low if low.value >= 0 else Limit(Decimal(0), inclusive=True)
        found += _positive(start, high, places)
    return f"^(?:{'|'.join(found)})$"


def _positive(low: Limit, high: Limit, places: int | None) -> list[str]:
    shortest, longest = len(str(int(low.value))), len(str(int(high.value)))
    if shortest == longest:
        return _numbers(_edge(low), _edge(high), shortest, places)
    found = _numbers(_edge(low), None, shortest, places)
    if longest - shortest > 1:
        whole = "[1-9]" + _repeated("[0-9]", shortest, longest - 2)
        found.append(whole + _optional("[0-9]", places, _POINT))
    return found + _numbers(_Edge("1", inclusive=True), _edge(high), longest, places)


def _edge(limit: Limit) -> _Edge:
    return _Edge(f"{limit.value:f}".replace(".", "").rstrip("0"), limit.inclusive)


def _numbers(low: _Edge | None, high: _Edge | None, whole: int, places: int | None) -> list[str]:
    """Return patterns of what may follow, `whole` digits first; without an edge, any will do."""
    if whole == 0:
        return _decimals(low, high, places, _POINT)
    if low is high is None:
        return [_repeated("[0-9]", whole, whole) + _optional("[0-9]", places, _POINT)]
    return [
        digit + rest
        for digit, lower, upper in _next_digits(low, high)
        for rest in _numbers(lower, upper, whole - 1, places)
    ]


def _decimals(
    low: _Edge | None, high: _Edge | None, places: int | None, point: str = ""
) -> list[str]:
    """Return patterns of what may follow the digits so far, where a text may also end."""
    if high in {_ZERO, _MORE_THAN_ZERO}:
        return [_optional("0", places, point)] if low is None and high == _ZERO else []
    if low is high is None:
        return [_optional("[0-9]", places, point)]
    if low == _MORE_THAN_ZERO and high is None and places is None:
        return [f"{point}0*[1-9][0-9]*"]
    found = [""] if low is None else []
    if places != 0:
        left = None if places is None else places - 1
        for digit, lower, upper in _next_digits(low, high):
            found += [point + digit + rest for rest in _decimals(lower, upper, left)]
    return found


def _next_digits(
    low: _Edge | None, high: _Edge | None
) -> Iterator[tuple[str, _Edge | None, _Edge | None]]:
    """Yield each class of digits that may come next, with the edges that still matter after it."""
    first, last = low.digit if low else 0, high.digit if high else 9

    def edges(digit: int) -> tuple[_Edge | None, _Edge | None]:
        lower = low.rest if low and digit == first and low.rest != _ZERO else None
        return lower, high.rest if high and digit == last else None

    for (lower, upper), group in groupby(range(first, last + 1), edges):
        digits = list(group)
        some = f"[{digits[0]}-{digits[-1]}]" if len(digits) > 1 else str(digits[0])
        yield some, lower, upper


def _repeated(digit: str, least: int, most: int | None) -> str:
    if (mark := _MARKS.get((least, most))) is None:
        mark = "{" + (f"{least}" if least == most else f"{least},{most}") + "}"
    return digit + mark


def _optional(digit: str, places: int | None, point: str) -> str:
    """Return the pattern of up to that many digits; a point needs at least one behind it."""
    if places == 0:
        return ""
    return f"(?:{point}{_repeated(digit, 1, places)})?" if point else _repeated(digit, 0, places)
