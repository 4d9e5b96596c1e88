"""Unit merge of a Python file: what both sides did to each import, definition and statement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from featuregen.merge.blocks import Findings, merge_block
from featuregen.merge.chunks import Chunk, Hunk, resolve
from featuregen.merge.lines import merge_lines
from featuregen.merge.names import unbound_names
from featuregen.merge.source import Source, parse
from featuregen.merge.units import module_units

ROUNDS = 5
"""How often a merge is repeated because something it dropped is used; each round keeps more."""


@dataclass(frozen=True, slots=True)
class UnitMerge:
    """A merged file. `renamed_by_*` map the other side's qualname to the one in the result."""

    chunks: Sequence[Chunk]
    notes: tuple[str, ...]
    kept: frozenset[str]
    renamed_by_theirs: dict[str, str]
    renamed_by_ours: dict[str, str]
    left_out: tuple[str, ...] = ()


def merge_python(base: str, ours: str, theirs: str) -> UnitMerge:
    """Merge three versions of a file; SyntaxError or ValueError where they cannot be taken apart.

    An import or function that one side dropped but that merged code still uses is kept: the user's
    new method may be the only one that needs what the template no longer does.
    """
    sources = [parse(text) for text in (base, ours, theirs)]
    modules = (module_units(sources[0]), module_units(sources[1]), module_units(sources[2]))
    head = merge_lines(*(module.header for module in modules))
    found, chunks, keep = Findings(frozenset()), list[Chunk](), frozenset[str]()
    for _ in range(ROUNDS):
        found = Findings(keep)
        chunks = [*head, *merge_block(found, modules, "")]
        missing = _still_used(chunks, found.dropped)
        if missing <= keep:
            break
        keep |= missing
    notes = (
        *found.notes,
        *(f"kept `{name}`, which was dropped: it is still used" for name in sorted(keep)),
        *_stale_references(sources, found),
    )
    renamed = (found.renamed_by_theirs, found.renamed_by_ours)
    return UnitMerge(chunks, notes, keep, *renamed, tuple(found.left_out))


def _still_used(chunks: Sequence[Chunk], dropped: set[str]) -> frozenset[str]:
    if not dropped:
        return frozenset()
    offered = " ".join(chunk.theirs for chunk in chunks if isinstance(chunk, Hunk))
    used = unbound_names(parse(resolve(chunks)).tree) | set(re.findall(r"\w+", offered))
    return used & dropped


def _stale_references(sources: Sequence[Source], found: Findings) -> list[str]:
    """Where the template renamed a symbol that the user's own code still calls by its old name."""
    if not found.renamed_by_theirs:
        return []
    base, ours = (Counter(re.findall(r"\w+", source.text)) for source in sources[:2])
    notes = []
    for old, new in found.renamed_by_theirs.items():
        last = old.rpartition(".")[2]
        if ours[last] > base[last]:
            notes.append(f"the template renamed `{old}` to `{new}`; your code says `{last}`")
    return notes
