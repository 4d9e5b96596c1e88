"""YAML 1.2 with positions, and every way in which a file can fail to be a spec."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.errors import Diagnostic, Position, SpecError
from featuregen.spec.document import MAX_BYTES, parse, source_map
from featuregen.spec.load import load_spec, parse_spec
from featuregen.spec.scalars import resolve


def codes(text: str) -> set[str]:
    try:
        _, diagnostics, _ = parse(text, "x.yaml")
    except SpecError as error:
        diagnostics = list(error.diagnostics)
    return {found.code for found in diagnostics}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("no", "string", "no"),
        ("yes", "string", "yes"),
        ("on", "string", "on"),
        ("True", "bool", True),
        ("tRue", "string", "tRue"),
        ("", "null", None),
        ("~", "null", None),
        ("010", "int", 10),
        ("0o17", "int", 15),
        ("0x1F", "int", 31),
        ("-12", "int", -12),
        ("1_000", "string", "1_000"),
        ("12:30", "string", "12:30"),
        ("2026-01-31", "string", "2026-01-31"),
        ("1.", "float", 1.0),
        (".5", "float", 0.5),
        ("1e3", "float", 1000.0),
        ("1.2.3", "string", "1.2.3"),
        ("-.inf", "float", float("-inf")),
        ("9" * 200, "string", "9" * 200),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, kind: str, value: object) -> None:
    assert resolve(text) == (kind, value)


def test_positions_are_those_of_an_editor() -> None:
    text = "\ufefffeature: note\r\nmodels:\r\n  Ünï: {fields: {a: 'x'}}\r\n"
    root, _, stripped = parse(text, "x.yaml")
    source = source_map(root, stripped, "x.yaml")
    assert source.values["feature",] == Position(1, 10, 4)
    assert source.keys["models", "Ünï"] == Position(3, 3, 3)
    assert source.values["models", "Ünï", "fields", "a"] == Position(3, 21, 3)


def test_a_number_and_its_text_are_different_keys_and_the_same_key_twice_is_not() -> None:
    assert codes('a: {1: x, "1": y}') == set()
    assert codes("a: {1: x, 1: y}") == {"FG106"}
    assert codes("a: {x: 1, 'x': 2}") == {"FG106"}


def test_a_decimal_keeps_its_text() -> None:
    root, _, _ = parse("price: 9.90", "x.yaml")
    price = root.get("price")
    assert price is not None
    assert price.text == "9.90"


def test_an_alias_repeats_its_anchor() -> None:
    root, diagnostics, _ = parse("a: &x {b: [1, 2]}\nc: *x", "x.yaml")
    assert diagnostics == []
    assert root.json() == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}


def test_every_syntax_fault_is_reported_not_just_the_first() -> None:
    root, diagnostics, _ = parse("a: !x 1\na: 2\nb: !y 3", "x.yaml")
    assert root.kind == "map"
    assert [found.code for found in diagnostics] == ["FG110", "FG106", "FG110"]


def failure(path: Path) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        load_spec(path, shown_as="shown.yaml")
    (found,) = caught.value.diagnostics
    assert found.file == "shown.yaml"
    return found.code, found.message


def test_a_file_that_cannot_be_read_is_one_clear_diagnostic(tmp_path: Path) -> None:
    assert failure(tmp_path / "missing.yaml") == ("FG100", "there is no such file")
    assert failure(tmp_path) == ("FG100", "this is a directory, not a spec")
    assert failure(tmp_path / ("x" * 5000)) == (
        "FG100",
        "the file cannot be read: file name too long",
    )
    assert failure(Path("a\0b")) == ("FG100", "this is not the name of a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text("featuregen: 1")
    path.chmod(0)
    assert failure(path) == ("FG100", "the file cannot be read: permission denied")


def test_a_file_that_is_too_large_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: 1\n" * MAX_BYTES)
    assert failure(path)[0] == "FG100"


def test_a_file_that_is_not_utf_8_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("feature: note\ntitle: caf\xe9".encode("latin-1"))
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert caught.value.diagnostics[0].code == "FG109"
    assert caught.value.diagnostics[0].position == Position(2, 11)


@pytest.mark.parametrize("char", ["\0", "\x1b", "\x85", "\u2028", "\ufffe", "\ud800", "\ufeff"])
def test_a_character_that_cannot_be_seen_is_refused_as_it_is_and_escaped(char: str) -> None:
    assert codes(f"a: x{char}") == {"FG109"}
    if char != "\ud800":  # YAML itself refuses to escape a surrogate
        assert codes(f'a: "\\u{ord(char):04x}"') == {"FG109"}


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab1: -[]{}&*!|>'\"%@#,?\n\t\\u~<"), max_size=60))
def test_no_text_at_all_ends_in_a_traceback(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "x.yaml")
    assert caught.value.diagnostics


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_mangled_spec_ends_in_a_traceback(data: st.DataObject) -> None:
    text = (Path(__file__).parent / "cases/good/everything.yaml").read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 30, len(text))))
    inserted = data.draw(
        st.sampled_from(["", "null", "[]", "{}", "5", "x", "{a: b}", "[1, [2]]", "true", "- "])
    )
    mangled = text[:start] + inserted + text[end:]
    diagnostics: tuple[Diagnostic, ...] = ()
    try:
        parse_spec(mangled, "x.yaml")
    except SpecError as error:
        diagnostics = error.diagnostics
    assert all(found.position.line >= 1 for found in diagnostics)
