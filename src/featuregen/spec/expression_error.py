"""What is wrong with a rule, and the words that say it."""

from __future__ import annotations

from collections.abc import Iterable

from featuregen.spec.expression_nodes import Constant, Name, Node


class ExpressionError(Exception):
    """A rule that does not hold as an expression. `offset` counts characters of its text."""

    def __init__(self, message: str, offset: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


def described(node: Node) -> str:
    match node:
        case Name(name=name):
            return f"`{name}` ({node.kind.name})"
        case Constant():
            return (
                f"the literal {node.code('')}"
                if node.kind.name != "number"
                else f"the number {node.constant}"
            )
        case _:
            return f"a value of type {node.kind.name}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return what `name` may have been meant to be."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
