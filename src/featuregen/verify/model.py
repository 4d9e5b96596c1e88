"""What verification found, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "failed", "error", "skipped", "expected failure", "unexpected pass"]
"""`expected failure`: the test of a hook that is not written yet; `unexpected pass`: it is."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One tool's run. `output` is what the tool printed, shortened, and empty where all is well."""

    name: Literal["ruff", "format", "mypy", "tests"]
    ok: bool
    seconds: float
    summary: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test. `file` and `line` are where it stands; `message` is why it did not pass."""

    __test__ = False  # a name that pytest would collect

    id: str  # tests/test_payment_api.py::test_create_payment[zero]
    outcome: Outcome
    seconds: float
    message: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """How much of one generated file the tests ran. `percent` counts statements and branches."""

    path: str
    statements: int
    missing: tuple[int, ...]  # lines
    branches: int
    missing_branches: tuple[
        tuple[int, int], ...
    ]  # (from line, to line; negative: leaves the function)
    percent: float


@dataclass(frozen=True, slots=True)
class Failure:
    """One finding that fails the run, with the part of the spec that it comes from, where known."""

    stage: str
    file: str  # empty where the tool names none
    line: int
    symbol: str  # PaymentService.create_payment; a test's id without its file
    message: str
    spec_path: tuple[str | int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a whole proof came to."""

    ok: bool
    stages: tuple[Stage, ...]
    tests: tuple[TestResult, ...]
    coverage: tuple[FileCoverage, ...]
    failures: tuple[Failure, ...]
    seconds: float
