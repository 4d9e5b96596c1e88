"""Exact 3-way merge of sequences: which parts of base, ours and theirs belong together.

Generic over hashable items, because the same algorithm merges lines (with the section they stand
in as part of the item) and logical statements. A pair of lines counts as the same only if
aligning from the top and from the bottom agree on it: in repetitive text one direction alone puts
a change into the wrong repetition.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_CELLS = 4_000_000
"""A stretch without unique lines that is larger counts as rewritten: difflib is quadratic there."""

RegionKind = Literal["same", "ours", "theirs", "both", "conflict"]


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the merge; half-open index ranges into the three sequences.

    `both` is the same content on both sides, with or without a change.
    """

    kind: RegionKind
    base: tuple[int, int]
    ours: tuple[int, int]
    theirs: tuple[int, int]


def align(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Increasing pairs `(i, j)` with `a[i] == b[j]` on which both directions of the diff agree."""
    if len(a) == len(b) and all(x == y for x, y in zip(a, b, strict=True)):
        return [(i, i) for i in range(len(a))]
    forward = _matches(a, b)
    last_a, last_b = len(a) - 1, len(b) - 1
    backward = {(last_a - i, last_b - j) for i, j in _matches(a[::-1], b[::-1])}
    return [pair for pair in forward if pair in backward]


def _matches(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    stack = [(0, len(a), 0, len(b))]
    while stack:
        a0, a1, b0, b1 = stack.pop()
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            out.append((a0, b0))
            a0, b0 = a0 + 1, b0 + 1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
            out.append((a1, b1))
        if a0 == a1 or b0 == b1:
            continue
        anchors = _unique_anchors(a, b, (a0, a1, b0, b1))
        if anchors:
            low_a, low_b = a0, b0
            for i, j in anchors:
                out.append((i, j))
                stack.append((low_a, i, low_b, j))
                low_a, low_b = i + 1, j + 1
            stack.append((low_a, a1, low_b, b1))
        elif (a1 - a0) * (b1 - b0) <= MAX_CELLS:
            from difflib import SequenceMatcher

            matcher = SequenceMatcher(None, a[a0:a1], b[b0:b1], autojunk=False)
            for i, j, size in matcher.get_matching_blocks():
                out.extend((a0 + i + k, b0 + j + k) for k in range(size))
    return sorted(out)


def _unique_anchors(
    a: Sequence[Hashable], b: Sequence[Hashable], window: tuple[int, int, int, int]
) -> list[tuple[int, int]]:
    """Items that occur once on each side, longest increasing run of them (patience diff)."""
    a0, a1, b0, b1 = window
    in_a, in_b = Counter(a[a0:a1]), Counter(b[b0:b1])
    places = {b[j]: j for j in range(b0, b1) if in_b[b[j]] == 1}
    pairs = [(i, places[a[i]]) for i in range(a0, a1) if in_a[a[i]] == 1 and a[i] in places]
    return longest_increasing(pairs)


def longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of `pairs`, increasing in the first, that increases in the second, too."""
    tails: list[int] = []
    chain: list[int] = []
    back: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(tails, j)
        tails[at : at + 1] = [j]
        chain[at : at + 1] = [index]
        back.append(chain[at - 1] if at else -1)
    out: list[tuple[int, int]] = []
    index = chain[-1] if chain else -1
    while index >= 0:
        out.append(pairs[index])
        index = back[index]
    return out[::-1]


def merge3(
    base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> Iterator[Region]:
    """The regions of the merge, in order; changes that overlap or touch are one `conflict`."""
    to_ours, to_theirs = dict(align(base, ours)), dict(align(base, theirs))
    # Between lines that both sides still have lie the changes; a touch is an overlap, as in git.
    stable = [(i, to_ours[i], to_theirs[i]) for i in to_ours if i in to_theirs]
    b = o = t = 0
    for i, j, k in [*stable, (len(base), len(ours), len(theirs))]:
        if (b, o, t) != (i, j, k):
            kind = _kind(base[b:i], ours[o:j], theirs[t:k])
            yield Region(kind, (b, i), (o, j), (t, k))
        if i < len(base):
            yield Region("same", (i, i + 1), (j, j + 1), (k, k + 1))
        b, o, t = i + 1, j + 1, k + 1


def _kind(
    base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> RegionKind:
    if list(ours) == list(theirs):
        return "both"
    if list(theirs) == list(base):
        return "ours"
    if list(ours) == list(base):
        return "theirs"
    return "conflict"
