"""What goes into a merge and what comes out: file states, conflicts, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from featuregen.spool import Held, content_of

Outcome = Literal["unchanged", "taken", "merged", "kept", "deleted", "conflict"]
ConflictMode = Literal["inline", "file"]


@dataclass(frozen=True, slots=True, eq=False)
class FileState:
    """One file as it is, or would be, on disk. A symlink has its target in `link` and no text."""

    held: Held
    executable: bool = False
    link: str | None = None

    @property
    def text(self) -> bytes:
        """The bytes, read each time where they are parked."""
        return content_of(self.held)

    def __eq__(self, other: object) -> bool:
        """Whether they are the same file, wherever the bytes are."""
        if not isinstance(other, FileState):
            return NotImplemented
        return (
            self.executable == other.executable
            and self.link == other.link
            and (self.held == other.held or self.text == other.text)
        )

    def __hash__(self) -> int:
        return hash((self.text, self.executable, self.link))


@dataclass(frozen=True, slots=True)
class Labels:
    """The names of the three sides, as conflict markers show them."""

    ours: str = "yours"
    base: str = "last generated"
    theirs: str = "newly generated"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that a person has to decide. `line` is in the merged file; 0 is the whole file."""

    path: str
    symbol: str | None
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Renames:
    """Symbols that one side renamed: qualname as the other side has it → qualname in the result."""

    by_theirs: Mapping[str, str] = field(default_factory=dict)
    by_ours: Mapping[str, str] = field(default_factory=dict)

    def of_ours(self, name: str) -> str:
        return _follow(name, self.by_theirs)

    def of_theirs(self, name: str) -> str:
        return _follow(name, self.by_ours)

    def of_base(self, name: str) -> str:
        return _follow(name, {**self.by_theirs, **self.by_ours})


def _follow(name: str, renames: Mapping[str, str]) -> str:
    if not renames:
        return name
    result = ""
    for part in name.split("."):
        result = f"{result}.{part}" if result else part
        result = renames.get(result, result)
    return result


@dataclass(frozen=True, slots=True)
class Merged:
    """The result for one file.

    `outcome` is told from the disk's side: `unchanged` writes nothing; `taken` writes theirs;
    `merged` writes both sides' changes; `kept` leaves the user's version (or absence) standing
    against a change or a file of the template; `deleted` removes the file; `conflict` needs a
    person.

    `beside` is to be written at `beside_path(path)`: theirs, where it could not be shown inside
    the file. `resolved` is the text without conflict markers, each conflict decided for the
    user's side; None where there is no such text (no conflict, a deleted file, a binary).
    """

    state: FileState | None
    outcome: Outcome
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()
    beside: FileState | None = None
    resolved: bytes | None = None
    renames: Renames = field(default_factory=Renames)
    left_out: tuple[str, ...] = ()
    """Symbols that the user removed and the template changes: the change is not in the file."""


def beside_path(path: str) -> str:
    """Where `beside` goes: `app/x.py.theirs`.

    The suffix comes last so that neither Python, pytest (`test_*.py`) nor a linter takes it for
    source.
    """
    return f"{path}.theirs"


def executable(base: FileState | None, ours: FileState, theirs: FileState) -> bool:
    """The merged executable bit: the template's, unless the user changed it."""
    if base is not None and ours.executable == base.executable:
        return theirs.executable
    return ours.executable


def whole_file(path: str, ours: FileState, theirs: FileState, reason: str) -> Merged:
    """A conflict that cannot be shown in the file: it keeps the user's and puts theirs beside."""
    return Merged(ours, "conflict", (Conflict(path, None, reason),), beside=theirs)
