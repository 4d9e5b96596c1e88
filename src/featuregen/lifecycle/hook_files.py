"""The hooks file is the user's once it is written: only stubs that nobody has touched change.

A hook that has been written stays as it is, word for word. Where the spec now calls it in another
way, that is a thing to do for the person who wrote it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HooksFile:
    """What the new render is for the merge, and the hooks that the user has to adapt."""

    theirs: str
    changed: tuple[tuple[str, str], ...] = ()
    """Name, and the signature that the service calls now."""
    unused: tuple[str, ...] = ()
    """Written by the user, and no operation calls them any longer."""
    is_readable: bool = True
    """Whether the user's file parses: else it is left altogether."""


def keep_written_hooks(base: str, ours: str, theirs: str) -> HooksFile:
    """The new render with every hook that the user has written left as it was rendered last."""
    try:
        old, mine, new = (_functions(text) for text in (base, ours, theirs))
    except (SyntaxError, ValueError):
        return HooksFile(base, is_readable=False)
    written = [name for name in old if name in mine and _body(mine[name]) != _body(old[name])]
    changed: list[tuple[str, str]] = []
    unused: list[str] = []
    lines = theirs.splitlines(keepends=True)
    edits: list[tuple[int, int, list[str]]] = []
    for name in written:
        before = _lines(base, old[name])
        if name not in new:
            unused.append(name)
            edits.append((len(lines), len(lines), ["\n", "\n", *before]))
            continue
        first, last = _span(new[name])
        if lines[first:last] == before:
            continue
        edits.append((first, last, before))
        if ast.dump(_signature(new[name])) != ast.dump(_signature(old[name])):
            changed.append((name, ast.unparse(_signature(new[name])).removesuffix(":\n    ...")))
    for first, last, text in sorted(edits, reverse=True, key=lambda edit: edit[:2]):
        lines[first:last] = text
    return HooksFile("".join(lines), tuple(changed), tuple(unused))


def _functions(text: str) -> dict[str, ast.AsyncFunctionDef]:
    return {
        node.name: node for node in ast.parse(text).body if isinstance(node, ast.AsyncFunctionDef)
    }


def _body(node: ast.AsyncFunctionDef) -> str:
    """The code, without the docstring: a stub whose docstring alone was edited is still a stub."""
    first = node.body[0]
    has_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return "\n".join(map(ast.dump, node.body[1:] if has_docstring else node.body))


def _signature(node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
    bare = ast.parse(f"async def {node.name}(): ...").body[0]
    assert isinstance(bare, ast.AsyncFunctionDef)  # noqa: S101 - for the type checker
    bare.args, bare.returns = node.args, node.returns
    return bare


def _span(node: ast.AsyncFunctionDef) -> tuple[int, int]:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return first - 1, node.end_lineno or node.lineno


def _lines(text: str, node: ast.AsyncFunctionDef) -> list[str]:
    first, last = _span(node)
    return text.splitlines(keepends=True)[first:last]
