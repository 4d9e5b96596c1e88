"""The frame of every edit: look each entry up, judge it, collect the changes, write the text once.

A subclass knows one file: how to find an entry in it, and how to insert, replace and delete one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Generic, TypeVar

from featuregen.wiring.order import Order
from featuregen.wiring.outcome import (
    AlreadyThere,
    CannotEdit,
    Edited,
    Edits,
    Outcome,
    RemovedByUser,
    Request,
    Verdict,
    judge,
)

E = TypeVar("E")
_SETTLED: Mapping[Verdict, Outcome] = {
    Verdict.SAME: AlreadyThere(),
    Verdict.KEEP: AlreadyThere(by_user=True),
    Verdict.REMOVED: RemovedByUser(),
}


class NotEditableError(Exception):
    """The file as a whole cannot be edited; the message says why."""


class SharedFile(ABC, Generic[E]):
    """One file that features share, read once for any number of entries."""

    path: ClassVar[str]
    kind: ClassVar[str]

    @abstractmethod
    def __init__(self, source: str, line_length: int) -> None:
        """Read the file. Raises `NotEditableError`."""

    @classmethod
    @abstractmethod
    def name(cls, entry: E) -> str:
        """What the id of an entry ends with."""

    @classmethod
    def id(cls, entry: E) -> str:
        """Stable across runs: `setting:payment_api_url`."""
        return f"{cls.kind}:{cls.name(entry)}"

    @classmethod
    @abstractmethod
    def instructions(cls, entry: E) -> str:
        """Where to paste what, for a person."""

    @abstractmethod
    def wanted(self, entry: E) -> object:
        """The entry in a form that compares without regard to formatting."""

    @abstractmethod
    def found(self, entry: E) -> object | None:
        """What the file has under the entry's name, in the same form."""

    @abstractmethod
    def insert(self, missing: Mapping[str, E], order: Order) -> None:
        """Collect the insertion of entries, by id."""

    @abstractmethod
    def replace(self, entry: E, previous: E | None) -> None:
        """Collect the change from what stands in the file, which is `previous`, to `entry`."""

    @abstractmethod
    def delete(self, entries: Sequence[E], inverses: Mapping[str, str]) -> None:
        """Collect the removal of entries, all in the file; `inverses` is what the lock kept."""

    @abstractmethod
    def result(self) -> str:
        """The text with what was collected."""

    def obstacle(self, entry: E) -> str | None:
        """Why the entry cannot be written into this file, although its name is free."""
        del entry
        return None

    def settle(self, entry: E, *, known: bool) -> Verdict:
        """What to do where the file's content is not ours; `known`: it was ours once."""
        del entry, known
        return Verdict.CONFLICT

    def inverse(self, entry: E) -> str:
        """What an undo will need besides the entry itself; goes into the lock."""
        del entry
        return ""

    def conflict(self, entry: E) -> str:
        """In which way the file's entry of this name differs."""
        return f"{self.name(entry)} stands there with another content"

    def deletable(self, entry: E, inverse: str) -> bool:
        """Whether what stands in the file is as it was written, and may go with its feature."""
        del inverse
        return self.found(entry) == self.wanted(entry)

    @classmethod
    def edit(cls, source: str, entry: E, order: Order | None = None) -> Outcome:
        """Add one entry."""
        key = cls.id(entry)
        return cls.edit_all(source, Request({key: entry}, order or Order())).outcomes[key]

    @classmethod
    def undo(cls, source: str, entry: E, inverse: str = "") -> Outcome:
        """Take one entry out: the inverse of `edit`, also after the file was reformatted."""
        key = cls.id(entry)
        return cls.undo_all(source, {key: entry}, {key: inverse}).outcomes[key]

    @classmethod
    def edit_all(cls, source: str, request: Request[E]) -> Edits:
        """Add entries, or bring them up to date, in one reading of the file."""
        try:
            return cls(source, request.line_length).apply(source, request)
        except NotEditableError as error:
            return Edits(
                source,
                {key: cls._by_hand(str(error), entry) for key, entry in request.entries.items()},
            )

    def apply(self, source: str, request: Request[E]) -> Edits:
        """`edit_all`, once the file has been read."""
        settled: dict[str, Outcome | None] = {}
        missing: dict[str, E] = {}
        for key, entry in request.entries.items():
            settled[key] = self._begin(key, entry, request, missing)
        if missing:
            self.insert(missing, request.order)
        edits = self._edits(source, settled)
        made = {key: entry for key, entry in request.entries.items() if settled[key] is None}
        return replace(edits, inverses={key: self.inverse(entry) for key, entry in made.items()})

    def _begin(
        self, key: str, entry: E, request: Request[E], missing: dict[str, E]
    ) -> Outcome | None:
        """What an entry comes to at once; None where the text will be edited."""
        previous = request.previous.get(key)
        verdict = judge(
            self.found(entry),
            self.wanted(entry),
            None if previous is None else self.wanted(previous),
            in_ledger=key in request.ledger,
        )
        if verdict is Verdict.CONFLICT:
            verdict = self.settle(entry, known=previous is not None)
        if verdict in _SETTLED:
            return _SETTLED[verdict]
        if verdict is Verdict.CONFLICT:
            return self._by_hand(self.conflict(entry), entry)
        reason = self.obstacle(entry)
        if reason is not None:
            return self._by_hand(reason, entry)
        if verdict is Verdict.ADD:
            missing[key] = entry
        else:
            self.replace(entry, previous)
        return None

    @classmethod
    def _by_hand(cls, reason: str, entry: E) -> CannotEdit:
        return CannotEdit(f"{cls.path}: {reason}. {cls.instructions(entry)}")

    @classmethod
    def undo_all(
        cls,
        source: str,
        entries: Mapping[str, E],
        inverses: Mapping[str, str] | None = None,
        line_length: int = 100,
    ) -> Edits:
        """Take entries out in one reading of the file. One that the user has changed stays."""
        try:
            return cls(source, line_length).revert(source, entries, inverses or {})
        except NotEditableError as error:
            reason = f"{cls.path}: {error}. Take out by hand: "
            return Edits(source, {key: CannotEdit(reason + key) for key in entries})

    def revert(self, source: str, entries: Mapping[str, E], inverses: Mapping[str, str]) -> Edits:
        """`undo_all`, once the file has been read."""
        settled = {key: self._end(key, entry, inverses) for key, entry in entries.items()}
        gone = [entry for key, entry in entries.items() if settled[key] is None]
        if gone:
            self.delete(gone, inverses)
        return self._edits(source, settled)

    def _end(self, key: str, entry: E, inverses: Mapping[str, str]) -> Outcome | None:
        if self.found(entry) is None:
            return AlreadyThere()
        if self.deletable(entry, inverses.get(key, "")):
            return None
        return CannotEdit(
            f"{self.path}: {key} is no longer as it was written, so it was left. "
            "Delete it if nothing else needs it."
        )

    def _edits(self, source: str, settled: Mapping[str, Outcome | None]) -> Edits:
        touched = any(outcome is None for outcome in settled.values())
        text = self.result() if touched else source
        return Edits(text, {key: outcome or Edited(text) for key, outcome in settled.items()})
