"""What an edit of a shared file comes to: values to match on, never exceptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, TypeAlias, TypeVar

from featuregen.wiring.order import Order

E = TypeVar("E")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Edited:
    """The whole new text. In a batch every edit that was made carries the same, final text."""

    text: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Nothing to do. For an undo: the entry is not in the file.

    `by_user` means that the entry stands there in the user's own words, and that featuregen's have
    not changed since, so the user's stay.
    """

    by_user: bool = False


@dataclass(frozen=True, slots=True)
class CannotEdit:
    """What a person must do: why, a paste-ready snippet, and where it goes."""

    instructions: str


@dataclass(frozen=True, slots=True)
class RemovedByUser:
    """Wired once, taken out by the user since: it stays out."""


Outcome: TypeAlias = Edited | AlreadyThere | CannotEdit | RemovedByUser


@dataclass(frozen=True, slots=True)
class Edits:
    """A batch over one file: its text afterwards, and what became of each entry, by id."""

    text: str
    outcomes: Mapping[str, Outcome]
    inverses: Mapping[str, str] = field(default_factory=dict)
    """For each entry that was written: what its undo needs, which the lock keeps."""


@dataclass(frozen=True, slots=True)
class Request(Generic[E]):
    """What a batch over one file is to bring about.

    `ledger` holds the ids that were wired before: one of them that is no longer in the file was
    taken out by the user. `previous` holds what featuregen wrote the last time, to tell its words
    from the user's.
    """

    entries: Mapping[str, E]
    order: Order = field(default_factory=Order)
    previous: Mapping[str, E] = field(default_factory=dict)
    ledger: Collection[str] = ()
    line_length: int = 100


class Verdict(Enum):
    """What to do about one entry, once it is known what stands in the file."""

    ADD = auto()
    REPLACE = auto()
    SAME = auto()
    KEEP = auto()
    CONFLICT = auto()
    REMOVED = auto()


def judge(found: T | None, wanted: T, previous: T | None, *, in_ledger: bool) -> Verdict:
    """Compare what is in the file, what should be, and what featuregen wrote the last time.

    The three are in one comparable form, such as an AST dump: formatting is no difference.
    """
    if found is None:
        return Verdict.REMOVED if in_ledger else Verdict.ADD
    if found == wanted:
        return Verdict.SAME
    if previous is not None and found == previous:
        return Verdict.REPLACE
    if previous is not None and previous == wanted:
        return Verdict.KEEP
    return Verdict.CONFLICT
