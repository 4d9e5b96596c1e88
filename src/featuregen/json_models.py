"""The documents that `--json` prints: version 1.

Keys may be added within a version; none changes its meaning or goes away. For readers:
`RunDocument.model_validate_json(stdout)`. `documents` writes what they describe, as plain data.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Diagnostic(Part):
    """One finding about a spec. `path` is where in the document; lines and columns count from 1."""

    code: str
    severity: str
    message: str
    file: str
    line: int
    column: int
    length: int
    path: str
    hint: str | None


class Error(Part):
    """What stopped the command."""

    what: str
    where: str | None
    hint: str | None


class Document(BaseModel):
    """What every document has. `ok` is `exit_code == 0`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    featuregen: str
    document_schema: Literal[1] = Field(alias="schema")
    command: str
    ok: bool
    exit_code: int
    error: Error | None
    diagnostics: tuple[Diagnostic, ...]


class CheckedSpec(Part):
    """One spec of `check`. Its diagnostics stand in the document's list, by `file`."""

    file: str
    ok: bool
    feature: str | None
    error: Error | None


class CheckDocument(Document):
    specs: tuple[CheckedSpec, ...]


class QuestionOption(Part):
    """One answer. `diff` is unified, and empty where `fault` says why it cannot be written."""

    key: str
    label: str
    waives: bool
    diff: str
    fault: str | None


class OpenQuestion(Part):
    """A clarifying question. `id` and `at` name it: `--answer ID@AT=KEY`."""

    id: str
    at: str
    file: str
    line: int
    column: int
    severity: Literal["high", "medium", "low"]
    text: str
    why: str
    default: str
    options: tuple[QuestionOption, ...]


class GivenAnswer(Part):
    id: str
    at: str
    option: str
    label: str


class WaivedQuestion(Part):
    id: str
    at: str
    because: str


class LeftQuestion(Part):
    """A question whose answer a person has to write."""

    id: str
    at: str
    reason: str


class QuestionsDocument(Document):
    """`questions` are those that are open after the answers."""

    file: str
    questions: tuple[OpenQuestion, ...]
    given: tuple[GivenAnswer, ...]
    waived: tuple[WaivedQuestion, ...]
    left: tuple[LeftQuestion, ...]
    diff: str
    written: bool


class ImportNote(Part):
    """Something of the original that the spec does not say; `where` is in the original."""

    where: str
    what: str


class DraftFacts(Part):
    """What a model took to write a spec; `cost` is in US dollars, null where no price is known."""

    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost: str | None
    notes: tuple[str, ...]


class FirstSpecDocument(Document):
    """Of `init`, `import` and `draft`. `file` is null where the spec was printed, not written."""

    feature: str
    file: str | None
    text: str
    notes: tuple[ImportNote, ...]
    questions: tuple[OpenQuestion, ...]
    draft: DraftFacts | None


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
    at: str


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
    path: str
    action: Literal["create", "modify", "delete"]
    lines: int


class Diff(Part):
    """A unified diff, as `git apply` reads it."""

    path: str
    status: Literal["added", "changed", "deleted"]
    added: int
    removed: int
    shared: bool
    text: str


class ByHand(Part):
    """An edit that featuregen could not make: what to paste, and where."""

    id: str
    path: str
    instructions: str


class Stage(Part):
    name: str
    seconds: float


class ProofStage(Part):
    name: str
    ok: bool
    seconds: float
    summary: str
    output: str


class Test(Part):
    __test__ = False  # a name that pytest would collect

    id: str
    outcome: str
    seconds: float
    message: str
    file: str
    line: int


class Coverage(Part):
    """How much of one file the tests ran: `missing` are lines, `missing_branches` (from, to)."""

    path: str
    statements: int
    missing: tuple[int, ...]
    branches: int
    missing_branches: tuple[tuple[int, int], ...]
    percent: float


class Failure(Part):
    """A finding of the proof. `spec` is `payment.yaml:84 (operations.create_payment)`, if known."""

    stage: str
    file: str
    line: int
    symbol: str
    message: str
    spec: str | None


class Proof(Part):
    """What verification measured in this run."""

    ok: bool
    seconds: float
    stages: tuple[ProofStage, ...]
    tests: tuple[Test, ...]
    coverage: tuple[Coverage, ...]
    failures: tuple[Failure, ...]


class PlanDocument(Document):
    root: str
    new_project: bool
    feature: Feature
    files: tuple[File, ...]
    diffs: tuple[Diff, ...]
    by_hand: tuple[ByHand, ...]
    notes: tuple[str, ...]


class Conflict(Part):
    """A place that a person has to decide. `line` 0 is the whole file."""

    path: str
    symbol: str | None
    line: int
    reason: str


class Kept(Part):
    """The merge certificate: what the user had added or changed, and what of it is still there."""

    symbols: int
    symbols_kept: int
    lines: int
    lines_kept: int
    lost: tuple[str, ...]


class ContractChange(Part):
    """How clients see a feature change; `where` is a route or a setting."""

    feature: str
    where: str
    what: str
    breaking: bool


class FileDiff(Part):
    """A unified diff, as `git apply` reads it."""

    path: str
    status: Literal["added", "changed", "deleted"]
    added: int
    removed: int
    text: str


class RunDocument(Document):
    """Of every command that changes or proves a project.

    `verification` is null where nothing was run, `kept` where nothing was merged.
    """

    root: str
    outcome: str
    feature: Feature | None
    files: tuple[File, ...]
    by_hand: tuple[ByHand, ...]
    notes: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    kept: Kept | None
    contract: tuple[ContractChange, ...]
    diffs: tuple[FileDiff, ...]
    verification: Proof | None
    stages: tuple[Stage, ...]
    next_steps: tuple[str, ...]


class FeatureStatus(Part):
    """One feature; the project's own stands for the skeleton and the shared files."""

    name: str
    version: str
    spec: Literal["applied", "edited", "missing"] | None
    due: bool
    files: int
    edited: tuple[str, ...]
    deleted: tuple[str, ...]
    taken_out: tuple[str, ...]
    not_wired: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...]


class StatusDocument(Document):
    """`migrations`: what stands in the way of a next one, such as two heads."""

    root: str
    project: FeatureStatus
    features: tuple[FeatureStatus, ...]
    migrations: tuple[str, ...]


class Origin(Part):
    """Where one line comes from; what is not known is null, 0 or empty."""

    path: str
    line: int
    text: str
    kind: Literal["template", "wired", "spec", "user"]
    feature: str | None
    wired: str | None
    template: str | None
    template_line: int
    spec: str | None
    spec_line: int
    spec_path: str


class BlameDocument(Document):
    origin: Origin


class HouseTemplate(Part):
    """A template of the team's own."""

    name: str
    replaces: bool
    extends: bool
    made_from: str | None
    stale: bool


class TemplateState(Part):
    name: str
    blocks: tuple[str, ...]
    house: HouseTemplate | None


class TemplatesDocument(Document):
    templates: tuple[TemplateState, ...]
    written: tuple[str, ...]
    diff: str | None


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
