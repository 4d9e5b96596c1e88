"""SQLAlchemy statements as featuregen writes them, out of the method of a service."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.importing.python_values import UnknownValueError, keywords, name, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.importing.imported import Tree
    from featuregen.spec.yaml_text import Plain

_COUNTED = "version"


@dataclass(frozen=True, slots=True)
class Update:
    """`update(Payment).where(…).values(…)`; what counts the row's versions is left out."""

    table: str
    where: tuple[ast.expr, ...]
    values: dict[str, ast.expr]

    @property
    def literals(self) -> Tree:
        """The values that are written out."""
        found: Tree = {}
        for key, node in self.values.items():
            try:
                found[key] = value(node)
            except UnknownValueError:
                continue
        return found


def updates(node: ast.AST) -> Iterator[Update]:
    """All of a method, in the order of the code."""
    found: list[tuple[int, int, Update]] = []
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and name(one.func) == "values":
            update = _update(one)
            if update is not None:
                found.append((one.lineno, one.col_offset, update))
    yield from (update for *_, update in sorted(found, key=lambda each: each[:2]))


def _update(values: ast.Call) -> Update | None:
    where: list[ast.expr] = []
    inner = values.func
    while isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Call):
        call = inner.value
        match call:
            case ast.Call(func=ast.Name(id="update"), args=[ast.Name(id=table)]):
                given = {key: one for key, one in keywords(values).items() if key != _COUNTED}
                return Update(table, tuple(where), given)
            case ast.Call(func=ast.Attribute(attr="where"), args=args):
                where = [*args, *where]
        inner = call.func
    return None


def of_column(node: ast.expr, table: str) -> str | None:
    """The column of `Payment.amount`."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=column) if owner == table:
            return column
        case _:
            return None


def states_of(where: Iterable[ast.expr], table: str, column: str) -> list[Plain]:
    """Of `Payment.status == "pending"`, or of `Payment.status.in_((…))`."""
    found: list[Plain] = []
    for node in where:
        match node:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[state]) if (
                of_column(left, table) == column
            ):
                found.append(value(state))
            case ast.Call(
                func=ast.Attribute(value=left, attr="in_"), args=[ast.Tuple(elts=states)]
            ) if of_column(left, table) == column:
                found += [value(state) for state in states]
            case _:
                pass
    return found


def names_called(node: ast.AST) -> Iterator[str]:
    """What is called anywhere within."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            yield name(one.func)


def first_names(node: ast.AST, function: str) -> list[str]:
    """The first arguments of a function, where they are names: `select(Payment)`."""
    return [
        name(one.args[0])
        for one in ast.walk(node)
        if isinstance(one, ast.Call) and name(one.func) == function and one.args
    ]
