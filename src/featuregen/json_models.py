"""The documents that `--json` prints: version 1.

Keys may be added within a version; none changes its meaning or goes away. The models read the
pipeline's results by attribute, so that a result that loses a field fails here, not at a reader's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from featuregen.version import VERSION


def _storable(text: object) -> object:
    """A file name may hold bytes that are no UTF-8; JSON text may not."""
    return (
        text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if isinstance(text, str)
        else text
    )


Name = Annotated[str, BeforeValidator(_storable)]


class Part(BaseModel):
    """A part of a document, made from the pipeline's own data by attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Diagnostic(Part):
    """One finding about a spec. `path` is where in the document; lines and columns count from 1."""

    code: str
    severity: str
    message: Name
    file: Name
    line: int
    column: int
    length: int
    path: Name
    hint: Name | None


class Error(Part):
    """What stopped the command."""

    what: Name
    where: Name | None = None
    hint: Name | None = None


class Document(BaseModel):
    """What every document has. `ok` is `exit_code == 0`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    featuregen: str = VERSION
    document_schema: Literal[1] = Field(default=1, alias="schema")
    command: str
    ok: bool
    exit_code: int
    error: Error | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class CheckedSpec(Part):
    """One spec of `check`. Its diagnostics stand in the document's list, by `file`."""

    file: Name
    ok: bool
    feature: str | None
    error: Error | None


class CheckDocument(Document):
    specs: tuple[CheckedSpec, ...]


class Route(Part):
    method: str
    path: str
    operation: str
    summary: str
    access: str
    limits: tuple[str, ...]
    statuses: tuple[int, ...]


class Setting(Part):
    name: str
    required: bool
    description: str
    example: str


class ErrorAnswer(Part):
    name: str
    status: int
    code: str
    title: str


class Hook(Part):
    """An open hook, and where its function waits to be written."""

    name: str
    at: Name


class Feature(Part):
    feature: str
    title: str
    summary: str | None
    routes: tuple[Route, ...]
    settings: tuple[Setting, ...]
    errors: tuple[ErrorAnswer, ...]
    traits: tuple[str, ...]
    security: tuple[str, ...]
    hooks: tuple[Hook, ...]
    requirements: dict[str, tuple[str, ...]]


class File(Part):
    path: Name
    action: Literal["create", "modify", "delete"]
    lines: int


class Diff(Part):
    """A unified diff, as `git apply` reads it."""

    path: Name
    status: Literal["added", "changed", "deleted"]
    added: int
    removed: int
    shared: bool
    text: Name


class ByHand(Part):
    """An edit that featuregen could not make: what to paste, and where."""

    id: str
    path: Name
    instructions: Name


class Stage(Part):
    name: str
    seconds: float


class ProofStage(Part):
    name: str
    ok: bool
    seconds: float
    summary: Name
    output: Name


class Test(Part):
    __test__ = False  # a name that pytest would collect

    id: Name
    outcome: str
    seconds: float
    message: Name
    file: Name
    line: int


class Coverage(Part):
    """How much of one file the tests ran: `missing` are lines, `missing_branches` (from, to)."""

    path: Name
    statements: int
    missing: tuple[int, ...]
    branches: int
    missing_branches: tuple[tuple[int, int], ...]
    percent: float


class Failure(Part):
    """A finding of the proof. `spec` is `payment.yaml:84 (operations.create_payment)`, if known."""

    stage: str
    file: Name
    line: int
    symbol: str
    message: Name
    spec: Name | None


class Proof(Part):
    """What verification measured in this run."""

    ok: bool
    seconds: float
    stages: tuple[ProofStage, ...]
    tests: tuple[Test, ...]
    coverage: tuple[Coverage, ...]
    failures: tuple[Failure, ...]


class PlanDocument(Document):
    root: Name
    new_project: bool
    feature: Feature
    files: tuple[File, ...]
    diffs: tuple[Diff, ...]
    by_hand: tuple[ByHand, ...]
    notes: tuple[Name, ...]


class RunDocument(Document):
    """Of `new`, `verify` and `report`. `verification` is null where nothing was run."""

    root: Name
    outcome: str
    feature: Feature | None
    files: tuple[File, ...]
    by_hand: tuple[ByHand, ...]
    notes: tuple[Name, ...]
    verification: Proof | None
    stages: tuple[Stage, ...]
    next_steps: tuple[Name, ...]


class SchemaDocument(Document):
    json_schema: dict[str, Any]


class ExplainedCode(Part):
    code: str
    title: str
    explanation: str
    wrong: str
    right: str


class ExplainDocument(Document):
    codes: tuple[ExplainedCode, ...]
