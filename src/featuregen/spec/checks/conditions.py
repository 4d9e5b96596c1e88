"""`when` of a call and of a reservation: expressions over a row, one of them asked as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.checks.entities import JSON

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.expression_nodes import Node
    from featuregen.spec.model import Entity, Path

_IN_SQL = frozenset({"len", "lower", "upper", "abs", "now", "today"})


def check_condition(text: str, entity: Entity, path: Path, draft: Draft, *, sql: bool) -> None:
    """Report what is no expression over the row, or what no database could be asked alike."""
    from featuregen.spec.expressions import ExpressionError, parse_expression

    fields = {field.name: field for field in entity.fields}
    try:
        expression = parse_expression(text, fields)
    except ExpressionError as error:
        _report(error.message, error.offset, text, path, draft, error.hint)
        return
    if not sql:
        return
    from featuregen.spec.expression_nodes import walk

    for node in walk(expression.root):
        reason = _not_in_sql(node, entity)
        if reason is not None:
            hint = "compare columns of the row with values that are written out"
            _report(reason, node.offset, text, path, draft, hint)
            return


def _report(
    message: str, offset: int, text: str, path: Path, draft: Draft, hint: str | None
) -> None:
    offset = min(offset, max(len(text) - 1, 0))
    draft.findings.add("FG601", message, path, hint=hint, within=(text, offset, 1))


def _not_in_sql(node: Node, entity: Entity) -> str | None:
    from featuregen.spec.expression_nodes import Arithmetic, Call, Choice, Compare, Name

    match node:
        case Name(name=name) if entity.field(name).type.kind in JSON:
            return f"`{name}` is stored as JSON, which no database compares"
        case Call(function=function) if function not in _IN_SQL:
            return f"`{function}` is not asked of a database"
        case Arithmetic(sign=sign, kind=kind) if sign not in {"+", "-"} and not (
            sign == "*" and kind.name == "int"
        ):
            return f"`{sign}` of {kind.name} is not the same in every database"
        case Arithmetic(kind=kind) if not kind.is_number:
            return "databases add up moments in different ways"
        case Compare(rest=rest) if any(
            sign in {"in", "not in"} and not isinstance(right, Choice) for sign, right in rest
        ):
            return "`in` takes a list that is written out"
        case _:
            return None
