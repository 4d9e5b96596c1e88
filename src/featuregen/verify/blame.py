"""From a place in a generated file to the part of the spec that it comes from."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.plan.model import Origin

SpecPath = tuple[str | int, ...]


class Blame:
    """Looks up the origins of one staged tree."""

    def __init__(self, tree: Path, origins: Sequence[Origin]) -> None:
        self._tree = tree
        self._origins = {(origin.file, origin.symbol): origin.spec_path for origin in origins}
        self._prefixes = [origin for origin in origins if origin.symbol.endswith("_")]
        self._modules: dict[str, ast.Module | None] = {}

    def symbol_at(self, file: str, line: int) -> str:
        """The dotted name of the innermost function or class at a line, empty at module level."""
        module = self._module(file)
        return ".".join(_enclosing(module, line)) if module else ""

    def of_symbol(self, file: str, symbol: str) -> SpecPath | None:
        """The origin of a symbol, else of what it stands in; of a test with or without its id."""
        candidate = symbol
        while True:
            found = self._origins.get((file, candidate)) or self._by_prefix(file, candidate)
            if found is not None:
                return found
            if candidate.endswith("]"):
                candidate = candidate[: candidate.index("[")]
            elif candidate:
                candidate = candidate.rpartition(".")[0]
            else:
                return None

    def of_line(self, file: str, line: int) -> SpecPath | None:
        """The origin of what stands at a line."""
        return self.of_symbol(file, self.symbol_at(file, line))

    def _by_prefix(self, file: str, symbol: str) -> SpecPath | None:
        """`test_create_payment_` is the origin of `test_create_payment_refuses_zero`."""
        name = symbol.rpartition(".")[2].partition("[")[0]
        fitting = [
            origin
            for origin in self._prefixes
            if origin.file == file and f"{name}_".startswith(origin.symbol)
        ]
        best = max(fitting, key=lambda origin: len(origin.symbol), default=None)
        return best.spec_path if best else None

    def _module(self, file: str) -> ast.Module | None:
        if file not in self._modules:
            try:
                self._modules[file] = ast.parse((self._tree / file).read_bytes())
            except (OSError, SyntaxError, ValueError):
                self._modules[file] = None
        return self._modules[file]


def symbol_of_line(source: str, line: int) -> str:
    """As `Blame.symbol_at`, for a text; empty also where it does not parse."""
    try:
        return ".".join(_enclosing(ast.parse(source), line))
    except (SyntaxError, ValueError):
        return ""


def attribute_of_line(source: bytes, line: int) -> str:
    """The attribute of a class that is declared at a line, such as a field; empty for any other."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                within = each.lineno <= line <= (each.end_lineno or each.lineno)
                if within and isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    return each.target.id
    return ""


def _enclosing(node: ast.AST, line: int) -> list[str]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
        if first <= line <= (child.end_lineno or child.lineno):
            return [child.name, *_enclosing(child, line)]
    return []
