"""The answers file gives every spec back, word for word, also as copier reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from featuregen.answers import (
    TEMPLATE_URL,
    Answers,
    answers_after,
    answers_path,
    dump_answers,
    load_answers,
    parse_answers,
)
from featuregen.errors import FeaturegenError
from featuregen.version import VERSION

PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0")
LINES = st.lists(st.sampled_from(["a: b", "  c", "\td", "", "   ", "# é😀", "- {x: 1}", "e  "]))


@given(st.text(PRINTABLE) | LINES.map("\n".join) | LINES.map(lambda lines: "\n".join(lines) + "\n"))
@example("")
@example(" x\n")
@example("a\n\n")
@example("a\r\nb\r\n")
@example("a\x85b\u2028c\n")
@example("\ufeffa: b\n")
@example("--- \n...\n")
def test_any_text_comes_back(spec: str) -> None:
    answers = Answers("payment", spec)
    text = dump_answers(answers)
    assert parse_answers(text, "x") == answers
    assert yaml.safe_load(text)["applied"] == spec


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
@example("1234567")
@example("12e4567")
@example("null")
def test_any_commit_and_source_stay_text(word: str) -> None:
    answers = Answers("payment", "a\n", commit=word, source=word)
    assert parse_answers(dump_answers(answers), "x") == answers


def test_a_spec_is_readable_in_its_answers() -> None:
    text = dump_answers(Answers("payment", "feature: payment\nmodels:\n  A: {}\n"))
    assert text.endswith("\napplied: |\n  feature: payment\n  models:\n    A: {}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"v{VERSION}", f"v{VERSION}"),
        (f"v{VERSION}-5-gabc1234", f"v{VERSION}-5-gabc1234"),
        ("v0.0.1", f"v{VERSION}"),
        ("v0.0.1-5-gabc1234", f"v{VERSION}"),
        ("abc1234", "abc1234"),
    ],
)
def test_the_commit_follows_the_version_that_applied_the_spec(
    before: str, after: str, tmp_path: Path
) -> None:
    path = tmp_path / answers_path("payment")
    path.parent.mkdir()
    path.write_text(dump_answers(Answers("payment", "old\n", before, "https://x/y.git")))
    now = answers_after(tmp_path, "payment", "new\n")
    assert now == Answers("payment", "new\n", after, "https://x/y.git")


def test_without_answers_the_template_is_the_installed_one(tmp_path: Path) -> None:
    assert load_answers(tmp_path, "payment") is None
    assert answers_after(tmp_path, "payment", "a\n").source == TEMPLATE_URL


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "feature: payment\n", "<<<<<<< ours\n"])
def test_what_is_no_answers_file_is_told_and_written_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / answers_path("payment")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(FeaturegenError, match="the answers file cannot be read"):
        load_answers(tmp_path, "payment")
    assert answers_after(tmp_path, "payment", "a\n") == Answers("payment", "a\n")
