"""Calls of an upstream about a row: what the client is given of it, and what a refusal writes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.importing.code_conditions import condition, without_presence
from featuregen.importing.code_statements import updates
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.importing.code_rows import Rows
    from featuregen.importing.code_services import Function
    from featuregen.importing.imported import Tree


def called_in(
    method: Function, rows: Rows, entity: str, parent: str | None, *, path: str
) -> Tree | None:
    """The `call` of a method that makes or reads a row; None where there is none.

    `path` is the operation's own. Raises `UnreadError` or `UnknownValueError` where the code is not
    as it would be generated.
    """
    found = _call(method, rows)
    if found is None:
        return None
    attribute, made = found
    client = rows.service.client(attribute, rows.clients)
    if client is None or not isinstance(made.func, ast.Attribute):
        return None
    owners = {snake(entity): "entity"} | ({snake(parent): "parent"} if parent else {})
    names: dict[str, ast.expr] = {}
    if "{id}" in path:
        names[f"{snake(parent or entity)}_id"] = ast.Name("id")
    for one in made.keywords:
        match one.value:
            case ast.Attribute(value=ast.Name(id=owner), attr=field) if owner in owners:
                names[str(one.arg)] = ast.Attribute(ast.Name(owners[owner]), field)
    call: Tree = {"upstream": client.upstream, **client.read(made.func.attr, names)}
    refused = _refused(method, entity)
    if refused:
        call["refused"] = refused
    used = [one.attr for one in names.values() if isinstance(one, ast.Attribute)]
    if (when := _when(method, made, snake(entity), used)) is not None:
        call["when"] = when
    return call


def _call(method: Function, rows: Rows) -> tuple[str, ast.Call] | None:
    """`await self._provider.create_payment(…)`."""
    for node in ast.walk(method):
        match node:
            case ast.Await(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=client))
                ) as made
            ) if rows.service.client(client, rows.clients) is not None:
                return client, made
    return None


def _refused(method: Function, entity: str) -> Tree:
    """What `except AppError` writes into the row."""
    found: Tree = {}
    for node in ast.walk(method):
        if isinstance(node, ast.ExceptHandler):
            for update in updates(node):
                if update.table == entity:
                    found |= update.literals
    return found


def _when(method: Function, made: ast.Call, row: str, used: list[str]) -> str | None:
    """The condition of the branch in which the call stands, where it asks the row."""
    for node in ast.walk(method):
        if isinstance(node, ast.If) and any(one is made for one in ast.walk(node)):
            return condition(without_presence(node.test, row, used), row)
    return None
