"""One edit of one text, made at the positions of the source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.spec import yaml_text
from featuregen.spec.edits import (
    Append,
    CannotEditError,
    Delete,
    Edit,
    dotted,
    edited,
    is_shorthand,
    plain,
    same,
    shape_at,
)
from featuregen.spec.shapes import Either, Record

if TYPE_CHECKING:
    from featuregen.spec.model import Path
    from featuregen.spec.spans import Spanned
    from featuregen.spec.yaml_text import Plain

_TOP_LEVEL = 1


class Editor:
    """One edit of one text."""

    def __init__(self, text: str, root: Spanned) -> None:
        self.text, self.root = text, root
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def apply(self, edit: Edit) -> str:
        trail = self._trail(edit.path)
        missing = edit.path[len(trail) - 1 :]
        passed = trail if missing else trail[:-1]
        for at, node in enumerate(passed):
            if node.alias and not (missing and isinstance(edit, Delete)):
                return self._unalias(edit, at, node)
        if isinstance(edit, Delete):
            return self.text if missing else self._delete(edit, trail)
        if isinstance(edit, Append):
            return self._append(edit, trail, missing)
        return self._set(edit, edit.path, plain(edit.value), trail, missing)

    def _trail(self, path: Path) -> list[Spanned]:
        """The nodes on the way to `path`, from the root, as far as they are written."""
        trail = [self.root]
        for part in path:
            found = _child(trail[-1], part)
            if found is None:
                break
            trail.append(found)
        return trail

    def _unalias(self, edit: Edit, at: int, node: Spanned) -> str:
        """Change what one alias stands for, and leave the anchor alone: write its value out."""
        value = edited(node.plain(), edit, edit.path[:at])
        return self._splice(node.start, node.end, yaml_text.flow(value))

    def _set(
        self, edit: Edit, path: Path, value: Plain, trail: list[Spanned], missing: Path
    ) -> str:
        node = trail[-1]
        if not missing:
            return self._replace(edit, path, value, trail)
        here, key, rest = path[: len(trail) - 1], missing[0], missing[1:]
        for part in reversed(rest):
            value = {part: value}
        if node.kind == "map":
            return self._insert(node, here, key, value)
        if node.kind == "scalar" and isinstance(node.value, str) and is_shorthand(shape_at(here)):
            return self._replace(edit, here, {"type": node.value, key: value}, trail)
        if node.kind == "scalar" and node.value is None:
            return self._replace(edit, here, {key: value}, trail)
        raise CannotEditError(edit, f"{dotted(here) or 'the document'} is not a mapping")

    def _append(self, edit: Append, trail: list[Spanned], missing: Path) -> str:
        node = trail[-1]
        if missing or (node.kind == "scalar" and node.value is None):
            return self._set(edit, edit.path, [plain(edit.value)], trail, missing)
        if node.kind == "scalar":
            return self._replace(edit, edit.path, [node.value, plain(edit.value)], trail)
        if node.kind == "map":
            raise CannotEditError(edit, "it is a mapping, not a list")
        if node.alias:
            return self._unalias(edit, len(edit.path), node)
        if node.flow:
            at = node.items[-1].end if node.items else node.start + 1
            comma = ", " if node.items else ""
            return self._splice(at, at, comma + yaml_text.flow(plain(edit.value)))
        indent = self._column(self.text.index("-", node.start))
        return self._insert_lines(node.end, yaml_text.item(plain(edit.value), indent))

    def _insert(self, parent: Spanned, path: Path, key: str | int, value: Plain) -> str:
        after = self._predecessor(parent, path, key)
        if parent.flow:
            written = f"{yaml_text.scalar(key)}: {yaml_text.flow(value)}"
            if after is None:
                return self._splice(parent.start + 1, parent.start + 1, written)
            end = parent.entries[after][1].end
            return self._splice(end, end, f", {written}")
        if after is None:  # an empty document
            return self._splice(
                len(self.text), len(self.text), self.newline.join(yaml_text.entry(key, value, 0))
            )
        indent = self._column(parent.entries[0][0].start)
        section = not path and isinstance(value, dict | list)
        new = yaml_text.entry(key, value, indent, block=section)
        if section and self._has_blank_lines(parent):
            new = ["", *new]
        return self._insert_lines(parent.entries[after][1].end, new)

    def _predecessor(self, parent: Spanned, path: Path, key: str | int) -> int | None:
        """The entry that a new key follows in the language's own order; else the last one."""
        if not parent.entries:
            return None
        shape = shape_at(path)
        if isinstance(shape, Either):
            shape = next((one for one in shape.options if isinstance(one, Record)), None)
        last = len(parent.entries) - 1
        if not isinstance(shape, Record) or str(key) not in shape.keys:
            return last
        order = list(shape.keys)
        rank = order.index(str(key))
        before = [at for at, (name, _) in enumerate(parent.entries) if name.text in order[:rank]]
        return max(before, default=last)

    def _replace(self, edit: Edit, path: Path, value: Plain, trail: list[Spanned]) -> str:
        node = trail[-1]
        if same(node.plain(), value):
            return self.text
        if len(trail) == 1:
            raise CannotEditError(edit, "that is the whole document")
        if node.kind == "scalar" or node.flow:
            return self._replace_inline(node, value, trail[-2], path)
        if isinstance(value, dict | list) and value:
            indent = self._column(node.start)
            return self._splice(
                node.start, node.end, self._join(yaml_text.lines(value, indent)).lstrip(" ")
            )
        return self._collapse(edit, node, value, trail[-2], path)

    def _replace_inline(self, node: Spanned, value: Plain, parent: Spanned, path: Path) -> str:
        written = (
            yaml_text.flow(value) if isinstance(value, dict | list) else yaml_text.scalar(value)
        )
        column = self._column(node.start)
        too_long = column + len(written) > yaml_text.LINE_LENGTH
        in_block = parent.kind == "map" and not parent.flow
        section = too_long or len(path) == _TOP_LEVEL
        if in_block and section and isinstance(value, dict | list) and value:
            indent = self._column(parent.entries[0][0].start) + 2
            start = len(self.text[: node.start].rstrip(" "))
            return self._splice(start, node.end, self._join(["", *yaml_text.lines(value, indent)]))
        space = " " if node.is_empty and not self.text[: node.start].endswith(" ") else ""
        return self._splice(node.start, node.end, space + written)

    def _collapse(
        self, edit: Edit, node: Spanned, value: Plain, parent: Spanned, path: Path
    ) -> str:
        """A block becomes a value on the line of its key."""
        index = parent.entry(path[-1]) if parent.kind == "map" else None
        if index is None:
            raise CannotEditError(edit, "it is an item of a list in block style")
        key_end = parent.entries[index][0].end
        colon = self.text.index(":", key_end) + 1
        cut = self.text.rfind("\n", 0, node.start)
        if cut < colon:
            raise CannotEditError(edit, "it begins on the line of its key")
        cut -= self.text[:cut].endswith("\r")
        return (
            self.text[:colon]
            + f" {yaml_text.flow(value)}"
            + self.text[colon:cut]
            + self.text[node.end :]
        )

    def _delete(self, edit: Delete, trail: list[Spanned]) -> str:
        if len(trail) == 1:
            raise CannotEditError(edit, "that is the whole document")
        parent, node = trail[-2], trail[-1]
        if parent.alias:
            return self._unalias(edit, len(edit.path) - 1, parent)
        spans = [(key.start, value.end) for key, value in parent.entries] or [
            (one.start, one.end) for one in parent.items
        ]
        siblings = [*(value for _, value in parent.entries), *parent.items]
        index = next(at for at, one in enumerate(siblings) if one is node)
        if len(spans) == 1:
            return self._replace(
                edit, edit.path[:-1], {} if parent.kind == "map" else [], trail[:-1]
            )
        return (
            self._cut_flow(spans, index) if parent.flow else self._cut_block(parent, spans, index)
        )

    def _cut_flow(self, spans: list[tuple[int, int]], index: int) -> str:
        start, end = spans[index]
        if index + 1 < len(spans):
            return self._splice(start, spans[index + 1][0], "")
        before = spans[index - 1][1]
        return self._splice(start if "#" in self.text[before:start] else before, end, "")

    def _cut_block(self, parent: Spanned, spans: list[tuple[int, int]], index: int) -> str:
        start, end = spans[index]
        if parent.kind == "list":
            begin = spans[index - 1][1] if index else parent.start
            start = begin + self.text[begin:start].rindex("-")
        line = self.text.rfind("\n", 0, start) + 1
        if self.text[line:start].strip():  # `- first: 1`: the dash stays
            return self._splice(start, spans[index + 1][0], "")
        return self._splice(line, self._after_line(end), "")

    def _insert_lines(self, after: int, new: list[str]) -> str:
        """Whole lines below the one on which `after` stands, and below its comment."""
        at = self._after_line(after)
        if self.text[:at].endswith("\n"):
            return self._splice(at, at, self._join(new) + self.newline)
        return self._splice(at, at, self.newline + self._join(new))

    def _after_line(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1

    def _has_blank_lines(self, parent: Spanned) -> bool:
        return re.search(r"\n[ \t]*\r?\n", self.text[parent.start : parent.end]) is not None

    def _column(self, offset: int) -> int:
        return offset - (self.text.rfind("\n", 0, offset) + 1)

    def _join(self, lines: list[str]) -> str:
        return self.newline.join(lines)

    def _splice(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]


def _child(node: Spanned, part: str | int) -> Spanned | None:
    if node.kind == "map":
        index = node.entry(part)
        return None if index is None else node.entries[index][1]
    if node.kind == "list" and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None
