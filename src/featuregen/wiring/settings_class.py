"""Which class of `app/core/config.py` holds the settings, and what it declares."""

from __future__ import annotations

import ast
from typing import TypeAlias

from featuregen.wiring.imports import ImportTable
from featuregen.wiring.python_file import PythonFile
from featuregen.wiring.shared_file import NotEditableError

Declaration: TypeAlias = ast.AnnAssign | ast.Assign


def find_settings_class(file: PythonFile, imports: ImportTable) -> ast.ClassDef:
    """The class that derives from `BaseSettings`; of several, the one that `get_settings` gives."""
    classes = _classes(file)
    derived = _derived(classes, imports)
    if not derived:
        derived = [node for node in classes.values() if node.name == "Settings" and node.bases]
    if not derived:
        raise NotEditableError("no class derives from pydantic_settings.BaseSettings")
    if len(derived) == 1:
        return derived[0]
    used = _used_by_get_settings(file)
    chosen = [node for node in derived if node.name in used]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(node.name for node in derived)
    raise NotEditableError(
        f"several classes hold settings ({names}), and get_settings() does not tell which is meant"
    )


def assigned(owner: ast.ClassDef) -> dict[str, Declaration]:
    """What the class's own body declares, by name."""
    found: dict[str, Declaration] = {}
    for node in owner.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]):
                found[name] = node
    return found


def inherited(file: PythonFile, owner: ast.ClassDef) -> dict[str, Declaration]:
    """What the class gets from its bases in the same file."""
    classes = _classes(file)
    found: dict[str, Declaration] = {}
    pending = [owner]
    while pending:
        for base in pending.pop().bases:
            if isinstance(base, ast.Name) and (parent := classes.pop(base.id, None)):
                found = {**assigned(parent), **found}
                pending.append(parent)
    return found


def _classes(file: PythonFile) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in file.tree.body if isinstance(node, ast.ClassDef)}


def _derived(classes: dict[str, ast.ClassDef], imports: ImportTable) -> list[ast.ClassDef]:
    found: set[str] = set()
    for _ in classes:  # as many rounds as there can be generations
        for name, node in classes.items():
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            if bases & found or any(_is_base_settings(base, imports) for base in node.bases):
                found.add(name)
    return [node for name, node in classes.items() if name in found]


def _is_base_settings(node: ast.expr, imports: ImportTable) -> bool:
    return any(
        origin.startswith("pydantic") and origin.endswith(".BaseSettings")
        for origin in imports.resolve(node)
    )


def _used_by_get_settings(file: PythonFile) -> set[str]:
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "get_settings":
            if isinstance(node.returns, ast.Name):
                return {node.returns.id}
            return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return set()
