"""In which order the merged units stand: the side that moved something leads, the other joins."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from featuregen.merge.diff3 import longest_increasing

Identity = tuple[str, int]
"""A unit through all versions: `("base", 3)` is the base's fourth, `("ours", 0)` a new one."""


def merge_order(
    base: Sequence[Identity],
    ours: Sequence[Identity],
    theirs: Sequence[Identity],
    kept: Collection[Identity],
) -> list[Identity]:
    """Order `kept`, every element of which is in `ours` or `theirs`.

    Where the user moved units, the user's order leads, else the template's does. What only the
    other side has follows the same neighbour here as it does there.
    """
    moved = _common(ours, base) != _common(base, ours)
    lead, other = (ours, theirs) if moved else (theirs, ours)
    order = [name for name in lead if name in kept]
    anchors = set(_steady(order, other))
    placed = set(order)
    for index, name in enumerate(other):
        if name in placed or name not in kept:
            continue
        order.insert(_place(order, other, index, anchors), name)
        placed.add(name)
        anchors.add(name)
    return order


def _common(of: Sequence[Identity], also_in: Sequence[Identity]) -> list[Identity]:
    known = set(also_in)
    return [name for name in of if name in known]


def _steady(order: Sequence[Identity], other: Sequence[Identity]) -> list[Identity]:
    """What stands in the same relative order on both sides: only this says where a place is."""
    places = {name: index for index, name in enumerate(other)}
    pairs = [(index, places[name]) for index, name in enumerate(order) if name in places]
    return [order[index] for index, _ in longest_increasing(pairs)]


def _place(
    order: Sequence[Identity],
    other: Sequence[Identity],
    index: int,
    anchors: Collection[Identity],
) -> int:
    """Next to the nearest neighbour that both sides have; the two ends are neighbours, too."""
    before = next((at for at in range(index - 1, -1, -1) if other[at] in anchors), -1)
    after = next((at for at in range(index + 1, len(other)) if other[at] in anchors), len(other))
    if index - before <= after - index:
        return order.index(other[before]) + 1 if before >= 0 else 0
    return order.index(other[after]) if after < len(other) else len(order)
