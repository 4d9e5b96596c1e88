"""Conditions about a row, as Python or as SQL, → the language of `when`."""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import TYPE_CHECKING

from featuregen.importing.code_rules import Words, call_of
from featuregen.importing.python_values import UnknownValueError, name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_FUNCTIONS = {"length": "len", "lower": "lower", "upper": "upper", "abs": "abs"}
_JOINED: dict[str, type[ast.boolop]] = {"and_": ast.And, "or_": ast.Or}
_COMPARED: dict[str, type[ast.cmpop]] = {
    "is_": ast.Eq, "is_not": ast.NotEq, "in_": ast.In, "not_in": ast.NotIn,
}  # fmt: skip


def condition(parts: Iterable[ast.expr], row: str) -> str | None:
    """What all of the parts say of a row, `Payment` in SQL or `payment` in Python; None for none.

    Raises `UnknownValueError` where the language has no words for it.
    """
    words = [_Columns(row).visit(deepcopy(part)) for part in parts]
    if not words:
        return None
    whole = words[0] if len(words) == 1 else ast.BoolOp(ast.And(), words)
    return ast.unparse(ast.fix_missing_locations(whole))


def without_presence(test: ast.expr, row: str, used: Collection[str]) -> list[ast.expr]:
    """The parts of a condition, but those that say that a value is there for what follows.

    What follows are the other parts, or the fields `used` by what is done.
    """
    parts = test.values if _is_and(test) and isinstance(test, ast.BoolOp) else [test]
    left: list[ast.expr] = []
    for part in parts:
        field = _present(part, row)
        others = [other for other in parts if other is not part and _present(other, row) is None]
        named = {field for other in others for one in ast.walk(other) for field in _of(one, row)}
        if field is None or field not in named | set(used):
            left.append(part)
    return left


def _is_and(node: ast.expr) -> bool:
    return isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)


def _present(node: ast.expr, row: str) -> str | None:
    """The field of `row.field is not None`."""
    match node:
        case ast.Compare(
            left=ast.Attribute(value=ast.Name(id=owner), attr=field),
            ops=[ast.IsNot()],
            comparators=[ast.Constant(value=None)],
        ) if owner == row:
            return field
        case _:
            return None


def _of(node: ast.AST, row: str) -> tuple[str, ...]:
    return (node.attr,) if isinstance(node, ast.Attribute) and name(node.value) == row else ()


class _Columns(Words):
    """SQLAlchemy's words, too."""

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802 - ast looks for this name
        match node:
            case ast.Call(func=ast.Name(id="utcnow"), args=[]):
                return call_of("now", ())
            case ast.Call(func=ast.Name(id=joined), args=parts) if joined in _JOINED:
                return ast.BoolOp(_JOINED[joined](), [self.visit(part) for part in parts])
            case ast.Call(func=ast.Name(id="not_"), args=[part]):
                return ast.UnaryOp(ast.Not(), self.visit(part))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="func"), attr=function)):
                if function not in _FUNCTIONS:
                    raise UnknownValueError
                return call_of(_FUNCTIONS[function], (self.visit(part) for part in node.args))
            case ast.Call(func=ast.Attribute(value=left, attr=sign), args=[right]) if (
                sign in _COMPARED
            ):
                return ast.Compare(self.visit(left), [_COMPARED[sign]()], [self.visit(right)])
            case _:
                return super().visit_Call(node)
