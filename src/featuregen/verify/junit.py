"""Test results out of pytest's JUnit file (family xunit1, which names file and line)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.verify.model import Outcome, TestResult

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MESSAGE = 500


def read_junit(path: Path) -> tuple[TestResult, ...]:
    """Every test in the order of the run; none where pytest wrote no file."""
    from xml.etree import ElementTree

    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - our own pytest wrote it
    except (OSError, ElementTree.ParseError):
        return ()
    results: dict[str, TestResult] = {}
    for case in root.iter("testcase"):
        result = _result(case)
        known = results.get(result.id)
        if known is None or known.outcome == "passed":  # a teardown's error comes as one
            results[result.id] = result
    return tuple(results.values())


def _result(case: Element) -> TestResult:
    file = (case.get("file") or "").replace("\\", "/")
    outcome, message, detail = _outcome(case)
    identity = _identity(case, file)
    line = int(case.get("line") or -1) + 1
    if not file:  # a module that could not be imported has no place of its own
        file = identity
    return TestResult(
        identity,
        outcome,
        float(case.get("time") or 0),
        message,
        file,
        _line_in(detail, file) or line,
    )


def _outcome(case: Element) -> tuple[Outcome, str, str]:
    for tag, outcome in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is None:
            continue
        message = found.get("message") or ""
        detail = found.text or ""
        if tag == "skipped":
            expected = found.get("type") == "pytest.xfail"
            return ("expected failure" if expected else "skipped"), message, ""
        if message.startswith("[XPASS(strict)]"):
            reason = message.removeprefix("[XPASS(strict)]").strip()
            return "unexpected pass", f"passes, but is marked xfail: {reason}".rstrip(": "), ""
        return _named(outcome), _short(message, detail), detail
    return "passed", "", ""


def _named(outcome: str) -> Outcome:
    return "error" if outcome == "error" else "failed"


def _short(message: str, detail: str) -> str:
    """The first line that says something; for a module that fails to import, the last `E` line."""
    if message in {"collection failure", ""} or message.startswith("failed on"):
        errors = re.findall(r"^E\s+(\S.*)$", detail, re.MULTILINE)
        message = errors[-1] if errors else message
    return message.strip()[:_MESSAGE]


def _identity(case: Element, file: str) -> str:
    name = case.get("name") or ""
    module = case.get("classname") or ""
    if not file:
        return f"{module}::{name}" if module else f"{name.replace('.', '/')}.py"
    dotted = file.removesuffix(".py").replace("/", ".")
    classes = module.removeprefix(dotted).strip(".").split(".")
    return "::".join([file, *(part for part in classes if part), name])


def _line_in(detail: str, file: str) -> int:
    """The last line of `file` in a traceback."""
    lines = re.findall(rf"^{re.escape(file)}:(\d+): ", detail, re.MULTILINE)
    return int(lines[-1]) if lines else 0
