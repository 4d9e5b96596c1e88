"""What a person has changed beside the operations: definitions that no spec would make so."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from featuregen.importing.python_values import name

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from featuregen.importing.imported import Notes
    from featuregen.importing.sources import Module, Sources

_MOST = 12  # beyond, a module was made from other templates
_USERS_OWN = "_hooks.py"
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class _Part(NamedTuple):
    """A definition, a member of a class, or a statement of a module; `code` is its dump."""

    path: str
    name: str
    code: str


@dataclass(slots=True)
class Rest:
    """The parts of a feature's modules that were the same in no trial, and those that are gone."""

    sources: Sources
    left: dict[_Part, ast.AST] | None = None
    modules: dict[str, Module] = field(default_factory=dict)
    _there: set[tuple[str, str]] = field(default_factory=set)
    _gone: set[tuple[str, str]] | None = None

    def held_against(self, made: dict[str, ast.Module]) -> None:
        """Keep what is not in these modules either, and what all of them have beyond the code."""
        if self.left is None:
            own = {path for path in made if not path.endswith(_USERS_OWN)}
            self.modules = {one.name: one for one in self.sources.every if one.name in own}
            self.left = {
                part: node
                for path, module in self.modules.items()
                for part, node in _parts(path, module.tree)
            }
            self._there = {part[:2] for part in self.left}
        now = {part for path, tree in made.items() for part, _ in _parts(path, tree)}
        self.left = {part: node for part, node in self.left.items() if part not in now}
        more = {part[:2] for part in now if part.path in self.modules} - self._there
        self._gone = more if self._gone is None else self._gone & more

    def note(self, notes: Notes, told: Set[str]) -> None:
        """List them, but for those that are `told` with an operation or a webhook."""
        for path, module in self.modules.items():
            found = [
                (part.name, node)
                for part, node in (self.left or {}).items()
                if part.path == path and not told & {*part.name.split(".")}
            ]
            gone = sorted(
                called
                for file, called in self._gone or ()
                if file == path and not told & {*called.split(".")}
            )
            if (number := len(found) + len(gone)) > _MOST:
                notes.add(path, f"{number} definitions are not as they would be generated")
                continue
            for called, node in found:
                notes.add(module.place(node), f"{called} is not as it would be generated")
            for called in gone:
                notes.add(path, f"{called} is not there, and would be generated")


def _parts(path: str, tree: ast.Module) -> Iterator[tuple[_Part, ast.AST]]:
    seen: Counter[str] = Counter()
    for statement in tree.body:
        for called, code, node in _named(statement):
            seen[called] += 1
            number = f" ({seen[called]})" if seen[called] > 1 else ""  # defined twice
            yield _Part(path, f"{called}{number}", code), node


def _named(node: ast.stmt) -> Iterator[tuple[str, str, ast.AST]]:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return
        case ast.ClassDef(body=body) if any(isinstance(one, _DEFINITIONS) for one in body):
            yield node.name, ast.dump(ast.Tuple([*node.bases, *node.decorator_list])), node
            for one in body:
                yield f"{node.name}.{_name(one)}", ast.dump(one), one
        case _:
            yield _name(node), ast.dump(node), node


def _name(node: ast.stmt) -> str:
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return node.name
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return name(target)
        case _:
            return f"`{' '.join(ast.unparse(node).split())[:60]}`"
