"""What both forms of a report say, decided once: counts, places, next steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.project import into_option, near
from featuregen.results import adds_revision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.results import FileChange, RunResult
    from featuregen.verify import Failure, FileCoverage, TestResult, Verification

_LASTING = ("created", "updated")
_OUTCOMES = ("passed", "failed", "error", "unexpected pass", "expected failure", "skipped")


def folder_name(root: str) -> str:
    """A folder in a sentence."""
    folder = near(root)
    return "this folder" if folder == "." else folder


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def changed(files: Iterable[FileChange]) -> str:
    """`23 created, 2 modified`."""
    actions = [one.action for one in files]
    words = (("create", "created"), ("modify", "modified"), ("delete", "deleted"))
    return ", ".join(
        f"{actions.count(action)} {word}" for action, word in words if action in actions
    )


def outcomes(tests: Iterable[TestResult]) -> str:
    """`61 passed, 1 expected failure`; of no tests, that there were none."""
    found = [test.outcome for test in tests]
    return (
        ", ".join(f"{found.count(one)} {one}" for one in _OUTCOMES if one in found) or "no test ran"
    )


def covered(files: Iterable[FileCoverage]) -> float | None:
    """Percent of all statements and branches of these files; None where there is none."""
    total = missing = 0
    for one in files:
        total += one.statements + one.branches
        missing += len(one.missing) + len(one.missing_branches)
    return 100 * (total - missing) / total if total else None


def percent(value: float) -> str:
    """Never rounded up to 100."""
    shown = f"{value:.1f}".removesuffix(".0")
    return f"{'99.9' if shown == '100' and value < 100 else shown} %"  # noqa: PLR2004


def uncovered(one: FileCoverage) -> str:
    """`12-14, 20, 31->33`: lines that no test ran, and branches that none took."""
    missing = set(one.missing)
    parts = _ranges(one.missing)
    for start, end in one.missing_branches:
        if start not in missing:
            parts.append(f"{start}->{end if end > 0 else 'exit'}")
    return ", ".join(parts)


def _ranges(lines: tuple[int, ...]) -> list[str]:
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def failures(verification: Verification) -> tuple[Failure, ...]:
    """Those of a whole stage first: a missing module, say, is why the others are there."""
    return tuple(sorted(verification.failures, key=lambda failure: bool(failure.file)))


def place(failure: Failure) -> str:
    """`tests/test_payment_api.py:41`, as an editor opens it."""
    if not failure.file:
        return failure.stage
    return f"{failure.file}:{failure.line}" if failure.line else failure.file


def spec_place(failure: Failure, result: RunResult) -> str | None:
    """`payment.yaml:84 (operations.create_payment)`: what in the spec a failure comes from."""
    if failure.spec_path is None:
        return None
    name = ".".join(map(str, failure.spec_path))
    holding = [one for one in result.sources if failure.spec_path in one.keys | one.values]
    if len(holding) != 1:
        return name
    return f"{holding[0].file}:{holding[0].at(*failure.spec_path).line} ({name})"


def proof_verdict(verification: Verification) -> str:
    return "passed" if verification.ok else "FAILED"


def why_no_proof(result: RunResult) -> str:
    """Why there is nothing measured to tell."""
    if result.outcome == "unchanged" and result.command != "report":
        return "not run again, since nothing changed; 'featuregen verify' runs it"
    if result.conflicts or (result.by_hand and result.command != "new"):
        return "not run: it tells nothing before what is open is mended"
    if result.outcome in {"planned", "due"}:
        return "not run: nothing is written"
    return "not run (--no-verify): nothing here was checked by ruff, mypy or a test"


def next_steps(result: RunResult) -> tuple[str, ...]:
    """The pipeline's own, else what a run with this outcome leaves to a person."""
    if result.next_steps:
        return result.next_steps
    if result.outcome == "failed":
        return _after_failure(result)
    edits = len(result.by_hand)
    steps = [f"by hand: {count(edits, 'edit')}, as told above"] if edits else []
    if not (result.features or result.picture):
        return tuple(steps)
    if not (result.outcome in _LASTING or result.command == "report"):
        return tuple(steps)
    hooks = result.picture.hooks if result.picture else ()
    settings = result.picture.settings if result.picture else ()
    steps += [f"write {name}() at {at}; until then its endpoint answers 501" for name, at in hooks]
    folder = near(result.root)
    enter = "" if folder == "." else f"cd {_quoted(folder)} && "
    steps.append(
        f"try it: {enter}uv run python -m app.dev   (prints a curl line and the address of /docs)"
    )
    required = [setting.name for setting in settings if setting.required]
    if required:
        steps.append(f"before production: cp .env.example .env, and set {', '.join(required)}")
    if result.command != "report" and adds_revision(result.files):
        steps.append("migrate the databases that there are: uv run alembic upgrade head")
    if result.verification is None:
        steps.append(f"prove it: featuregen verify{into_option(result.root)}")
    return tuple(steps)


def _after_failure(result: RunResult) -> tuple[str, ...]:
    if result.command == "new":
        return (
            "nothing was written; correct the spec, or what the project brings, and run it again",
            "to look at the code with its failures: the same command with --no-verify",
        )
    return ("correct what failed, then: featuregen verify",)


def _quoted(folder: str) -> str:
    from shlex import quote

    return quote(folder)
