"""How large a number in a rule can be, whether it can be zero, and what type a literal takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from featuregen.spec.expression_nodes import Arithmetic, Call, Constant, Kind, Name, Negative, Node
from featuregen.spec.model import Field


def settled(node: Node, name: str) -> Node:
    """Return `node` with its number literals in the type `name` of what stands next to them."""
    if node.kind.name != "number":
        return node
    if isinstance(node, Constant) and isinstance(node.constant, Decimal):
        return _literal(node, node.constant, name)
    if isinstance(node, Arithmetic):
        left, right = (
            settled(node.left, name),
            settled(node.right, name),
        )
        return replace(node, left=left, right=right, kind=Kind(name))
    if isinstance(node, Negative):
        return replace(node, part=settled(node.part, name), kind=Kind(name))
    return node


def _literal(node: Constant, number: Decimal, name: str) -> Constant:
    whole = number == number.to_integral_value()
    if name in {"int", "float"} and whole:
        return Constant(Kind(name), node.offset, int(number))
    if name == "float":
        return Constant(Kind("float"), node.offset, float(number))
    if name == "number":
        return node
    return Constant(Kind("decimal"), node.offset, number)


def magnitude(node: Node, fields: Mapping[str, Field]) -> Decimal | None:
    """Return an upper bound of the absolute value, or None where there is none."""
    match node:
        case Constant(constant=int() | float() | Decimal() as number):
            return abs(Decimal(str(number)))
        case Name(name=name) if name in fields:
            return _field_magnitude(fields[name])
        case Negative(part=part) | Call(function="abs", arguments=(part,)):
            return magnitude(part, fields)
        case Call(function="len"):
            return Decimal(10**12)
        case Call(function="min" | "max", arguments=arguments):
            sizes = [magnitude(argument, fields) for argument in arguments]
            return None if None in sizes else max(size for size in sizes if size is not None)
        case Arithmetic():
            return _arithmetic_magnitude(node, fields)
        case _:
            return None


def _arithmetic_magnitude(node: Arithmetic, fields: Mapping[str, Field]) -> Decimal | None:
    left, right = magnitude(node.left, fields), magnitude(node.right, fields)
    if left is None or right is None:
        return None
    match node.sign:
        case "+" | "-":
            return left + right
        case "*":
            return left * right
        case "%":
            return right
        case _:
            return None


def _field_magnitude(field: Field) -> Decimal | None:
    low = next((bound for bound in (field.gt, field.ge) if bound is not None), None)
    high = next((bound for bound in (field.lt, field.le) if bound is not None), None)
    if low is not None and high is not None:
        return max(abs(Decimal(str(low))), abs(Decimal(str(high))))
    if field.type.kind == "decimal" and field.max_digits is not None:
        return Decimal(10) ** field.max_digits
    return None


def nonzero(node: Node, fields: Mapping[str, Field]) -> bool:
    """Tell whether a divisor can never be zero."""
    match node:
        case Constant(constant=int() | float() | Decimal() as number):
            return number != 0
        case Name(name=name) if name in fields:
            field = fields[name]
            above = (field.gt is not None and _number(field.gt) >= 0) or (
                field.ge is not None and _number(field.ge) > 0
            )
            below = (field.lt is not None and _number(field.lt) <= 0) or (
                field.le is not None and _number(field.le) < 0
            )
            return above or below
        case _:
            return False


def _number(bound: object) -> Decimal:
    return Decimal(str(bound))
