"""ruff and mypy over the generated files, with the project's own settings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from featuregen.verify.blame import Blame
from featuregen.verify.model import Failure, Stage
from featuregen.verify.processes import Finished

_SHOWN = 20
_UNFORMATTED = re.compile(
    r"^(?:Would reformat: (?P<old>.+)"  # an older ruff
    r"|(?P<what>\S.*)\n *--> (?P<file>.+?):(?P<line>\d+):\d+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    file: str
    line: int
    message: str


def ruff_command(python: Path) -> list[str]:
    """ruff of the environment; its own program, where there is one, starts faster."""
    for name in ("ruff", "ruff.exe"):
        if (python.parent / name).is_file():
            return [str(python.parent / name)]
    return [str(python), "-m", "ruff"]


def ruff_flags(tree: Path) -> list[str]:
    """A project without settings of its own must not get those of a folder above the tree."""
    configured = any((tree / name).is_file() for name in ("ruff.toml", ".ruff.toml"))
    if not configured and "[tool.ruff" not in _text(tree / "pyproject.toml"):
        return ["--isolated"]
    return ["--force-exclude"]


def mypy_flags(tree: Path) -> list[str]:
    """The project's settings by name, so that none of a folder above is found."""
    for name, section in (
        ("mypy.ini", ""),
        (".mypy.ini", ""),
        ("pyproject.toml", "[tool.mypy"),
        ("setup.cfg", "[mypy"),
    ):
        if (tree / name).is_file() and section in _text(tree / name):
            return ["--config-file", name]
    return ["--config-file=", "--namespace-packages", "--explicit-package-bases"]


def read_ruff(finished: Finished, tree: Path) -> tuple[Finding, ...] | None:
    """What `ruff check --output-format json` found, None where it did not run."""
    try:
        start = 0 if finished.output.startswith("[") else finished.output.index("\n[") + 1
        found, _ = json.JSONDecoder().raw_decode(finished.output[start:])
        return tuple(
            Finding(
                _relative(item["filename"], tree),
                item["location"]["row"],
                f"{item['code'] or 'syntax'}: {item['message']}",
            )
            for item in found
        )
    except (ValueError, KeyError, TypeError):
        return None


def read_format(finished: Finished, tree: Path) -> tuple[Finding, ...]:
    """The files that `ruff format --check` would change."""
    return tuple(
        Finding(
            _relative(found["old"] or found["file"], tree),
            int(found["line"] or 1),
            "is not formatted" if found["old"] or "unformatted" in found["what"] else found["what"],
        )
        for found in _UNFORMATTED.finditer(finished.output)
    )


def read_mypy(finished: Finished) -> tuple[Finding, ...]:
    """The errors of `mypy --output json`; notes belong to the error before them."""
    found: list[Finding] = []
    for line in finished.output.splitlines():
        try:
            item = json.loads(line)
            if item["severity"] == "error":
                code = f"[{item['code']}]" if item.get("code") else ""
                message = f"{item['message']} {code}".strip()
                found.append(Finding(item["file"].replace("\\", "/"), item["line"], message))
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def failures_of(stage: str, findings: Iterable[Finding], blame: Blame) -> tuple[Failure, ...]:
    """Findings as failures, each traced to the spec."""
    return tuple(
        Failure(
            stage,
            finding.file,
            finding.line,
            blame.symbol_at(finding.file, finding.line),
            finding.message,
            blame.of_line(finding.file, finding.line),
        )
        for finding in findings
    )


def stage_of(
    name: Literal["ruff", "format", "mypy"],
    finished: Finished,
    findings: Sequence[Finding] | None,
    generated: frozenset[str],
    others: str = "files that are not generated",
) -> tuple[Stage, tuple[Finding, ...]]:
    """The stage, and the findings that fail it: those in generated files. Others are counted."""
    ours = tuple(finding for finding in findings or () if finding.file in generated)
    theirs = len(findings or ()) - len(ours)
    ran = findings is not None and (finished.code == 0 or bool(findings))
    if finished.timed_out:
        summary = f"did not end within {finished.seconds:.0f} s"
    elif not ran:
        summary = _why_not(name, finished)
    else:
        summary = f"{len(ours)} finding{'s' if len(ours) != 1 else ''}"
    if theirs:
        summary += f" ({theirs} more in {others})"
    ok = ran and not ours and not finished.timed_out
    shown = [f"{finding.file}:{finding.line}: {finding.message}" for finding in ours[:_SHOWN]]
    if len(ours) > _SHOWN:
        shown.append(f"… and {len(ours) - _SHOWN} more")
    output = "" if ok else "\n".join(shown) or finished.output[-4000:]
    return Stage(name, ok, finished.seconds, summary, output), ours


def _why_not(name: str, finished: Finished) -> str:
    tool = "ruff" if name == "format" else name
    if f"No module named {tool}" in finished.output:
        return f"{tool} is not installed in the environment: add it to the dev dependency group"
    lines = [line for line in finished.output.splitlines() if line.strip()]
    return f"{tool} did not run: {lines[-1].strip()[:200]}" if lines else f"{tool} did not run"


def _relative(name: str, tree: Path) -> str:
    place = Path(name)
    return (place.relative_to(tree) if place.is_relative_to(tree) else place).as_posix()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
