"""Edits of a spec's text that keep the comments, order and quoting of all that they leave alone.

An edit is made at the positions of the source, never by writing the document anew. After each one
the text is read again, and what it says must differ from before by exactly the edit: else the edit
is refused (an anchor that is used elsewhere, for one), and the text stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.spec.editor import Editor
from featuregen.spec.edits import (
    Append,
    CannotEditError,
    Delete,
    Edit,
    Set,
    describe,
    dotted,
    edited,
    same,
)
from featuregen.spec.spans import compose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.spec.spans import Spanned
    from featuregen.spec.yaml_text import Plain

__all__ = [
    "Append",
    "CannotEditError",
    "Delete",
    "Edit",
    "Set",
    "apply_edits",
    "describe",
    "diff",
    "dotted",
]


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after every edit, in turn."""
    root: Spanned | None = None
    for edit in edits:
        root = root or compose(text)
        changed = Editor(text, root).apply(edit)
        if changed != text:
            root = _checked(root, changed, edit)
            text = changed
    return text


def diff(before: str, after: str, file: str) -> str:
    """What the edits changed, as a unified diff; empty where nothing did."""
    import difflib

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, file, file)
    unended = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + unended for line in lines)


def _checked(before: Spanned, text: str, edit: Edit) -> Spanned:
    try:
        after = compose(text)
    except FeaturegenError as error:
        raise CannotEditError(edit, "it is used elsewhere, or written in an unusual way") from error
    was, now = before.plain(), after.plain()
    if not same(edited(was, edit, ()), now) or not _in_order(was, now):
        raise CannotEditError(edit, "more than that would change")
    return after


def _in_order(before: Plain, after: Plain) -> bool:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return True
    kept = [key for key in before if key in after]
    return kept == [key for key in after if key in before] and all(
        _in_order(before[key], after[key]) for key in kept
    )
