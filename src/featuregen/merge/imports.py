"""`from module import …` merged as what it is: a set of names."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from featuregen.merge.source import comments
from featuregen.merge.units import Unit

LINE_LENGTH = 100
Name = tuple[str, str | None]
"""A name and what it is imported as."""


@dataclass(frozen=True, slots=True)
class MergedImport:
    """`text` is empty where no name is left; `dropped` are the local names no longer imported."""

    text: str
    dropped: frozenset[str]


class CommentInImportError(ValueError):
    """A comment that belongs to one name of an import whose names changed on both sides."""


def names(unit: Unit | None) -> list[Name]:
    if unit is None or not isinstance(unit.node, ast.ImportFrom | ast.Import):
        return []
    return [(alias.name, alias.asname) for alias in unit.node.names]


def local(name: Name) -> str:
    """What an import binds: `a.b` binds `a`."""
    return name[1] or name[0].partition(".")[0]


def merge_import(
    base: Unit | None,
    ours: Unit | None,
    theirs: Unit | None,
    elsewhere: Collection[Name],
    keep: Collection[str],
) -> MergedImport:
    """The names of both sides: what one removed goes, unless its local name is in `keep`.

    `elsewhere` are names that the user already imports from the same module by another statement.
    """
    in_base, in_ours = names(base), names(ours)
    in_theirs = [name for name in names(theirs) if name in in_ours or name not in elsewhere]
    result = [
        name
        for name in dict.fromkeys([*in_ours, *in_theirs])
        if _stays(name, in_base, in_ours, in_theirs) or local(name) in keep
    ]
    dropped = frozenset(
        local(name) for name in {*in_base, *in_ours, *in_theirs} if name not in result
    )
    if not result:
        return MergedImport("", dropped)
    for unit, had in ((ours, in_ours), (theirs, in_theirs)):
        if unit is not None and had == names(unit) and set(had) == set(result):
            return MergedImport(unit.text, dropped)
    present = [unit for unit in (ours, theirs, base) if unit is not None]
    return MergedImport(_write(present, result), dropped)


def _stays(
    name: Name, base: Collection[Name], ours: Collection[Name], theirs: Collection[Name]
) -> bool:
    if name in base:
        return name in ours and name in theirs
    return True


def _write(units: list[Unit], result: Iterable[Name]) -> str:
    unit = units[0]
    node = unit.node
    indent = " " * node.col_offset
    if isinstance(node, ast.Import):
        if any("#" in each.text for each in units):
            raise CommentInImportError
        return f"{indent}import {', '.join(_spelled(name) for name in result)}\n"
    assert isinstance(node, ast.ImportFrom)  # noqa: S101 - the key says so
    remarks: dict[Name, str] = {}
    for each in reversed(units):
        remarks.update(_remarks(each))
    ordered = sorted(result, key=_isort_key)
    start = f"{indent}from {'.' * node.level}{node.module or ''} import "
    line = start + ", ".join(_spelled(name) for name in ordered)
    if not any(name in remarks for name in ordered) and len(line) <= LINE_LENGTH:
        return f"{line}\n"
    if ordered == [("*", None)]:
        return f"{line}{_after(remarks, ordered[0])}\n"
    rows = [f"{indent}    {_spelled(name)},{_after(remarks, name)}\n" for name in ordered]
    return f"{start}(\n{''.join(rows)}{indent})\n"


def _isort_key(name: Name) -> tuple[int, str, str]:
    """Constants, then classes, then the rest: the order of ruff's isort."""
    text = name[0]
    kind = 0 if text.isupper() and len(text) > 1 else 1 if text[:1].isupper() else 2
    return kind, text, name[1] or ""


def _spelled(name: Name) -> str:
    return f"{name[0]} as {name[1]}" if name[1] else name[0]


def _after(remarks: Mapping[Name, str], name: Name) -> str:
    return f"  {remarks[name]}" if name in remarks else ""


def _remarks(unit: Unit) -> dict[Name, str]:
    """The comment of each name; a comment that is on no name's line cannot be carried along."""
    found = comments(unit.text)
    if not found:
        return {}
    node = unit.node
    assert isinstance(node, ast.ImportFrom)  # noqa: S101 - the key says so
    lines = {alias.lineno: (alias.name, alias.asname) for alias in node.names}
    out: dict[Name, str] = {}
    for comment in found:
        for number, name in lines.items():
            if unit.source.lines[number - 1].rstrip().endswith(comment) and name not in out:
                out[name] = comment
                break
        else:
            raise CommentInImportError
    return out
