"""`reserve`: a bounded counter, out of the UPDATE that it is generated as."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.importing.code_conditions import condition
from featuregen.importing.code_statements import of_column, updates
from featuregen.importing.python_values import UnknownValueError, name, value
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.importing.code_rows import Rows
    from featuregen.importing.code_services import Function
    from featuregen.importing.code_statements import Update
    from featuregen.importing.imported import Tree
    from featuregen.spec.yaml_text import Plain


def reserved_in(method: Function, rows: Rows, made: str | None) -> Tree | None:
    """What a method reserves; `made` is the entity of the row that it makes.

    Raises `UnknownValueError` where it is not as it would be generated.
    """
    for update in updates(method):
        counter = _counter(update)
        if counter is None or update.table not in rows.tables:
            continue
        field, amount = counter
        found: Tree = {"entity": update.table, "field": field, "by": _amount(amount)}
        which, *when, fits = _unscoped(update)
        found["up_to"] = _bound(fits, update.table, field)
        if made is not None and (via := _via(which, update.table, made, rows)) is not None:
            found["via"] = via
        if (told := condition(when, update.table)) is not None:
            found["when"] = told
        full = _full(update) | _completed(method, update.table, rows)
        return found | ({"full": full} if full else {})
    return None


def _counter(update: Update) -> tuple[str, ast.expr] | None:
    """`taken=Course.taken + data.seats`."""
    for key, node in update.values.items():
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=amount) if (
                of_column(left, update.table) == key
            ):
                return key, amount
    return None


def _amount(node: ast.expr) -> Plain:
    return node.attr if isinstance(node, ast.Attribute) else _number(node)


def _number(node: ast.expr) -> Plain:
    """`Decimal("50.00")` was written 50: messages name it."""
    found = value(node)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _unscoped(update: Update) -> list[ast.expr]:
    """The conditions but that the row is the caller's, or one that the caller may see."""
    ends = (" == user.id", "_visible_to(user)")
    return [one for one in update.where if not ast.unparse(one).endswith(ends)]


def _bound(fits: ast.expr, table: str, field: str) -> Plain:
    """`Course.taken <= Course.seats - data.seats`."""
    match fits:
        case ast.Compare(
            left=left, ops=[ast.LtE()], comparators=[ast.BinOp(left=bound, op=ast.Sub())]
        ) if of_column(left, table) == field:
            return of_column(bound, table) or _number(bound)
    raise UnknownValueError


def _via(which: ast.expr, table: str, made: str, rows: Rows) -> str | None:
    """The reference of the new row that names the bounded one, where several do."""
    match which:
        case ast.Compare(comparators=[ast.Attribute(value=ast.Name(id=row), attr=column)]) if (
            row == snake(made) and len(rows.references(made, table)) > 1
        ):
            return column
        case _:
            return None


def _full(update: Update) -> Tree:
    """`state=case((… >= Course.seats, "full"), else_=Course.state)`."""
    found: Tree = {}
    for key, node in update.values.items():
        match node:
            case ast.Call(func=ast.Name(id="case"), args=[ast.Tuple(elts=[_, reached])]):
                found[key] = value(reached)
    return found


def _completed(method: Function, table: str, rows: Rows) -> Tree:
    """The same where a call comes between: a method of its own writes it afterwards."""
    plain = f"_complete_{snake(table)}"
    found: Tree = {}
    for called in {name(one.func) for one in ast.walk(method) if isinstance(one, ast.Call)}:
        if called == plain or called.startswith(f"{plain}_of_"):
            completing = rows.method(called)
            for update in updates(completing) if completing is not None else ():
                found |= update.literals
    return found
