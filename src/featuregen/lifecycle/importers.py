"""Who imports a module: what may not be taken away from under other code."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.results import ByHand

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.workspace import Staged

_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "build", "dist", "site-packages"})


@dataclass(frozen=True, slots=True)
class Importer:
    """A line that imports a module of ours."""

    path: str
    line: int
    module: str


def module_name(path: str) -> str:
    """`app/models/payment.py` → `app.models.payment`; a package by its folder."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def importers(
    staged: Staged, modules: Mapping[str, str], besides: Collection[str]
) -> list[Importer]:
    """Lines of the staged tree that import one of `modules` (by dotted name), in order.

    `besides` are files that do not count.
    """
    words = {name.rpartition(".")[2].encode() for name in modules}
    found: list[Importer] = []
    for path, text in _python_files(staged):
        if path in besides or not any(word in text for word in words):
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        package = path.split("/")[:-1]
        for line, name in _imported(tree, package):
            if name in modules:
                found.append(Importer(path, line, name))
    return found


def broken_imports(staged: Staged, moved: Mapping[str, str]) -> list[ByHand]:
    """Imports of modules that the staged run takes away, for a person to mend.

    `moved` tells under which path a file is now.
    """
    gone = {
        module_name(write.path): write.path
        for write in staged.writes
        if write.content is None and write.path.endswith(".py")
    }
    if not gone:
        return []
    found: dict[tuple[str, int], ByHand] = {}
    for each in importers(staged, gone, ()):
        new = moved.get(gone[each.module], gone[each.module])
        now = f"It is {module_name(new)} now." if new != gone[each.module] else "It is gone."
        place = f"{each.path}:{each.line}"
        found.setdefault(
            (each.path, each.line),
            ByHand(f"import:{place}", each.path, f"Line {each.line} imports {each.module}. {now}"),
        )
    return list(found.values())


def _python_files(staged: Staged) -> Iterator[tuple[str, bytes]]:
    written = {write.path: write.content for write in staged.writes}
    for path in sorted({*_paths(staged.root), *written}):
        if path.endswith(".py"):
            content = written[path] if path in written else (staged.root / path).read_bytes()
            if content is not None:
                yield path, content


def _paths(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))  # noqa: PTH110, PTH118
        ]
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in names:
            if name.endswith(".py"):
                yield name if inside == "." else f"{inside}/{name}"


def _imported(tree: ast.Module, package: list[str]) -> Iterator[tuple[int, str]]:
    """Every name that an import may mean: the module, and each thing that it takes from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield node.lineno, base
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
