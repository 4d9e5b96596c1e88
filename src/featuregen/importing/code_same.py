"""Whether what a spec would generate is what is there."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.importing.code_jobs import job_of
from featuregen.importing.code_webhooks import webhooks_path
from featuregen.importing.python_values import name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.code_rows import Rows
    from featuregen.importing.sources import Module

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True)
class Comparison:
    """The modules that a spec would become, beside those of the feature."""

    rows: Rows
    made: dict[str, ast.Module]
    _known: dict[int, dict[str, str]] = field(default_factory=dict)

    def is_same(self, called: str) -> bool:
        """An operation: its endpoint, its job, and what its service does."""
        endpoint = self.endpoint(called)
        if endpoint is None or not self._same(endpoint[0], called):
            return False
        job = job_of(endpoint[1], self.rows.sources)
        if job is not None and not self._same(job.module, *_with_given(job.work)):
            return False
        return self.is_same_work(called)

    def is_same_work(self, called: str) -> bool:
        """The method, those that it calls, and the call of the upstream."""
        method = self.rows.method(called)
        if method is None:
            return False
        helpers = [one for one in self._helpers(method) if self.rows.method(one) is not None]
        admits = f"admit_{called}"
        helpers += [admits] if self.rows.method(admits) is not None else []
        return self._same(self.rows.service.module, called, *helpers) and all(
            self._same(module, *names) for module, names in self._asked(method)
        )

    def is_same_webhook(self, called: str) -> bool:
        """One sender's events: its router's part, and the service's methods for them."""
        module = self.rows.sources.module(webhooks_path(self.rows.service.feature))
        if module is None:
            return False
        parts = [*_parts_of(module.tree, called)]
        now = [*_parts_of(self._made(module), called)]
        if [ast.dump(one) for one in parts] != [ast.dump(one) for one in now]:
            return False
        applied = {
            one.attr
            for part in parts
            for one in ast.walk(part)
            if isinstance(one, ast.Attribute) and name(one.value) == "service"
        }
        return self._same(self.rows.service.module, *applied)

    def endpoint(self, called: str) -> tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef] | None:
        """Where a route's function stands."""
        for module in self.rows.sources.named:
            for node in module.tree.body:
                if isinstance(node, _FUNCTIONS) and node.name == called:
                    return module, node
        return None

    def missing_errors(self, called: str) -> list[str]:
        """The errors that an endpoint documents and would not."""
        endpoint = self.endpoint(called)
        if endpoint is None:
            return []
        now = {one for node in self._made(endpoint[0]).body for one in _documented(node, called)}
        return [one for one in _documented(endpoint[1], called) if one not in now]

    def names_of_webhook(self, called: str) -> set[str]:
        """What its part of the router, and of the service, is called."""
        module = self.rows.sources.module(webhooks_path(self.rows.service.feature))
        parts = [*_parts_of(module.tree, called)] if module is not None else []
        found = {str(getattr(part, "name", "")) for part in parts} | {called}
        for part in parts:
            for one in ast.walk(part):
                if isinstance(one, ast.Attribute) and name(one.value) == "service":
                    found.add(one.attr)
                elif isinstance(one, ast.Name) and one.id.endswith("Facts"):
                    found.add(one.id)
        return found

    def _same(self, module: Module, *called: str) -> bool:
        there, now = self._definitions(module.tree), self._definitions(self._made(module))
        return all(there.get(one) == now.get(one) for one in called)

    def _made(self, module: Module) -> ast.Module:
        return self.made.get(module.name, _NOTHING)

    def _definitions(self, tree: ast.Module) -> dict[str, str]:
        """Dumps by name, of functions, methods and classes."""
        if id(tree) not in self._known:
            self._known[id(tree)] = {
                node.name: ast.dump(node) for node in ast.walk(tree) if isinstance(node, Definition)
            }
        return self._known[id(tree)]

    def _helpers(self, method: ast.AST) -> list[str]:
        return [one for one in _attributes(method) if one.startswith("_")]

    def _asked(self, method: ast.AST) -> Iterator[tuple[Module, list[str]]]:
        """The methods of clients that it calls, with what reads their answers."""
        called = {*_attributes(method)}
        for client in self.rows.service.clients_of(self.rows.clients):
            if f"_{client.upstream}" in called:
                for each in called & client.methods.keys():
                    there = self._definitions(client.module.tree)
                    used = {
                        one.id
                        for one in ast.walk(client.methods[each])
                        if isinstance(one, ast.Name) and one.id in there
                    }
                    yield client.module, [each, *used]


_NOTHING = ast.Module([], [])


def names_of_operation(called: str) -> set[str]:
    """What its endpoint, its work, its job and its call are called."""
    pascal = "".join(part.capitalize() for part in called.split("_"))
    around = {f"{start}{called}" for start in ("", "_", "admit_", "_read_")}
    return around | {f"{pascal}{end}" for end in ("Given", "Received")}


def _attributes(node: ast.AST) -> list[str]:
    return [one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)]


def _with_given(work: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = next((one for one in work.args.args if one.arg.lstrip("_") == "given"), None)
    return [work.name, *([name(given.annotation)] if given is not None else [])]


def _documented(node: ast.AST, called: str) -> list[str]:
    """The errors in `responses=problems(…)` of an endpoint."""
    if not isinstance(node, _FUNCTIONS) or node.name != called:
        return []
    return [
        name(one)
        for decorator in node.decorator_list
        for made in ast.walk(decorator)
        if isinstance(made, ast.Call) and name(made.func) == "problems"
        for one in made.args
    ]


def _parts_of(tree: ast.Module, called: str) -> Iterator[ast.stmt]:
    """What of a router's module is about one webhook, with the functions that its table names."""
    table = f"{called.upper()}_HANDLERS"
    own = {called, table, f"apply_{called}", f"receive_{called}"}
    for node in tree.body:
        target = getattr(node, "target", None) or next(iter(getattr(node, "targets", ())), None)
        if isinstance(node, ast.AnnAssign) and name(target) == table and node.value is not None:
            own |= {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
    for node in tree.body:
        target = getattr(node, "target", None) or next(iter(getattr(node, "targets", ())), None)
        if (getattr(node, "name", None) or name(target)) in own:
            yield node
