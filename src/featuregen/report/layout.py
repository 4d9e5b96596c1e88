"""Sections and aligned columns for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.terminal import fit, visible, width

if TYPE_CHECKING:
    from featuregen.terminal import Style

_INDENT = "  "
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Section:
    """A title and its lines, which are safe to print as they are."""

    title: str
    lines: tuple[str, ...]
    is_painted: bool = False

    def text(self, style: Style) -> str:
        title = self.title if self.is_painted else style.paint(self.title, "bold")
        return "\n".join((title, *(f"{_INDENT}{line}".rstrip() for line in self.lines))) + "\n"


def rows(cells: Sequence[Sequence[str]], style: Style) -> tuple[str, ...]:
    """Lines with aligned columns, made safe; cut where the terminal is narrow, never wrapped."""
    shown = [[visible(cell) for cell in row] for row in cells]
    columns = [max(map(width, column)) for column in zip(*shown, strict=True)]
    return tuple(fit(_row(row, columns), style.width - len(_INDENT), style) for row in shown)


def _row(row: Sequence[str], columns: Sequence[int]) -> str:
    padded = [
        cell + " " * (wide - width(cell)) for cell, wide in zip(row, columns, strict=True) if wide
    ]
    return _GAP.join(padded).rstrip()
