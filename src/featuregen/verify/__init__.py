"""Checks a staged tree with the project's own tools: ruff, mypy, and the tests with coverage."""

from __future__ import annotations

import queue
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.environment import Environment
from featuregen.verify.blame import Blame
from featuregen.verify.coverage import read_coverage
from featuregen.verify.model import (
    Failure,
    FileCoverage,
    Outcome,
    Stage,
    TestResult,
    Verification,
)
from featuregen.verify.processes import Running
from featuregen.verify.shards import is_test
from featuregen.verify.work import Part, Say, Work

if TYPE_CHECKING:
    from featuregen.plan.model import Origin

__all__ = [
    "Failure", "FileCoverage", "Outcome", "Stage", "TestResult", "Verification", "verify",
]  # fmt: skip

TIMEOUT = 900.0
"""Seconds that one tool may take."""


def verify(
    tree: Path,
    environment: Environment,
    *,
    generated: Sequence[str],
    origins: Sequence[Origin] = (),
    tests: Sequence[str] | None = None,
    edited: Collection[str] = (),
    on_stage: Callable[[str], None] = lambda _: None,
    timeout: float = TIMEOUT,
) -> Verification:
    """Run ruff, mypy and pytest at the same time in a materialised tree; nothing of theirs stays.

    `generated` are the files (relative, POSIX) that must be without findings; `tests` the test
    files to run, by default the generated `test_*.py`; `edited` those files that a person has
    edited, whose findings of ruff are counted and fail nothing. `on_stage` gets words for people,
    in the caller's thread: `tests 12/48`.
    Findings are values in the result; raises `FeaturegenError` only where nothing could be run.
    """
    started = time.perf_counter()
    tree = tree.resolve()
    files = frozenset(path for path in generated if (tree / path).is_file())
    chosen = tests if tests is not None else _test_files(files)
    with tempfile.TemporaryDirectory(prefix="featuregen-verify-") as folder:
        work = Work(
            tree=tree,
            environment=environment,
            files=files,
            test_files=tuple(chosen),
            scratch=Path(folder),
            blame=Blame(tree, origins),
            timeout=timeout,
            running=Running(),
            edited=frozenset(edited),
        )
        try:
            parts = _side_by_side([work.lint, work.types, work.tests], work.running, on_stage)
        finally:
            _tidy(tree)
        coverage = read_coverage(work.scratch.glob("tests-*/coverage.json"), files)
    stages = tuple(stage for part in parts for stage in part.stages)
    failures = tuple(failure for part in parts for failure in part.failures)
    results = tuple(test for part in parts for test in part.tests)
    ok = all(stage.ok for stage in stages)
    return Verification(ok, stages, results, coverage, failures, time.perf_counter() - started)


def _test_files(files: frozenset[str]) -> list[str]:
    return sorted(path for path in files if is_test(path) and Path(path).name.startswith("test_"))


def _side_by_side(
    jobs: Sequence[Callable[[Say], Part]], running: Running, on_stage: Say
) -> list[Part]:
    """Run the jobs in threads; what they say is passed on here, in the caller's thread, in turn."""
    said: queue.SimpleQueue[tuple[int, str | Part | BaseException]] = queue.SimpleQueue()

    def work(number: int, job: Callable[[Say], Part]) -> None:
        try:
            said.put((number, job(lambda text: said.put((number, text)))))
        except BaseException as reason:  # noqa: BLE001 - raised again by the waiting thread
            said.put((number, reason))

    threads = [
        threading.Thread(target=work, args=(number, job), daemon=True)
        for number, job in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    parts: dict[int, Part] = {}
    try:
        while len(parts) < len(jobs):
            match said.get():
                case (_, str(text)):
                    on_stage(text)
                case (number, Part() as part):
                    parts[number] = part
                case (_, BaseException() as reason):
                    raise reason
    finally:
        running.stop()
        for thread in threads:
            thread.join(5)
    return [parts[number] for number in range(len(jobs))]


def _tidy(tree: Path) -> None:
    """Remove the bytecode that the run left; the tree had none."""
    import shutil

    for cache in [*tree.rglob("__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)
