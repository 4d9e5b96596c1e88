"""Python files of a project, parsed and never run, with what they import from each other."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.importing.python_values import name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MOST_FILES, _MOST_FOLDERS = 300, 8
_MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Module:
    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path below the project: `app/models/payment.py`."""
        root = self.path.parent
        while (root / "__init__.py").is_file():
            root = root.parent
        return self.path.relative_to(root).as_posix()

    def place(self, node: ast.AST) -> str:
        """`app/models/payment.py:14`."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


@dataclass(slots=True)
class Sources:
    """The files that were named, and those that they import; definitions by name."""

    named: list[Module] = field(default_factory=list)
    every: list[Module] = field(default_factory=list)
    classes: dict[str, tuple[Module, ast.ClassDef]] = field(default_factory=dict)
    aliases: dict[str, ast.expr] = field(default_factory=dict)

    def read(self, files: Iterable[Path], *, named: bool = False) -> None:
        """Add files, and what they import."""
        seen = {module.path for module in self.every}
        waiting = [(file.resolve(), named) for file in files]
        while waiting and len(seen) < _MOST_FILES:
            path, is_named = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            module = _parse(path)
            self.every.append(module)
            if is_named:
                self.named.append(module)
            _collect(module, self)
            waiting += [(found, False) for found in _imported(module)]

    def module(self, called: str) -> Module | None:
        """One of those that were read, by its path below the project."""
        return next((one for one in self.every if one.name == called), None)

    def bases(self, node: ast.ClassDef) -> list[str]:
        """Names of all classes that it inherits from, nearest first."""
        found: list[str] = []
        waiting = [name(base) for base in node.bases]
        while waiting:
            base = waiting.pop(0)
            if base and base not in found:
                found.append(base)
                if base in self.classes:
                    waiting += [name(one) for one in self.classes[base][1].bases]
        return found


def read_sources(paths: Iterable[Path]) -> Sources:
    """Parse the files, or all below a folder, and what they import from the same project."""
    sources = Sources()
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise FeaturegenError("there is no Python file to read", exit_code=2)
    sources.read(files, named=True)
    return sources


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        every = sorted(path.rglob("*.py"))
        return [one for one in every if not any(part.startswith(".") for part in one.parts[-4:])]
    return [path]


def _parse(path: Path) -> Module:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FeaturegenError(f"{path} is too large to be read")
        return Module(path, ast.parse(path.read_bytes(), filename=path.name))
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise FeaturegenError(f"{path}: {reason}", exit_code=2) from error
    except (SyntaxError, ValueError) as error:
        where = f"{path}:{getattr(error, 'lineno', 1) or 1}"
        raise FeaturegenError("this is not Python", where=where) from error


def _collect(module: Module, sources: Sources) -> None:
    for node in module.tree.body:
        match node:
            case ast.ClassDef():
                sources.classes.setdefault(node.name, (module, node))
            case ast.Assign(targets=[ast.Name(id=target)], value=found):
                sources.aliases.setdefault(target, found)
            case ast.AnnAssign(target=ast.Name(id=target), value=found) if found is not None:
                sources.aliases.setdefault(target, found)
            case _ if type(node).__name__ == "TypeAlias":  # from Python 3.12 on
                parts = dict(ast.iter_fields(node))
                sources.aliases.setdefault(name(parts["name"]), parts["value"])


def _imported(module: Module) -> Iterator[Path]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            above = list(module.path.parents)
            roots = above[node.level - 1 : node.level] if node.level else above[:_MOST_FOLDERS]
            for root in roots:
                base = root.joinpath(*parts)
                inside = [base / f"{one.name}.py" for one in node.names]
                found = [one for one in (base.with_suffix(".py"), *inside) if one.is_file()]
                if found:
                    yield from (one.resolve() for one in found)
                    break
