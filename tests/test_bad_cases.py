"""Golden cases: what is said about a bad spec. `FEATUREGEN_ACCEPT=1` writes `stderr.txt` anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from featuregen.diagnostics import render
from featuregen.errors import Diagnostic, SpecError
from featuregen.spec.catalogue import CATALOGUE
from featuregen.spec.document import read_text
from featuregen.spec.load import parse_spec

CASES = Path(__file__).parent / "cases" / "bad"
SOURCE = Path(__file__).parent.parent / "src" / "featuregen"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
FROM_FILES = {"FG100"}  # provoked by files, in test_spec_document.py
FROM_MIGRATIONS = {"FG901"}  # by a spec that has changed, in test_migrations.py


def diagnose(name: str) -> tuple[tuple[Diagnostic, ...], str]:
    text = read_text(CASES / name / "feature.yaml", "feature.yaml")
    try:
        return parse_spec(text, "feature.yaml").warnings, text
    except SpecError as error:
        return error.diagnostics, error.source


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_about_a_bad_spec_is_what_was_reviewed(name: str) -> None:
    diagnostics, text = diagnose(name)
    said = render(diagnostics, text, color=False)
    golden = CASES / name / "stderr.txt"
    if os.environ.get("FEATUREGEN_ACCEPT") == "1":
        golden.write_text(said, encoding="utf-8", newline="\n")
    assert said == golden.read_text(encoding="utf-8")
    assert said.startswith("feature.yaml:")


@pytest.mark.parametrize("name", NAMES)
def test_every_diagnostic_points_into_the_document(name: str) -> None:
    diagnostics, text = diagnose(name)
    lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
    for found in diagnostics:
        assert 1 <= found.position.line <= len(lines)
        assert 1 <= found.position.column <= len(lines[found.position.line - 1]) + 1
        assert found.position.length >= 1


@pytest.mark.parametrize("name", NAMES)
def test_only_cases_of_warnings_are_accepted(name: str) -> None:
    diagnostics, _ = diagnose(name)
    severities = {found.severity for found in diagnostics}
    assert ("error" not in severities) == name.startswith("warning-")


def test_the_terminal_gets_no_unprintable_character_of_a_spec() -> None:
    for name in NAMES:
        said = render(*diagnose(name), color=False)
        assert all(char.isprintable() or char == "\n" for char in said), name


def test_every_code_that_is_raised_is_in_the_catalogue() -> None:
    raised: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        if path.name != "catalogue.py":
            raised |= set(re.findall(r'"(FG\d{3})"', path.read_text(encoding="utf-8")))
    assert raised == set(CATALOGUE)


def test_every_code_of_the_catalogue_is_provoked_by_a_case() -> None:
    provoked = {found.code for name in NAMES for found in diagnose(name)[0]}
    assert provoked | FROM_FILES | FROM_MIGRATIONS == set(CATALOGUE)
