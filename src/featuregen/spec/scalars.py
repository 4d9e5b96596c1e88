"""YAML 1.2's core schema: what a plain scalar means (`no` is text, `0o17` is 15, `010` is 10)."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["null", "bool", "int", "float", "string", "list", "map", "broken"]

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+)|(?P<octal>0o[0-7]+)|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<infinity>[-+]?\.(?:inf|Inf|INF))|(?P<nan>\.(?:nan|NaN|NAN))"
)
_LONGEST_NUMBER = 100


def resolve(text: str) -> tuple[Kind, bool | int | float | str | None]:
    """Kind and value of a plain scalar. A number too long to be one stays text."""
    if text in _NULL:
        return "null", None
    if text in _BOOL:
        return "bool", _BOOL[text]
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if match is None:
        return "string", text
    match match.lastgroup:
        case "int":
            return "int", int(text)
        case "octal":
            return "int", int(text, 0)
        case "hex":
            return "int", int(text, 0)
        case "infinity":
            return "float", float("-inf" if text.startswith("-") else "inf")
        case "nan":
            return "float", float("nan")
        case _:
            return "float", float(text)
