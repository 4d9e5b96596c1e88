"""`when` of a call or a reservation: as Python about a row, and as SQL about a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.expression_nodes import (
    MIRRORED,
    Absent,
    Arithmetic,
    Call,
    Choice,
    Compare,
    Constant,
    Join,
    Name,
    Negative,
    Not,
    walk,
)

if TYPE_CHECKING:
    from featuregen.spec.expression_nodes import Node
    from featuregen.spec.expressions import Expression
    from featuregen.spec.model import Entity

_FUNCTIONS = {"len": "length", "lower": "lower", "upper": "upper", "abs": "abs"}


def parsed(text: str, entity: Entity) -> Expression:
    """The expression, which `spec` has checked."""
    from featuregen.spec.expressions import parse_expression

    return parse_expression(text, {field.name: field for field in entity.fields})


def as_python(text: str, entity: Entity, row: str) -> str:
    """The condition about a row in hand; what it compares must be there."""
    expression = parsed(text, entity)
    present = [f"{row}.{name} is not None" for name in expression.skipped_without]
    code = expression.python(f"{row}.")
    if present and isinstance(expression.root, Join) and expression.root.word == "or":
        code = f"({code})"
    return " and ".join([*present, code])


def as_sql(text: str, entity: Entity) -> tuple[str, ...]:
    """The same as arguments of `where`; a comparison with NULL is never true there."""
    root = parsed(text, entity).root
    parts = root.parts if isinstance(root, Join) and root.word == "and" else (root,)
    return tuple(_sql(part, entity) for part in parts)


def _sql(node: Node, entity: Entity) -> str:
    match node:
        case Name(name=name):
            return f"{entity.name}.{name}"
        case Absent(field=field, absent=absent):
            return f"{_sql(field, entity)}.{'is_' if absent else 'is_not'}(None)"
        case Join(word=word, parts=parts):
            return f"{word}_({', '.join(_sql(part, entity) for part in parts)})"
        case Not(part=part):
            return f"not_({_sql(part, entity)})"
        case Negative(part=part):
            return f"-{_atom(part, entity)}"
        case Arithmetic(sign=sign, left=left, right=right):
            return f"{_atom(left, entity)} {sign} {_atom(right, entity)}"
        case Compare(first=first, rest=rest):
            return _compared(first, rest, entity)
        case Call():
            return _called(node, entity)
        case _:
            return node.code("")


def _called(node: Call, entity: Entity) -> str:
    match node.function:
        case "now":
            return "utcnow()"
        case "today":
            return "utcnow().date()"
        case function:
            given = ", ".join(_sql(part, entity) for part in node.arguments)
            return f"func.{_FUNCTIONS[function]}({given})"


def _atom(node: Node, entity: Entity) -> str:
    code = _sql(node, entity)
    return f"({code})" if isinstance(node, Arithmetic | Negative) else code


def _compared(first: Node, rest: tuple[tuple[str, Node], ...], entity: Entity) -> str:
    found: list[str] = []
    left = first
    for sign, right in rest:
        found.append(_comparison(left, sign, right, entity))
        left = right
    return found[0] if len(found) == 1 else f"and_({', '.join(found)})"


def _comparison(left: Node, sign: str, right: Node, entity: Entity) -> str:
    if sign in {"in", "not in"} and isinstance(right, Choice):
        method = "in_" if sign == "in" else "not_in"
        return f"{_atom(left, entity)}.{method}({right.code('')})"
    if sign in MIRRORED and not _names_a_column(left):
        left, sign, right = right, MIRRORED[sign], left  # Python's `==` asks the left side
    return f"{_atom(left, entity)} {sign} {_atom(right, entity)}"


def _names_a_column(node: Node) -> bool:
    return any(isinstance(part, Name) for part in walk(node))


def plain_constants(text: str, entity: Entity) -> bool:
    """Whether ruff would ask for a name of one of the numbers that it compares with."""
    return any(
        isinstance(side, Constant)
        and isinstance(side.constant, int | float)
        and not isinstance(side.constant, bool)
        and side.constant not in {0, 1}
        for node in walk(parsed(text, entity).root)
        if isinstance(node, Compare)
        for side in map(_bare, node.children())
    )


def _bare(node: Node) -> Node:
    return node.part if isinstance(node, Negative) else node
