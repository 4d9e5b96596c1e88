"""Entries of `FAKES` in `tests/fakes/__init__.py`: the fake upstreams that tests run against."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from featuregen.plan.contribution import FakeEntry
from featuregen.wiring.import_edits import ImportEdits
from featuregen.wiring.imports import ImportTable
from featuregen.wiring.items import Items
from featuregen.wiring.order import Order, Place
from featuregen.wiring.python_file import PythonFile
from featuregen.wiring.shared_file import NotEditableError, SharedFile

_PACKAGE = "tests.fakes"


class FakesFile(SharedFile[FakeEntry]):
    """`tests/fakes/__init__.py`."""

    path = "tests/fakes/__init__.py"
    kind = "fake"

    def __init__(self, source: str, line_length: int) -> None:
        self.file = PythonFile(source)
        self.imports = ImportTable(self.file, _PACKAGE)
        self.import_edits = ImportEdits(self.imports, line_length)
        self.mapping = _find_mapping(self.file.tree)
        self.keys = [
            key.value if isinstance(key, ast.Constant) else None for key in self.mapping.keys
        ]

    @classmethod
    def name(cls, entry: FakeEntry) -> str:
        return entry.upstream

    @classmethod
    def instructions(cls, entry: FakeEntry) -> str:
        return (
            "Add this import, and this entry of FAKES:\n\n"
            f"from {_module(entry)} import {entry.class_name}\n\n    {_written(entry)},\n"
        )

    def wanted(self, entry: FakeEntry) -> str:
        return f"{_module(entry)}.{entry.class_name}"

    def found(self, entry: FakeEntry) -> str | None:
        if entry.upstream not in self.keys:
            return None
        value = self.mapping.values[self.keys.index(entry.upstream)]
        origins = self.imports.resolve(value)
        return next(iter(origins)) if len(origins) == 1 else ast.unparse(value)

    def conflict(self, entry: FakeEntry) -> str:
        return f'FAKES["{entry.upstream}"] is {self.found(entry)}'

    def obstacle(self, entry: FakeEntry) -> str | None:
        line = self.imports.taken(_module(entry), entry.class_name)
        if line is None:
            return None
        return f"{entry.class_name}, bound on line {line}, is not the one of {_module(entry)}"

    def _items(self) -> Items:
        spans = []
        for key, value in zip(self.mapping.keys, self.mapping.values, strict=True):
            end = self.file.span(value)[1]
            start = self.file.span(key)[0] if key else self.file.body.rindex("**", 0, end)
            spans.append((start, end))
        start, end = self.file.span(self.mapping)
        return Items(self.file, spans, (start + 1, end - 1), step=self.file.unit)

    def _import(self, entry: FakeEntry) -> None:
        if not self.imports.has(_module(entry), entry.class_name):
            self.import_edits.add(_module(entry), entry.class_name)

    def insert(self, missing: Mapping[str, FakeEntry], order: Order) -> None:
        present = [key for key in self.keys if isinstance(key, str)]
        neighbours = order.neighbours(f"fake:{key}" for key in present)
        gaps: dict[int, list[str]] = {}
        for key in sorted(missing, key=order.rank):
            gap = self._gap(neighbours.place(key))
            gaps.setdefault(gap, []).append(_written(missing[key]))
            self._import(missing[key])
        items = self._items()
        for gap, written in gaps.items():
            items.insert(gap, written)

    def _gap(self, place: Place | None) -> int:
        if place is None:
            return len(self.keys)
        index = self.keys.index(place.anchor.removeprefix("fake:"))
        return index + 1 if place.side == "after" else index

    def replace(self, entry: FakeEntry, previous: FakeEntry | None) -> None:
        value = self.mapping.values[self.keys.index(entry.upstream)]
        self.file.replace(*self.file.span(value), entry.class_name)
        self._import(entry)
        gone = [(_module(previous), previous.class_name)] if previous else []
        self.import_edits.remove(self.imports.unused(gone, [value]))

    def delete(self, entries: Sequence[FakeEntry], inverses: Mapping[str, str]) -> None:
        del inverses
        indices = {self.keys.index(entry.upstream) for entry in entries}
        self._items().delete(indices)
        gone = [(_module(entry), entry.class_name) for entry in entries]
        values = [self.mapping.values[index] for index in indices]
        self.import_edits.remove(self.imports.unused(gone, values))

    def result(self) -> str:
        self.import_edits.flush()
        return self.file.result()


def _find_mapping(tree: ast.Module) -> ast.Dict:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="FAKES")], value=ast.Dict() as mapping):
                return mapping
            case ast.AnnAssign(target=ast.Name(id="FAKES"), value=ast.Dict() as mapping):
                return mapping
    raise NotEditableError("there is no FAKES = {…} at the top level")


def _module(entry: FakeEntry) -> str:
    return f"{_PACKAGE}.{entry.upstream}"


def _written(entry: FakeEntry) -> str:
    return f'"{entry.upstream}": {entry.class_name}'
