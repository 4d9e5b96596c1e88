"""Validators as featuregen generates them → the rules of a model."""

from __future__ import annotations

import ast
import re
from copy import deepcopy
from typing import TYPE_CHECKING

from featuregen.importing.python_values import UnknownValueError, name, text, value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.importing.imported import Tree

_NEGATED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE,
    ast.LtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_MOMENTS = frozenset({"date", "datetime", "time", "timedelta"})


def read_rule(method: ast.FunctionDef | ast.AsyncFunctionDef) -> Tree | None:
    """`if self.until <= self.from_: raise PydanticCustomError(…)` → the rule, None for others."""
    match method.body:
        case [
            ast.If(
                test=test,
                body=[ast.Raise(exc=ast.Call(args=[ast.Constant(value="rule_violated"), said]))],
                orelse=[],
            ),
            ast.Return(value=ast.Name(id="self")),
        ]:
            message = text(said)
            found = _check(deepcopy(test))
            return {"check": found, "message": message} if message and found else None
        case _:
            return None


def same_rule(method: ast.FunctionDef | ast.AsyncFunctionDef, violation: str) -> bool:
    """Whether the method's condition is what the rule is generated as."""
    first = method.body[0]
    return isinstance(first, ast.If) and ast.unparse(first.test) == ast.unparse(
        ast.parse(violation, mode="eval").body
    )


def _check(violated: ast.expr) -> str | None:
    """What holds where the condition of a violation does not, in the words of a rule."""
    parts = [violated]
    if isinstance(violated, ast.BoolOp) and isinstance(violated.op, ast.And):
        parts = violated.values
    while len(parts) > 1 and _is_presence(parts[0]):  # a rule is skipped without its fields
        parts = parts[1:]
    rest = parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts))
    try:
        return ast.unparse(ast.fix_missing_locations(Words().visit(_negated(rest))))
    except UnknownValueError:
        return None


def _is_presence(node: ast.expr) -> bool:
    return re.fullmatch(r"self\.\w+ is not None", ast.unparse(node)) is not None


def _negated(node: ast.expr) -> ast.expr:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return ast.Compare(left, [_NEGATED[type(sign)]()], [right])
        case _:
            return ast.UnaryOp(ast.Not(), node)


class Words(ast.NodeTransformer):
    """Python about one object → the language of `check`."""

    def __init__(self, root: str = "self") -> None:
        self.root = root

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if name(node.value) == self.root:
            return ast.Name(node.attr)
        raise UnknownValueError

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        signs = {ast.Is: ast.Eq, ast.IsNot: ast.NotEq}
        node.ops = [signs.get(type(sign), type(sign))() for sign in node.ops]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(func=ast.Attribute(attr="now")):
                return call_of("now", ())
            case ast.Call(func=ast.Attribute(value=ast.Call(), attr="date"), args=[]):
                return call_of("today", ())
            case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "upper" as how), args=[]):
                return call_of(how, (self.visit(inner),))
            case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=number)]):
                return ast.parse(str(number), mode="eval").body
            case ast.Call(func=ast.Name(id=moment)) if moment in _MOMENTS:
                return ast.Constant(str(value(node)))
            case ast.Call(func=ast.Name()):
                node.args = [self.visit(one) for one in node.args]
                return node
        raise UnknownValueError


def call_of(function: str, arguments: Iterable[ast.expr]) -> ast.Call:
    """A call in the language of `check`."""
    return ast.Call(ast.Name(function), list(arguments), [])
