"""Diagnostics that say "did you mean" → the exact edit of the spec's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.errors import Diagnostic
    from featuregen.mcp.documents import Document

_NEAR = re.compile(r"did you mean '([^']+)'\?")
_QUOTED = re.compile(r"'([^']+)'")


def fixes(diagnostics: Iterable[Diagnostic], text: str) -> list[Document | None]:
    """For each diagnostic what to write instead, or None where a person has to think.

    A fix replaces `old` by `new` at `line` and `column`: it is only given where `old` stands there.
    """
    lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
    return [_fix(one, lines) for one in diagnostics]


def _fix(one: Diagnostic, lines: list[str]) -> Document | None:
    near = _NEAR.search(one.hint or "")
    if near is None or one.position.line > len(lines):
        return None
    line, start = lines[one.position.line - 1], one.position.column - 1
    marked = line[start : start + one.position.length]
    for old in (*_QUOTED.findall(one.message), marked.strip("'\"")):
        at = _only(old, marked)
        if old and at is not None and old != near.group(1):
            place = {"line": one.position.line, "column": start + at + 1}
            return place | {"old": old, "new": near.group(1)}
    return None


def _only(old: str, marked: str) -> int | None:
    """Where the word stands in the marked text; None unless it stands there just once."""
    found = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(old)}(?!\w)", marked)]
    return found[0] if len(found) == 1 else None


def apply_fixes(text: str, found: Iterable[Document | None]) -> str:
    """The text with every fix made; from the end, so that places stay true."""
    lines = re.split(r"(\r\n|\n|\r)", text)
    given = [fix for fix in found if fix is not None]
    for fix in sorted(given, key=lambda fix: (fix["line"], fix["column"]), reverse=True):
        index, start = 2 * (fix["line"] - 1), fix["column"] - 1
        line, old = lines[index], fix["old"]
        if line[start : start + len(old)] == old:
            lines[index] = line[:start] + fix["new"] + line[start + len(old) :]
    return "".join(lines)
