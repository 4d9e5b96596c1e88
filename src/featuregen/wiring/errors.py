"""Subclasses of `AppError` in `app/core/errors.py`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence

from featuregen.plan.contribution import ErrorEntry
from featuregen.wiring.imports import ImportTable
from featuregen.wiring.order import Order, Place
from featuregen.wiring.python_file import PythonFile
from featuregen.wiring.shared_file import NotEditableError, SharedFile

_BASE = "AppError"
_BLANKS = 2  # around a class at the top level


class ErrorsFile(SharedFile[ErrorEntry]):
    """`app/core/errors.py`."""

    path = "app/core/errors.py"
    kind = "error"

    def __init__(self, source: str, line_length: int) -> None:
        self.line_length = line_length
        self.file = PythonFile(source)
        self.imports = ImportTable(self.file, "app.core")
        body = self.file.tree.body
        self.classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
        if _BASE not in self.classes and not any(b.name == _BASE for b in self.imports.bound):
            raise NotEditableError(f"there is no {_BASE} to derive errors from")

    @classmethod
    def name(cls, entry: ErrorEntry) -> str:
        return entry.name

    @classmethod
    def instructions(cls, entry: ErrorEntry) -> str:
        return f"Add this class below {_BASE}:\n\n{_written(entry)}"

    def wanted(self, entry: ErrorEntry) -> object:
        node = ast.parse(_written(entry)).body[0]
        assert isinstance(node, ast.ClassDef)  # noqa: S101 - it was written as one
        return _comparable(node)

    def found(self, entry: ErrorEntry) -> object | None:
        node = self.classes.get(entry.name)
        if node is not None:
            return _comparable(node)
        return self.imports.taken("", entry.name)

    def conflict(self, entry: ErrorEntry) -> str:
        line = self.imports.taken("", entry.name)
        return f"line {line} defines {entry.name} in another way"

    def insert(self, missing: Mapping[str, ErrorEntry], order: Order) -> None:
        neighbours = order.neighbours(f"error:{name}" for name in self.classes)
        slots: dict[Place | None, list[str]] = {}
        for key in sorted(missing, key=order.rank):
            slots.setdefault(neighbours.place(key), []).append(key)
        for place, keys in slots.items():
            classes = [_written(missing[key], self.line_length) for key in keys]
            rank = (order.rank(keys[0]),)
            if place is not None and place.side == "before":
                anchor = self.classes[place.anchor.removeprefix("error:")]
                line = self.file.comment_start(self.file.first_line(anchor))
                self.file.insert_line(line, "".join(f"{text}\n\n" for text in classes), rank)
            else:
                line = self._last_line(place)
                self.file.insert_line(line + 1, "".join(f"\n\n{text}" for text in classes), rank)

    def _last_line(self, place: Place | None) -> int:
        """Last line of the class that new ones follow: the last error, where none is wired."""
        if place is not None:
            return self.file.last_line(self.classes[place.anchor.removeprefix("error:")])
        family = {_BASE}
        last: ast.stmt | None = self.classes.get(_BASE)
        for node in self.classes.values():
            if any(isinstance(base, ast.Name) and base.id in family for base in node.bases):
                family.add(node.name)
                last = node
        return self.file.last_line(last or self.file.tree.body[-1])

    def replace(self, entry: ErrorEntry, previous: ErrorEntry | None) -> None:
        del previous
        written = _written(entry, self.line_length).rstrip("\n")
        self.file.replace(*self.file.span(self.classes[entry.name]), written)

    def deletable(self, entry: ErrorEntry, inverse: str) -> bool:
        return entry.name in self.classes and super().deletable(entry, inverse)

    def delete(self, entries: Sequence[ErrorEntry], inverses: Mapping[str, str]) -> None:
        del inverses
        for entry in entries:
            node = self.classes[entry.name]
            first, last = self.file.first_line(node), node.end_lineno or node.lineno
            before, after = self._blanks(first, -1), self._blanks(last, 1)
            if before < _BLANKS and after >= _BLANKS:
                last += _BLANKS
            else:
                first -= min(before, _BLANKS)
            self.file.delete_lines(first, last, tidy=False)

    def _blanks(self, line: int, step: int) -> int:
        count = 0
        while self.file.blank(line + step * (count + 1)):
            count += 1
        return count

    def result(self) -> str:
        return self.file.result()


def _written(entry: ErrorEntry, line_length: int = 100) -> str:
    values = f"    status, code, title = {entry.status}, {entry.code}, {entry.title}"
    if len(values) > line_length:
        parts = "".join(f"        {part},\n" for part in (entry.status, entry.code, entry.title))
        values = f"    status, code, title = (\n{parts}    )"
    lines = [
        f"class {entry.name}({_BASE}):",
        f"    {entry.docstring}",
        "",
        values,
    ]
    if entry.retry_after is not None:
        lines.append(f"    retry_after = {entry.retry_after}")
    return "\n".join(lines) + "\n"


def _comparable(node: ast.ClassDef) -> object:
    """Bases, docstring, class variables by name, and the rest as it stands."""
    values: dict[str, str] = {}
    rest: list[str] = []
    doc = ast.get_docstring(node, clean=False)
    for statement in node.body[0 if doc is None else 1 :]:
        pairs = _assignments(statement)
        if pairs:
            values.update((name, ast.dump(value)) for name, value in pairs)
        else:
            rest.append(ast.dump(statement))
    bases = tuple(map(ast.dump, node.bases))
    return bases, inspect.cleandoc(doc or ""), tuple(sorted(values.items())), tuple(rest)


def _assignments(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    """`status, code = 402, "x"` and `status: ClassVar[int] = 402` say the same."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            if len(names) == len(values):
                pairs = zip(names, values, strict=True)
                return [(name.id, value) for name, value in pairs if isinstance(name, ast.Name)]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return [(name, value)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return [(name, value)]
    return []
