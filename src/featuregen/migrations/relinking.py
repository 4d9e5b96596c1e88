"""A history without some of its revisions: those that followed them follow what they followed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from featuregen.migrations.history import history_of
from featuregen.plan.quote import py_string

if TYPE_CHECKING:
    from featuregen.migrations.history import History


def relinked(texts: Mapping[str, bytes], gone: Collection[str]) -> dict[str, bytes]:
    """The new texts of the files that have to change. `gone` are paths among `texts`.

    A merge of two heads stays a merge while it joins two.
    """
    history = history_of(texts.items())
    lost = {each.id: each.after for each in history.revisions if each.path in gone}
    found: dict[str, bytes] = {}
    for each in history.revisions:
        if each.path not in gone and lost.keys() & set(each.after):
            after = _without_ancestors(_beyond(each.after, lost), history, lost)
            found[each.path] = with_down_revision(texts[each.path], after)
    return found


def _beyond(after: tuple[str, ...], lost: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What stays of what a revision follows, further back where it has to be."""
    found: list[str] = []
    for name in after:
        found += _beyond(lost[name], lost) if name in lost else (name,)
    return tuple(dict.fromkeys(found))


def _without_ancestors(
    after: tuple[str, ...], history: History, lost: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """A merge of a revision with what it follows anyway is no merge."""
    before = {each.id: _beyond(each.after, lost) for each in history.revisions}
    ancestors: set[str] = set()
    waiting = [older for name in after for older in before[name]]
    while waiting:
        name = waiting.pop()
        if name not in ancestors:
            ancestors.add(name)
            waiting += before[name]
    return tuple(name for name in after if name not in ancestors)


def with_down_revision(text: bytes, after: tuple[str, ...]) -> bytes:
    """The file with another `down_revision`, every other byte as it was."""
    match after:
        case ():
            literal = "None"
        case (one,):
            literal = py_string(one)
        case _:
            literal = f"({', '.join(py_string(each) for each in after)})"
    value = next(
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and _names(node) == "down_revision"
    )
    assert value is not None and value.end_lineno is not None  # noqa: S101, PT018 - it was read
    lines = text.splitlines(keepends=True)
    first, last = lines[value.lineno - 1], lines[value.end_lineno - 1]
    changed = first[: value.col_offset] + literal.encode() + last[value.end_col_offset :]
    return b"".join([*lines[: value.lineno - 1], changed, *lines[value.end_lineno :]])


def _names(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""
