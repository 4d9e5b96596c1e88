"""Imports run one way: a room knows those before it in `ROOMS`, never one that comes later."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
PAYMENT = SOURCE.parent / "examples" / "payment" / "payment.yaml"

# From the bottom up. docs/architecture.md says what each is for.
ROOMS = (
    "version", "errors", "line_ends", "git_conflicts", "spool", "progress", "cache", "crashes",
    "spec", "diagnostics", "checked", "questions", "terminal", "project", "templates",
    "house_git", "house", "plan", "migrations",
    "collisions", "render", "wiring", "lock", "merge", "workspace", "environment", "verify",
    "results", "picture", "answers", "shared_edits", "assemble", "opening", "pipeline", "lifecycle",
    "report", "importing", "wizard_fields", "wizard_rows", "wizard_spec", "wizard", "ejecting",
    "json_models", "copying", "gitremote", "drafting_prompt", "agents", "drafting", "documents",
    "mcp", "cli", "copier_extension", "__main__",
)  # fmt: skip

# Only a name in an annotation: the edits of shared files are written into what `assemble` holds.
TYPES_ONLY = {("shared_edits", "assemble")}

Import = tuple[str, str, str]  # from a room, to a room, and where


def imports() -> Iterator[Import]:
    """Every import of one room by another, also those in functions and for annotations."""
    for file in sorted((SOURCE / "featuregen").rglob("*.py")):
        path = file.relative_to(SOURCE)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for module in modules(node):
                mine, theirs = room(".".join(path.with_suffix("").parts)), room(module)
                if mine != theirs and theirs:
                    yield mine, theirs, f"{path}:{getattr(node, 'lineno', 0)}"


def modules(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    match node:
        case ast.Import(names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            inside = module == "featuregen"
            return [f"featuregen.{alias.name}" for alias in names] if inside else [module]
    return []


def room(module: str) -> str:
    """`spec` of `featuregen.spec.model`; nothing of a module that is not ours."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "featuregen" else ""


def test_every_room_has_its_place() -> None:
    found = {
        path.stem
        for path in (SOURCE / "featuregen").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert found - {"__init__"} == set(ROOMS)


def test_imports_run_only_downwards() -> None:
    upwards = [
        f"{where}: {mine} imports {theirs}"
        for mine, theirs, where in imports()
        if ROOMS.index(theirs) > ROOMS.index(mine) and (mine, theirs) not in TYPES_ONLY
    ]
    assert upwards == []


def test_no_import_is_relative() -> None:
    relative = [
        f"{file}:{node.lineno}"
        for file in (SOURCE / "featuregen").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_the_exception_is_for_annotations_only() -> None:
    tree = ast.parse((SOURCE / "featuregen" / "shared_edits.py").read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    importing = [
        node for node in ast.walk(tree) for name in modules(node) if room(name) == "assemble"
    ]
    assert importing
    assert for_types.issuperset(importing)


HEAVY = {"copier", "httpx", "httpx2", "jinja2", "libcst", "mcp", "pydantic", "typer"}


@pytest.mark.parametrize(
    ("command", "lighter"),
    [
        (["check", str(PAYMENT)], HEAVY | {"subprocess", "tempfile", "pydantic_core"}),
        (["explain", "FG103"], HEAVY | {"subprocess", "tempfile", "yaml"}),
        (["new", str(PAYMENT), "--into", "api", "--no-verify"], HEAVY - {"jinja2"}),
    ],
    ids=["check", "explain", "new"],
)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(
    command: list[str], lighter: set[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "featuregen", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "featuregen" in imported
    assert imported & lighter == set()
