"""Rules of a model: a small, safe expression over field names, checked against the fields' types.

The text is parsed with `ast`, checked node by node, and turned into our own tree
(`spec.expression_nodes`), which knows its Python source and its value. What is absent:

- A rule that uses an optional field is skipped while that field is absent, so that
  `amount <= limit` says nothing about a request without a `limit`.
- A rule that compares the field with `None` is about its absence and never skipped for it. Each
  other use of the field must then stand behind the comparison:
  `note == None or len(note) > 3`, `note != None and len(note) > 3`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from featuregen.spec.expression_check import MAX_DEPTH, Checker
from featuregen.spec.expression_error import ExpressionError
from featuregen.spec.expression_nodes import (
    NEGATED,
    Absent,
    Call,
    Compare,
    Constant,
    Name,
    Node,
    Not,
    Values,
    walk,
)
from featuregen.spec.model import Field

__all__ = ["Expression", "ExpressionError", "parse_expression"]

MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked rule. `skipped_without` names the optional fields whose absence skips it."""

    text: str
    root: Node
    skipped_without: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every field that the rule uses, in the order of its first use."""
        found: dict[str, None] = {}
        for node in walk(self.root):
            if isinstance(node, Name):
                found[node.name] = None
            elif isinstance(node, Absent):
                found[node.field.name] = None
        return tuple(found)

    @property
    def uses_now(self) -> bool:
        """Its truth depends on when it is asked."""
        return any(
            isinstance(node, Call) and node.function in {"now", "today"} for node in walk(self.root)
        )

    @property
    def imports(self) -> tuple[tuple[str, str], ...]:
        """`(module, name)` of everything that the Python source needs, sorted."""
        found: set[tuple[str, str]] = set()
        for node in walk(self.root):
            match node:
                case Call(function="now" | "today"):
                    found |= {("datetime", "UTC"), ("datetime", "datetime")}
                case Constant(constant=Decimal()):
                    found.add(("decimal", "Decimal"))
                case Constant(constant=datetime()):
                    found |= {("datetime", "UTC"), ("datetime", "datetime")}
                case Constant(constant=date() | time() | timedelta() as moment):
                    found.add(("datetime", type(moment).__name__))
                case _:
                    pass
        return tuple(sorted(found))

    def python(self, prefix: str = "self.") -> str:
        """Return the condition that a valid value fulfils; absent fields are not looked at."""
        return self.root.code(prefix)

    def violation(self, prefix: str = "self.") -> str:
        """Return the whole condition of a violation, with the skipping of absent fields."""
        present = [f"{prefix}{name} is not None" for name in self.skipped_without]
        return " and ".join([*present, _negated(self.root, prefix, alone=not present)])

    def evaluate(self, values: Mapping[str, object], *, now: datetime | None = None) -> bool:
        """Tell whether the rule holds for Python values by field name; a missing name is absent."""
        if any(values.get(name) is None for name in self.skipped_without):
            return True
        return bool(self.root.value(Values(values, now or datetime.now(UTC))))


def _negated(node: Node, prefix: str, *, alone: bool) -> str:
    match node:
        case Not(part=part):
            code = part.code(prefix)
            return code if alone or part.precedence > _NEEDS_PARENTHESES else f"({code})"
        case Absent(field=field, absent=absent):
            return Absent(node.kind, node.offset, field, not absent).code(prefix)
        case Compare(first=first, rest=((sign, right),)) if "float" not in {
            first.kind.name,
            right.kind.name,
        }:
            # Not with floats: NaN makes `a < b` and `a >= b` both false.
            return Compare(node.kind, node.offset, first, ((NEGATED[sign], right),)).code(prefix)
        case _:
            return Not(node.kind, node.offset, node).code(prefix)


_NEEDS_PARENTHESES = 0  # `or`, next to an `and`


def parse_expression(text: str, fields: Mapping[str, Field]) -> Expression:
    """Parse and type-check the `check` of a rule; `fields` are its model's, by name.

    Raises `ExpressionError`, whose `offset` counts characters of `text`.
    """
    tree = _parsed(text)
    checker = Checker(text, fields, tree)
    root = checker.condition(tree, frozenset())
    expression = Expression(text, root, tuple(sorted(checker.skipped)))
    if not expression.names:
        raise ExpressionError("the rule uses no field", 0, "name a field of the model")
    return expression


def _parsed(text: str) -> ast.expr:
    if not text.strip():
        raise ExpressionError("the rule is empty", 0)
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the rule is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    source = text.translate({ord(char): " " for char in "\n\r\t\f"})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's opinion on "\d" is not the user's concern
            tree = ast.parse(f"({source}\n)", mode="eval").body
    except SyntaxError as error:
        offset = min(max((error.offset or 2) - 2, 0), len(text))
        raise ExpressionError(
            f"not an expression: {_reason(error)}", offset, _syntax_hint(text)
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("not an expression", 0) from None
    if "#" in text and _has_comment(text, tree):
        raise ExpressionError("a rule has no comments", text.index("#"))
    if _depth(tree) > MAX_DEPTH:
        raise ExpressionError("the rule is nested too deeply", 0)
    return tree


def _reason(error: SyntaxError) -> str:
    reason = error.msg.split(". ")[0].removeprefix("invalid syntax").strip(" .,")
    return reason or "invalid syntax"


def _syntax_hint(text: str) -> str | None:
    for wrong, right in (("&&", "and"), ("||", "or"), ("<>", "!="), ("!", "not")):
        if wrong in text.replace("!=", ""):
            return f"write `{right}`"
    return "did you mean `==`?" if re.search(r"(?<![=<>!])=(?!=)", text) else None


def _has_comment(text: str, tree: ast.expr) -> bool:
    """Tell whether a `#` stands outside every string literal."""
    end = tree.end_col_offset or 0
    encoded = f"({text}".encode()
    return any(
        encoded[at : at + 1] == b"#" and (at >= end or not _in_string(at, tree))
        for at in range(len(encoded))
    )


def _in_string(at: int, tree: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Constant) and node.col_offset <= at < (node.end_col_offset or 0)
        for node in ast.walk(tree)
    )


def _depth(tree: ast.expr) -> int:
    deepest = 0
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return deepest
