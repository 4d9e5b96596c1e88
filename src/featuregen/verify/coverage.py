"""What the tests have run of the generated code: what is measured, and what was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from featuregen.verify.model import FileCoverage
from featuregen.verify.shards import is_test

_MIGRATIONS = "migrations/"


def coverage_sources(generated: Iterable[str]) -> tuple[str, ...]:
    """The packages to measure: the folders below the root (or `src`) that hold generated code.

    Migrations are not: Alembic runs them, parts of them on one of the databases only. That they go
    up and down again is a test of its own.
    """
    found: dict[str, None] = {}
    for path in generated:
        parts = path.split("/")
        depth = 2 if parts[0] == "src" else 1
        if path.endswith(".py") and not is_test(path) and not path.startswith(_MIGRATIONS):
            found["/".join(parts[:depth]) if len(parts) > depth else "."] = None
    return tuple(found)


def read_coverage(reports: Iterable[Path], generated: frozenset[str]) -> tuple[FileCoverage, ...]:
    """Coverage of the generated files, out of coverage's JSON of each shard; none without files.

    What one shard has run is run: missing is what all of them miss.
    """
    found: dict[str, FileCoverage] = {}
    for report in reports:
        for file in _coverage_of(report, generated):
            known = found.get(file.path)
            found[file.path] = _together(known, file) if known else file
    return tuple(sorted(found.values(), key=lambda file: file.path))


def _coverage_of(report: Path, generated: frozenset[str]) -> list[FileCoverage]:
    try:
        files = json.loads(report.read_bytes())["files"]
    except (OSError, ValueError, KeyError):
        return []
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
    return found


def _together(one: FileCoverage, other: FileCoverage) -> FileCoverage:
    missing = tuple(line for line in one.missing if line in other.missing)
    branches = tuple(arc for arc in one.missing_branches if arc in other.missing_branches)
    total = one.statements + one.branches
    percent = 100 * (total - len(missing) - len(branches)) / total if total else 100.0
    return replace(one, missing=missing, missing_branches=branches, percent=percent)
