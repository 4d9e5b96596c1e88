"""The rows of a feature: its entities, and the service that featuregen has generated for them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.importing.code_statements import first_names, names_called
from featuregen.importing.code_tables import EntityReader, Table, tables_of
from featuregen.importing.python_values import name, text
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.importing.code_classes import Classes
    from featuregen.importing.code_clients import Clients
    from featuregen.importing.code_services import Function, Service
    from featuregen.importing.imported import Tree
    from featuregen.importing.sources import Sources

FOUND = ("owned", "existing", "visible")


@dataclass(slots=True)
class Rows:
    """The entities of a feature, and its operations on them."""

    service: Service
    sources: Sources
    clients: Clients
    tables: dict[str, Table]
    entities: Tree = field(default_factory=dict)

    @classmethod
    def of(cls, service: Service | None, classes: Classes, clients: Clients) -> Rows | None:
        """None where the feature stores nothing, not even a key, an event or a job."""
        if service is None:
            return None
        sources = classes.sources
        if sources.module(f"app/tables/{service.feature}.py") is None:
            return None
        tables = tables_of(service.feature, sources)
        rows = cls(service, sources, clients, tables)
        reader = EntityReader(tables, classes)
        for table in tables.values():
            ownership = rows._scope(table), rows._owner(table)
            rows.entities[table.name] = reader.read(table, *ownership, rows._filled(table))
        return rows

    def method(self, called: str) -> Function | None:
        """A method of the service."""
        return self.service.method(called)

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
        owner = self._owner(table)
        if self.method(f"_existing_{stem}") is not None or owner is None:
            return "public"
        return "public" if self._lists_all(table, owner) else None

    def _lists_all(self, table: Table, owner: str) -> bool:
        """Whether a list asks for the rows of whoever owns them."""
        for method in self.service.node.body:
            if isinstance(method, ast.AsyncFunctionDef) and "page" in names_called(method):
                scoped = f"{table.name}.{owner} == user.id" in ast.unparse(method)
                if table.name in first_names(method, "select") and not scoped:
                    return True
        return False

    def _filled(self, table: Table) -> frozenset[str]:
        """The columns that a request fills: `Payment(amount=data.amount)`."""
        return frozenset(
            str(one.arg)
            for node in ast.walk(self.service.node)
            if isinstance(node, ast.Call) and name(node.func) == table.name
            for one in node.keywords
            if isinstance(one.value, ast.Attribute) and name(one.value.value) == "data"
        )

    def references(self, entity: str, target: str) -> list[str]:
        """The columns of an entity that name a row of another."""
        found = self.entities[entity]
        fields = found.get("fields") if isinstance(found, dict) else None
        return [
            str(key)
            for key, one in (fields.items() if isinstance(fields, dict) else ())
            if isinstance(one, dict) and one.get("references") == target
        ]
