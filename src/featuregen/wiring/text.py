"""Exact edits of a text: bytes outside an edit stay, so that an undo gives back the original."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


class Text:
    """A source with line numbers from 1, and the changes collected for it.

    Inserted text is written with `\\n`, and takes the file's own line ends. A missing final newline
    stays missing, a byte order mark stays first.
    """

    def __init__(self, source: str) -> None:
        self.bom = "\ufeff" if source.startswith("\ufeff") else ""
        body = source[len(self.bom) :]
        found = re.search(r"\r\n|\r|\n", body)
        self.newline = found.group() if found else "\n"
        self.unfinished = bool(body) and not body.endswith(("\n", "\r"))
        self.body = body + self.newline if self.unfinished else body
        self._lines: list[str] = _LINE.findall(self.body)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._insertions: dict[int, list[tuple[tuple[int, ...], str]]] = {}
        self._deletions: list[tuple[int, int]] = []
        self._gone: set[int] = set()
        self._exact: set[int] = set()

    def __len__(self) -> int:
        """Number of lines."""
        return len(self._lines)

    def line(self, number: int) -> str:
        """Text of a line without its end; lines outside the file are empty."""
        return self._lines[number - 1].rstrip("\r\n") if 1 <= number <= len(self) else ""

    def blank(self, number: int) -> bool:
        """A line of the file with nothing on it."""
        return 1 <= number <= len(self) and not self.line(number).strip()

    def start(self, number: int) -> int:
        """Offset of a line; the one after the last is the end of the text."""
        return self._starts[min(number, len(self) + 1) - 1]

    def line_at(self, offset: int) -> int:
        """Number of the line that holds `offset`."""
        return min(bisect_right(self._starts, offset), max(len(self), 1))

    def indent(self, number: int) -> str:
        """The white space that a line begins with."""
        line = self.line(number)
        return line[: len(line) - len(line.lstrip())]

    def comment_start(self, number: int) -> int:
        """First line of the comment that stands directly above line `number`, at its indent."""
        indent = self.indent(number)
        while self.line(number - 1).startswith(f"{indent}#"):
            number -= 1
        return number

    @property
    def changed(self) -> bool:
        """Whether anything was collected."""
        return bool(self._insertions or self._deletions or self._gone or self._exact)

    def insert(self, offset: int, text: str, rank: tuple[int, ...] = ()) -> None:
        """Put `text` at `offset`; several at one offset stand in the order of their ranks."""
        native = text if self.newline == "\n" else text.replace("\n", self.newline)
        self._insertions.setdefault(offset, []).append((rank, native))

    def insert_line(self, before: int, text: str, rank: tuple[int, ...] = ()) -> None:
        """Put whole lines in front of line `before`."""
        self.insert(self.start(before), text, rank)

    def delete(self, start: int, end: int) -> None:
        """Take a stretch out; stretches may overlap."""
        self._deletions.append((start, end))

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of a stretch."""
        self.delete(start, end)
        self.insert(start, text)

    def delete_lines(self, first: int, last: int, *, tidy: bool = True) -> None:
        """Take whole lines out; `tidy`: with the blank line that set only them apart."""
        (self._gone if tidy else self._exact).update(range(first, last + 1))

    def _tidy(self) -> None:
        """Deleted lines between blank lines (or at an end of the file) take one of them along."""
        gone = self._gone
        for number in sorted(gone):
            if number + 1 in gone:
                continue
            before, after = number, number + 1
            while before in gone:
                before -= 1
            while after in gone:
                after += 1
            if self.blank(before) and (self.blank(after) or after > len(self)):
                gone.add(before)
            elif before == 0 and self.blank(after):
                gone.add(after)

    def result(self) -> str:
        """The text with every change made."""
        self._tidy()
        for number in self._gone | self._exact:
            self.delete(self.start(number), self.start(number + 1))
        out: list[str] = []
        deletions = sorted(self._deletions)
        cuts = sorted({0, len(self.body), *self._insertions, *(n for d in deletions for n in d)})
        covered = 0
        pending = 0
        for at, end in zip(cuts, [*cuts[1:], len(self.body)], strict=True):
            for _, text in sorted(self._insertions.get(at, ()), key=lambda item: item[0]):
                out.append(text)
            while pending < len(deletions) and deletions[pending][0] <= at:
                covered = max(covered, deletions[pending][1])
                pending += 1
            if at >= covered:
                out.append(self.body[at:end])
        text = "".join(out)
        if self.unfinished and text.endswith(self.newline):
            text = text[: -len(self.newline)]
        return self.bom + text
