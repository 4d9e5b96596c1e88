"""Literals of Python source → values of a spec; nothing is ever run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.yaml_text import Plain

_ROUNDING = {"ROUND_HALF_EVEN": "half_even", "ROUND_HALF_UP": "half_up", "ROUND_DOWN": "down"}
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
            seconds = 0.0
            for keyword in node.keywords:
                amount = value(keyword.value)
                if keyword.arg not in _UNITS or not isinstance(amount, int | float):
                    raise UnknownValueError
                seconds += amount * _UNITS[keyword.arg]
            return f"{seconds:g}s"
    raise UnknownValueError


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
