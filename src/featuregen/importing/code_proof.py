"""What was read of a feature that stores, held against the code that it would generate."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.errors import SpecError
from featuregen.importing.code_rows import FOUND
from featuregen.importing.code_tables import read_table
from featuregen.importing.imported import written
from featuregen.importing.python_values import name
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.importing.code_rows import Rows
    from featuregen.importing.imported import Notes, Tree
    from featuregen.spec.yaml_text import Plain

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MOST_ROUNDS = 6
_DERIVED = ("Create", "CreateBelow", "Update", "Read", "Page")


def with_rows(tree: Tree, rows: Rows, notes: Notes) -> Tree:
    """The tree with entities and with each operation on them that generates what is there."""
    operations = tree["operations"]
    models = tree.get("models")
    if not isinstance(operations, dict):
        return tree
    hooks: Tree = dict(operations)
    guessed: Tree = {
        key: made
        for key, one in operations.items()
        if isinstance(one, dict) and (made := rows.operation(str(key), one)) is not None
    }
    kept: Tree = dict(models) if isinstance(models, dict) else {}
    for entity in rows.entities:
        for end in _DERIVED:
            kept.pop(f"{entity}{end}", None)
    trial: Tree = {}
    for _ in range(_MOST_ROUNDS):
        done: Tree = {key: guessed.get(key, _not_kept(one)) for key, one in hooks.items()}
        sections: Tree = {"models": kept, "entities": rows.entities, "operations": done}
        trial = _ordered({**tree, **sections})
        modules = _generated(trial)
        if isinstance(modules, SpecError):
            named = {fault.path.split(".")[1] for fault in modules.diagnostics if "." in fault.path}
            if not named & guessed.keys():
                what = f"these tables are not read: {modules.diagnostics[0].message}"
                notes.add(_tables(rows), what)
                return tree
            guessed = {key: one for key, one in guessed.items() if key not in named}
            continue
        _add_indexes(rows, modules)
        wrong = [key for key in guessed if not _is_same(str(key), rows, modules)]
        if not wrong:
            break
        for key in wrong:
            del guessed[key]
    _note(rows, trial, guessed, hooks, notes)
    return trial


def _not_kept(entry: Plain) -> Plain:
    """A hook whose answers are not kept: else it would end what others keep."""
    if not isinstance(entry, dict):
        return entry
    return {key: one for key, one in entry.items() if key not in ("cache", "if_match")}


def _ordered(tree: Tree) -> Tree:
    order = ("settings", "errors", "upstreams", "models", "entities", "operations")
    head: Tree = {key: one for key, one in tree.items() if key not in order}
    return head | {key: tree[key] for key in order if tree.get(key)}


def _generated(tree: Tree) -> dict[str, ast.Module] | SpecError:
    """The modules that this spec would become, or what is wrong with it."""
    from featuregen.plan.make import make_plan
    from featuregen.render import render_feature
    from featuregen.spec.load import parse_spec

    try:
        files, _ = render_feature(make_plan(parse_spec(written(tree, ""), "spec.yaml")))
    except SpecError as error:
        return error
    return {path: ast.parse(text) for path, text in files.items() if path.endswith(".py")}


def _tables(rows: Rows) -> str:
    return f"app/tables/{rows.service.feature}.py"


def _definitions(tree: ast.AST) -> dict[str, str]:
    return {
        node.name: ast.dump(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def _is_same(called: str, rows: Rows, made: dict[str, ast.Module]) -> bool:
    """Whether the method, what it calls, and the endpoint are what is there."""
    service = _definitions(made.get(rows.service.module.name, ast.Module([], [])))
    method = rows.method(called)
    if method is None or service.get(called) != ast.dump(method):
        return False
    helpers = [one for one in _names(method) if one.startswith("_") and rows.method(one)]
    if any(service.get(one) != ast.dump(rows.method(one) or method) for one in helpers):
        return False
    for module in rows.sources.named:
        there = _definitions(module.tree)
        if called in there:
            return (
                _definitions(made.get(module.name, ast.Module([], []))).get(called) == there[called]
            )
    return False


def _names(node: ast.AST) -> list[str]:
    return [one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)]


def _add_indexes(rows: Rows, made: dict[str, ast.Module]) -> None:
    """Those that no list and no reference brings are the entity's own."""
    classes = {
        node.name: node
        for node in ast.walk(made.get(_tables(rows), ast.Module([], [])))
        if isinstance(node, ast.ClassDef)
    }
    for table in rows.tables.values():
        entity = rows.entities[table.name]
        if table.name not in classes or not isinstance(entity, dict):
            continue
        known = read_table(classes[table.name]).indexes
        written_ = entity.get("indexes")
        own = (
            [tuple(one) for one in written_ if isinstance(one, list)]
            if isinstance(written_, list)
            else []
        )
        own += [key for key in table.indexes if key not in known]
        if own:
            entity["indexes"] = [[*key] for key in table.indexes if key in own]


def _note(rows: Rows, tree: Tree, guessed: Tree, hooks: Tree, notes: Notes) -> None:
    """Exactly what is not carried over."""
    module = rows.service.module
    for key in hooks:
        method = rows.work_of(str(key))
        if key in guessed or method is None or not _stores(method, rows):
            continue
        notes.add(module.place(method), f"what {key} does with rows: move it into its hook")
    made = _generated(tree)
    if isinstance(made, SpecError):
        return
    for path in (_tables(rows), f"app/models/{rows.service.feature}.py"):
        there = next((one for one in rows.sources.every if one.name == path), None)
        now = _definitions(made.get(path, ast.Module([], [])))
        for called, node in _definitions(there.tree).items() if there is not None else ():
            if called[0].isupper() and now.get(called) != node:
                what = "would be made otherwise" if called in now else "is not read"
                notes.add(path, f"{called} {what}")
    folder = module.path.parent.parent / "api" / "endpoints"
    for end in ("webhooks", "jobs"):
        if (folder / f"{rows.service.feature}_{end}.py").is_file():
            notes.add(f"app/api/endpoints/{rows.service.feature}_{end}.py", f"{end} are not read")


def _stores(method: Definition, rows: Rows) -> bool:
    used = {name(one) for one in ast.walk(method) if isinstance(one, ast.Name)}
    helpers = {f"_{kind}_{snake(row)}" for row in rows.tables for kind in FOUND}
    return bool(used & set(rows.tables)) or bool(helpers & set(_names(method)))
