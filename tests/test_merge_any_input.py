"""Any bytes at all: the merge never fails, and never drops a line of the user's."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.merge import FileState, certificate, merge_file

PATHS = st.sampled_from(["a.py", "a.pyi", "a.toml", "a.yaml", "README.md", ".env.example", "x"])
PIECES = [
    *("a = 1", "def f():", "    x = 1", "    # c", "class A:", "if x:", "else:", "@d", "x = (1,"),
    *(
        "import a",
        "from a import b",
        "from a import b, c",
        "from . import (",
        "\\",
        "'''",
        "(",
        ")",
    ),
    *("- a: 1", "  b: 2", "[t]", "# h", "```", "", "  ", "\t", "\r", "\x0c", "é", "\ufeff"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines).encode())
)
ANY = st.one_of(st.none(), st.binary(max_size=40), TEXTS)


def state(text: bytes | None) -> FileState | None:
    return None if text is None else FileState(text)


@settings(max_examples=300, deadline=None)
@given(PATHS, ANY, ANY, ANY)
def test_any_three_files_can_be_merged(
    path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None
) -> None:
    for mode in ("inline", "file"):
        merged = merge_file(path, state(base), state(ours), state(theirs), conflicts=mode)
        assert (merged.outcome == "conflict") == bool(merged.conflicts)
        if merged.outcome in ("unchanged", "kept"):
            assert merged.state == state(ours)
        if merged.outcome == "taken":
            assert merged.state == state(theirs)


@settings(max_examples=300, deadline=None)
@given(PATHS, TEXTS, TEXTS, st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_lines_that_the_user_added_are_there_afterwards(
    path: str, base: bytes, theirs: bytes, places: list[int]
) -> None:
    lines = base.split(b"\n")
    for number, place in enumerate(places):
        lines.insert(place, b"# mine_%d" % number)
    ours = b"\n".join(lines)
    merged = merge_file(path, state(base), state(ours), state(theirs))
    assert merged.state is not None
    for number in range(len(places)):
        assert merged.state.text.count(b"mine_%d" % number) == 1
    assert certificate(path, state(base), state(ours), merged).lost == ()
