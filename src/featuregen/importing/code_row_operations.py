"""What an operation does with rows, guessed from the method of its service.

A guess is held against what a spec that says so would generate (`code_proof`): where the two are
not the same code, the operation stays a hook, and is noted.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.importing.code_lists import item_of, listing
from featuregen.importing.code_mappings import UnreadError
from featuregen.importing.code_reserves import reserved_in
from featuregen.importing.code_row_calls import called_in
from featuregen.importing.code_rows import FOUND
from featuregen.importing.code_statements import first_names, names_called, states_of, updates
from featuregen.importing.python_values import UnknownValueError, name
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.importing.code_rows import Rows
    from featuregen.importing.code_services import Function
    from featuregen.importing.imported import Tree

_DERIVED = {"request": ("Create", "Update", "CreateBelow"), "response": ("Read",)}


def operation_on_rows(rows: Rows, called: str, entry: Tree) -> Tree | None:
    """What a spec would say of an operation; None where nothing can be guessed."""
    whole, method = rows.method(called), rows.work_of(called)
    if whole is None or method is None:
        return None
    made: Tree = {key: one for key, one in entry.items() if key not in ("hook", "errors")}
    if whole is not method:
        made |= _around(whole, method.name)
    if (before := rows.service.hook_of(f"admit_{called}")) is not None:
        made["before"] = before
    try:
        return _Guess(rows, method).made(made)
    except (UnreadError, UnknownValueError):
        return None


@dataclass(frozen=True, slots=True)
class _Guess:
    rows: Rows
    method: Function

    def made(self, made: Tree) -> Tree | None:
        """The keys of the operation."""
        does = self._does()
        if does is None:
            return None
        action, entity = does
        made = self._parameters(made, action, entity)
        for key, ends in _DERIVED.items():
            if made.get(key) in [f"{entity}{one}" for one in ends]:
                del made[key]
        if action in ("list", "delete"):
            made.pop("response", None)
        item = item_of(self.method) if action == "list" else None
        if item not in (None, f"{entity}Read"):
            made["response"] = item
        match action:
            case "transition":
                return {**made, "transition": self._transition(entity)}
            case "reserve":
                return {**made, "reserve": reserved_in(self.method, self.rows, None)}
            case "create" | "get":
                return made | {action: entity} | self._joined(made, action, entity)
        return {**made, action: entity}

    def _joined(self, made: Tree, action: str, entity: str) -> Tree:
        """What joins the action: a call, a reservation."""
        parent = str(made["parent"]) if "parent" in made else None
        call = called_in(self.method, self.rows, entity, parent, path=str(made["path"]))
        reserve = reserved_in(self.method, self.rows, entity) if action == "create" else None
        joined: Tree = {"reserve": reserve, "call": call}
        return {key: one for key, one in joined.items() if one is not None}

    def _transition(self, entity: str) -> Tree:
        """`where(X.status.in_((…)))` and `values(status="…")`."""
        for update in updates(self.method):
            for field, state in update.literals.items():
                if before := states_of(update.where, entity, str(field)):
                    return {"entity": entity, "field": field, "from": before, "to": state}
        raise UnknownValueError

    def _does(self) -> tuple[str, str] | None:
        """The action and the entity."""
        called = [*names_called(self.method)]
        made = [one for one in called if one in self.rows.tables]
        if "page" in called:
            found = [one for one in first_names(self.method, "select") if one in self.rows.tables]
            return ("list", found[0]) if found else None
        if made:
            return "create", made[0]
        deleted = [one for one in first_names(self.method, "delete") if one in self.rows.tables]
        if deleted:
            return "delete", deleted[0]
        changed = [one for one in first_names(self.method, "update") if one in self.rows.tables]
        if changed:
            return self._changes(called), changed[0]
        for helper in called:
            for row in self.rows.tables:
                helpers = tuple(f"_{kind}_{snake(row)}" for kind in FOUND)
                if helper in helpers or helper.startswith(tuple(f"{one}_by_" for one in helpers)):
                    return "get", row
        return None

    def _changes(self, called: list[str]) -> str:
        """What a method is that changes a row and makes none."""
        if {"model_dump", "getattr"} & {*called}:
            return "update"
        clients = {
            f"_{client.upstream}" for client in self.rows.service.clients_of(self.rows.clients)
        }
        if any(
            isinstance(one, ast.Attribute) and one.attr in clients for one in ast.walk(self.method)
        ):
            return "get"  # read, and refreshed from the upstream
        adds = any(
            isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add)
            for update in updates(self.method)
            for one in update.values.values()
        )
        return "reserve" if adds else "transition"

    def _parameters(self, made: Tree, action: str, entity: str) -> Tree:
        found = self._parent(entity) if action in ("create", "list") else None
        parent, via = found or (None, None)
        if parent is not None:
            made["parent"] = parent
            if len(self.rows.references(entity, parent)) > 1:
                made["via"] = via
        if (by := _by(self.method)) is not None:
            made["by"] = by
        params = made.pop("path_params", None)
        row = snake(parent or entity)
        if isinstance(params, dict):
            left: Tree = {
                key: one for key, one in params.items() if key not in ("id", f"{row}_id", by)
            }
            if left:
                made["path_params"] = left
        query = made.pop("query", None)
        if isinstance(query, dict):
            if action != "list":
                made["query"] = query
            else:
                made |= listing(self.method, query, self.rows.tables[entity].columns)
        return made

    def _parent(self, entity: str) -> tuple[str, str] | None:
        """The row of the path that a new one refers to, or that a list is below, and by what."""
        for node in ast.walk(self.method):
            match node:
                case (
                    ast.keyword(
                        arg=str(column), value=ast.Attribute(value=ast.Name(id=found), attr="id")
                    )
                    | ast.Compare(
                        left=ast.Attribute(attr=column),
                        comparators=[ast.Attribute(value=ast.Name(id=found), attr="id")],
                    )
                ):
                    for row in self.rows.tables:
                        if snake(row) == found and column in self.rows.references(entity, row):
                            return row, column
                case _:
                    pass
        return None


def _around(method: Function, inner: str) -> Tree:
    """The hooks before and after the work."""
    calls = [one for one in ast.walk(method) if isinstance(one, ast.Call)]
    work = next((one.lineno for one in calls if name(one.func) == inner), 0)
    found: Tree = {}
    for one in calls:
        if isinstance(one.func, ast.Attribute) and name(one.func.value).endswith("_hooks"):
            found["before" if one.lineno < work else "after"] = one.func.attr
    return found


def _by(method: Function) -> str | None:
    """The field that the path names the row by: `_existing_category_by_slug`."""
    for called in names_called(method):
        head, by, field_name = called.partition("_by_")
        if by and head.startswith(tuple(f"_{kind}_" for kind in FOUND)):
            return field_name
    return None
