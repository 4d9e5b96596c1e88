"""A list: imported names, dict entries, a TOML array. In both languages `#` begins a comment."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from featuregen.wiring.text import Text

_GAP = re.compile(r"(?:\s|#[^\r\n]*|\\)*")
_OPENING = re.compile(r"\(\s*\Z")
_CLOSING = re.compile(r"\s*\)")


class Items:
    """Insertions and deletions that keep the list's style: one item on each line, or in line."""

    def __init__(
        self,
        text: Text,
        spans: Sequence[tuple[int, int]],
        inner: tuple[int, int],
        *,
        step: str = "    ",
    ) -> None:
        self.text = text
        self.step = step
        self.inner = inner
        """From the opening bracket to the closing one, or from the first item to the last."""
        self.spans = self._with_brackets(spans)

    def _with_brackets(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Items with the round brackets around them, which a syntax tree leaves out."""
        body, found = self.text.body, list[tuple[int, int]]()
        for first, last in spans:
            start, end = first, last
            floor = found[-1][1] if found else self.inner[0]
            while (opening := _OPENING.search(body, floor, start)) is not None:
                start = opening.start()
            while (closing := _CLOSING.match(body, end, self.inner[1])) is not None:
                end = closing.end()
            found.append((start, end))
        return found

    @property
    def one_per_line(self) -> bool:
        """Every item has its lines for itself, as has each bracket."""
        lines = [self.text.line_at(self.inner[0])]
        for start, end in self.spans:
            if self.text.line_at(start) <= lines[-1]:
                return False
            lines.append(self.text.line_at(max(end - 1, start)))
        return bool(self.spans) and self.text.line_at(self.inner[1]) > lines[-1]

    def comma(self, index: int) -> int | None:
        """Offset of the comma behind an item."""
        found = _GAP.match(self.text.body, self.spans[index][1], self.inner[1])
        at = found.end() if found else self.inner[1]
        return at if at < self.inner[1] and self.text.body[at] == "," else None

    def insert(self, gap: int, items: Sequence[str], rank: tuple[int, ...] = ()) -> None:
        """Put `items` in front of item number `gap`; after the last one where there are as many."""
        if not self.spans:
            self._fill(items)
        elif self.one_per_line:
            self._insert_lines(gap, items, rank)
        elif gap == 0:
            self._insert_before(0, items, rank)
        elif gap < len(self.spans) and self._on_one_line(self.spans[gap - 1][1], gap):
            self._insert_before(gap, items, rank)
        else:
            self.text.insert(self.spans[gap - 1][1], "".join(f", {item}" for item in items), rank)

    def _insert_before(self, gap: int, items: Sequence[str], rank: tuple[int, ...]) -> None:
        self.text.insert(self.spans[gap][0], "".join(f"{item}, " for item in items), rank)

    def _insert_lines(self, gap: int, items: Sequence[str], rank: tuple[int, ...]) -> None:
        text = self.text
        indent = text.indent(text.line_at(self.spans[0][0]))
        if gap == 0:
            line = text.comment_start(text.line_at(self.spans[0][0]))
            text.insert_line(line, "".join(f"{indent}{item},\n" for item in items), rank)
            return
        block = f",\n{indent}".join(items)
        if self.comma(gap - 1) is not None:
            block += ","
        else:
            text.insert(self.spans[gap - 1][1], ",", rank)
        line = text.line_at(self.spans[gap - 1][1] - 1) + 1
        text.insert_line(line, f"{indent}{block}\n", rank)

    def _fill(self, items: Sequence[str]) -> None:
        """The first items of an empty list: one on each line."""
        start, end = self.inner
        inside = self.text.body[start:end]
        opening = self.text.line_at(start)
        indent = self.text.indent(opening)
        block = "".join(f"{indent}{self.step}{item},\n" for item in items)
        if "\n" in inside or "\r" in inside:
            self.text.insert_line(self.text.line_at(end), block)
        else:
            self.text.replace(start, end, f"\n{block}{indent}")

    def delete(self, indices: Collection[int]) -> None:
        """Take items out, each with its comma."""
        gone = set(indices)
        kept = [index for index in range(len(self.spans)) if index not in gone]
        if not kept and not self._has_comment():
            self.text.delete(*self.inner)
            return
        if self.one_per_line:
            self._delete_lines(gone, kept)
            return
        for index in gone:
            start, end = self.spans[index]
            before = next((other for other in reversed(kept) if other < index), None)
            after = next((other for other in kept if other > index), None)
            if after is not None and (before is None or self._on_one_line(end, after)):
                self.text.delete(start, self.spans[after][0])
            elif before is not None:
                self.text.delete(self.spans[before][1], end)
            else:
                comma = self.comma(index)
                self.text.delete(start, end if comma is None else comma + 1)

    def _on_one_line(self, end: int, index: int) -> bool:
        line = self.text.line_at
        return line(end - 1) == line(self.spans[index][0])

    def _has_comment(self) -> bool:
        start = self.inner[0]
        for first, last in [*self.spans, (self.inner[1], self.inner[1])]:
            if "#" in self.text.body[start:first]:
                return True
            start = last
        return False

    def _delete_lines(self, gone: Collection[int], kept: Sequence[int]) -> None:
        for index in gone:
            start, end = self.spans[index]
            self.text.delete_lines(self.text.line_at(start), self.text.line_at(end - 1))
        last = len(self.spans) - 1
        if last in gone and kept and self.comma(last) is None:
            comma = self.comma(kept[-1])
            if comma is not None:
                self.text.delete(comma, comma + 1)
