"""One slip, one message: what only follows from another fault of the spec is not told.

A misspelled name is told with what was probably meant. Were it written so, what has followed from
it would be gone: the spec is checked once more with it, and a diagnostic that is not there any
longer was a consequence. Only a spec that is at fault pays for that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from featuregen.errors import Diagnostic

_MEANT = re.compile(r"did you mean ['`](?P<word>[^'`]+)['`]\?")
_UNKNOWN = frozenset({"FG201", "FG212"})
_FOLLOWING = frozenset({"FG213", "FG509", "FG514", "FG515", "FG517"})
_NO_ROW = re.compile(r"the operation has no (parent|entity)")
_ORDER = (
    frozenset({"FG101", "FG102", "FG103", "FG104"}),
    _UNKNOWN,
    frozenset({"FG202", "FG203", "FG205", "FG206", "FG207"}),
    frozenset({"FG304", "FG309", "FG516", "FG601"}),
)
"""A slip in the structure leads to unknown names, these to more of the kind: mended in turn."""
_PARTS = 2  # of a path: the section, and what is defined in it


class _Mend(NamedTuple):
    """A word of the text as it was probably meant. `column` counts from 0."""

    line: int
    column: int
    written: str
    meant: str


def own_faults(
    found: Sequence[Diagnostic], text: str, check: Callable[[str], Sequence[Diagnostic]]
) -> tuple[Diagnostic, ...]:
    """Those that do not only follow from others. `check` finds what is wrong with a text."""
    lines = re.split(r"(\r\n|\n|\r)", text)  # each with its end behind it
    left = [one for one in found if not _follows_unknown(one, found)]
    mends: dict[Diagnostic, _Mend] = {}
    for codes in _ORDER:
        if len(left) == len(mends) or len(left) == 1:
            break
        new = {one: mend for one in left if one.code in codes and (mend := _mend(one, lines))}
        if not new:
            continue
        mends |= new
        edits = sorted(set(mends.values()))
        again = {_told(one, edits) for one in check(_mended(lines, edits))}
        left = [one for one in left if one in mends or _as_told(one) in again]
    return tuple(left)


def _as_told(one: Diagnostic) -> tuple[str, str, int, int]:
    return one.code, one.message, one.position.line, one.position.column


def _mend(one: Diagnostic, lines: Sequence[str]) -> _Mend | None:
    """The change that a diagnostic suggests, where it is about a word of the text."""
    meant = _MEANT.search(one.hint or "")
    if meant is None:
        return None
    line, start = one.position.line, one.position.column - 1
    written = lines[2 * line - 2][start : start + one.position.length]
    bare = written.strip("\"'")
    named = any(f"{quote}{bare}{quote}" in one.message for quote in "'`\"")
    if not bare or not (named or one.code == "FG102"):
        return None
    return _Mend(line, start + written.index(bare), bare, meant["word"])


def _mended(lines: Sequence[str], edits: Sequence[_Mend]) -> str:
    new = list(lines)
    for line, column, written, meant in reversed(edits):
        whole = new[2 * line - 2]
        new[2 * line - 2] = whole[:column] + meant + whole[column + len(written) :]
    return "".join(new)


def _told(one: Diagnostic, edits: Sequence[_Mend]) -> tuple[str, str, int, int]:
    """A diagnostic of the mended text, at its place in the text as it is written."""
    line, column = one.position.line, one.position.column
    for edit in edits:
        if edit.line == line and edit.column < column - 1:
            column += len(edit.written) - len(edit.meant)
    return one.code, one.message, line, column


def _follows_unknown(one: Diagnostic, found: Sequence[Diagnostic]) -> bool:
    """Whether nothing else could be said, since the model or the entity of it is not known."""
    if one.code not in _FOLLOWING and not _NO_ROW.match(one.message):
        return False
    return _place(one) in set(_unknown_at(found))


def _unknown_at(found: Sequence[Diagnostic]) -> Iterator[tuple[str, ...]]:
    return (_place(one) for one in found if one.code in _UNKNOWN)


def _place(one: Diagnostic) -> tuple[str, ...]:
    return tuple(one.path.split(".")[:_PARTS])
