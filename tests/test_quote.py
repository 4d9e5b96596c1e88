"""Text of a spec, however hostile, stays text wherever it lands."""

from __future__ import annotations

import ast
import io
import json
import shlex
import subprocess
import sys
import tokenize
import tomllib
import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.plan.quote import (
    comment_lines,
    docstring,
    env_comment,
    env_value,
    md_block,
    md_cell,
    md_code,
    md_text,
    py_literal,
    py_string,
    sentence,
    shell_word,
    toml_string,
)
from featuregen.spec.json_text import indented_json
from featuregen.spec.model import Json

HOSTILE = (
    '"', "'", '"""', "'''", "\\", "\\\\", '\\"', "\n", "\r\n", "\r", "\t", "{{ x }}",
    "{% raw %}", "#}", "${HOME}", "$", "`", "```", "\0", "\x1b[31m", "\u202e", "\u2066",
    "\u200b", "\ud800", "\udfff", "\x85", "\u2028", "\u2029", "\ufeff", "\xa0",
    "__import__('os')", "# noqa", "type: ignore", "<!--", "-->", "|", "*", "_", "é", "漢字", "🎉",
    " ", "  ", "a", "word", "=", "#", " #", "\\N{BULLET}", "%s", "[x](y)", "&amp;",
)  # fmt: skip
hostile_text = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), max_size=12).map("".join)
clean_text = hostile_text.filter(
    lambda text: not any(unicodedata.category(char) == "Cs" or char == "\0" for char in text)
)


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    """Any JSON with these texts in it."""
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    )


@given(hostile_text)
def test_a_python_string_evaluates_to_the_very_same_text(text: str) -> None:
    literal = py_string(text)
    assert ast.literal_eval(literal) == text
    assert isinstance(ast.parse(literal, mode="eval").body, ast.Constant)
    assert literal.isprintable()


@given(values(hostile_text))
def test_a_python_literal_evaluates_to_the_very_same_value(value: object) -> None:
    assert ast.literal_eval(py_literal(value)) == value  # type: ignore[arg-type]


def test_a_long_run_of_one_character_is_written_short() -> None:
    assert py_literal({"a": "x" * 500}) == '{"a": "x" * 500}'


def test_decimals_are_written_as_ruff_wants_them() -> None:
    assert py_literal(Decimal(5)) == "Decimal(5)"
    assert py_literal(Decimal("0.50")) == 'Decimal("0.50")'
    assert py_literal(Decimal("1E+2")) == "Decimal(100)"


def test_strings_take_the_quotes_that_ruff_would_take() -> None:
    assert py_string("it's") == '"it\'s"'
    assert py_string('say "hi"') == "'say \"hi\"'"
    assert py_string("\u202ebidi") == '"\\u202ebidi"'


@given(hostile_text, st.none() | hostile_text, st.sampled_from([0, 4, 8]))
def test_a_docstring_is_nothing_but_a_docstring(
    summary: str, body: str | None, indent: int
) -> None:
    literal = docstring(summary, body, indent=indent)
    margin = " " * indent
    if indent == 0:
        source = f"{literal}\n"
    elif indent == 4:
        source = f"def f():\n{margin}{literal}\n"
    else:
        source = f"class C:\n    def f():\n{margin}{literal}\n"
    tree = ast.parse(source)
    allowed = (ast.Module, ast.FunctionDef, ast.ClassDef, ast.arguments, ast.Expr, ast.Constant)
    nodes = list(ast.walk(tree))
    assert all(isinstance(node, allowed) for node in nodes)
    (constant,) = (node for node in nodes if isinstance(node, ast.Constant))
    assert isinstance(constant.value, str)
    words = (sentence(summary) or "To be described.").split()
    assert constant.value.split()[: len(words)] == words
    if body:
        rest = constant.value.split()[len(words) :]
        assert rest == body.split()


@given(hostile_text)
def test_every_line_of_a_docstring_keeps_its_width(summary: str) -> None:
    for line in docstring(f"{summary} " + "word " * 30, indent=4).splitlines():
        assert len(line) <= 101 or " " not in line.strip()


@pytest.mark.parametrize("length", range(86, 98))
def test_a_docstring_that_is_a_little_too_long_is_closed_in_a_line_of_its_own(length: int) -> None:
    lines = docstring(f"{'a' * (length - 5)} word", indent=4).splitlines()
    assert 4 + len(lines[0]) <= 100
    assert len(lines) in {1, 3}


def test_a_docstring_ends_in_punctuation_once() -> None:
    assert docstring("Create a payment") == '"""Create a payment."""'
    assert docstring("Done!") == '"""Done!"""'
    assert docstring('He said "no."') == '"""He said "no.\\""""'


def test_the_formatter_leaves_docstrings_as_they_are(tmp_path: Path) -> None:
    texts = [
        '"quoted" start',
        'ends in "quote"',
        "a \\ backslash",
        'has """ inside',
        "漢字 " * 40,
        "x " * 90,
    ]
    source = "\n\n\n".join(
        f"def f{index}() -> None:\n    {docstring(text, text)}" for index, text in enumerate(texts)
    )
    path = tmp_path / "module.py"
    path.write_text(source + "\n", encoding="utf-8")
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--line-length",
        "100",
        "--diff",
        str(path),
    ]
    result = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert result.stdout == ""
    lint = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--line-length",
        "100",
        "--select",
        "E,W,RUF100",
        str(path),
    ]
    assert subprocess.run(lint, capture_output=True, text=True, check=False).returncode == 0


@given(hostile_text)
def test_a_comment_is_nothing_but_comments(text: str) -> None:
    source = "".join(f"# {line}\n" for line in comment_lines(text))
    kinds = {token.type for token in tokenize.generate_tokens(io.StringIO(source).readline)}
    assert kinds <= {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    assert ast.parse(source).body == []


@pytest.mark.parametrize(
    "text",
    ["noqa", "type: ignore", "a # noqa: F401", "ruff: noqa", "fmt: off", "-*- coding: utf-7 -*-"],
)
def test_a_comment_gives_no_order_to_a_tool(text: str) -> None:
    for line in comment_lines(text):
        assert line.startswith('"') or "#" not in line


@given(hostile_text)
def test_markdown_text_opens_no_markup(text: str) -> None:
    shown = md_text(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert not shown.startswith(("#", "- ", "+ ", "=", "    "))
    bare = shown.replace("\\\\", "")
    for mark in "`*[]|~":
        assert bare.count(mark) == bare.count("\\" + mark)
    cell = md_cell(text).replace("\\\\", "")
    assert cell.count("|") == cell.count("\\|")


def test_names_keep_their_underscores_in_markdown() -> None:
    assert md_text("payment_id of __init__") == r"payment_id of \_\_init\_\_"
    assert md_text("1. first") == r"1\. first"


@given(hostile_text)
def test_an_inline_code_span_closes_only_at_its_end(text: str) -> None:
    span = md_code(text)
    if not span or "<!--" in " ".join(text.split()):
        return
    fence = span[: len(span) - len(span.lstrip("`"))]
    inside = span[len(fence) : -len(fence)]
    assert span == f"{fence}{inside}{fence}"
    assert fence not in inside.replace(fence + "`", "")
    assert "\n" not in inside


def test_no_code_span_holds_what_a_marker_of_the_readme_begins_with() -> None:
    assert md_code("<!-- /featuregen:a -->") == "&lt;!-- /featuregen:a --&gt;"


# No lone surrogate: YAML has none (test_spec_document), and JSON makes one character of two.
@given(values(clean_text))
def test_a_json_block_holds_the_value_between_its_fences(value: object) -> None:
    first, *middle, last = md_block(value).split("\n")  # type: ignore[arg-type]
    assert first == last + "json"
    assert json.loads("\n".join(middle)) == value
    assert all(last not in line for line in middle)


@given(values(hostile_text), st.integers(0, 3), st.booleans())
def test_json_is_indented_as_pythons_own(
    value: Json,
    indent: int,
    ascii_only: bool,  # noqa: FBT001 - hypothesis passes it
) -> None:
    expected = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert indented_json(value, indent, ascii_only=ascii_only) == expected


@given(clean_text)
def test_a_toml_string_reads_back(text: str) -> None:
    assert tomllib.loads(f"x = {toml_string(text)}")["x"] == text


@given(clean_text)
def test_a_shell_word_is_one_word(text: str) -> None:
    assert shlex.split(shell_word(text)) == [text]


@settings(max_examples=300)
@given(st.lists(clean_text, min_size=1, max_size=4))
def test_env_values_read_back_with_dotenv(texts: list[str]) -> None:
    dotenv = pytest.importorskip("dotenv")
    lines = [f"V{index}={env_value(text)}" for index, text in enumerate(texts)]
    assert not any("\n" in line for line in lines)
    read = dotenv.dotenv_values(stream=io.StringIO("\n".join(lines) + "\n"))
    assert read == {f"V{index}": text for index, text in enumerate(texts)}


def test_plain_env_values_stay_plain() -> None:
    assert env_value("https://api.stripe.com/v1") == "https://api.stripe.com/v1"
    assert env_value("sk_test_...") == "sk_test_..."
    assert env_value("a b") == "'a b'"


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_what_no_environment_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="environment variable"):
        env_value(text)


@given(hostile_text)
def test_env_comments_stay_on_their_lines(text: str) -> None:
    assert all(line.isprintable() for line in env_comment(text))
