"""The generated tests, run by pytest with coverage of the generated code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from featuregen.verify.blame import Blame
from featuregen.verify.junit import read_junit
from featuregen.verify.model import Failure, Stage, TestResult
from featuregen.verify.processes import Finished
from featuregen.verify.shards import Shard, is_property_test, mentions

_HEAVY_PLUGINS = ("schemathesis", "faker")
"""pytest loads them wherever they are installed; schemathesis alone costs 0.6 s."""

_NOTHING_COLLECTED = 5
_SHOWN = 20_000

_PACKAGES = {
    "jwt": "pyjwt", "yaml": "pyyaml", "dotenv": "python-dotenv", "PIL": "pillow",
    "multipart": "python-multipart", "xdist": "pytest-xdist",
    "sqlalchemy": "sqlalchemy[asyncio]", "opentelemetry": "opentelemetry-sdk",
}  # fmt: skip


def pytest_command(
    python: Path, tree: Path, shard: Shard, sources: Sequence[str], scratch: Path
) -> list[str]:
    """pytest over a shard, with its results and the coverage of `sources` in `scratch`."""
    config = ["-c", "pyproject.toml"] if (tree / "pyproject.toml").is_file() else []
    if any(
        (tree / name).is_file() for name in ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    ):
        config = []
    coverage = [f"--cov={source}" for source in sources if shard.is_measured]
    if coverage:
        coverage += [
            "--cov-branch",
            "--cov-report=",
            f"--cov-report=json:{scratch / 'coverage.json'}",
        ]
        coverage += ["--cov-fail-under=0"]
    return [
        str(python), "-m", "pytest", *shard.tests, *config, f"--rootdir={tree}",
        "-v", "--no-header", "--color=no", "-p", "no:cacheprovider",
        "-o", "console_output_style=count", "-o", "junit_family=xunit1", "-o", "junit_logging=no",
        f"--junitxml={scratch / 'junit.xml'}", *unused_plugins(tree, shard), *coverage,
    ]  # fmt: skip


def unused_plugins(tree: Path, shard: Shard) -> list[str]:
    """Switches that keep pytest from loading heavy plugins that no test and no setting mentions."""
    settings = _settings_text(tree).lower()
    read = [place for folder in ("tests", "test") for place in (tree / folder).rglob("*.py")]
    apart = {place for place in read if is_property_test(place)} - {
        tree / path for path in shard.tests
    }
    unused = [
        name
        for name in _HEAVY_PLUGINS
        if name not in settings
        and not any(mentions(place, [name]) for place in read if place not in apart)
    ]
    return [switch for plugin in unused for switch in ("-p", f"no:{plugin}")]


class Ran(NamedTuple):
    """A shard's pytest that has ended, and the folder with what it wrote."""

    finished: Finished
    scratch: Path


def read_tests(
    runs: Sequence[Ran], tree: Path, blame: Blame
) -> tuple[Stage, tuple[TestResult, ...], tuple[Failure, ...]]:
    """What each pytest says, as one stage, its tests, and the failures traced to the spec."""
    with_tests = [ran for ran in runs if ran.finished.code != _NOTHING_COLLECTED]
    read = [_read_run(ran, tree, blame) for ran in with_tests or runs]
    tests = tuple(test for run in read for test in run.tests)
    failures = dict.fromkeys(failure for run in read for failure in run.failures)
    summary = next((run.problem for run in read if run.problem), "") or _summary(tests)
    output = "\n".join(run.output for run in read if run.output)[:_SHOWN]
    seconds = max(ran.finished.seconds for ran in runs)
    ok = all(run.ok for run in read)
    return Stage("tests", ok, seconds, summary, output), tests, tuple(failures)


class _Read(NamedTuple):
    ok: bool
    problem: str  # why there is no verdict
    tests: tuple[TestResult, ...]
    failures: tuple[Failure, ...]
    output: str  # empty where all is well


def _read_run(ran: Ran, tree: Path, blame: Blame) -> _Read:
    tests = read_junit(ran.scratch / "junit.xml")
    bad = [test for test in tests if test.outcome in {"failed", "error", "unexpected pass"}]
    failures = [_failure(test, tree, blame) for test in bad]
    problem = _problem(ran.finished, tests, tree)
    if problem and not failures:
        failures.append(Failure("tests", "", 0, "", problem))
    ok = ran.finished.code == 0 and not failures
    return _Read(ok, problem, tests, tuple(failures), "" if ok else _sections(ran.finished.output))


def _problem(finished: Finished, tests: Sequence[TestResult], tree: Path) -> str:
    """Why there is no verdict about the tests, empty where there is one."""
    if finished.timed_out:
        done = f" ({len(tests)} tests had ended)" if tests else ""
        return f"the tests did not end within {finished.seconds:.0f} s{done}"
    if finished.code == _NOTHING_COLLECTED or (finished.code == 0 and not tests):
        return "no tests were collected"
    if finished.code in {0, 1} or tests:
        return ""
    missing = re.search(r"No module named '?([\w.]+)'?", finished.output)
    if missing:
        return missing_module(missing[1], tree)
    if "unrecognized arguments: --cov" in finished.output:
        return "pytest-cov is not installed in the environment: add it to the dev dependency group"
    lines = re.findall(r"^(?:E\s+|ERROR: |INTERNALERROR> )(\S.*)$", finished.output, re.MULTILINE)
    last = lines[-1] if lines else (finished.output.strip().splitlines() or ["it said nothing"])[-1]
    return f"pytest did not run: {last.strip()[:300]}"


def missing_module(module: str, tree: Path) -> str:
    """What to do about a module that cannot be imported."""
    top = module.partition(".")[0]
    if any(
        (folder / top).is_dir() or (folder / f"{top}.py").is_file()
        for folder in (tree, tree / "src")
    ):
        return f"the project has no module {module}"
    package = _PACKAGES.get(top, top.replace("_", "-"))
    group = (
        "the dev dependency group" if top.startswith(("pytest", "xdist")) else "the dependencies"
    )
    return f"no module named {top}: add {package} to {group} in pyproject.toml"


def _failure(test: TestResult, tree: Path, blame: Blame) -> Failure:
    symbol = test.id.partition("::")[2].replace("::", ".")
    message = test.message
    missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", message)
    if missing:
        message = missing_module(missing[1], tree)
    return Failure(
        "tests", test.file, test.line, symbol, message, blame.of_symbol(test.file, symbol)
    )


def _summary(tests: Sequence[TestResult]) -> str:
    counts: dict[str, int] = {}
    for test in tests:
        counts[test.outcome] = counts.get(test.outcome, 0) + 1
    plural = {
        "error": "errors",
        "expected failure": "expected failures",
        "unexpected pass": "unexpected passes",
    }
    parts = [
        f"{count} {plural.get(outcome, outcome) if count != 1 else outcome}"
        for outcome, count in sorted(counts.items(), key=lambda item: item[0] != "passed")
    ]
    return ", ".join(parts)


def _sections(output: str) -> str:
    """pytest's account of the failures, without the list of what passed."""
    start = re.search(r"^=+ (ERRORS|FAILURES) =+$", output, re.MULTILINE)
    return output[start.start() :][:_SHOWN] if start else output[-8_000:]


def _settings_text(tree: Path) -> str:
    text = _read(tree / "pyproject.toml")
    start = text.find("[tool.pytest")
    end = text.find("\n[", start + 1)
    section = text[start : end if end > start else None] if start >= 0 else ""
    return section + "".join(_read(tree / name) for name in ("pytest.ini", "tox.ini", "setup.cfg"))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
