"""`app.include_router(payments.router)` and its import, wherever `app/main.py` builds the app."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from featuregen.plan.contribution import RouterEntry
from featuregen.wiring.app_builder import Builder, find_builder
from featuregen.wiring.import_edits import ImportEdits
from featuregen.wiring.imports import Bound, ImportTable
from featuregen.wiring.includes import ENDPOINTS, Include, find_includes
from featuregen.wiring.items import Items
from featuregen.wiring.order import Order, Place
from featuregen.wiring.python_file import Block, PythonFile, Scope
from featuregen.wiring.shared_file import SharedFile


class RouterFile(SharedFile[RouterEntry]):
    """`app/main.py`."""

    path = "app/main.py"
    kind = "router"

    def __init__(self, source: str, line_length: int) -> None:
        self.file = PythonFile(source)
        self.imports = ImportTable(self.file, "app")
        self.import_edits = ImportEdits(self.imports, line_length)
        self.includes = find_includes(self.file, self.imports)
        self.wired = {each.router: each for each in self.includes if each.router}

    @classmethod
    def name(cls, entry: RouterEntry) -> str:
        return entry.module

    @classmethod
    def instructions(cls, entry: RouterEntry) -> str:
        return (
            "Where the app is built, add this import and this call:\n\n"
            f"from {ENDPOINTS} import {entry.module}\n\n"
            f"    app.include_router({entry.module}.router)\n"
        )

    def wanted(self, entry: RouterEntry) -> str:
        return entry.module

    def found(self, entry: RouterEntry) -> str | None:
        """A router counts as wired with whatever further arguments the user gave it."""
        return entry.module if entry.module in self.wired else None

    def replace(self, entry: RouterEntry, previous: RouterEntry | None) -> None:
        """Never asked for: two routers of one name do not differ."""

    def insert(self, missing: Mapping[str, RouterEntry], order: Order) -> None:
        builder = find_builder(self.file, self.imports, self.includes)
        places = _Places(self.file, builder)
        neighbours = order.neighbours(
            f"router:{each.router}" for each in builder.includes if places.anchor(each.statement)
        )
        for key in sorted(missing, key=order.rank):
            name = self._name(missing[key].module, builder)
            text = f"{builder.target}.include_router({name})"
            place = neighbours.place(key)
            self._write(places, place, text, (order.rank(key),))

    def _write(
        self, places: _Places, place: Place | None, text: str, rank: tuple[int, ...]
    ) -> None:
        if place is None:
            places.after(places.default(), text, rank)
            return
        anchor = places.anchor(self.wired[place.anchor.removeprefix("router:")].statement)
        if anchor is None:
            places.after(places.default(), text, rank)
        elif place.side == "after":
            places.after(anchor, text, rank)
        else:
            places.before(anchor, text, rank)

    def _name(self, module: str, builder: Builder) -> str:
        """What the router is called in the builder's scope, imported now if it has no name yet."""
        scopes = _scopes(self.file, builder.scope)
        for bound in self.imports.bound:
            if self._usable(bound, scopes):
                if bound.origin == f"{ENDPOINTS}.{module}":
                    return f"{bound.name}.router"
                if bound.origin == f"{ENDPOINTS}.{module}.router":
                    return bound.name
        name = self._free_name(module, scopes)
        self.import_edits.add(ENDPOINTS, module, None if name == module else name)
        return f"{name}.router"

    def _free_name(self, module: str, scopes: Sequence[Scope]) -> str:
        """The module's own name, unless it means something else here."""
        if all(self.imports.taken(ENDPOINTS, module, scope) is None for scope in scopes):
            return module
        name, number = f"{module}_router", 1
        while any(self.imports.binds(name, scope) for scope in scopes):
            number += 1
            name = f"{module}_router_{number}"
        return name

    def _usable(self, bound: Bound, scopes: Sequence[Scope]) -> bool:
        """Imported for sure in one of the scopes, and not hidden by another thing of that name."""
        block = self.file.blocks[bound.statement]
        if block.owner is not block.scope or block.scope not in scopes:
            return False
        inner = scopes[: scopes.index(block.scope)]
        hidden = any(self.imports.binds(bound.name, scope) for scope in inner)
        return not hidden and self.imports.sure(bound, block.scope)

    def delete(self, entries: Sequence[RouterEntry], inverses: Mapping[str, str]) -> None:
        del inverses
        gone = {entry.module for entry in entries}
        loops: dict[int, list[Include]] = {}
        for include in self.includes:
            if include.router in gone and include.members is None:
                self.file.remove(include.statement)
            elif include.router in gone:
                loops.setdefault(id(include.members), []).append(include)
        for group in loops.values():
            self._shorten(group)
        origins = {f"{ENDPOINTS}.{module}{end}" for module in gone for end in ("", ".router")}
        self.import_edits.remove(b for b in self.imports.bound if b.origin in origins)
        self._remove_dotted(gone)

    def _remove_dotted(self, gone: set[str]) -> None:
        """`import app.api.endpoints.payments` binds `app`; it goes with its router nonetheless."""
        modules = {f"{ENDPOINTS}.{module}" for module in gone}
        for bound in self.imports.bound:
            if isinstance(bound.statement, ast.Import) and bound.alias.name in modules:
                self.import_edits.remove([bound])

    def _shorten(self, group: Sequence[Include]) -> None:
        """Out of `for router in (a.router, b.router)`; a loop over nothing goes altogether."""
        members, loop = group[0].members, group[0].statement
        if members is None:
            return
        if len(group) == len(members.elts) and isinstance(loop, ast.For) and loop.iter is members:
            self.file.remove(loop)
            return
        spans = [self.file.span(member) for member in members.elts]
        start, end = self.file.span(members)
        bracketed = self.file.body[start] in "(["
        inner = (start + 1, end - 1) if bracketed else (start, end)
        items = Items(self.file, spans, inner)
        gone = {members.elts.index(each.member) for each in group if each.member}
        items.delete(gone)
        kept = [index for index in range(len(spans)) if index not in gone]
        alone = len(kept) == 1 and isinstance(members, ast.Tuple)
        if alone and items.comma(len(spans) - 1) is None:
            self.file.insert(spans[kept[0]][1], ",")

    def result(self) -> str:
        self.import_edits.flush()
        return self.file.result()


class _Places:
    """Lines of the builder that always run, and run after the app was made."""

    def __init__(self, file: PythonFile, builder: Builder) -> None:
        self.file = file
        self.builder = builder
        self.block = self._block()
        self.made = max((node.lineno for node in builder.sites), default=0)

    def _block(self) -> Block:
        """The innermost suite that holds every assignment of the app."""
        blocks = [self.file.blocks[node] for node in self.builder.sites]
        if not blocks:
            blocks = [self._outermost(each.statement) for each in self.builder.includes[:1]]
        block: Block = blocks[0]
        while not all(each.inside(block) for each in blocks):
            block = block.parent or block
        return block

    def _outermost(self, statement: ast.stmt) -> Block:
        block = self.file.blocks[statement]
        while block.owner is not block.scope and block.parent is not None:
            block = block.parent
        return block

    def _runs(self, block: Block) -> bool:
        """The app's own suite, one around it, or the body of a `with` in one of them."""
        if self.block.inside(block):
            return True
        plain = isinstance(block.owner, (ast.With, ast.AsyncWith))
        return plain and block.parent is not None and self._runs(block.parent)

    def anchor(self, statement: ast.stmt) -> ast.stmt | None:
        """The statement itself, or the one around it after which it is sure to have run."""
        node: ast.stmt | None = statement
        while node is not None and not self._runs(self.file.blocks[node]):
            owner = self.file.blocks[node].owner
            node = (
                owner if isinstance(owner, ast.stmt) and owner is not self.builder.scope else None
            )
        return node if node is not None and (node.end_lineno or 0) >= self.made else None

    def default(self) -> ast.stmt:
        """After the last router, else right after the app is made."""
        anchors = [self.anchor(include.statement) for include in self.builder.includes]
        found = [node for node in anchors if node is not None]
        if found:
            return max(found, key=lambda node: node.lineno)
        node = self.builder.sites[-1]
        return self.anchor(node) or node

    def after(self, anchor: ast.stmt, text: str, rank: tuple[int, ...]) -> None:
        if self.file.inline(anchor):
            self.file.insert(self.file.span(anchor)[1], f"; {text}", rank)
            return
        block = self.file.blocks[anchor]
        line = self.file.last_line(anchor) + 1
        self.file.insert_line(line, f"{self.file.indent_of(block)}{text}\n", rank)

    def before(self, anchor: ast.stmt, text: str, rank: tuple[int, ...]) -> None:
        if self.file.inline(anchor) or not self.file.begins_line(anchor):
            self.file.insert(self.file.span(anchor)[0], f"{text}; ", rank)
            return
        line = self.file.comment_start(self.file.first_line(anchor))
        self.file.insert_line(
            line, f"{self.file.indent_of(self.file.blocks[anchor])}{text}\n", rank
        )


def _scopes(file: PythonFile, scope: Scope) -> list[Scope]:
    """The scope and those around it that its names are looked up in."""
    found: list[Scope] = [scope]
    while not isinstance(scope, ast.Module):
        scope = file.blocks[scope].scope
        if not isinstance(scope, ast.ClassDef):
            found.append(scope)
    return found
