"""Operations on rows, out of the service that featuregen has generated for them.

What an operation does is guessed from its method, and held against what a spec that says so would
generate: where the two are not the same code, it stays a hook, and is noted.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.importing.code_tables import EntityReader, Table, tables_of
from featuregen.importing.python_values import keywords, name, text
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.code_classes import Classes
    from featuregen.importing.code_services import Function, Service
    from featuregen.importing.imported import Tree
    from featuregen.importing.sources import Sources
    from featuregen.spec.yaml_text import Plain

FOUND = ("owned", "existing", "visible")
_MADE = frozenset({"sort", "limit", "cursor", "q"})


@dataclass(slots=True)
class Rows:
    """The entities of a feature, and its operations on them."""

    service: Service
    sources: Sources
    tables: dict[str, Table]
    entities: Tree = field(default_factory=dict)

    @classmethod
    def of(cls, service: Service | None, classes: Classes) -> Rows | None:
        """None where the feature stores nothing."""
        if service is None:
            return None
        sources = classes.sources
        tables = tables_of(service.feature, sources)
        if not tables:
            return None
        rows = cls(service, sources, tables)
        reader = EntityReader(tables, classes)
        for table in tables.values():
            rows.entities[table.name] = reader.read(table, rows._scope(table), rows._owner(table))
        return rows

    def method(self, called: str) -> Function | None:
        """A method of the service."""
        for one in self.service.node.body:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == called:
                return one
        return None

    def work_of(self, called: str) -> Function | None:
        """What an operation does with rows: a method within it, where hooks stand around it."""
        return self.method(f"_{called}") or self.method(called)

    def _owner(self, table: Table) -> str | None:
        """The column that is compared with, or filled by, `user.id`."""
        for node in ast.walk(self.service.node):
            match node:
                case ast.Compare(
                    left=ast.Attribute(value=ast.Name(id=owned), attr=column),
                    comparators=[ast.Attribute(value=ast.Name(id="user"), attr="id")],
                ) if owned == table.name:
                    return column
                case ast.Call(func=ast.Name(id=made), keywords=given) if made == table.name:
                    for one in given:
                        if ast.unparse(one.value) == "user.id":
                            return one.arg
                case _:
                    pass
        return "owner_id" if "owner_id" in table.columns else None

    def _scope(self, table: Table) -> str | None:
        stem = snake(table.name)
        visible = self.method(f"_{stem}_visible_to")
        for node in ast.walk(visible) if visible is not None else ():
            if isinstance(node, ast.Compare) and (permission := text(node.left)):
                return f"permission:{permission}"
        if self.method(f"_existing_{stem}") is not None or self._owner(table) is None:
            return "public"
        return None

    # --- operations ------------------------------------------------------------------------------

    def operation(self, called: str, entry: Tree) -> Tree | None:
        """What a spec would say of an operation; None where nothing can be guessed."""
        whole = self.method(called)
        method = self.work_of(called)
        if whole is None or method is None:
            return None
        does = self._does(method)
        if does is None:
            return None
        action, entity = does
        made = {key: one for key, one in entry.items() if key not in ("hook", "errors")}
        if whole is not method:
            made |= _around(whole, method.name)
        made = self._parameters(made, method, action, entity)
        for key, end in (("request", ("Create", "Update", "CreateBelow")), ("response", ("Read",))):
            if made.get(key) in [f"{entity}{one}" for one in end]:
                del made[key]
        if action == "list":
            made.pop("response", None)
            item = _item(method)
            if item not in (None, f"{entity}Read"):
                made["response"] = item
        if action == "delete":
            made.pop("response", None)
        if "transition" in action:
            change = _transition(method, entity)
            return None if change is None else {**made, "transition": change}
        return {**made, action: entity}

    def _does(self, method: Function) -> tuple[str, str] | None:
        """The action and the entity."""
        for node in ast.walk(method):
            match node:
                case ast.Call(func=ast.Name(id="page")):
                    found = [one for one in _first_names(method, "select") if one in self.tables]
                    return ("list", found[0]) if found else None
                case ast.Call(func=ast.Name(id="delete"), args=[ast.Name(id=row)]):
                    return ("delete", row) if row in self.tables else None
                case ast.Call(func=ast.Attribute(attr="model_dump")):
                    found = [one for one in _first_names(method, "update") if one in self.tables]
                    return ("update", found[0]) if found else None
                case ast.Call(func=ast.Name(id=row)) if row in self.tables:
                    return "create", row
                case _:
                    pass
        changed = [one for one in _first_names(method, "update") if one in self.tables]
        if changed:
            return "transition", changed[0]
        for called in _called(method):
            for row in self.tables:
                helpers = tuple(f"_{kind}_{snake(row)}" for kind in FOUND)
                if called in helpers or called.startswith(tuple(f"{one}_by_" for one in helpers)):
                    return "get", row
        return None

    def _parameters(self, made: Tree, method: Function, action: str, entity: str) -> Tree:
        found = self._parent(method, entity) if action in ("create", "list") else None
        parent, via = found or (None, None)
        if parent is not None:
            made["parent"] = parent
            if len(self._references(entity, parent)) > 1:
                made["via"] = via
        if (by := _by(method)) is not None:
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
                made |= _listing(method, query)
        return made

    def _parent(self, method: Function, entity: str) -> tuple[str, str] | None:
        """The row of the path that a new one refers to, or that a list is below, and by what."""
        for node in ast.walk(method):
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
                    for row in self.tables:
                        if snake(row) == found and column in self._references(entity, row):
                            return row, column
                case _:
                    pass
        return None

    def _references(self, entity: str, target: str) -> list[str]:
        """The columns of an entity that name a row of another."""
        found = self.entities[entity]
        fields = found.get("fields") if isinstance(found, dict) else None
        return [
            str(key)
            for key, one in (fields.items() if isinstance(fields, dict) else ())
            if isinstance(one, dict) and one.get("references") == target
        ]


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
    for called in _called(method):
        head, by, field_name = called.partition("_by_")
        if by and head.startswith(tuple(f"_{kind}_" for kind in FOUND)):
            return field_name
    return None


def _called(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            yield name(one.func)


def _first_names(method: Function, function: str) -> list[str]:
    return [
        name(one.args[0])
        for one in ast.walk(method)
        if isinstance(one, ast.Call) and name(one.func) == function and one.args
    ]


def _item(method: Function) -> str | None:
    """The model that each row of a list is told as."""
    for node in ast.walk(method):
        if isinstance(node, ast.ListComp) and isinstance(node.elt, ast.Call):
            return name(getattr(node.elt.func, "value", None))
    return None


def _listing(method: Function, query: Tree) -> Tree:
    """`filter`, `search` and `sort`, out of the parameters that they become."""
    found: Tree = {}
    filters: list[Plain] = []
    for key in query:
        bare = str(key).removesuffix("_from").removesuffix("_to")
        if key not in _MADE and bare not in filters:
            filters.append(bare)
    if filters:
        found["filter"] = filters
    searched: list[Plain] = [
        one.args[0].attr
        for one in ast.walk(method)
        if isinstance(one, ast.Call) and name(one.func) == "contains"
        and isinstance(one.args[0], ast.Attribute)
    ]  # fmt: skip
    if searched:
        found["search"] = searched
    sort = query.get("sort")
    if isinstance(sort, dict) and isinstance(sort.get("values"), list):
        found["sort"] = sort["values"]
    return found


def _transition(method: Function, entity: str) -> Tree | None:
    """`where(X.status.in_((…)))` and `values(status="…")`."""
    to: Tree = {}
    before: dict[str, list[Plain]] = {}
    for node in ast.walk(method):
        match node:
            case ast.Call(func=ast.Attribute(attr="values")):
                for key, one in keywords(node).items():
                    if found := _states([one]):
                        to[key] = found[0]
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr=column), attr="in_"),
                args=[ast.Tuple(elts=states)],
            ):
                before[column] = _states(states)
            case ast.Compare(
                left=ast.Attribute(value=ast.Name(id=row), attr=column), ops=[ast.Eq()]
            ) if row == entity and _states(node.comparators):
                before[column] = _states(node.comparators)
            case _:
                pass
    for field_name, state in to.items():
        if (known := before.get(str(field_name))) is not None:
            return {"entity": entity, "field": field_name, "from": known, "to": state}
    return None


def _states(nodes: list[ast.expr]) -> list[Plain]:
    found = (one.value for one in nodes if isinstance(one, ast.Constant))
    return [one for one in found if isinstance(one, str | int)]
