"""Merge of a block of Python: each unit with itself, wherever it stands, then the order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from featuregen.merge.bodies import merge_function
from featuregen.merge.chunks import Chunk, Hunk, whole
from featuregen.merge.identity import Block, Versions, identify
from featuregen.merge.imports import merge_import, names
from featuregen.merge.leads import blank_lines, merge_lead, users_comment
from featuregen.merge.lines import merge_lines
from featuregen.merge.matching import may_be_renamed
from featuregen.merge.order import Identity, merge_order
from featuregen.merge.units import CannotSplitError, Section, Unit, same, sections

Three = tuple[Section, Section, Section]


@dataclass(slots=True)
class Findings:
    """What one pass over a file is told (`keep`) and what it finds out along the way."""

    keep: frozenset[str]
    """Names that stay although one side dropped them, because merged code uses them."""

    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Symbols that the user removed and the new version changes."""

    dropped: set[str] = field(default_factory=set)
    renamed_by_theirs: dict[str, str] = field(default_factory=dict)
    renamed_by_ours: dict[str, str] = field(default_factory=dict)


def merge_block(found: Findings, three: Three, where: str) -> list[Chunk]:
    """Merge the units of one block. `where` is the prefix of their qualnames: "" or `Service.`."""
    block = identify(*three)
    merged: dict[Identity, list[Chunk]] = {}
    for name, unit in block.units.items():
        _record_rename(found, unit, where)
        chunks = _merge_unit(found, block, unit, where)
        if chunks is not None:
            merged[name] = chunks
    _refuse_duplicates(block, merged)
    out: list[Chunk] = []
    before: Identity | None = None
    order = merge_order(block.base, block.ours, block.theirs, merged)
    for name in _docstring_first(block, _imports_ahead(block, order)):
        unit = block.units[name]
        lead = merge_lead(unit, where + unit.name)
        if merged[name] == [""]:  # an import without names: only what the user wrote above it stays
            out += lead if users_comment(unit) else []
            continue
        if unit.ours is None and not whole(merged[name]):  # a conflict that brings its own lead
            out += merged[name]
            continue
        out += [blank_lines(block, before, name, nested=bool(where)), *lead, *merged[name]]
        before = name
    if before is None and three[1].header:
        out += _placeholder(three)
    tails = [section.tail for section in three]
    return [*out, *merge_lines(tails[0], tails[1], tails[2], symbol=where.rstrip(".") or None)]


def _imports_ahead(block: Block, order: Sequence[Identity]) -> list[Identity]:
    """The template's new imports before the code, as they are there, whatever they stand next to.

    Where the user has rebuilt a module, hardly a neighbour of an import is left.
    """
    head = list(takewhile(lambda name: _is_head(block, name), block.theirs))
    new = [
        name for name in head if block.units[name].base is None and block.units[name].ours is None
    ]
    ahead = sum(1 for _ in takewhile(lambda name: _is_head(block, name), order))
    late = [name for name in order[ahead:] if name in new]
    return [*order[:ahead], *late, *(name for name in order[ahead:] if name not in late)]


def _is_head(block: Block, name: Identity) -> bool:
    return block.units[name].any.key[0] in {"docstring", "from", "import"}


def _docstring_first(block: Block, order: Sequence[Identity]) -> list[Identity]:
    """Docstring, then `from __future__`, then the rest: Python accepts no other order."""

    def rank(name: Identity) -> int:
        key = block.units[name].any.key
        return 0 if key == ("docstring",) else 1 if key == ("from", "__future__") else 2

    return sorted(order, key=rank)


def _placeholder(three: Three) -> list[Chunk]:
    """`pass` for a block that lost all its units."""
    unit = next((section.units[0] for section in three if section.units), None)
    if unit is None or not unit.node.col_offset:
        return []
    return [" " * unit.node.col_offset + "pass\n"]


def _record_rename(found: Findings, unit: Versions, where: str) -> None:
    base, ours, theirs = unit.base, unit.ours, unit.theirs
    if base is None or ours is None or theirs is None or not base.is_definition:
        return
    if ours.name == base.name != theirs.name:
        found.renamed_by_theirs[where + ours.name] = where + theirs.name
        if not _unchanged(base, ours):
            found.notes.append(
                f"`{where}{ours.name}` is now `{theirs.name}`, with your edits in it"
            )
    elif theirs.name == base.name != ours.name:
        found.renamed_by_ours[where + theirs.name] = where + ours.name


def _refuse_duplicates(block: Block, merged: Collection[Identity]) -> None:
    """One side renamed to what the other added: two definitions of one name, one unreachable."""
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    result: Counter[str] = Counter()
    for name in merged:
        unit = block.units[name]
        if unit.any.is_definition:
            result[unit.name] += 1
            ours.update([unit.ours.name] if unit.ours else [])
            theirs.update([unit.theirs.name] if unit.theirs else [])
    for symbol, count in result.items():
        if count > max(ours[symbol], theirs[symbol]):
            raise CannotSplitError(f"`{symbol}` would be defined twice")


def _merge_unit(found: Findings, block: Block, unit: Versions, where: str) -> list[Chunk] | None:
    """The merged text of one unit; None where it is gone, "" where an import has no name left."""
    base, ours, theirs = unit.base, unit.ours, unit.theirs
    symbol = where + unit.name
    if unit.any.key[0] in ("from", "import"):
        return [_merge_imports(found, block, unit)]
    if ours is None or theirs is None:
        return _merge_one_sided(found, block, unit, where)
    if _untouched(ours, theirs) or (base is not None and _untouched(base, theirs)):
        return [ours.text]
    if base is None:
        return [Hunk(ours.text, "", theirs.text, symbol, "you and the template both added it")]
    if _untouched(base, ours):
        return [theirs.text]
    if all(each.key[0] == "def" for each in (base, ours, theirs)):
        return merge_function(base, ours, theirs, symbol)
    blocks = [sections(each) for each in (base, ours, theirs)]
    if blocks[0] and blocks[1] and blocks[2] and len({len(each or ()) for each in blocks}) == 1:
        prefix = f"{symbol}." if base.is_definition else where
        out: list[Chunk] = []
        for three in zip(blocks[0], blocks[1], blocks[2], strict=True):
            out += [*_merge_heading(three, unit, symbol), *merge_block(found, three, prefix)]
        return out
    return merge_lines(base.text, ours.text, theirs.text, symbol=symbol)


def _unchanged(a: Unit, b: Unit) -> bool:
    return a.name == b.name and same(a, b)


def _untouched(a: Unit, b: Unit) -> bool:
    """As `_unchanged`; of a class only the text, because its members are compared one by one."""
    if a.key[0] == "class":
        return a.text == b.text
    return _unchanged(a, b)


def _merge_heading(three: Three, unit: Versions, symbol: str) -> list[Chunk]:
    headers = [section.header for section in three]
    if unit.any.is_definition:
        headers = [
            re.sub(r"(?m)^(\s*class\s+)\w+", rf"\g<1>{unit.name}", text, count=1)
            for text in headers
        ]
    return merge_lines(headers[0], headers[1], headers[2], symbol=symbol)


def _merge_imports(found: Findings, block: Block, unit: Versions) -> str:
    """Merge by name; what the user imports by another statement is not imported again."""
    elsewhere = {
        name
        for each in block.units.values()
        if each is not unit and each.any.key == unit.any.key
        for name in names(each.ours)
    }
    merged = merge_import(unit.base, unit.ours, unit.theirs, elsewhere, found.keep)
    found.dropped |= merged.dropped
    return merged.text


def _added_by_user(block: Block) -> Iterator[Unit]:
    for unit in block.units.values():
        if unit.base is None and unit.ours is not None:
            yield unit.ours


def _merge_one_sided(
    found: Findings, block: Block, unit: Versions, where: str
) -> list[Chunk] | None:
    """A unit that one side does not have: added by the other, or removed by this one."""
    base, ours, theirs = unit.base, unit.ours, unit.theirs
    symbol = where + unit.name
    if base is None:
        return [unit.any.text]
    if ours is None:
        if theirs is None or _unchanged(base, theirs):
            return None
        if any(may_be_renamed(base, each) for each in _added_by_user(block)):
            reason = "you removed or renamed it, the new version changes it"
            was, new = base.lead + base.text, theirs.lead + theirs.text
            return [Hunk("", was, new, symbol, reason)]
        found.notes.append(f"you removed `{symbol}`, which the new version changes: left out")
        found.left_out.append(symbol)
        return None
    if not _unchanged(base, ours) or users_comment(unit):
        reason = "no longer generated, but you changed it"
        return [Hunk(ours.text, base.text, "", symbol, reason)]
    if not where:
        if base.name in found.keep:
            return [ours.text]
        found.dropped.add(base.name)
    return None
