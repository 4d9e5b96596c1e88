"""Breaks prose into lines of a width, measured as ruff measures: a wide character counts twice."""

from __future__ import annotations

import re
import unicodedata

_LIST_ITEM = re.compile(r"(?:[-*+]|[0-9]{1,3}[.)])\s+\S")


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs and list items of `text`, each on one line, `""` between paragraphs."""
    blocks: list[str] = []
    for paragraph in re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n").strip()):
        if blocks:
            blocks.append("")
        for index, line in enumerate(paragraph.splitlines()):
            words = " ".join(line.split())
            if index and not _LIST_ITEM.match(words):
                blocks[-1] = f"{blocks[-1]} {words}".strip()
            else:
                blocks.append(words)
    return tuple(blocks)


def wrapped(line: str, width: int, *, first_used: int = 0) -> tuple[str, ...]:
    """Break a line at its spaces, never in a word; `first_used` columns of the first are taken."""
    hanging = "  " if _LIST_ITEM.match(line) else ""
    lines: list[str] = []
    current, used = "", first_used
    for word in line.split(" "):
        length = columns(word)
        if current and used + 1 + length > width:
            lines.append(current)
            current, used = hanging + word, len(hanging) + length
        else:
            used += length + (1 if current else 0)
            current = f"{current} {word}" if current else word
    return (*lines, current)


def columns(text: str) -> int:
    """Return how wide `text` is on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
