"""What a run came to: frozen data that `report` turns into text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.errors import Diagnostic
    from featuregen.spec.model import SpecSource
    from featuregen.verify import Verification
    from featuregen.workspace import FileDiff


Outcome: TypeAlias = Literal[
    "created", "unchanged", "updated", "verified", "failed", "removed", "renamed", "rebuilt",
    "resolved", "planned", "due",
]  # fmt: skip
"""`planned` is a dry run; `due` is what `--check` says where an update would change something."""


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint, as a report shows it."""

    method: str
    path: str
    operation: str
    summary: str
    access: str  # "payments.create", "any user", "public", "user or anonymous"
    limits: tuple[str, ...]
    statuses: tuple[int, ...]  # every status that it can answer with


@dataclass(frozen=True, slots=True)
class SettingNeeded:
    """A setting, as a person has to set it."""

    name: str  # PAYMENT_API_URL
    required: bool
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """A domain error, as a client sees it."""

    name: str
    status: int
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that a run writes or deletes."""

    path: str
    action: Literal["create", "modify", "delete"]
    lines: int  # of the new text


@dataclass(frozen=True, slots=True)
class ByHand:
    """An edit that featuregen could not make: what to paste, and where."""

    id: str
    path: str
    instructions: str


@dataclass(frozen=True, slots=True)
class FeaturePicture:
    """What a feature is, from its plan alone."""

    feature: str
    title: str
    summary: str | None
    routes: tuple[Route, ...]
    settings: tuple[SettingNeeded, ...]
    errors: tuple[ErrorAnswer, ...]
    traits: tuple[str, ...]  # "POST /payments calls provider: 3 attempts, one deadline"
    security: tuple[str, ...]
    hooks: tuple[tuple[str, str], ...]  # open hooks: name, file:line
    requirements: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PlanResult:
    """What `plan` found: everything that `new` would do."""

    root: str
    new_project: bool
    picture: FeaturePicture
    files: tuple[FileChange, ...]
    diffs: tuple[FileDiff, ...]  # of every file that changes
    shared: frozenset[str]  # paths of shared files among them
    by_hand: tuple[ByHand, ...]
    notes: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """A place that a person has to decide. `line` 0 is the whole file."""

    path: str
    symbol: str | None
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class KeptEdits:
    """What the user had added or changed, and what of it is still there after a merge."""

    symbols: int
    symbols_kept: int
    lines: int
    lines_kept: int
    lost: tuple[str, ...] = ()  # "path: line"


@dataclass(frozen=True, slots=True)
class ContractChange:
    """How clients see a feature change. `where` is a route, or what else clients know."""

    feature: str
    where: str  # "POST /api/v1/payments"
    what: str
    breaking: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """Of every command that changes or proves a project."""

    command: str
    root: str
    picture: FeaturePicture | None
    outcome: Outcome
    files: tuple[FileChange, ...]
    by_hand: tuple[ByHand, ...]
    notes: tuple[str, ...]
    verification: Verification | None  # None: --no-verify
    stages: tuple[StageTime, ...]
    next_steps: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    features: tuple[str, ...] = ()
    """Names of the features that `new` was about; `picture` is there where it is one."""
    sources: tuple[SpecSource, ...] = ()
    """Of the specs that the run was about: a failure's `spec_path` becomes a line by them."""
    conflicts: tuple[OpenConflict, ...] = ()
    kept: KeptEdits | None = None
    """The merge certificate; None where nothing was merged."""
    contract: tuple[ContractChange, ...] = ()
    diffs: tuple[FileDiff, ...] = ()
    """Of a dry run, or where they were asked for."""
    open_hooks: tuple[tuple[str, str], ...] = ()
    """Of all features that the run was about: name, and file:line of the stub."""
    test_functions: tuple[int, int] | None = None
    """How many the features' test files define, before and after."""


def adds_revision(files: Iterable[FileChange]) -> bool:
    """Whether databases that there are have a migration to go through."""
    return any(
        file.action == "create" and file.path.startswith("migrations/versions/") for file in files
    )


def exit_code(result: RunResult) -> int:
    """A proof that failed (1) outweighs what is left to a person (3)."""
    if result.outcome == "failed" or (result.verification and not result.verification.ok):
        return 1
    return 3 if result.by_hand or result.conflicts or result.outcome == "due" else 0
