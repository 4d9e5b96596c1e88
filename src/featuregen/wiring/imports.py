"""The imports of a Python file: what each name stands for."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from featuregen.wiring.python_file import PythonFile, Scope, bindings

FIRST_PARTY = frozenset({"app", "tests"})
_SAME_THING = ({"typing", "typing_extensions", "collections.abc"},)


@dataclass(frozen=True, slots=True)
class Bound:
    """One name that an import binds."""

    name: str  # as the file calls it
    origin: str  # dotted: module, or module and member
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias


class ImportTable:
    """Every import of a file, wherever it stands."""

    def __init__(self, file: PythonFile, package: str) -> None:
        self.file = file
        self.package = package
        self.bound = [bound for node in file.blocks for bound in self._binds(node)]
        self._top = set(file.tree.body)

    def module_of(self, node: ast.ImportFrom) -> str:
        """The module's absolute name: a relative one is resolved against the file's package."""
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        base = parts[: len(parts) - node.level + 1]
        return ".".join([*base, node.module] if node.module else base)

    def _binds(self, node: ast.AST) -> list[Bound]:
        if isinstance(node, ast.ImportFrom):
            module = self.module_of(node)
            return [Bound(a.asname or a.name, f"{module}.{a.name}", node, a) for a in node.names]
        if isinstance(node, ast.Import):
            tops = [(a, a.name if a.asname else a.name.partition(".")[0]) for a in node.names]
            return [Bound(a.asname or origin, origin, node, a) for a, origin in tops]
        return []

    @cached_property
    def _origins(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for bound in self.bound:
            found.setdefault(bound.name, set()).add(bound.origin)
        return found

    def resolve(self, node: ast.expr) -> set[str]:
        """The dotted origins of `name` or `name.member`; empty where no import is behind it."""
        if isinstance(node, ast.Name):
            return self._origins.get(node.id, set())
        if isinstance(node, ast.Attribute):
            return {f"{origin}.{node.attr}" for origin in self.resolve(node.value)}
        return set()

    def at_top(self, bound: Bound) -> bool:
        """Whether the import stands at the top level: one below `if TYPE_CHECKING` never runs."""
        return bound.statement in self._top

    def has(self, module: str, name: str) -> bool:
        """Whether the file has `name` from `module` at run time, under that very name."""
        return any(
            self.at_top(bound)
            and (
                (bound.name == name and _same_thing(bound.origin, module, name))
                or bound.origin == f"{module}.*"
            )
            for bound in self.bound
        )

    def taken(self, module: str, name: str, scope: Scope | None = None) -> int | None:
        """Line on which `scope`, or the top level, makes `name` mean something else."""
        for node in self._bindings(scope or self.file.tree).get(name, ()):
            origins = [bound.origin for bound in self._binds(node) if bound.name == name]
            if not origins or not all(_same_thing(each, module, name) for each in origins):
                return getattr(node, "lineno", 1)
        return None

    def binds(self, name: str, scope: Scope) -> bool:
        """Whether the scope itself gives `name` a meaning."""
        return name in self._bindings(scope)

    def sure(self, bound: Bound, scope: Scope) -> bool:
        """Whether nothing else in `scope` binds the name of that import."""
        origins = [
            {each.origin for each in self._binds(node) if each.name == bound.name}
            for node in self._bindings(scope).get(bound.name, ())
        ]
        return all(each == {bound.origin} for each in origins)

    def _bindings(self, scope: Scope) -> dict[str, list[ast.AST]]:
        if scope is self.file.tree:
            return self._top_bindings
        return bindings(scope)

    @cached_property
    def _top_bindings(self) -> dict[str, list[ast.AST]]:
        return bindings(self.file.tree)

    def unused(
        self, wanted: Sequence[tuple[str, str]], without: Collection[ast.AST]
    ) -> list[Bound]:
        """Imports of `(module, name)` that nothing needs once the nodes in `without` are gone.

        One under another name is the user's.
        """
        if not wanted:
            return []
        origins = {f"{module}.{name}" for module, name in wanted}
        gone = {id(child) for node in without for child in ast.walk(node)}
        used = _used_names(self.file.tree, gone)
        return [
            bound
            for bound in self.bound
            if bound.origin in origins
            and bound.name not in used
            and (bound.alias.asname is None or bound.name == bound.alias.name)
        ]


def _same_thing(origin: str, module: str, name: str) -> bool:
    """The same object, or a re-export of it: `pydantic.networks.HttpUrl` is `pydantic.HttpUrl`."""
    other, _, last = origin.rpartition(".")
    if last != name:
        return False
    if other == module:
        return True
    top = module.partition(".")[0]
    if top not in FIRST_PARTY and other.partition(".")[0] == top:
        return True
    return any({other, module} <= group for group in _SAME_THING)


def _used_names(tree: ast.Module, gone: Collection[int]) -> set[str]:
    """Names that the file reads: in code, in annotations written as text, or in `__all__`."""
    used: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in gone:
            continue
        match node:
            case ast.Name(id=name):
                used.add(name)
            case ast.AnnAssign(annotation=text) | ast.arg(annotation=ast.expr() as text):
                used |= _words(text)
            case ast.FunctionDef(returns=ast.expr() as text):
                used |= _words(text)
            case ast.AsyncFunctionDef(returns=ast.expr() as text):
                used |= _words(text)
            case ast.Assign(targets=[ast.Name(id="__all__")], value=text):
                used |= _words(text)
    return used


def _words(node: ast.expr) -> set[str]:
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return {word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text)}
