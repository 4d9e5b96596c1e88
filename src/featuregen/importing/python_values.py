"""Literals of Python source → values of a spec; nothing is ever run."""

from __future__ import annotations

import ast
from datetime import date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from featuregen.spec.yaml_text import Plain

_ROUNDING = {"ROUND_HALF_EVEN": "half_even", "ROUND_HALF_UP": "half_up", "ROUND_DOWN": "down"}
_MOMENTS: dict[str, Callable[..., date | datetime | time]] = {
    "date": date, "datetime": datetime, "time": time,
}  # fmt: skip
_SUFFIXES = {"milliseconds": "ms", "seconds": "s", "minutes": "m", "hours": "h", "days": "d"}
_UNITS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


class UnknownValueError(Exception):
    """The source computes it."""


def value(node: ast.expr) -> Plain:
    """What an expression says without being run. Raises `UnknownValueError`."""
    match node:
        case ast.Constant(value=found) if found is None or isinstance(
            found, bool | int | float | str
        ):
            return found
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            number = value(inner)
            if isinstance(number, int | float):
                return -number
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [value(item) for item in items]
        case ast.Dict(keys=keys, values=values) if all(keys):
            return {
                str(value(key)): value(one) for key, one in zip(keys, values, strict=True) if key
            }
        case ast.Call():
            return _call(node)
        case ast.Name(id=name) if name in _ROUNDING:
            return _ROUNDING[name]
    raise UnknownValueError


def _call(node: ast.Call) -> Plain:
    match name(node.func), node.args:
        case "Decimal", [number]:
            return _decimal(value(number))
        case (("set" | "list" | "frozenset" | "tuple"), []):
            return []
        case "dict", [] if not node.keywords:
            return {}
        case "timedelta", []:
            return _duration(keywords(node))
        case ("date" | "datetime" | "time") as kind, [_, *_]:
            return _moment(kind, node)
    raise UnknownValueError


def _duration(parts: dict[str, ast.expr]) -> str:
    """`timedelta(minutes=15)` → `15m`."""
    seconds = 0.0
    for unit, given in parts.items():
        amount = value(given)
        if unit not in _UNITS or not isinstance(amount, int | float):
            raise UnknownValueError
        if len(parts) == 1 and unit in _SUFFIXES:
            return f"{amount:g}{_SUFFIXES[unit]}"
        seconds += amount * _UNITS[unit]
    return f"{seconds:g}s"


def _moment(kind: str, node: ast.Call) -> str:
    """`date(2026, 1, 31)` → `2026-01-31`; a datetime is one of UTC."""
    zones = [one for key, one in keywords(node).items() if key == "tzinfo"]
    numbers = [one for one in map(value, node.args) if isinstance(one, int)]
    is_plain = len(numbers) == len(node.args) and len(zones) == len(node.keywords)
    if not is_plain or [name(one) for one in zones] != ["UTC"] * (kind == "datetime"):
        raise UnknownValueError
    try:
        return _MOMENTS[kind](*numbers).isoformat() + ("Z" if zones else "")
    except (TypeError, ValueError) as error:
        raise UnknownValueError from error


def _decimal(number: Plain) -> Plain:
    try:
        text = str(number)
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError as error:
        raise UnknownValueError from error


def text(node: ast.expr | None) -> str | None:
    """A text, where the source writes one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def name(node: ast.expr | None) -> str:
    """The last part of a dotted name: `decimal.Decimal` → `Decimal`; empty for anything else."""
    match node:
        case ast.Name(id=found) | ast.Attribute(attr=found):
            return found
        case _:
            return ""


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    """Keyword arguments by name."""
    return {one.arg: one.value for one in node.keywords if one.arg is not None}
