"""The jobs of a verification: each runs one tool over the staged tree and reads what it says."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from featuregen.environment import Environment, cache_folder, prune
from featuregen.errors import FeaturegenError
from featuregen.verify.blame import Blame
from featuregen.verify.checks import (
    failures_of,
    mypy_flags,
    read_format,
    read_mypy,
    read_ruff,
    ruff_command,
    ruff_flags,
    stage_of,
)
from featuregen.verify.coverage import coverage_sources
from featuregen.verify.isolation import tool_variables
from featuregen.verify.model import Failure, Stage, TestResult
from featuregen.verify.processes import Finished, Running
from featuregen.verify.shards import Shard, share_out
from featuregen.verify.testing import Ran, pytest_command, read_tests
from featuregen.workspace.locking import held

_MYPY_SECTION = re.compile(
    r"^\[+tool\.mypy.*?(?=^\[(?!\[?tool\.mypy)|\Z)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Part:
    """What one job contributes to the verification."""

    stages: tuple[Stage, ...]
    failures: tuple[Failure, ...] = ()
    tests: tuple[TestResult, ...] = ()


Say = Callable[[str], None]
"""Takes words for people about what goes on."""


@dataclass(frozen=True, slots=True)
class Work:
    """The three tools over one tree. Each method is one tool's whole job, for its own thread."""

    tree: Path
    environment: Environment
    files: frozenset[str]
    test_files: tuple[str, ...]
    scratch: Path
    blame: Blame
    timeout: float
    running: Running
    edited: frozenset[str] = frozenset()
    """Of the files, those that the user has edited: their style is not held against the run."""

    @property
    def python_files(self) -> list[str]:
        """The generated modules, tests among them."""
        return sorted(path for path in self.files if path.endswith(".py"))

    def lint(self, say: Say) -> Part:
        """`ruff check`, then `ruff format --check`."""
        if not self.python_files:
            return Part(())
        program, flags = ruff_command(self.environment.python), ruff_flags(self.tree)
        files = ["--", *self.python_files]
        checked = self._run([*program, "check", "--output-format", "json", *flags, *files])
        findings = read_ruff(checked, self.tree)
        strict, others = self.files - self.edited, "files that you have edited"
        lint, ours = stage_of("ruff", checked, findings, strict, others)
        formatted = self._run([*program, "format", "--check", *flags, *files])
        changed = read_format(formatted, self.tree)
        layout, unformatted = stage_of("format", formatted, changed, strict, others)
        say(f"ruff {lint.summary}")
        failures = (
            *failures_of("ruff", ours, self.blame),
            *failures_of("format", unformatted, self.blame),
        )
        return Part((lint, layout), _or_the_stage(failures, (lint, layout)))

    def types(self, say: Say) -> Part:
        """mypy over the generated files, following their imports."""
        if not self.python_files:
            return Part(())
        flags = mypy_flags(self.tree)
        # By whole paths: two files of one second, size and relative path are the same to mypy's
        # cache, in which projects meet. No two verifications have one path; so it reads the files.
        files = [str(self.tree / path) for path in self.python_files]
        with _mypy_cache(self.environment, self.tree, flags, self.scratch) as cache:
            command = [str(self.environment.python), "-m", "mypy", *flags, "--output", "json"]
            command += ["--cache-dir", str(cache), "--no-error-summary", "--", *files]
            finished = self._run(command)
        findings = read_mypy(finished)
        ran = finished.code == 0 or (finished.code == 1 and findings)
        stage, ours = stage_of("mypy", finished, findings if ran or findings else None, self.files)
        say(f"mypy {stage.summary}")
        return Part((stage,), _or_the_stage(failures_of("mypy", ours, self.blame), (stage,)))

    def tests(self, say: Say) -> Part:
        """pytest with coverage: a process for each shard of the files, all at once."""
        if not self.test_files:
            stage = Stage("tests", ok=False, seconds=0.0, summary="there are no tests to run")
            return Part((stage,), _or_the_stage((), (stage,)))
        from concurrent.futures import ThreadPoolExecutor

        shards = share_out(self.tree, self.test_files)
        counted = _Counted(say)
        with ThreadPoolExecutor(len(shards)) as pool:
            jobs = [pool.submit(self._test, *job, counted) for job in enumerate(shards)]
            runs = [job.result() for job in jobs]
        stage, results, failures = read_tests(runs, self.tree, self.blame)
        say(f"tests {stage.summary}")
        order = {path: place for place, path in enumerate(self.test_files)}
        results = tuple(sorted(results, key=lambda test: order.get(test.file, len(order))))
        return Part((stage,), failures, results)

    def _test(self, number: int, shard: Shard, counted: _Counted) -> Ran:
        scratch = self.scratch / f"tests-{number}"
        scratch.mkdir()
        sources = coverage_sources(sorted(self.files))
        command = pytest_command(self.environment.python, self.tree, shard, sources, scratch)
        finished = self._run(
            command, importing=True, listen=partial(counted.hear, number), scratch=scratch
        )
        return Ran(finished, scratch)

    def _run(
        self,
        command: list[str],
        *,
        importing: bool = False,
        listen: Say | None = None,
        scratch: Path | None = None,
    ) -> Finished:
        variables = tool_variables(
            self.tree, self.environment.python, scratch or self.scratch, importing=importing
        )
        try:
            return self.running.run(
                command, cwd=self.tree, variables=variables, timeout=self.timeout, listen=listen
            )
        except InterruptedError:
            raise
        except OSError as reason:
            raise FeaturegenError(
                f"cannot run {Path(command[0]).name}: {reason.strerror}", where=command[0]
            ) from reason


def _or_the_stage(failures: tuple[Failure, ...], stages: tuple[Stage, ...]) -> tuple[Failure, ...]:
    """A stage that failed without a finding is a finding itself, so that none goes unsaid."""
    named = {failure.stage for failure in failures}
    silent = [stage for stage in stages if not stage.ok and stage.name not in named]
    return (*failures, *(Failure(stage.name, "", 0, "", stage.summary) for stage in silent))


class _Counted:
    """Counts the tests of all shards, out of the lines of each pytest."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._counts: dict[int, tuple[int, int]] = {}

    def hear(self, shard: int, line: str) -> None:
        """Read one line of a shard's pytest."""
        found = re.search(r"\[\s*(\d+)/(\d+)\]\s*$", line)
        if found is None:
            return
        with self._lock:
            self._counts[shard] = (int(found[1]), int(found[2]))
            done, total = map(sum, zip(*self._counts.values(), strict=True))
        self._say(f"tests {done}/{total}")


@contextlib.contextmanager
def _mypy_cache(
    environment: Environment, tree: Path, flags: list[str], scratch: Path
) -> Iterator[Path]:
    """mypy's cache, outside of the tree; projects with the same environment and settings share it.

    mypy checks a file again when its content differs, so that the shared part (FastAPI, pydantic)
    stays warm. While another run holds it, this one does without.
    """
    texts = [(tree / flag).read_text("utf-8") for flag in flags if (tree / flag).is_file()]
    sections = [_MYPY_SECTION.findall(text) or text for text in texts]
    data = repr((environment.key, flags, sections))
    caches = cache_folder("mypy")
    home = caches / hashlib.sha256(data.encode()).hexdigest()[:24]
    home.mkdir(exist_ok=True)
    os.utime(home)
    prune(caches, home)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(home))
        except FeaturegenError:
            home = scratch / "mypy"
        yield home
