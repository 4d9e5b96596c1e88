"""Python literals for values out of a spec: the one way in which its text becomes code."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

_SHORT_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Cc: controls and NUL, Cf: bidi marks and other invisible ones, Cs: surrogates, Co/Cn: private and
# unassigned, Zl/Zp/Zs: line separators and spaces that look like the ordinary one.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def py_string(text: str) -> str:
    r"""Return the string literal of `text`, quoted as ruff formats it.

    Everything that a reader cannot see is escaped, so that code cannot look different from what it
    is; the literal evaluates to the very same string.
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + escaped(text, quote) + quote


def escaped(text: str, quote: str = "") -> str:
    """Return `text` as it stands between quotes: `quote` and what no reader can see escaped."""
    if text.isprintable() and "\\" not in text and not (quote and quote in text):
        return text  # nearly all of it; "printable" is all that is not invisible, and the space
    return "".join(_escaped(char, quote) for char in text)


def _escaped(char: str, quote: str) -> str:
    if char == quote:
        return "\\" + char
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if char == " " or (unicodedata.category(char) not in _INVISIBLE):
        return char
    point = ord(char)
    if point < 0x100:  # noqa: PLR2004 - what fits into \xNN
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004 - \uNNNN


def py_decimal(value: Decimal | int) -> str:
    """Return `Decimal(5)` or `Decimal("0.50")`, as ruff's FURB157 wants them."""
    text = format(Decimal(value), "f")
    return f'Decimal("{text}")' if "." in text or text.startswith("-0") else f"Decimal({text})"


def py_moment(value: datetime | date | time | timedelta) -> str:
    """Return the constructor call of a date, an aware datetime, a time or a duration."""
    match value:
        case datetime():
            parts = _trimmed(value.year, value.month, value.day, *_clock(value), keep=3)
            return f"datetime({parts}, tzinfo={_zone(value)})"
        case date():
            return f"date({value.year}, {value.month}, {value.day})"
        case time():
            return f"time({_trimmed(*_clock(value), keep=2)})"
        case timedelta():
            return f"timedelta({_duration(value)})"


def _zone(value: datetime) -> str:
    offset = value.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    return f"timezone({'-' if offset < timedelta() else ''}timedelta({_duration(abs(offset))}))"


def _clock(value: datetime | time) -> tuple[int, int, int, int]:
    return value.hour, value.minute, value.second, value.microsecond


def _trimmed(*parts: int, keep: int) -> str:
    while len(parts) > keep and parts[-1] == 0:
        parts = parts[:-1]
    return ", ".join(str(part) for part in parts)


def _duration(value: timedelta) -> str:
    whole, microseconds = divmod(value, timedelta(seconds=1))
    parts: list[str] = []
    for unit, seconds in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if whole and whole % seconds == 0 and not microseconds:
            return f"{unit}={whole // seconds}"
    if whole or not microseconds:
        parts.append(f"seconds={whole}")
    if microseconds:
        micro = microseconds // timedelta(microseconds=1)
        parts.append(
            f"milliseconds={micro // 1000}" if micro % 1000 == 0 else f"microseconds={micro}"
        )
    return ", ".join(parts)
