"""What was read of a feature that stores, held against the code that it would generate."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from featuregen.errors import SpecError
from featuregen.importing.code_rest import Rest
from featuregen.importing.code_row_operations import operation_on_rows
from featuregen.importing.code_rows import FOUND
from featuregen.importing.code_same import Comparison, names_of_operation
from featuregen.importing.code_tables import read_table
from featuregen.importing.code_webhooks import webhooks_path
from featuregen.importing.imported import written
from featuregen.importing.python_values import name
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.importing.code_rows import Rows
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Sources
    from featuregen.spec.yaml_text import Plain

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MOST_ROUNDS = 8
_DERIVED = ("Create", "CreateBelow", "Update", "Read", "Page")


def with_rows(tree: Tree, rows: Rows, notes: Notes) -> Tree:
    """The tree with entities and with each operation on them that generates what is there."""
    operations, webhooks = tree.get("operations", {}), tree.get("webhooks", {})
    if not isinstance(operations, dict) or not isinstance(webhooks, dict):
        return tree
    return _Proof(tree, rows, notes, operations, dict(webhooks)).settled()


@dataclass(slots=True)
class _Proof:
    """Takes back what would be generated otherwise, until all that is left is the same."""

    tree: Tree
    rows: Rows
    notes: Notes
    hooks: Tree
    """The operations as they are read without rows."""
    webhooks: Tree
    guessed: Tree = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)
    """What was the same once: it differs later only by what was taken back around it."""
    rest: Rest = field(init=False)

    def __post_init__(self) -> None:
        self.rest = Rest(self.rows.sources)

    def settled(self) -> Tree:
        """The tree that holds."""
        for key, one in self.hooks.items():
            made = operation_on_rows(self.rows, str(key), one) if isinstance(one, dict) else None
            if made is not None:
                self.guessed[key] = made
        for _ in range(_MOST_ROUNDS):
            trial = self._trial()
            modules = generated(trial)
            if isinstance(modules, SpecError):
                if not self._without_faults(modules):
                    what = f"these tables are not read: {modules.diagnostics[0].message}"
                    self.notes.add(_tables(self.rows), what)
                    return self.tree
                continue
            found = _add_indexes(self.rows, modules)
            comparison = Comparison(self.rows, modules)
            self.rest.held_against(modules)
            if not self._without_wrong(comparison) and not found:
                self._note(comparison)
                return trial
        return self.tree

    def _trial(self) -> Tree:
        models = self.tree.get("models")
        kept: Tree = dict(models) if isinstance(models, dict) else {}
        for entity in self.rows.entities:
            for end in _DERIVED:
                kept.pop(f"{entity}{end}", None)
        done: Tree = {key: self.guessed.get(key) or self._as_read(key) for key in self.hooks}
        upstreams = self.tree.get("upstreams")
        every = upstreams if isinstance(upstreams, dict) else {}
        called = {_upstream(one) for one in done.values()}
        sections: Tree = {
            "upstreams": {key: one for key, one in every.items() if key in called},
            "models": kept,
            "entities": self.rows.entities,
            "operations": done,
            "webhooks": self.webhooks,
        }
        return _ordered({**self.tree, **sections})

    def _as_read(self, key: str | int) -> Plain:
        """What stands in for work with rows keeps no answers: it would end what others keep."""
        entry, method = self.hooks[key], self.rows.work_of(str(key))
        if not isinstance(entry, dict) or method is None or not _stores(method, self.rows):
            return entry
        return {one: keys for one, keys in entry.items() if one not in ("cache", "if_match")}

    def _without_faults(self, error: SpecError) -> bool:
        """Whether what the language refuses could be taken back."""
        taken = False
        for fault in (one for one in error.diagnostics if one.severity == "error"):
            section, _, rest = fault.path.partition(".")
            held = {"operations": self.guessed, "webhooks": self.webhooks}.get(section, {})
            key = rest.partition(".")[0]
            if key in held:
                del held[key]
                taken = True
        return taken

    def _without_wrong(self, comparison: Comparison) -> bool:
        """Whether something was not the same, and is mended or taken back."""
        changed = False
        operations, webhooks = map(str, self.guessed), map(str, self.webhooks)
        self.proven |= {key for key in operations if comparison.is_same(key)}
        self.proven |= {f"{key}()" for key in webhooks if comparison.is_same_webhook(key)}
        for key in [*self.guessed]:
            made = self.guessed[key]
            if str(key) in self.proven or not isinstance(made, dict):
                continue
            changed = True
            errors = comparison.missing_errors(str(key))
            if errors and "errors" not in made and comparison.is_same_work(str(key)):
                made["errors"] = [*errors]
            else:
                del self.guessed[key]
        for key in [*self.webhooks]:
            if f"{key}()" not in self.proven:  # an operation may have its name
                del self.webhooks[key]
                changed = True
        return changed

    def _note(self, comparison: Comparison) -> None:
        """Exactly what is not carried over."""
        rows, module = self.rows, self.rows.service.module
        told: set[str] = set()
        for key in map(str, self.hooks):
            method = rows.work_of(key)
            if method is None or key in self.proven or comparison.is_same(key):
                continue
            what = f"what {key} does with rows" if _stores(method, rows) else f"what {key} does"
            self.notes.add(module.place(method), f"{what}: move it into its hook")
            told |= names_of_operation(key)
        read = self.tree.get("webhooks")
        for webhook in read if isinstance(read, dict) else ():
            if webhook not in self.webhooks:
                what = f"the webhook {webhook} is not read: it would be made otherwise"
                self.notes.add(webhooks_path(rows.service.feature), what)
                told |= comparison.names_of_webhook(str(webhook))
        self.rest.note(self.notes, told)


def note_the_rest(tree: Tree, sources: Sources, notes: Notes) -> None:
    """The same of a feature that stores nothing, whose operations were read one by one."""
    modules = generated(tree)
    if isinstance(modules, SpecError):
        return  # it is mended, and what is taken out is told
    rest = Rest(sources)
    rest.held_against(modules)
    said = " ".join(note.what for note in notes.all())
    operations = tree.get("operations", {})
    known = map(str, operations) if isinstance(operations, dict) else ()
    lost = [names_of_operation(one) for one in known if f" of {one}:" in said]
    clients = {word for word in said.split() if word.endswith("Client")}
    rest.note(notes, clients.union(*lost))


def _upstream(operation: Plain) -> Plain:
    call = operation.get("call") if isinstance(operation, dict) else None
    return call.get("upstream") if isinstance(call, dict) else None


def _ordered(tree: Tree) -> Tree:
    order = ("settings", "errors", "upstreams", "models", "entities", "operations", "webhooks")
    head: Tree = {key: one for key, one in tree.items() if key not in order}
    return head | {key: tree[key] for key in order if tree.get(key)}


def generated(tree: Tree) -> dict[str, ast.Module] | SpecError:
    """The modules that this spec would become, or what is wrong with it."""
    from featuregen.plan.make import make_plan
    from featuregen.render import render_feature
    from featuregen.spec.load import parse_spec

    try:
        files, _ = render_feature(make_plan(parse_spec(written(tree, ""), "spec.yaml")))
    except SpecError as error:
        return error
    return {
        path: ast.parse(text)
        for path, text in files.items()
        if path.startswith("app/") and path.endswith(".py")
    }


def _tables(rows: Rows) -> str:
    return f"app/tables/{rows.service.feature}.py"


def _add_indexes(rows: Rows, made: dict[str, ast.Module]) -> bool:
    """Those that no list and no reference brings are the entity's own; whether any is new."""
    found = False
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
        indexes: list[Plain] = [[*key] for key in table.indexes if key in own]
        if indexes and indexes != written_:
            entity["indexes"] = indexes
            found = True
    return found


def _stores(method: Definition, rows: Rows) -> bool:
    used = {name(one) for one in ast.walk(method) if isinstance(one, ast.Name)}
    helpers = {f"_{kind}_{snake(row)}" for row in rows.tables for kind in FOUND}
    return bool(used & set(rows.tables)) or bool(
        helpers & {one.attr for one in ast.walk(method) if isinstance(one, ast.Attribute)}
    )
