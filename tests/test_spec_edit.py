"""Edits of a spec's text: exactly what was asked for changes, and every comment stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.spec.document import Node, parse
from featuregen.spec.edit import Append, CannotEditError, Delete, Edit, Set, apply_edits, diff
from featuregen.spec.yaml_text import entry, flow, item

PAYMENT = Path(__file__).parents[1] / "examples" / "payment" / "payment.yaml"

SPEC = """\
featuregen: 1  # the language
feature: note   # singular

# What people write
models:
  Note:
    fields:
      text: string      # free
      title: {type: string, max_length: 80}   # short
      tags:
        type: list[string]
        # how many
        max_length: 5

operations:
  create_note:
    method: POST
    path: /
    hook: write_note
    # the end
"""


def said(text: str) -> Any:  # noqa: ANN401
    """What a document says, read by the loader: (kind, value) all the way down."""

    def plain(node: Node) -> Any:  # noqa: ANN401
        if node.kind == "map":
            return {key.name: plain(value) for key, value in node.entries}
        if node.kind == "list":
            return [plain(one) for one in node.items]
        return (node.kind, node.value)

    root, faults, _ = parse(text, "spec.yaml")
    assert not faults
    return plain(root)


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def changed_lines(before: str, after: str) -> list[str]:
    changes = diff(before, after, "spec.yaml").splitlines()[2:]
    return [line for line in changes if line[0] in "+-"]


def test_a_key_is_added_to_a_mapping_in_flow_style() -> None:
    after = apply_edits(SPEC, [Set(("models", "Note", "fields", "title", "sensitive"), "last4")])
    assert changed_lines(SPEC, after) == [
        "-      title: {type: string, max_length: 80}   # short",
        "+      title: {type: string, max_length: 80, sensitive: last4}   # short",
    ]


def test_a_key_is_added_to_a_mapping_in_block_style_where_the_language_would_have_it() -> None:
    after = apply_edits(SPEC, [Set(("operations", "create_note", "permission"), "notes.create")])
    assert changed_lines(SPEC, after) == ["+    permission: notes.create"]
    assert "    path: /\n    permission: notes.create\n    hook: write_note\n" in after


def test_a_shorthand_becomes_its_long_form_and_keeps_its_comment() -> None:
    edits = [
        Set(("models", "Note", "fields", "text", "max_length"), 2000),
        Set(("models", "Note", "fields", "text", "sensitive"), "last4"),
    ]
    after = apply_edits(SPEC, edits)
    assert "      text: {type: string, max_length: 2000, sensitive: last4}      # free\n" in after


def test_a_missing_section_is_made_at_its_place_with_a_blank_line_above() -> None:
    after = apply_edits(SPEC, [Append(("requirements", "users"), "people who write")])
    assert "singular\n\nrequirements:\n  users: [people who write]\n\n# What people" in after


def test_items_are_appended_to_lists_of_either_style_and_to_a_lone_text() -> None:
    text = "featuregen: 1\nwaive:\n- a  # one\nrequirements:\n  users: x\n  notes: [p, q]\n"
    edits = [
        Append(("waive",), {"question": "FGQ001"}),
        Append(("requirements", "users"), "y, z"),
        Append(("requirements", "notes"), "r"),
    ]
    assert apply_edits(text, edits) == (
        "featuregen: 1\nwaive:\n- a  # one\n- {question: FGQ001}\n"
        'requirements:\n  users: [x, "y, z"]\n  notes: [p, q, r]\n'
    )


def test_entries_and_items_are_deleted_with_the_comment_of_their_line() -> None:
    text = "a: 1\nb: {c: 1, d: 2, e: 3}\nf:\n  - g\n  - h # out\n  - k: 1\n    l: 2\nm: 5 # end\n"
    edits = [Delete(("b", "e")), Delete(("f", 1)), Delete(("f", 1, "k")), Delete(("a",))]
    after = apply_edits(text, edits)
    assert after == "b: {c: 1, d: 2}\nf:\n  - g\n  - l: 2\nm: 5 # end\n"


def test_the_last_entry_of_a_mapping_leaves_it_empty() -> None:
    assert apply_edits("a:\n  # why\n  b: 1\nc: 2\n", [Delete(("a", "b"))]) == (
        "a: {}\n  # why\nc: 2\n"
    )


def test_deleting_what_is_not_there_changes_nothing() -> None:
    assert apply_edits(SPEC, [Delete(("models", "Other")), Delete(("waive", 0))]) == SPEC


def test_setting_what_is_there_already_changes_nothing() -> None:
    assert apply_edits(SPEC, [Set(("operations", "create_note", "method"), "POST")]) == SPEC


def test_a_whole_number_as_a_key_is_written_and_found_as_one() -> None:
    text = "upstreams:\n  p:\n    errors:\n      404: {raise: A}\n"
    edits = [
        Set(("upstreams", "p", "errors", 404, "raise"), "B"),
        Set(("upstreams", "p", "errors", 409), {"raise": "C"}),
        Set(("upstreams", "q", "errors", 500), {"raise": "D"}),
    ]
    assert apply_edits(text, edits) == (
        "upstreams:\n  p:\n    errors:\n      404: {raise: B}\n      409: {raise: C}\n"
        "  q: {errors: {500: {raise: D}}}\n"
    )


def test_an_alias_is_written_out_where_it_is_changed_and_its_anchor_stays() -> None:
    text = "a: &x {type: string}\nb: *x\nc: *x\n"
    assert apply_edits(text, [Set(("b", "max_length"), 5)]) == (
        "a: &x {type: string}\nb: {type: string, max_length: 5}\nc: *x\n"
    )


@pytest.mark.parametrize(
    "edit", [Set(("a", "type"), "int"), Delete(("a",)), Set(("a",), 1), Set(("a", "b"), 1)]
)
def test_an_anchor_that_is_used_elsewhere_is_not_edited(edit: Edit) -> None:
    text = "a: &x {type: string}\nb: *x\nc: 1\n"
    with pytest.raises(CannotEditError) as refused:
        apply_edits(text, [edit])
    assert refused.value.hint is not None
    assert "by hand" in refused.value.hint


def test_lines_end_as_the_file_has_them() -> None:
    text = SPEC.replace("\n", "\r\n")
    after = apply_edits(text, [Set(("operations", "create_note", "auth"), "none"),
                               Append(("waive",), {"question": "FGQ001"})])  # fmt: skip
    assert after.count("\r\n") == after.count("\n") == text.count("\n") + 4


def test_a_file_without_a_last_line_break_takes_an_edit_at_its_end() -> None:
    after = apply_edits("a: 1\nb:\n  c: 2  # two", [Set(("b", "d"), 3), Set(("e",), "no")])
    assert after == 'a: 1\nb:\n  c: 2  # two\n  d: 3\ne: "no"'


def test_a_diff_says_where_a_file_has_no_last_line_break() -> None:
    assert diff("a: 1", "a: 2", "x") == (
        "--- x\n+++ x\n@@ -1 +1 @@\n-a: 1\n\\ No newline at end of file\n"
        "+a: 2\n\\ No newline at end of file\n"
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"
                            + "".join(map(chr, (*range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF))))
              | st.sampled_from("\n #:-?{}[],&*!|>'\"%@`~"), max_size=12)
    | st.sampled_from(["no", "yes", "1", "1.5", "null", "~", "0x1F", "1e3", "- a", "a: b", "a #b",
                       "2026-01-01", "", " a", "a ", "a:", "|", "?", "12:30", "line\nline", "a\n"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "a", "b c", "no", "5", "x: y"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(VALUES, st.sampled_from([flow, "entry", "item"]))
def test_every_value_reads_back_as_it_was_written(value: Any, style: Any) -> None:  # noqa: ANN401
    if style == "entry":
        text = "\n".join(entry("key", value, 0, literal=True))
    elif style == "item":
        text = "key:\n" + "\n".join(item(value, 2, literal=True))
        value = [value]
    else:
        text = f"key: {flow(value)}"
    root, faults, _ = parse(f"{text}\n", "x")
    assert not faults
    found = root.json()
    assert found == {"key": value}
    assert repr(found) == repr({"key": value})


def paths_of(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(path for key, inner in children for path in paths_of(inner, (*at, key)))]


def get(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    for part in path:
        value = value[part]
    return value


def wrapped(value: Any) -> Any:  # noqa: ANN401
    return said("k: " + flow(value))["k"]


TEXTS = (PAYMENT.read_text(encoding="utf-8"), SPEC)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_edit_changes_exactly_what_it_names(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    before = said(text)
    path = data.draw(st.sampled_from(paths_of(before)[1:]))
    value = data.draw(VALUES)
    kind = data.draw(st.sampled_from(["set", "add", "delete"]))
    parent, last = path[:-1], path[-1]
    if kind == "add":
        if not isinstance(get(before, parent), dict):
            return
        last = "added_key"
        path = (*parent, last)
    edit: Edit = Delete(path) if kind == "delete" else Set(path, value)
    try:
        after_text = apply_edits(text, [edit])
    except CannotEditError:
        assert kind != "add"
        return
    after = said(after_text)
    holder = get(before, parent)
    old = holder[last] if kind != "add" else None
    if kind == "delete":
        del holder[last]
    else:
        holder[last] = wrapped(value)
    assert after == before
    if kind == "add" or (kind == "set" and isinstance(old, tuple)):
        ends = after_text.splitlines()
        assert all(any(line.endswith(f"#{one}") for line in ends) for one in comments(text))
