"""Fields typed in a line: `amount decimal >0 <=10000 .2, status open|closed, note string? 500`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.spec.grammar import SCALARS
from featuregen.spec.suggest import did_you_mean

if TYPE_CHECKING:
    from featuregen.spec.yaml_text import Plain

_BOUND = re.compile(r"(>=|<=|>|<)(-?[0-9]+(?:\.[0-9]+)?)")
_RANGE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")
_KEYS = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_NUMBERS = ("int", "float", "decimal")
_LISTED = re.compile(r"list\[[a-z]+\]")


class FieldsError(Exception):
    """A part of the line means nothing."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def read_fields(line: str) -> dict[str, dict[str | int, Plain]]:
    """Fields by name, as the keys that a spec has. Raises `FieldsError`."""
    fields: dict[str, dict[str | int, Plain]] = {}
    for part in line.split(","):
        words = part.split()
        if not words:
            continue
        name = words[0].rstrip("?:")
        if name in fields:
            raise FieldsError(f"'{name}' is named twice")
        optional = words[0].rstrip(":").endswith("?")
        fields[name] = _field(name, words[1:], optional=optional)
    if not fields:
        raise FieldsError("there is no field", "name string 1..100, price decimal >0 .2")
    return fields


def _field(name: str, words: list[str], *, optional: bool) -> dict[str | int, Plain]:
    kind = words[0] if words else "string"
    if kind.endswith("?"):
        kind, optional = kind[:-1], True
    keys: dict[str | int, Plain]
    if "|" in kind:
        keys = {"type": "enum", "values": [one for one in kind.split("|") if one]}
    elif kind in SCALARS or _LISTED.fullmatch(kind):
        keys = {"type": kind}
    else:
        hint = did_you_mean(kind, SCALARS) or "such as string, int, decimal, date, or a|b|c"
        raise FieldsError(f"'{kind}' of '{name}' is no type", hint)
    for word in words[1:]:
        keys |= _constraint(name, kind, word)
    if optional and "default" not in keys:
        keys["required"] = False
    return keys


def _constraint(name: str, kind: str, word: str) -> dict[str | int, Plain]:
    is_number = kind in _NUMBERS
    if match := _BOUND.fullmatch(word):
        return {_KEYS[match[1]]: _number(match[2])}
    if match := _RANGE.fullmatch(word):
        low, high = ("ge", "le") if is_number else ("min_length", "max_length")
        return {low: int(match[1]), high: int(match[2])}
    if re.fullmatch(r"\.[0-9]{1,2}", word):
        return {"decimal_places": int(word[1:])}
    if word.isascii() and word.isdigit():
        return {"le" if is_number else "max_length": int(word)}
    if word in ("sensitive", "last4"):
        return {"sensitive": "last4" if word == "last4" else True}
    if word == "optional":
        return {"required": False}
    if word.startswith("=") and len(word) > 1:
        return {"default": _value(word[1:], kind)}
    hint = ">0, <=100, 1..50, .2 (decimal places), 50 (length), =default, sensitive"
    raise FieldsError(f"'{word}' of '{name}' is not understood", hint)


def _value(text: str, kind: str) -> Plain:
    if kind == "bool":
        return text == "true"
    if kind in _NUMBERS and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return _number(text)
    return text


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
