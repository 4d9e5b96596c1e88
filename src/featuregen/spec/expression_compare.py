"""The sides of a comparison: whether they compare, and literals in the type of the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from featuregen.spec.expression_error import ExpressionError, described, nearest
from featuregen.spec.expression_nodes import Constant, Kind, Node
from featuregen.spec.expression_numbers import settled

ORDERED = {"int", "float", "decimal", "number", "string", "date", "datetime", "time", "duration"}
MOMENTS = {"date", "datetime", "time", "duration"}
_DURATION = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=365 * 100)


def unified(nodes: list[Node], signs: list[str]) -> list[Node]:
    """Return the sides of a comparison, literals in the type of their other side."""
    if all(isinstance(node, Constant) for node in nodes):
        raise ExpressionError(
            "compares literals only", nodes[0].offset, "name a field of the model"
        )
    names = {node.kind.name for node in nodes}
    moments = names & MOMENTS
    if all(node.kind.is_number for node in nodes):
        name = next((kind for kind in ("decimal", "float", "int") if kind in names), "int")
        return [settled(node, name) for node in nodes]
    if len(moments) == 1 and names <= moments | {"string"}:
        return [moment(node, next(iter(moments))) for node in nodes]
    if names <= {"enum", "string"} or (names <= {"enum", "number", "int"} and "enum" in names):
        if set(signs) & {"<", "<=", ">", ">="} and "enum" in names:
            raise ExpressionError(
                "an enum has no order", nodes[0].offset, "compare by `==` or `in`"
            )
        return _enums(nodes)
    if len(names) > 1:
        first, other = (
            nodes[0],
            next(node for node in nodes if node.kind.name != nodes[0].kind.name),
        )
        hint = (
            "put quotes around the number"
            if first.kind.name == "string" and isinstance(other, Constant)
            else "take the quotes off the number"
        )
        quoted = names & {"string"} and names & {"int", "float", "decimal", "number"}
        message = f"{described(first)} cannot be compared with {described(other)}"
        raise ExpressionError(message, other.offset, hint if quoted else None)
    if set(signs) & {"<", "<=", ">", ">="} and not names <= ORDERED:
        raise ExpressionError(f"{described(nodes[0])} has no order", nodes[0].offset)
    if names & {"model", "json", "map"}:
        raise ExpressionError(f"{described(nodes[0])} cannot be compared", nodes[0].offset)
    return nodes


def _enums(nodes: list[Node]) -> list[Node]:
    unified: list[Node] = []
    for left, right in zip([*nodes[1:], nodes[0]], nodes, strict=True):
        node = settled(right, "int") if right.kind.is_number else right
        values = left.kind.values
        if left.kind.name == "enum" and isinstance(node, Constant) and node.constant not in values:
            near = nearest(str(node.constant), [str(value) for value in values])
            hint = f"did you mean '{near}'?" if near else f"one of {', '.join(map(str, values))}"
            raise ExpressionError(
                f"{node.code('')} is not a value of {described(left)}", node.offset, hint
            )
        if left.kind.name == node.kind.name == "enum" and not set(values) & set(node.kind.values):
            raise ExpressionError("the two enums have no value in common", node.offset)
        unified.append(node)
    return unified


def moment(node: Node, name: str) -> Node:
    """Return a text literal as the date, time or duration that it is compared with."""
    if node.kind.name == name:
        return node
    if not isinstance(node, Constant) or not isinstance(node.constant, str):
        raise ExpressionError(f"{described(node)} is no {name}", node.offset)
    try:
        moment = _MOMENT_READERS[name](node.constant)
    except (ValueError, OverflowError):
        example = _MOMENT_EXAMPLES[name]
        raise ExpressionError(
            f"{node.code('')} is no {name}", node.offset, f"such as {example}"
        ) from None
    return Constant(Kind(name), node.offset, moment)


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("naive")
    return moment.astimezone(UTC)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("not a duration")
    number, unit = text[: -len(found[3])], _UNITS[found[3]]
    length = timedelta(**{unit: float(number)})
    if length > _LONGEST:
        raise ValueError("too long")
    return length


def _wall_clock(text: str) -> time:
    moment = time.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError("a time has no zone")
    return moment


_MOMENT_READERS: Mapping[str, Callable[[str], date | datetime | time | timedelta]] = {
    "date": date.fromisoformat, "datetime": _aware, "time": _wall_clock, "duration": _duration,
}  # fmt: skip
_MOMENT_EXAMPLES = {
    "date": '"2026-01-31"', "datetime": '"2026-01-31T12:00:00Z"', "time": '"09:30"',
    "duration": '"30m"',
}  # fmt: skip
