"""One file: the trivial cases, bytes that must come back as they were, texts other than Python."""

from __future__ import annotations

import codecs

import pytest

from featuregen.merge import FileState, Labels, Merged, merge_file, open_conflicts

BASE, OURS, THEIRS = "a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n", "a\nb\nc\nd\nE\n"
BOTH = "a\nB\nc\nd\nE\n"


def state(text: str | bytes, *, executable: bool = False, link: str | None = None) -> FileState:
    return FileState(text.encode() if isinstance(text, str) else text, executable, link)


def merge(
    base: str | bytes | None,
    ours: str | bytes | None,
    theirs: str | bytes | None,
    path: str = "notes.txt",
) -> Merged:
    states = [None if text is None else state(text) for text in (base, ours, theirs)]
    return merge_file(path, states[0], states[1], states[2])


def bytes_of(merged: Merged) -> bytes:
    assert merged.state is not None
    return merged.state.text


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "outcome", "result"),
    [
        (None, None, "x\n", "taken", "x\n"),
        ("x\n", "x\n", "y\n", "taken", "y\n"),
        ("x\n", "y\n", "x\n", "unchanged", "y\n"),
        ("x\n", "y\n", "y\n", "unchanged", "y\n"),
        (None, "y\n", "y\n", "unchanged", "y\n"),
        (None, "y\n", None, "unchanged", "y\n"),
        ("x\n", "x\n", None, "deleted", None),
        ("x\n", None, None, "unchanged", None),
        ("x\n", None, "x\n", "kept", None),
        ("x\n", None, "y\n", "kept", None),
        ("x\n", "y\n", None, "conflict", "y\n"),
        (BASE, OURS, THEIRS, "merged", BOTH),
    ],
)
def test_what_each_side_did_decides(
    base: str | None, ours: str | None, theirs: str | None, outcome: str, result: str | None
) -> None:
    merged = merge(base, ours, theirs)
    assert merged.outcome == outcome
    assert merged.state == (None if result is None else state(result))


def test_a_file_that_the_user_deleted_is_reported() -> None:
    assert "you deleted it" in merge("x\n", None, "y\n").notes[0]
    assert "you deleted it" in merge("x\n", None, "x\n").notes[0]


def test_a_dropped_file_that_was_only_reformatted_is_deleted() -> None:
    base, ours = "x = f(1, 2)\n", "x = f(\n    1,\n    2,\n)\n"
    assert merge(base, ours, None, "a.py").outcome == "deleted"
    assert merge(base, ours + "# mine\n", None, "a.py").outcome == "conflict"


def test_two_files_without_a_base_are_a_conflict_where_they_differ() -> None:
    merged = merge(None, "same\nmine\n", "same\nnew\n")
    assert merged.outcome == "conflict"
    assert bytes_of(merged) == (
        b"same\n<<<<<<< yours\nmine\n||||||| last generated\n"
        b"=======\nnew\n>>>>>>> newly generated\n"
    )


def test_two_files_without_a_base_that_differ_in_layout_only_are_no_conflict() -> None:
    merged = merge(None, "x = {'a': 1}\n", 'x = {"a": 1}\n', "a.py")
    assert merged.outcome == "unchanged"
    assert merge(None, "x = 1  # mine\n", "x = 1\n", "a.py").outcome == "conflict"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("final", [True, False])
def test_line_ends_bom_and_final_newline_stay_as_the_user_has_them(
    newline: str, bom: bytes, *, final: bool
) -> None:
    def written(text: str) -> bytes:
        text = text if final else text.removesuffix("\n")
        return bom + text.replace("\n", newline).encode()

    assert bytes_of(merge(BASE, written(OURS), THEIRS)) == written(BOTH)


def test_a_final_newline_that_the_template_adds_is_taken() -> None:
    assert bytes_of(merge(BASE[:-1], OURS[:-1], BASE)) == OURS.encode()


def test_mixed_line_ends_stay_on_their_lines() -> None:
    ours = b"a\r\nB\nc\r\nd\r\ne\r\n"
    assert bytes_of(merge(BASE, ours, THEIRS)) == b"a\r\nB\nc\r\nd\r\nE\r\n"


def test_conflict_markers_have_the_line_ends_of_the_file() -> None:
    merged = merge("a\n", b"b\r\n", "c\n")
    assert merged.outcome == "conflict"
    assert bytes_of(merged).count(b"\n") == bytes_of(merged).count(b"\r\n") == 7


def test_bytes_that_are_no_utf8_come_back_as_they_were() -> None:
    ours = OURS.replace("B", "\xe4\xff").encode("latin-1")
    assert bytes_of(merge(BASE, ours, THEIRS)) == BOTH.replace("B", "\xe4\xff").encode("latin-1")


def test_two_different_undecodable_comments_are_a_difference() -> None:
    base, ours, theirs = (
        b"x = 1  # \xe4\ny = 2\n",
        b"x = 1  # \xf6\ny = 2\n",
        b"x = 1  # \xe4\ny = 3\n",
    )
    assert bytes_of(merge(base, ours, theirs, "a.py")) == b"x = 1  # \xf6\ny = 3\n"


def test_a_file_that_declares_its_encoding_gets_new_text_in_it() -> None:
    cookie = "# -*- coding: latin-1 -*-\n"
    base = cookie + "a = 1\n\n\nb = 2\n"
    ours = (cookie + "a = 'ä'\n\n\nb = 2\n").encode("latin-1")
    theirs = cookie + "a = 1\n\n\nb = 'ö'\n"
    assert bytes_of(merge(base, ours, theirs, "a.py")) == (
        cookie + "a = 'ä'\n\n\nb = 'ö'\n"
    ).encode("latin-1")
    assert merge(base, ours, theirs.replace("ö", "€"), "a.py").outcome == "conflict"


def test_form_feeds_and_unicode_line_separators_do_not_end_a_line() -> None:
    base = "a\x0cb\u2028c\nd\ne\nf\n"
    merged = merge(base, base.replace("a", "A"), base.replace("f\n", "F\n"))
    assert bytes_of(merged) == b"A\x0cb\xe2\x80\xa8c\nd\ne\nF\n"


def test_a_binary_that_both_sides_changed_keeps_the_users_and_puts_theirs_beside() -> None:
    merged = merge(b"\0a", b"\0b", b"\0c")
    assert merged.outcome == "conflict"
    assert merged.state == state(b"\0b")
    assert merged.beside == state(b"\0c")


def test_a_symlink_is_never_merged_as_text() -> None:
    ours, theirs = state(b"", link="elsewhere"), state("y\n")
    merged = merge_file("a", state("x\n"), ours, theirs)
    assert (merged.outcome, merged.state, merged.beside) == ("conflict", ours, theirs)
    assert merge_file("a", state("x\n"), state("x\n"), ours).state == ours


@pytest.mark.parametrize("binary", [b"", b"\0"])
def test_an_executable_bit_is_merged_like_a_change(binary: bytes) -> None:
    text = binary + b"x\n"
    plain, executable = state(text), state(text, executable=True)
    new = state(binary + b"y\n")
    merged = merge_file("run", plain, executable, new)
    assert merged.state == state(new.text, executable=True)
    assert merge_file("run", executable, plain, executable).state == plain
    assert merge_file("run", plain, state(b"z\n"), state(text, executable=True)).state == state(
        b"z\n", executable=True
    )


def test_markers_of_an_earlier_merge_are_not_merged_again() -> None:
    first = merge("a\n", "b\n", "c\n")
    again = merge_file("notes.txt", state("c\n"), first.state, state("d\n"))
    assert again.state == first.state
    assert [each.line for each in again.conflicts] == [1]
    assert open_conflicts("notes.txt", first.state) == again.conflicts
    assert open_conflicts("notes.txt", state("b\n")) == ()


def test_labels_name_the_sides() -> None:
    labels = Labels("mine", "before", "new")
    merged = merge_file("a", state("a\n"), state("b\n"), state("c\n"), labels=labels)
    assert bytes_of(merged).split(b"\n")[::2][:1] == [b"<<<<<<< mine"]
    assert b"||||||| before\n" in bytes_of(merged)
    assert bytes_of(merged).endswith(b">>>>>>> new\n")


def test_conflicts_in_a_file_beside_leave_the_users_file_importable() -> None:
    base, ours, theirs = (
        f"X = {x}\n\n\ndef f():\n    return {y}\n" for x, y in ((1, 1), (2, 1), (3, 9))
    )
    merged = merge_file("a.py", state(base), state(ours), state(theirs), conflicts="file")
    assert merged.outcome == "conflict"
    assert bytes_of(merged) == b"X = 2\n\n\ndef f():\n    return 9\n"
    assert merged.beside == state(theirs)
    assert [each.line for each in merged.conflicts] == [1]


YAML = """\
services:
  web:
    image: app
    restart: always
    ports: [80]
  worker:
    image: app
    restart: always
    ports: [80]
"""


def test_a_line_in_repetitive_yaml_stays_under_its_key() -> None:
    worker = "  worker:\n    image: app\n    restart: always\n"
    ours = YAML.replace(worker, worker + "    mine: 1\n")
    theirs = YAML.replace(
        "  worker:", "  cron:\n    image: app\n    restart: always\n    ports: [80]\n  worker:"
    )
    merged = bytes_of(merge(YAML, ours, theirs, "compose.yaml")).decode()
    assert worker + "    mine: 1\n" in merged
    assert "  cron:\n    image: app\n    restart: always\n    ports: [80]\n  worker:" in merged


def test_a_line_in_repetitive_toml_stays_in_its_table() -> None:
    base = "[tool.a]\nx = 1\ny = 2\n\n[tool.b]\nx = 1\ny = 2\n"
    ours = base.replace("[tool.b]\nx = 1\n", "[tool.b]\nx = 1\nmine = 3\n")
    theirs = base.replace("[tool.b]", "[tool.new]\nx = 1\ny = 2\n\n[tool.b]")
    merged = bytes_of(merge(base, ours, theirs, "pyproject.toml")).decode()
    assert "[tool.b]\nx = 1\nmine = 3\n" in merged
    assert "[tool.new]\nx = 1\ny = 2\n" in merged


def test_a_paragraph_in_markdown_stays_under_its_heading() -> None:
    base = "# App\n\n## A\n\nRun it.\n\n## B\n\nRun it.\n"
    ours = base + "\nMine.\n"
    theirs = base.replace("## B\n", "## New\n\nRun it.\n\n## B\n")
    merged = bytes_of(merge(base, ours, theirs, "README.md")).decode()
    assert merged.index("## B") < merged.index("Mine.")
    assert merged.index("## New") < merged.index("## B")


def test_lines_of_an_env_file_are_merged() -> None:
    base = "A=1\n# about B\nB=2\nC=3\n"
    ours = base.replace("A=1", "A=mine")
    theirs = base + "D=4\n"
    assert (
        bytes_of(merge(base, ours, theirs, ".env.example")) == b"A=mine\n# about B\nB=2\nC=3\nD=4\n"
    )
