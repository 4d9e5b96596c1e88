"""The markers that git leaves in a text that it could not merge."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_OPEN, _CLOSE = "<<<<<<< ", ">>>>>>> "
_OURS = frozenset({"<<<<<<< yours", ">>>>>>> newly generated"})  # an update's own
SAID = "git's conflict markers of a merge are in it"
DECIDE = "decide each place between <<<<<<< and >>>>>>>"


def conflict_lines(text: str) -> tuple[int, ...]:
    """The lines (from 1) where a conflict begins, or where what is left of one ends."""
    if _OPEN not in text and _CLOSE not in text:
        return ()
    return tuple(_lines(text))


def _lines(text: str) -> Iterator[int]:
    is_open = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith((_OPEN, _CLOSE)) or line.rstrip("\r") in _OURS:
            continue
        if line.startswith(_OPEN) or not is_open:
            yield number
        is_open = line.startswith(_OPEN)


def in_file(path: str, content: bytes) -> tuple[int, ...]:
    """As `conflict_lines`, of a file's bytes; a text within Python code is no conflict."""
    if _OPEN.encode() not in content and _CLOSE.encode() not in content:
        return ()
    found = conflict_lines(content.decode("utf-8", "replace"))
    return () if found and path.endswith(".py") and _parses(content) else found


def _parses(content: bytes) -> bool:
    try:
        ast.parse(content)
    except (SyntaxError, ValueError):
        return False
    return True


def first_side(text: str) -> str:
    """The text with each conflict decided for the side that git names first."""
    kept: list[str] = []
    side = ""
    for line in text.splitlines(keepends=True):
        mark = line.rstrip("\r\n")
        if mark.startswith(_OPEN):
            side = "first"
        elif side and (mark == "=======" or mark.startswith("||||||| ")):
            side = "other"
        elif side and mark.startswith(_CLOSE):
            side = ""
        elif side != "other":
            kept.append(line)
    return "".join(kept)
