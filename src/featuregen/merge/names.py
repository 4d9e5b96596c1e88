"""Which names a module uses without binding them."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator


def unbound_names(tree: ast.Module) -> frozenset[str]:
    """Names that are read somewhere and bound nowhere, whatever the scope.

    Coarse on purpose: the question is only whether something that a merge dropped is still
    needed, and an import too many is a lint finding while one too few is a NameError.
    """
    used: set[str] = set()
    bound: set[str] = set(vars(builtins))
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
                used.update(_quoted(node.returns))
            case ast.arg(arg=name):
                bound.add(name)
                used.update(_quoted(node.annotation))
            case ast.AnnAssign():
                used.update(_quoted(node.annotation))
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                used.update(_quoted(node.value))
            case _:
                bound.update(_binds(node))
    return frozenset(used - bound)


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.alias(name=name, asname=alias):
            yield alias or name.partition(".")[0]
        case _:
            pass


def _quoted(node: ast.expr | None) -> Iterator[str]:
    """Names inside strings that stand for code: quoted annotations, `__all__`."""
    for each in ast.walk(node) if node is not None else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield from re.findall(r"\w+", each.value)
