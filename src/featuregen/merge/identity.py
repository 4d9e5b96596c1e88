"""One unit through the three versions of a block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from featuregen.merge.matching import match_new, match_units
from featuregen.merge.order import Identity
from featuregen.merge.units import Section, Unit


@dataclass(frozen=True, slots=True)
class Versions:
    """One unit on the sides that have it; at least one does."""

    base: Unit | None = None
    ours: Unit | None = None
    theirs: Unit | None = None

    @property
    def any(self) -> Unit:
        """The unit as some side has it, the user's first."""
        unit = self.ours or self.theirs or self.base
        assert unit is not None  # noqa: S101 - an identity comes from a unit
        return unit

    @property
    def name(self) -> str:
        """What the result calls it: a rename on either side counts."""
        if self.base is None or self.ours is None or self.theirs is None:
            return self.any.name
        return self.theirs.name if self.ours.name == self.base.name else self.ours.name


@dataclass(frozen=True, slots=True)
class Block:
    """The units of one block: their order on each side, and what each is on each side."""

    base: Sequence[Identity]
    ours: Sequence[Identity]
    theirs: Sequence[Identity]
    units: dict[Identity, Versions]


def identify(base: Section, ours: Section, theirs: Section) -> Block:
    """Find out which unit of one side is which of another."""
    in_ours = match_units(base.units, ours.units)
    in_theirs = match_units(base.units, theirs.units)
    new_ours = [index for index in range(len(ours.units)) if index not in in_ours]
    new_theirs = [index for index in range(len(theirs.units)) if index not in in_theirs]
    twins = match_new(
        [ours.units[index] for index in new_ours], [theirs.units[index] for index in new_theirs]
    )
    known = {new_theirs[there]: new_ours[here] for there, here in twins.items()}
    ids_base = [_id("base", index) for index in range(len(base.units))]
    ids_ours = [
        _id("base", in_ours[index]) if index in in_ours else _id("ours", index)
        for index in range(len(ours.units))
    ]
    ids_theirs = [
        _id("base", in_theirs[index])
        if index in in_theirs
        else _id("ours", known[index])
        if index in known
        else _id("theirs", index)
        for index in range(len(theirs.units))
    ]
    by_base = dict(zip(ids_base, base.units, strict=True))
    by_ours = dict(zip(ids_ours, ours.units, strict=True))
    by_theirs = dict(zip(ids_theirs, theirs.units, strict=True))
    units = {
        name: Versions(by_base.get(name), by_ours.get(name), by_theirs.get(name))
        for name in dict.fromkeys([*ids_ours, *ids_theirs, *ids_base])
    }
    return Block(ids_base, ids_ours, ids_theirs, units)


def _id(side: str, index: int) -> Identity:
    return side, index
