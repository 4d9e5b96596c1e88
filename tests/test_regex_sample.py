"""Texts that patterns match, and near misses; judged by `re` and by pydantic's own engine."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from featuregen.plan.regex_sample import admits_controls, matches, matching, near_misses

PATTERNS = (
    "^[A-Z]{3}$",
    r"^\d{3}-\d{4}$",
    "^(foo|bar)baz?$",
    "^[^a-z]+$",
    r"^\w+@\w+\.com$",
    "abc",
    "^a",
    "a$",
    "^$",
    "^.{2,5}$",
    "^[A-Za-z0-9_-]{1,64}$",
    r"^(?:[01]\d|2[0-3]):[0-5]\d$",
    r"^\S+\s\S+$",
    "^#[0-9a-fA-F]{6}$",
    "^pm_[a-z0-9]+$",
    "^(a|b){2}c*$",
    "(?i)^hello$",
    r"^[\w.-]+$",
    r"^\$\d+(\.\d\d)?$",
    "^x{0,3}$",
)


def accepted(text: str, pattern: str) -> bool:
    validator = SchemaValidator(core_schema.str_schema(pattern=pattern))
    try:
        validator.validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_sample_matches_and_its_near_misses_do_not(pattern: str) -> None:
    for index in range(4):
        text = matching(pattern, index=index)
        assert text is not None
        assert accepted(text, pattern)
    for text in near_misses(pattern):
        assert not accepted(text, pattern)


def test_a_trailing_newline_is_a_near_miss_of_an_anchored_pattern() -> None:
    assert "ABC\n" in near_misses("^[A-Z]{3}$")
    assert not matches("ABC\n", "^[A-Z]{3}$")


@pytest.mark.parametrize("length", [1, 7, 64])
def test_a_sample_has_the_length_asked_for(length: int) -> None:
    text = matching("^[A-Za-z0-9_-]{1,64}$", shortest=length, longest=length)
    assert text is not None
    assert len(text) == length


@pytest.mark.parametrize("pattern", ["^(?=a)b$", "(", r"^(a)\1$", "^a{5}$"])
def test_what_cannot_be_written_is_none(pattern: str) -> None:
    assert matching(pattern, longest=4) is None


@pytest.mark.parametrize(
    ("pattern", "admits"),
    [
        ("^[A-Z]{3}$", False),
        (r"^\d+$", False),
        (r"^\w+$", False),
        ("^.+$", True),
        ("abc", True),
        ("^[^,]+$", True),
        (r"^\S+$", True),
        ("^a|b$", True),
        (r"^[a-z]+(\.[a-z]+)*$", False),
        (r"^a\$", True),
    ],
)
def test_patterns_that_let_control_characters_through_are_known(
    pattern: str,
    admits: bool,  # noqa: FBT001
) -> None:
    assert admits_controls(pattern) is admits


pieces = st.sampled_from(["a", "[a-c]", r"\d", r"\w", "[^x]", "(b|cd)", ".", "-", r"\.", " "])
repeated = st.tuples(pieces, st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}"])).map("".join)
patterns = st.lists(repeated, min_size=1, max_size=4).map(lambda parts: f"^{''.join(parts)}$")


@settings(max_examples=100, deadline=None)
@given(patterns, st.integers(0, 5))
def test_both_engines_agree_on_what_was_generated(pattern: str, index: int) -> None:
    text = matching(pattern, index=index)
    assert text is not None
    assert accepted(text, pattern)
    assert re.search(pattern, text)
    assert not any(accepted(miss, pattern) for miss in near_misses(pattern))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=r"^$ab.*+?[](){}|\d1,-", max_size=12))
def test_any_pattern_gets_a_match_or_none(pattern: str) -> None:
    text = matching(pattern)
    assert text is None or _known(pattern) is False or accepted(text, pattern)


def _known(pattern: str) -> bool:
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return False
    return True
