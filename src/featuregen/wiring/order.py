"""Where an entry goes among those already wired: any sequence of additions gives one text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal


class Order:
    """The canonical sequence of all wired ids of one kind; `groups` names each one's feature.

    Groups stand apart by a blank line where the file has room for that (fields of `Settings`).
    """

    def __init__(self, ids: Iterable[str] = (), groups: Mapping[str, str] | None = None) -> None:
        self.ids: Sequence[str] = tuple(dict.fromkeys(ids))
        self.groups: Mapping[str, str] = groups or {}

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {entry: rank for rank, entry in enumerate(self.ids)}

    def rank(self, entry: str) -> int:
        """Position of an id; what is not listed comes last."""
        return self._ranks.get(entry, len(self.ids))

    def group(self, entry: str) -> str:
        """The feature of an id; one without a feature is its own group."""
        return self.groups.get(entry, entry)

    def neighbours(self, present: Iterable[str]) -> Neighbours:
        """To ask for places among the ids that a file holds."""
        known = sorted(
            (rank, entry) for entry in present if (rank := self._ranks.get(entry, -1)) >= 0
        )
        return Neighbours(
            self, tuple(rank for rank, _ in known), tuple(entry for _, entry in known)
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Directly after, or before, the entry `anchor` of the file."""

    side: Literal["after", "before"]
    anchor: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The ids of an `Order` that are in a file."""

    order: Order
    ranks: tuple[int, ...]
    entries: tuple[str, ...]

    def place(self, entry: str) -> Place | None:
        """After the nearest predecessor, else before the nearest successor; its own group first."""
        at = bisect_left(self.ranks, self.order.rank(entry))
        before = self.entries[at - 1] if at else None
        after = self.entries[at] if at < len(self.entries) else None
        group = self.order.group(entry)
        if before is not None and self.order.group(before) == group:
            return Place("after", before)
        if after is not None and self.order.group(after) == group:
            return Place("before", after)
        if before is not None:
            return Place("after", before)
        return Place("before", after) if after is not None else None
