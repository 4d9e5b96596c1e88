"""The generated tests, run by pytest with coverage of the generated code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from featuregen.verify.blame import Blame
from featuregen.verify.junit import read_junit
from featuregen.verify.model import Failure, FileCoverage, Stage, TestResult
from featuregen.verify.processes import Finished

_HEAVY_PLUGINS = ("schemathesis", "faker")
"""pytest loads them wherever they are installed; schemathesis alone costs 0.6 s."""

_PACKAGES = {
    "jwt": "pyjwt", "yaml": "pyyaml", "dotenv": "python-dotenv", "PIL": "pillow",
    "multipart": "python-multipart", "xdist": "pytest-xdist",
    "sqlalchemy": "sqlalchemy[asyncio]", "opentelemetry": "opentelemetry-sdk",
}  # fmt: skip


def pytest_command(
    python: Path, tree: Path, tests: Sequence[str], sources: Sequence[str], scratch: Path
) -> list[str]:
    """pytest over the test files, with its results and the coverage of `sources` in `scratch`."""
    config = ["-c", "pyproject.toml"] if (tree / "pyproject.toml").is_file() else []
    if any(
        (tree / name).is_file() for name in ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    ):
        config = []
    coverage = [f"--cov={source}" for source in sources]
    if coverage:
        coverage += [
            "--cov-branch",
            "--cov-report=",
            f"--cov-report=json:{scratch / 'coverage.json'}",
        ]
        coverage += ["--cov-fail-under=0"]
    return [
        str(python), "-m", "pytest", *tests, *config, f"--rootdir={tree}", "-v", "--no-header",
        "--color=no", "-p", "no:cacheprovider", "-o", "console_output_style=count",
        "-o", "junit_family=xunit1", "-o", "junit_logging=no",
        f"--junitxml={scratch / 'junit.xml'}", *unused_plugins(tree), *coverage,
    ]  # fmt: skip


def unused_plugins(tree: Path) -> list[str]:
    """Switches that keep pytest from loading heavy plugins that no test and no setting mentions."""
    texts = [_settings_text(tree)]
    for folder in ("tests", "test"):
        texts += [_read(place) for place in (tree / folder).rglob("*.py")]
    unused = [name for name in _HEAVY_PLUGINS if not any(name in text.lower() for text in texts)]
    return [switch for plugin in unused for switch in ("-p", f"no:{plugin}")]


def coverage_sources(generated: Iterable[str]) -> tuple[str, ...]:
    """The packages to measure: the folders below the root (or `src`) that hold generated code."""
    found: dict[str, None] = {}
    for path in generated:
        parts = path.split("/")
        depth = 2 if parts[0] == "src" else 1
        if path.endswith(".py") and not is_test(path):
            found["/".join(parts[:depth]) if len(parts) > depth else "."] = None
    return tuple(found)


def is_test(path: str) -> bool:
    """Whether a file is a test or belongs to the tests."""
    *folders, name = path.split("/")
    return (
        bool({"tests", "test"} & set(folders)) or name == "conftest.py" or name.startswith("test_")
    )


def read_coverage(path: Path, generated: frozenset[str]) -> tuple[FileCoverage, ...]:
    """Coverage of the generated files, out of coverage's JSON; none where there is no file."""
    try:
        files = json.loads(path.read_bytes())["files"]
    except (OSError, ValueError, KeyError):
        return ()
    found: list[FileCoverage] = []
    for name, data in files.items():
        place = name.replace("\\", "/")
        if place in generated and not is_test(place):
            summary = data["summary"]
            found.append(
                FileCoverage(
                    place,
                    summary["num_statements"],
                    tuple(data["missing_lines"]),
                    summary.get("num_branches", 0),
                    tuple((start, end) for start, end in data.get("missing_branches", [])),
                    summary["percent_covered"],
                )
            )
    return tuple(sorted(found, key=lambda file: file.path))


def read_tests(
    finished: Finished, scratch: Path, tree: Path, blame: Blame
) -> tuple[Stage, tuple[TestResult, ...], tuple[Failure, ...]]:
    """What pytest says, as a stage, its tests, and the failures traced to the spec."""
    tests = read_junit(scratch / "junit.xml")
    bad = [test for test in tests if test.outcome in {"failed", "error", "unexpected pass"}]
    failures = [_failure(test, tree, blame) for test in bad]
    problem = _problem(finished, tests, tree)
    if problem and not failures:
        failures.append(Failure("tests", "", 0, "", problem))
    ok = finished.code == 0 and not failures
    summary = problem or _summary(tests)
    output = "" if ok else _sections(finished.output)
    return Stage("tests", ok, finished.seconds, summary, output), tests, tuple(failures)


def _problem(finished: Finished, tests: Sequence[TestResult], tree: Path) -> str:
    """Why there is no verdict about the tests, empty where there is one."""
    exit_code_none = 5
    if finished.timed_out:
        done = f" ({len(tests)} tests had ended)" if tests else ""
        return f"the tests did not end within {finished.seconds:.0f} s{done}"
    if finished.code == exit_code_none or (finished.code == 0 and not tests):
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
    return output[start.start() :][:20_000] if start else output[-8_000:]


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
