"""Which unit of one version is which of another: by key, by content, by likely rename."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import SequenceMatcher

from featuregen.merge.units import Unit

LIKENESS = 0.6
"""From this share of equal lines on, a definition in its place counts as its new name."""

FEWEST_LINES = 2
"""Below the first line; with fewer, likeness is chance."""

Pairs = dict[int, int]
"""Index in the other version → index in the base."""


def match_units(base: Sequence[Unit], other: Sequence[Unit]) -> Pairs:
    """For each unit of `other` that has a counterpart in `base`, which one."""
    pairs: Pairs = {}
    _pair(base, other, pairs, lambda unit: unit.key, only_unique=True)
    _pair(base, other, pairs, lambda unit: (unit.key, unit.dump))
    _pair(base, other, pairs, lambda unit: unit.key)
    _pair(base, other, pairs, _relaxed, only_unique=True)
    _pair(base, other, pairs, _nameless, only_unique=True)
    _pair_by_place(base, other, pairs)
    return pairs


def match_new(ours: Sequence[Unit], theirs: Sequence[Unit]) -> Pairs:
    """Which of the units that both sides added are the same: `{theirs: ours}`, by key only."""
    pairs: Pairs = {}
    _pair(ours, theirs, pairs, lambda unit: (unit.key, unit.dump))
    _pair(ours, theirs, pairs, lambda unit: unit.key)
    return pairs


def _relaxed(unit: Unit) -> Hashable:
    """A definition under its name alone, so that `@overload` may come or go."""
    return unit.key[:2] if unit.is_definition else None


def _nameless(unit: Unit) -> Hashable:
    """A definition by everything but its name."""
    return unit.anonymous_dump if unit.is_definition else None


def _pair(
    base: Sequence[Unit],
    other: Sequence[Unit],
    pairs: Pairs,
    key: Callable[[Unit], Hashable],
    *,
    only_unique: bool = False,
) -> None:
    """Pair what has the same key and no partner yet; several of a key in their order."""
    groups = (_groups(base, set(pairs.values()), key), _groups(other, set(pairs), key))
    for name, candidates in groups[0].items():
        found = groups[1].get(name, [])
        if only_unique and (len(candidates) != 1 or len(found) != 1):
            continue
        pairs.update(zip(found, candidates, strict=False))


def _groups(
    units: Sequence[Unit], taken: Iterable[int], key: Callable[[Unit], Hashable]
) -> dict[Hashable, list[int]]:
    out: dict[Hashable, list[int]] = defaultdict(list)
    done = set(taken)
    for index, unit in enumerate(units):
        name = key(unit) if index not in done else None
        if name is not None:
            out[name].append(index)
    return out


def _pair_by_place(base: Sequence[Unit], other: Sequence[Unit], pairs: Pairs) -> None:
    """A statement or definition that stands between the same neighbours as its predecessor."""
    taken = set(pairs.values())
    for index, unit in enumerate(other):
        if index in pairs:
            continue
        before = pairs.get(index - 1, -1 if index == 0 else None)
        after = pairs.get(index + 1, len(base) if index == len(other) - 1 else None)
        for place in {None if before is None else before + 1, None if after is None else after - 1}:
            if place is None or not 0 <= place < len(base) or place in taken:
                continue
            if alike(base[place], unit):
                pairs[index] = place
                taken.add(place)
                break


def alike(a: Unit, b: Unit) -> bool:
    """True if one is likely the other, changed: same kind of statement, most lines equal."""
    if a.key[0] != b.key[0] or a.key[0] not in ("def", "class", "statement"):
        return False
    if a.key[0] == "statement":
        return a.text.split("(")[0].strip() == b.text.split("(")[0].strip()
    lines = [
        [line.strip() for line in unit.text.split("\n")[1:] if line.strip()] for unit in (a, b)
    ]
    if min(len(lines[0]), len(lines[1])) < FEWEST_LINES:
        return False
    return SequenceMatcher(None, lines[0], lines[1], autojunk=False).ratio() >= LIKENESS
