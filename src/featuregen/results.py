"""What a run came to: frozen data that `report` turns into text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from featuregen.errors import Diagnostic
    from featuregen.spec.model import SpecSource
    from featuregen.verify import Verification
    from featuregen.workspace import FileDiff


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    operation: str
    summary: str
    access: str  # "payments.create", "any user", "public", "user or anonymous"
    limits: tuple[str, ...]
    statuses: tuple[int, ...]  # every status that it can answer with


@dataclass(frozen=True, slots=True)
class SettingNeeded:
    name: str  # PAYMENT_API_URL
    required: bool
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    name: str
    status: int
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class FileChange:
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
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PlanResult:
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
class RunResult:
    """Of `new`, `update`, `verify` and `report`."""

    command: str
    root: str
    picture: FeaturePicture | None
    outcome: Literal["created", "unchanged", "updated", "verified", "failed", "removed"]
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
