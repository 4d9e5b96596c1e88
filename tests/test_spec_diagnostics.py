"""How diagnostics look on a terminal, and what `explain` says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.diagnostics import catalogue_markdown, explain, render, visible, width
from featuregen.errors import Diagnostic, Position
from featuregen.spec.catalogue import CATALOGUE
from featuregen.spec.reserved import PYDANTIC, PYDANTIC_PREFIXES

DOCS = Path(__file__).parent.parent / "docs" / "diagnostics.md"


def found(line: int = 1, column: int = 1, length: int = 1, **more: str) -> Diagnostic:
    return Diagnostic(
        "FG103",
        more.get("message", "wrong"),
        "x.yaml",
        Position(line, column, length),
        more.get("hint"),
    )


def test_a_diagnostic_has_a_head_an_excerpt_a_caret_and_a_hint() -> None:
    said = render(
        [found(2, 9, 6, message="unknown type 'monney'", hint="did you mean 'money'?")],
        "a: 1\namount: monney\n",
    )
    assert said == (
        "x.yaml:2:9: error[FG103]: unknown type 'monney'\n"
        "2 | amount: monney\n"
        "  |         ^^^^^^\n"
        "help: did you mean 'money'?\n"
    )


def test_a_place_past_the_end_has_no_excerpt() -> None:
    assert render([found(9)], "a: 1") == "x.yaml:9:1: error[FG103]: wrong\n"


def test_color_adds_only_escapes() -> None:
    import re

    text = "amount: monney"
    colored = render([found(1, 9, 6, hint="x")], text, color=True)
    assert "\033[" in colored
    assert re.sub(r"\033\[[0-9;]*m", "", colored) == render(
        [found(1, 9, 6, hint="x")], text, color=False
    )


def test_what_is_invisible_is_shown_by_its_code_point() -> None:
    said = render([found(1, 4, 2, message="a\x1b[31m", hint="b\u202e")], "a: \u202e\x1bx")
    assert "a<U+001B>[31m" in said
    assert "b<U+202E>" in said
    assert "1 | a: <U+202E><U+001B>x\n  |    ^^^^^^^^^^^^^^^^\n" in said


@settings(max_examples=60, deadline=None)
@given(
    line=st.text(st.sampled_from("ab:# \t日本\x1b\u202eé"), min_size=1, max_size=300),
    column=st.integers(1, 300),
    length=st.integers(1, 400),
)
def test_the_caret_stands_under_its_character_whatever_the_line_holds(
    line: str, column: int, length: int
) -> None:
    line = f"x{line}x"
    column = min(column, len(line))
    _, shown, carets = render([found(1, column, length)], line).rstrip("\n").split("\n")
    assert all(char.isprintable() for char in shown)
    assert width(shown) <= 110
    at_column: dict[int, str] = {}
    for index, char in enumerate(shown):
        at_column[width(shown[:index])] = char
    marked = visible(line[column - 1])[0]
    assert at_column.get(carets.index("^"), " ") == marked  # trailing blanks are not printed


def test_every_code_is_explained_and_no_other() -> None:
    for code in CATALOGUE:
        said = explain(code)
        assert said is not None
        assert said.startswith(f"# {code}: ")
    assert explain("fg103") == explain("FG103")
    assert explain("FG999") is None


def test_the_documentation_is_the_catalogue() -> None:
    assert DOCS.read_text(encoding="utf-8") == catalogue_markdown()


@pytest.mark.parametrize(
    "code", [code for code in CATALOGUE if code not in {"FG100", "FG106", "FG108"}]
)
def test_right_examples_are_yaml(code: str) -> None:
    yaml.safe_load(CATALOGUE[code].right)


def test_the_reserved_names_are_those_of_pydantic() -> None:
    from pydantic import BaseModel

    names = {name for name in dir(BaseModel) if not name.startswith("_")}
    assert {name for name in names if not name.startswith(PYDANTIC_PREFIXES)} == PYDANTIC
