"""Adding and removing `from module import name`.

A name joins the statement that imports from its module already, in isort's order; else a new
statement takes the place that isort would give it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Sequence

from featuregen.wiring.imports import FIRST_PARTY, Bound, ImportTable
from featuregen.wiring.items import Items


class ImportEdits:
    """Additions and removals are collected, and made in the file by `flush`."""

    def __init__(self, table: ImportTable, line_length: int) -> None:
        self.table = table
        self.file = table.file
        self.line_length = line_length
        self._added: dict[tuple[str, str], None] = {}  # module, name as written
        self._removed: dict[ast.ImportFrom | ast.Import, set[ast.alias]] = {}

    def add(self, module: str, name: str, asname: str | None = None) -> None:
        """Ask for an import; asking twice is asking once."""
        self._added[module, f"{name} as {asname}" if asname else name] = None

    def remove(self, imports: Iterable[Bound]) -> None:
        """Ask for names to go; a statement without names goes as a whole."""
        for bound in imports:
            self._removed.setdefault(bound.statement, set()).add(bound.alias)

    def flush(self) -> None:
        """Make the edits."""
        joined: dict[ast.ImportFrom, list[str]] = {}
        fresh: dict[str, list[str]] = {}
        for module, alias in self._added:
            home = self._home(module)
            if home is None:
                fresh.setdefault(module, []).append(alias)
            else:
                joined.setdefault(home, []).append(alias)
        for node, aliases in joined.items():
            self._join(node, sorted(aliases, key=member_key))
        self._add_statements(fresh)
        for statement, gone in self._removed.items():
            self._shrink(statement, gone)

    def _home(self, module: str) -> ast.ImportFrom | None:
        for node in self.file.tree.body:
            if (
                isinstance(node, ast.ImportFrom)
                and self.table.module_of(node) == module
                and node.names[0].name != "*"
                and node not in self._removed
            ):
                return node
        return None

    def _items(self, node: ast.ImportFrom | ast.Import) -> Items:
        spans = [self.file.span(alias) for alias in node.names]
        last = self.file.span(node)[1]
        if self.file.body[last - 1] == ")":
            opening = self.file.body.rindex("(", 0, spans[0][0])
            return Items(self.file, spans, (opening + 1, last - 1))
        return Items(self.file, spans, (spans[0][0], last))

    def _join(self, node: ast.ImportFrom, aliases: list[str]) -> None:
        if node.lineno == node.end_lineno:
            length = len(self.file.line(node.lineno)) + sum(len(alias) + 2 for alias in aliases)
            if length > self.line_length:
                every = sorted([*map(ast.unparse, node.names), *aliases], key=member_key)
                self.file.replace(*self.file.span(node), self._exploded(_head(node), every))
                return
        present = [member_key(ast.unparse(alias)) for alias in node.names]
        gaps: dict[int, list[str]] = {}
        for alias in aliases:
            after = [i for i, key in enumerate(present) if key > member_key(alias)]
            gaps.setdefault(after[0] if after else len(present), []).append(alias)
        items = self._items(node)
        for gap, group in gaps.items():
            items.insert(gap, group, (gap,))

    def _add_statements(self, fresh: dict[str, list[str]]) -> None:
        sections: dict[int, list[tuple[str, str]]] = {}
        for module in sorted(fresh, key=natural):
            aliases = sorted(fresh[module], key=member_key)
            text = f"from {module} import {', '.join(aliases)}"
            if len(text) > self.line_length:
                text = self._exploded(f"from {module} import ", aliases)
            sections.setdefault(self._section(module), []).append((module, text + "\n"))
        for section, statements in sections.items():
            self._place(section, statements)

    def _exploded(self, head: str, aliases: Sequence[str]) -> str:
        unit = self.file.unit
        return f"{head}(\n" + "".join(f"{unit}{alias},\n" for alias in aliases) + ")"

    def _section(self, module: str) -> int:
        top = module.partition(".")[0]
        if top == "__future__":
            return 0
        if top in sys.stdlib_module_names:
            return 1
        return 3 if top in FIRST_PARTY else 2

    def _place(self, section: int, statements: Sequence[tuple[str, str]]) -> None:
        """Where isort puts them: by section, then by module; a new section gets blank lines."""
        file = self.file
        keyed = [(self._key(node), node) for node in self._leading()]
        own = [(key, node) for key, node in keyed if key[0] == section]
        if own:
            for rank, (module, text) in enumerate(statements):
                later = [node for key, node in own if key > (section, 1, natural(module))]
                if later and file.begins_line(later[0]):
                    line = self._above(later[0])
                else:
                    line = (own[-1][1].end_lineno or 1) + 1
                file.insert_line(line, text, (section, rank))
            return
        block = "".join(text for _, text in statements)
        earlier = [node for key, node in keyed if key[0] < section]
        later = [node for key, node in keyed if key[0] > section]
        if earlier:
            line = (earlier[-1].end_lineno or 1) + 1
        elif later:
            line = self._above(later[0])
        elif self._docstring():
            line = (file.tree.body[0].end_lineno or 1) + 1
        else:
            line = self._first_code_line()
        file.insert_line(line, self._apart(line, block), (section,))

    def _above(self, node: ast.stmt) -> int:
        """The line to insert at in front of an import; a comment on line 1 is the file's own."""
        line = self.file.comment_start(node.lineno)
        return node.lineno if line == 1 else line

    def _apart(self, line: int, block: str) -> str:
        """With a blank line, where one more will separate the block on both sides."""
        if line > 1 and (self.file.blank(line) or line > len(self.file)):
            return f"\n{block}"
        if line == 1 or self.file.blank(line - 1):
            return f"{block}\n"
        return block

    def _docstring(self) -> bool:
        return ast.get_docstring(self.file.tree, clean=False) is not None

    def _first_code_line(self) -> int:
        number = 1
        while self.file.line(number).startswith("#"):
            number += 1
        return number

    def _leading(self) -> list[ast.Import | ast.ImportFrom]:
        """The imports at the head of the file, up to the first other statement."""
        found: list[ast.Import | ast.ImportFrom] = []
        for node in self.file.tree.body[1 if self._docstring() else 0 :]:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                break
            found.append(node)
        return found

    def _key(
        self, node: ast.Import | ast.ImportFrom
    ) -> tuple[int, int, tuple[tuple[int, str], ...]]:
        if isinstance(node, ast.Import):
            name = node.names[0].name
            return self._section(name), 0, natural(name)
        name = node.module or ""
        return 4 if node.level else self._section(name), 1, natural(name)

    def _shrink(self, node: ast.Import | ast.ImportFrom, gone: set[ast.alias]) -> None:
        kept = [alias for alias in node.names if alias not in gone]
        if not kept:
            self.file.remove(node)
        elif not (isinstance(node, ast.ImportFrom) and self._collapse(node, kept)):
            self._items(node).delete({node.names.index(alias) for alias in gone})

    def _collapse(self, node: ast.ImportFrom, kept: Sequence[ast.alias]) -> bool:
        """Back to one line, where only our names made the statement too long for one."""
        start, end = self.file.span(node)
        if node.lineno == node.end_lineno or "#" in self.file.body[start:end]:
            return False
        tail = self.file.line(node.end_lineno or 1)[node.end_col_offset or 0 :]
        before = _head(node) + ", ".join(map(ast.unparse, node.names)) + tail
        after = _head(node) + ", ".join(map(ast.unparse, kept))
        if len(before) <= self.line_length or len(after + tail) > self.line_length:
            return False
        self.file.replace(start, end, after)
        return True


def _head(node: ast.ImportFrom) -> str:
    return f"from {'.' * node.level}{node.module or ''} import "


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sort key in which `v2` comes before `v10`, without regard to case."""
    parts = re.split(r"(\d+)", text.lower())
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts if part)


def member_key(alias: str) -> tuple[int, tuple[tuple[int, str], ...], str]:
    """isort's order in one statement: constants, classes, then the rest."""
    name = alias.partition(" ")[0]
    constant = name.isupper() and len(name) > 1
    return 0 if constant else 1 if name[:1].isupper() else 2, natural(name), alias
