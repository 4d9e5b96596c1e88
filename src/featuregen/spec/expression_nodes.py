"""The tree of a rule's expression: each node knows its type, its Python source and its value.

Evaluation walks these nodes; text of a spec never reaches `eval`. No node can be made expensive:
there is no power, no repetition of a string, no arithmetic that overflows or divides by zero.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from featuregen.spec.literal import py_decimal, py_moment, py_string

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda item, box: item in box,
    "not in": lambda item, box: item not in box,
}
ARITHMETIC: Mapping[str, Callable[[Any, Any], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
FUNCTIONS: Mapping[str, Callable[..., object]] = {"len": len, "abs": abs, "min": min, "max": max}
NEGATED = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "in": "not in", "not in": "in",
}  # fmt: skip
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _UNARY, _ATOM = range(8)


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a node: `int`, `decimal`, `enum` (with its values), `list` (of something), …"""

    name: str
    of: Kind | None = None
    values: tuple[str | int, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.name in {"int", "float", "decimal", "number"}


@dataclass(frozen=True, slots=True)
class Values:
    """What an expression is evaluated on: the fields' values, and the moment that `now()` is."""

    fields: Mapping[str, object]
    now: datetime


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression, with its type and its place in the text."""

    kind: Kind
    offset: int
    precedence: ClassVar[int] = _ATOM

    def code(self, prefix: str) -> str:
        raise NotImplementedError

    def value(self, values: Values) -> Any:  # noqa: ANN401 - of the type that `kind` names
        raise NotImplementedError

    def children(self) -> tuple[Node, ...]:
        return ()

    def inner(self, node: Node, prefix: str, above: int) -> str:
        """Return the source of a part, in parentheses unless it binds tighter than `above`."""
        code = node.code(prefix)
        return code if node.precedence > above else f"({code})"


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it, left to right."""
    yield node
    for child in node.children():
        yield from walk(child)


def same(left: Node, right: Node) -> bool:
    """Two nodes that read the same."""
    return left.code("") == right.code("")


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field of the model."""

    name: str

    def code(self, prefix: str) -> str:
        return prefix + self.name

    def value(self, values: Values) -> Any:  # noqa: ANN401
        return values.fields.get(self.name)


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A literal, or a moment that the text of one stands for."""

    constant: object  # str, bool, int, float, Decimal, None, date, datetime, time, timedelta

    def code(self, prefix: str) -> str:  # noqa: ARG002 - a literal reads the same everywhere
        match self.constant:
            case str(text):
                return py_string(text)
            case Decimal() as number:
                return py_decimal(number)
            case date() | time() | timedelta() as moment:
                return py_moment(moment)
            case other:
                return repr(other)

    def value(self, values: Values) -> Any:  # noqa: ANN401, ARG002
        return self.constant


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """The right side of `in`: literals in a row."""

    items: tuple[Constant, ...]

    def code(self, prefix: str) -> str:
        inside = ", ".join(item.code(prefix) for item in self.items)
        return f"({inside},)" if len(self.items) == 1 else f"({inside})"

    def value(self, values: Values) -> tuple[object, ...]:  # noqa: ARG002
        return tuple(item.constant for item in self.items)

    def children(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """One comparison, or a chain of them: `1 < a <= 5`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    precedence: ClassVar[int] = _COMPARE

    def code(self, prefix: str) -> str:
        parts = [self.inner(self.first, prefix, _COMPARE)]
        for sign, node in self.rest:
            parts += [sign, self.inner(node, prefix, _COMPARE)]
        return " ".join(parts)

    def value(self, values: Values) -> bool:
        left = self.first.value(values)
        for sign, node in self.rest:
            right = node.value(values)
            if not COMPARISONS[sign](left, right):
                return False
            left = right
        return True

    def children(self) -> tuple[Node, ...]:
        return (self.first, *(node for _, node in self.rest))


@dataclass(frozen=True, slots=True)
class Absent(Node):
    """`field == None` (or `!=` when not `absent`)."""

    field: Name
    absent: bool
    precedence: ClassVar[int] = _COMPARE

    def code(self, prefix: str) -> str:
        return f"{self.field.code(prefix)} is {'' if self.absent else 'not '}None"

    def value(self, values: Values) -> bool:
        return (self.field.value(values) is None) is self.absent


@dataclass(frozen=True, slots=True)
class Join(Node):
    """`and` or `or` between parts."""

    word: str
    parts: tuple[Node, ...]

    @property
    def precedence(self) -> int:  # type: ignore[override]  # differs between `and` and `or`
        return _AND if self.word == "and" else _OR

    def code(self, prefix: str) -> str:
        # An `and` inside an `or` gets parentheses: nobody has to know which binds tighter.
        return f" {self.word} ".join(self.inner(part, prefix, _AND) for part in self.parts)

    def value(self, values: Values) -> bool:
        decide = all if self.word == "and" else any
        return decide(part.value(values) for part in self.parts)

    def children(self) -> tuple[Node, ...]:
        return self.parts


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not part`."""

    part: Node
    precedence: ClassVar[int] = _NOT

    def code(self, prefix: str) -> str:
        return f"not {self.inner(self.part, prefix, _COMPARE)}"

    def value(self, values: Values) -> bool:
        return not self.part.value(values)

    def children(self) -> tuple[Node, ...]:
        return (self.part,)


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """`-part`."""

    part: Node
    precedence: ClassVar[int] = _UNARY

    def code(self, prefix: str) -> str:
        return f"-{self.inner(self.part, prefix, _UNARY)}"

    def value(self, values: Values) -> Any:  # noqa: ANN401
        return -self.part.value(values)

    def children(self) -> tuple[Node, ...]:
        return (self.part,)


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Two numbers or moments, and a sign between them."""

    sign: str
    left: Node
    right: Node

    @property
    def precedence(self) -> int:  # type: ignore[override]  # differs between sums and products
        return _SUM if self.sign in "+-" else _PRODUCT

    def code(self, prefix: str) -> str:
        left = self.inner(self.left, prefix, self.precedence - 1)
        return f"{left} {self.sign} {self.inner(self.right, prefix, self.precedence)}"

    def value(self, values: Values) -> Any:  # noqa: ANN401
        return ARITHMETIC[self.sign](self.left.value(values), self.right.value(values))

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """One of the few functions."""

    function: str
    arguments: tuple[Node, ...]

    def code(self, prefix: str) -> str:
        match self.function:
            case "now":
                return "datetime.now(UTC)"
            case "today":
                return "datetime.now(UTC).date()"
            case "lower" | "upper":
                return f"{self.inner(self.arguments[0], prefix, _UNARY)}.{self.function}()"
            case _:
                return f"{self.function}({', '.join(part.code(prefix) for part in self.arguments)})"

    def value(self, values: Values) -> Any:  # noqa: ANN401
        arguments = [part.value(values) for part in self.arguments]
        match self.function:
            case "now":
                return values.now
            case "today":
                return values.now.astimezone(UTC).date()
            case "lower" | "upper":
                return getattr(arguments[0], self.function)()
            case _:
                return FUNCTIONS[self.function](*arguments)

    def children(self) -> tuple[Node, ...]:
        return self.arguments
