"""Which unit of one version is which of another: by key, by content, by likely rename."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import SequenceMatcher

from featuregen.merge.source import DEFINITIONS
from featuregen.merge.units import Unit

LIKENESS = (0.9, 0.75, 0.6)
"""From this share of equal lines on, a definition may be another under a new name.

By how many of its two neighbours are the same.
"""

DOUBT = 0.4
"""Below this share of equal lines, a definition that has gone is gone, not renamed."""

FEWEST = 2
"""With fewer lines or members, likeness is chance."""

MARGIN = 0.1
"""By so much a likely rename has to be likelier than any other."""

Pairs = dict[int, int]
"""Index in the other version → index in the base."""


def match_units(base: Sequence[Unit], other: Sequence[Unit]) -> Pairs:
    """For each unit of `other` that has a counterpart in `base`, which one."""
    pairs: Pairs = {}
    _pair(base, other, pairs, lambda unit: unit.key, only_unique=True)
    _pair_repeated(base, other, pairs)
    _prefer_renamed(base, other, pairs)
    _pair(base, other, pairs, _relaxed, only_unique=True)
    _pair_renamed(base, other, pairs)
    _pair_by_place(base, other, pairs)
    return pairs


def match_new(ours: Sequence[Unit], theirs: Sequence[Unit]) -> Pairs:
    """Which of the units that both sides added are the same: `{theirs: ours}`, by key only."""
    pairs: Pairs = {}
    _pair_repeated(ours, theirs, pairs)
    return pairs


def _pair_repeated(base: Sequence[Unit], other: Sequence[Unit], pairs: Pairs) -> None:
    """Overloads, several `try:`: those with the same content first, the others in their order."""
    repeated = {unit.key for unit in base} & {
        unit.key for index, unit in enumerate(other) if index not in pairs
    }
    _pair(base, other, pairs, lambda unit: unit.content if unit.key in repeated else None)
    _pair(base, other, pairs, lambda unit: unit.key)


def _prefer_renamed(base: Sequence[Unit], other: Sequence[Unit], pairs: Pairs) -> None:
    """Where one definition was renamed and another one took its name, the content decides."""
    extra = {
        unit.nameless_content: index
        for index, unit in enumerate(other)
        if index not in pairs and unit.is_definition
    }
    for index, place in list(pairs.items()) if extra else ():
        was, unit = base[place], other[index]
        if not unit.is_definition or was.text == unit.text or alike(was, unit):
            continue
        renamed = extra.get(was.nameless_content)
        if renamed is not None:
            del pairs[index]
            pairs[renamed] = place


def _relaxed(unit: Unit) -> Hashable:
    """A definition under its name alone, so that `@overload` may come or go."""
    return unit.key[:2] if unit.is_definition else None


def _pair(
    base: Sequence[Unit],
    other: Sequence[Unit],
    pairs: Pairs,
    key: Callable[[Unit], Hashable],
    *,
    only_unique: bool = False,
) -> None:
    """Pair what has the same key and no partner yet; several of a key in their order."""
    if len(pairs) in (len(base), len(other)):
        return
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


def _pair_renamed(base: Sequence[Unit], other: Sequence[Unit], pairs: Pairs) -> None:
    """Definitions without a partner that are likely the same under another name.

    The body speaks for it, then the place, then the likeness of the names. Where two candidates are
    about as likely neither is taken: an edit in the wrong function is worse than a conflict.
    """

    def score_of(place: int, index: int) -> float:
        neighbours = _neighbours(base, other, pairs, place, index)
        return _rename_score(base[place], other[index], neighbours)

    taken = set(pairs.values())
    scores = {
        (place, index): score
        for place, was in enumerate(base)
        if place not in taken and was.is_definition
        for index, unit in enumerate(other)
        if index not in pairs and unit.key[0] == was.key[0]
        if (score := score_of(place, index))
    }
    for (place, index), score in scores.items():
        rivals = [
            rival
            for (other_place, other_index), rival in scores.items()
            if (other_place == place) != (other_index == index)
        ]
        if all(score > rival + MARGIN for rival in rivals):
            pairs[index] = place


def _rename_score(was: Unit, unit: Unit, neighbours: int) -> float:
    """From 0, no rename, to 4. One that also changed the body needs a name that sounds like it."""
    sound = _sounds_like(was, unit)
    if was.nameless_content == unit.nameless_content:
        return 1 + neighbours + sound
    body = _likeness(was, unit)
    return body + neighbours + sound if sound and body >= LIKENESS[neighbours] else 0


def _sounds_like(was: Unit, unit: Unit) -> float:
    """The likeness of two names that share a word, as `refund` and `full_refund`; else 0."""
    words = [set(re.findall(r"[A-Z]?[a-z]+|[A-Z]+", unit.name)) for unit in (was, unit)]
    return SequenceMatcher(None, was.name, unit.name).ratio() if words[0] & words[1] else 0


def may_be_renamed(was: Unit, unit: Unit) -> bool:
    """True if one might be the other's new name, on evidence too thin to follow it."""
    kind = was.key[0] == unit.key[0] and was.is_definition
    return kind and bool(_sounds_like(was, unit)) and _likeness(was, unit) >= DOUBT


def _neighbours(
    base: Sequence[Unit], other: Sequence[Unit], pairs: Pairs, place: int, index: int
) -> int:
    """How many of the two neighbours are the same, up to 2; the ends of a block count as one."""
    before = pairs.get(index - 1, -1 if index == 0 else None) == place - 1
    after = pairs.get(index + 1, len(base) if index == len(other) - 1 else None) == place + 1
    return before + after


def _pair_by_place(base: Sequence[Unit], other: Sequence[Unit], pairs: Pairs) -> None:
    """A bare statement between the same neighbours, as `app.add(a)` and `app.add(b)`."""
    taken = set(pairs.values())
    for index, unit in enumerate(other):
        if index in pairs or unit.key[0] != "statement":
            continue
        for place, was in enumerate(base):
            if place in taken or was.key[0] != "statement" or not alike(was, unit):
                continue
            if _neighbours(base, other, pairs, place, index):
                pairs[index] = place
                taken.add(place)
                break


def alike(a: Unit, b: Unit) -> bool:
    """True if one may be the other, changed: the same head of a statement, or most lines."""
    if a.key[0] == "statement":
        return a.text.split("(")[0].strip() == b.text.split("(")[0].strip()
    return _likeness(a, b) >= min(LIKENESS)


def _likeness(a: Unit, b: Unit) -> float:
    """The share of equal lines below the first, in any order, or of a class's methods."""
    lines = [
        Counter(line.strip() for line in unit.text.split("\n")[1:] if line.strip())
        for unit in (a, b)
    ]
    return max(_overlap(*lines), _overlap(*(_members(unit) for unit in (a, b))))


def _members(unit: Unit) -> Counter[str]:
    """The names of a class's methods: they tell a class even where each of them was changed."""
    body = unit.node.body if isinstance(unit.node, ast.ClassDef) else []
    return Counter(node.name for node in body if isinstance(node, DEFINITIONS))


def _overlap(a: Counter[str], b: Counter[str]) -> float:
    sizes = (a.total(), b.total())
    return 2 * (a & b).total() / sum(sizes) if min(sizes) >= FEWEST else 0
