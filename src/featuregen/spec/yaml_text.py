"""Values → YAML text that reads back as the same values under YAML 1.2, and under 1.1 too."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from featuregen.spec.scalars import resolve

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str | int, Plain] | None"
"""A value of a document; unlike JSON's, a key may be a whole number."""

LINE_LENGTH = 100
_PLAIN = re.compile(r"[A-Za-z_/^$.(][\w ./+@%$()'^*=<>;~&|!-]*")
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z_/^$.(][\w ./+@%$()'^*=<>;~&|!,?{}\[\]\"-]*")
_PLAIN_AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?(ms|s|m|h|d)|[0-9]+/[a-z]+")
_YAML_1_1 = frozenset({"y", "n", "yes", "no", "on", "off"})
_NOT_WRITTEN_PLAINLY = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def scalar(value: bool | int | float | str | None, *, flow: bool = True) -> str:  # noqa: FBT001 - data
    """One value on one line; `flow` where it stands between braces or brackets."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if _is_plain(value, flow=flow):
        return value
    return _NOT_WRITTEN_PLAINLY.sub(
        lambda one: f"\\u{ord(one[0]):04x}", json.dumps(value, ensure_ascii=False)
    )


def _number(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    return ".nan" if value != value else repr(value)  # noqa: PLR0124 - that is what NaN is


def _is_plain(text: str, *, flow: bool) -> bool:
    pattern = _PLAIN if flow else _PLAIN_IN_BLOCK
    return _PLAIN_AMOUNT.fullmatch(text) is not None or (
        pattern.fullmatch(text) is not None
        and not text.endswith((" ", ":"))
        and text.lower() not in _YAML_1_1
        and resolve(text)[0] == "string"
    )


def flow(value: Plain) -> str:
    """On one line: `{type: string, max_length: 200}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def entry(
    key: str | int, value: Plain, indent: int, *, block: bool = False, literal: bool = False
) -> list[str]:
    """Lines of `key: value`; in flow style where that fits a line, unless `block`.

    `literal` writes text of several lines with `|`; nothing may be indented deeper below it.
    """
    margin = " " * indent
    name = scalar(key, flow=False)
    if literal and isinstance(value, str) and "\n" in value and _is_literal(value):
        return [f"{margin}{name}: {_literal_mark(value)}", *_literal(value, indent + 2)]
    if not isinstance(value, dict | list):
        return [f"{margin}{name}: {scalar(value, flow=False)}"]
    line = f"{margin}{name}: {flow(value)}"
    if not value or (not block and len(line) <= LINE_LENGTH):
        return [line]
    return [f"{margin}{name}:", *lines(value, indent + 2, literal=literal)]


def lines(
    value: dict[str | int, Plain] | list[Plain], indent: int, *, literal: bool = False
) -> list[str]:
    """A mapping or a list that is not empty, in block style."""
    if isinstance(value, dict):
        written = (entry(key, one, indent, literal=literal) for key, one in value.items())
    else:
        written = (item(one, indent, literal=literal) for one in value)
    return [line for part in written for line in part]


def item(value: Plain, indent: int, *, literal: bool = False) -> list[str]:
    """Lines of `- value`."""
    margin = " " * indent
    if not isinstance(value, dict | list):
        return [f"{margin}- {scalar(value, flow=False)}"]
    line = f"{margin}- {flow(value)}"
    if not value or len(line) <= LINE_LENGTH:
        return [line]
    first, *rest = lines(value, indent + 2, literal=literal)
    return [f"{margin}- {first.lstrip(' ')}", *rest]


def _is_literal(text: str) -> bool:
    """Whether a block scalar holds it exactly."""
    return (
        text.strip("\n") != ""
        and not text.startswith((" ", "\n", "\t"))
        and not text.endswith("\n\n")
        and re.search("[\x00-\x09\x0b-\x1f]", text) is None
        and _NOT_WRITTEN_PLAINLY.search(text) is None
        and all(line == line.rstrip() for line in text.split("\n"))
    )


def _literal_mark(text: str) -> str:
    return "|" if text.endswith("\n") else "|-"


def _literal(text: str, indent: int) -> list[str]:
    return [" " * indent + line if line else "" for line in text.removesuffix("\n").split("\n")]
