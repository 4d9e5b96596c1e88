"""What stands above a unit: its comments, merged, and as many blank lines as belong there."""

from __future__ import annotations

from collections.abc import Sequence

from featuregen.merge.chunks import Chunk, ended, split_lines
from featuregen.merge.identity import Block, Versions
from featuregen.merge.lines import merge_lines
from featuregen.merge.order import Identity


def users_comment(unit: Versions) -> bool:
    """True if the user wrote or changed something above the unit."""
    if unit.ours is None:
        return False
    return unit.ours.lead.split() != (unit.base.lead.split() if unit.base else [])


def merge_lead(unit: Versions, symbol: str) -> list[Chunk]:
    """The comments above the unit, without the blank lines above them."""
    base = unit.base.lead if unit.base else ""
    ours = unit.ours.lead if unit.ours else None
    theirs = unit.theirs.lead if unit.theirs else None
    if ours is None or theirs is None:
        chunks: list[Chunk] = [ours if ours is not None else theirs or ""]
    elif ours.split() == theirs.split() or theirs.split() == base.split():
        chunks = [ours]
    elif ours.split() == base.split():
        chunks = [theirs]
    else:
        chunks = merge_lines(base, ours, theirs, symbol=symbol)
    return _without_blank(chunks)


def _without_blank(lead: list[Chunk]) -> list[Chunk]:
    if not lead or not isinstance(lead[0], str):
        return lead
    lines = split_lines(ended(lead[0]))
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    return ["".join(lines[first:]), *lead[1:]]


def blank_lines(block: Block, before: Identity | None, name: Identity, *, nested: bool) -> str:
    """As on the side where the unit follows the same neighbour `before`, else as PEP 8 has them."""
    unit = block.units[name]
    base, ours, theirs = (
        _count_blank(side.lead) if side is not None and _neighbour(order, name) == before else None
        for order, side in (
            (block.base, unit.base),
            (block.ours, unit.ours),
            (block.theirs, unit.theirs),
        )
    )
    if ours is not None and (theirs is None or ours != base):
        return "\n" * ours
    if theirs is not None:
        return "\n" * theirs
    if before is None:
        return ""
    if unit.any.is_definition or block.units[before].any.is_definition:
        return "\n" if nested else "\n\n"
    return "\n" * min(1, _count_blank(unit.any.lead))


def _neighbour(order: Sequence[Identity], name: Identity) -> Identity | None:
    index = order.index(name)
    return order[index - 1] if index else None


def _count_blank(lead: str) -> int:
    return len(lead) - len(lead.lstrip("\n"))
