"""Line merge: diff3 over lines, each taken together with the section it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from featuregen.merge.chunks import Chunk, Hunk, ended, split_lines
from featuregen.merge.diff3 import Region, align, merge3

Sections = Callable[[Sequence[str]], Sequence[str]]
"""The section of each line of a text: a line aligns only with one of the same section."""


def no_sections(lines: Sequence[str]) -> Sequence[str]:
    return [""] * len(lines)


def merge_lines(
    base: str,
    ours: str,
    theirs: str,
    *,
    symbol: str | None = None,
    sections: tuple[Sequence[str], Sequence[str], Sequence[str]] | None = None,
) -> list[Chunk]:
    """Merge by line. `sections` names each line's section, in the order base, ours, theirs."""
    if ours in (theirs, base):
        return [theirs] if ours == base else [ours]
    if theirs == base:
        return [ours]
    texts = [split_lines(ended(text)) for text in (base, ours, theirs)]
    items: list[list[tuple[str, str]]] = [
        [(section, line) for section, line in zip(names, lines, strict=True)]
        for names, lines in zip(
            sections or [no_sections(lines) for lines in texts], texts, strict=True
        )
    ]
    chunks: list[Chunk] = []
    for region in merge3(*items):
        chunk = _chunk(region, texts)
        if isinstance(chunk, Hunk):
            inside = items[1][region.ours[0]][0] if region.ours[0] < len(items[1]) else ""
            chunk = replace(chunk, symbol=inside or symbol)
        chunks.append(chunk)
    return chunks


def _chunk(region: Region, texts: Sequence[Sequence[str]]) -> Chunk:
    base, ours, theirs = (
        "".join(lines[lo:hi])
        for lines, (lo, hi) in zip(texts, (region.base, region.ours, region.theirs), strict=True)
    )
    match region.kind:
        case "same" | "ours" | "both":
            return ours
        case "theirs":
            return theirs
        case "conflict":
            return Hunk(ours, base, theirs)


def merge_by_section(base: str, ours: str, theirs: str, sections: Sections) -> list[Chunk]:
    """Merge whole texts, with `sections` computed for each."""
    texts = (base, ours, theirs)
    named = [sections(split_lines(ended(text))) for text in texts]
    return merge_lines(base, ours, theirs, sections=(named[0], named[1], named[2]))


def two_way(ours: str, theirs: str) -> list[Chunk]:
    """Ours and theirs without a base: where they differ is a conflict, where they agree is not."""
    lines = [split_lines(ended(text)) for text in (ours, theirs)]
    chunks: list[Chunk] = []
    o = t = 0
    for i, j in [*align(lines[0], lines[1]), (len(lines[0]), len(lines[1]))]:
        if o < i or t < j:
            reason = "you and the template both have this file, and they differ"
            chunks.append(Hunk("".join(lines[0][o:i]), "", "".join(lines[1][t:j]), None, reason))
        chunks.extend(lines[0][i : i + 1])
        o, t = i + 1, j + 1
    return chunks
