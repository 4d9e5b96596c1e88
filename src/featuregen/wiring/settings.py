"""Fields of the settings class in `app/core/config.py`.

A feature's fields stand together, in the feature's order, with a blank line before and after. The
same name with another declaration is a conflict, which a person settles.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from featuregen.plan.contribution import SettingEntry
from featuregen.wiring.import_edits import ImportEdits
from featuregen.wiring.imports import ImportTable
from featuregen.wiring.order import Order, Place
from featuregen.wiring.python_file import PythonFile
from featuregen.wiring.settings_class import assigned, find_settings_class, inherited
from featuregen.wiring.shared_file import SharedFile


class SettingsFile(SharedFile[SettingEntry]):
    """`app/core/config.py`."""

    path = "app/core/config.py"
    kind = "setting"

    def __init__(self, source: str, line_length: int) -> None:
        self.file = PythonFile(source)
        self.line_length = line_length
        self.imports = ImportTable(self.file, "app.core")
        self.import_edits = ImportEdits(self.imports, line_length)
        self.owner = find_settings_class(self.file, self.imports)
        self.own = assigned(self.owner)
        self.fields = {**inherited(self.file, self.owner), **self.own}

    @classmethod
    def name(cls, entry: SettingEntry) -> str:
        return entry.name

    @classmethod
    def instructions(cls, entry: SettingEntry) -> str:
        lines = [f"from {each.module} import {each.name}" for each in entry.imports]
        snippet = "\n".join([*lines, "", f"    {_written(entry)}"])
        return f"Add this field to the settings class, with its imports:\n\n{snippet}\n"

    def wanted(self, entry: SettingEntry) -> str:
        return _dump(ast.parse(_written(entry)).body[0])

    def found(self, entry: SettingEntry) -> str | None:
        node = self.fields.get(entry.name)
        return None if node is None else _dump(node)

    def conflict(self, entry: SettingEntry) -> str:
        node = self.fields[entry.name]
        return f"line {node.lineno} declares {entry.name} in another way ({ast.unparse(node)})"

    def obstacle(self, entry: SettingEntry) -> str | None:
        for each in entry.imports:
            if (line := self.imports.taken(each.module, each.name)) is not None:
                return f"{each.name}, bound on line {line}, is not the one of {each.module}"
        return None

    def _import(self, entry: SettingEntry) -> None:
        for each in entry.imports:
            if not self.imports.has(each.module, each.name):
                self.import_edits.add(each.module, each.name)

    def replace(self, entry: SettingEntry, previous: SettingEntry | None) -> None:
        node = self.fields[entry.name]
        self._import(entry)
        indent = self.file.indent(node.lineno)
        self.file.replace(*self.file.span(node), self._fitted(entry, indent))
        before = previous.imports if previous else ()
        gone = [(each.module, each.name) for each in before if each not in entry.imports]
        self.import_edits.remove(self.imports.unused(gone, [node]))

    def delete(self, entries: Sequence[SettingEntry], inverses: Mapping[str, str]) -> None:
        del inverses
        nodes = [self.own[entry.name] for entry in entries]
        for node in nodes:
            self.file.remove(node)
            self.file.remove(self.file.with_docstring(node))
        wanted = [(each.module, each.name) for entry in entries for each in entry.imports]
        self.import_edits.remove(self.imports.unused(wanted, nodes))

    def _fitted(self, entry: SettingEntry, indent: str) -> str:
        """The field on one line, or broken at its call's brackets as ruff breaks it."""
        text = _written(entry)
        node = ast.parse(text).body[0]
        call = node.value if isinstance(node, ast.AnnAssign) else None
        if len(indent) + len(text) <= self.line_length or not isinstance(call, ast.Call):
            return text
        deeper = indent + self.file.unit
        head = text[: len(text.encode()[: call.func.end_col_offset].decode())]
        parts: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        arguments = [_segment(text, each) for each in parts]
        inside = ", ".join(arguments)
        if len(deeper) + len(inside) > self.line_length:
            inside = f",\n{deeper}".join(arguments) + ","
        return f"{head}(\n{deeper}{inside}\n{indent})"

    def deletable(self, entry: SettingEntry, inverse: str) -> bool:
        return entry.name in self.own and super().deletable(entry, inverse)

    def result(self) -> str:
        self.import_edits.flush()
        return self.file.result()

    def insert(self, missing: Mapping[str, SettingEntry], order: Order) -> None:
        neighbours = order.neighbours(f"setting:{name}" for name in self.own)
        slots: dict[Place | None, list[str]] = {}
        for key in sorted(missing, key=order.rank):
            slots.setdefault(neighbours.place(key), []).append(key)
            self._import(missing[key])
        for place, keys in slots.items():
            anchor = self._last_field() if place is None else self._anchor(place)
            group = "" if place is None else order.group(place.anchor)
            if place is None or place.side == "after":
                self._insert_after(anchor, group, keys, missing, order)
            else:
                self._insert_before(anchor, group, keys, missing, order)

    def _anchor(self, place: Place) -> ast.stmt:
        return self.own[place.anchor.removeprefix("setting:")]

    def _last_field(self) -> ast.stmt:
        """What the first of all wired fields follows: the last field, else the class's head."""
        last = self.owner.body[0]
        for node in self.owner.body:
            if isinstance(node, (ast.AnnAssign, ast.Assign)):
                last = node
        return last

    def _lines(self, keys: Sequence[str], missing: Mapping[str, SettingEntry], order: Order) -> str:
        indent = self.file.indent_of(self.file.blocks[self.owner.body[0]])
        text, group = "", order.group(keys[0])
        for key in keys:
            if order.group(key) != group:
                text, group = text + "\n", order.group(key)
            text += f"{indent}{self._fitted(missing[key], indent)}\n"
        return text

    def _insert_after(
        self,
        anchor: ast.stmt,
        group: str,
        keys: Sequence[str],
        missing: Mapping[str, SettingEntry],
        order: Order,
    ) -> None:
        file, rank = self.file, (order.rank(keys[0]),)
        if file.inline(anchor):
            fields = [f"; {_written(missing[key])}" for key in keys]
            file.insert(file.span(anchor)[1], "".join(fields), rank)
            return
        line = file.last_line(file.with_docstring(anchor)) + 1
        text = self._lines(keys, missing, order)
        if order.group(keys[0]) != group and (file.blank(line) or line > len(file)):
            text = "\n" + text
        file.insert_line(line, text, rank)

    def _insert_before(
        self,
        anchor: ast.stmt,
        group: str,
        keys: Sequence[str],
        missing: Mapping[str, SettingEntry],
        order: Order,
    ) -> None:
        file, rank = self.file, (order.rank(keys[0]),)
        if file.inline(anchor):
            fields = [f"{_written(missing[key])}; " for key in keys]
            file.insert(file.span(anchor)[0], "".join(fields), rank)
            return
        line = file.comment_start(file.first_line(anchor))
        text = self._lines(keys, missing, order)
        if order.group(keys[-1]) != group and file.blank(line - 1):
            text += "\n"
        file.insert_line(line, text, rank)


def _written(entry: SettingEntry) -> str:
    return f"{entry.name}: {entry.declaration}"


def _segment(text: str, node: ast.expr | ast.keyword) -> str:
    return ast.get_source_segment(text, node) or ast.unparse(node)


def _dump(node: ast.stmt) -> str:
    return ast.dump(node)
