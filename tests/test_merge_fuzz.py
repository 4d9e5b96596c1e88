"""Random merges, judged by an oracle that knows every edit; and the oracle, by broken merges."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

import pytest
from merge_judge import judge
from merge_oracle import Case, make_case

from featuregen.merge import FileState, certificate, merge_file

Broken = Callable[[str, str, str], str]


def state(text: str) -> FileState:
    return FileState(text.encode())


def failures(cases: Iterable[Case]) -> tuple[list[str], int, int]:
    """What the oracle finds, with the number of cases and of those with conflicts."""
    found: list[str] = []
    count = conflicts = 0
    for case in cases:
        merged = merge_file("module.py", state(case.base), state(case.ours), state(case.theirs))
        assert merged.state is not None
        shown = merged.state.text.decode() if merged.conflicts else None
        result = (merged.resolved or merged.state.text).decode()
        found += [f"case {case.seed}: {each}" for each in judge(case, result, shown)]
        if case.seed % 4 == 0:
            proof = certificate("module.py", state(case.base), state(case.ours), merged)
            found += [f"case {case.seed}: certificate: {each}" for each in proof.lost]
        count += 1
        conflicts += bool(merged.conflicts)
    return found, count, conflicts


def test_no_edit_is_lost_or_misplaced_in_random_merges() -> None:
    found, count, conflicts = failures(make_case(seed) for seed in range(100))
    assert found == []
    assert conflicts <= count * 0.2


def test_no_edit_is_lost_or_misplaced_where_both_sides_edit_a_lot() -> None:
    found, count, conflicts = failures(make_case(seed, most=10) for seed in range(5000, 5050))
    assert found == []
    assert conflicts <= count * 0.2


@pytest.mark.heavy
@pytest.mark.parametrize("most", [4, 10])
def test_no_edit_is_lost_or_misplaced_in_thousands_of_random_merges(most: int) -> None:
    found, count, conflicts = failures(make_case(seed, most=most) for seed in range(10_000, 13_000))
    assert found == []
    assert conflicts <= count * 0.2


def test_the_oracle_finds_what_a_plain_line_merge_misplaces() -> None:
    kinds = caught(line_merge, range(100))
    assert kinds["misplaced"] >= 5
    assert kinds["lost"] >= 5


def test_the_oracle_finds_comments_that_a_merge_of_syntax_trees_loses() -> None:
    kinds = caught(lambda _base, ours, _theirs: ast.unparse(ast.parse(ours)), range(20))
    assert kinds["lost"] >= 20


def test_the_oracle_finds_what_the_user_removed_when_it_comes_back() -> None:
    kinds = caught(lambda _base, _ours, theirs: theirs, range(40))
    assert kinds["returned"] >= 2


def test_the_oracle_has_no_objection_where_only_one_side_made_edits() -> None:
    for seed in range(20):
        case = make_case(seed)
        one_sided = Case(
            seed,
            {**case.models, "theirs": case.models["base"]},
            case.scripts,
            case.base,
            case.ours,
            case.base,
        )
        assert judge(one_sided, case.ours) == []


def caught(merge: Broken, seeds: Iterable[int]) -> Counter[str]:
    """The kinds of fault that the oracle finds in a broken merge."""
    kinds: Counter[str] = Counter()
    for seed in seeds:
        case = make_case(seed)
        kinds.update(
            each.partition(":")[0] for each in judge(case, merge(case.base, case.ours, case.theirs))
        )
    return kinds


def line_merge(base: str, ours: str, theirs: str) -> str:
    """What patching does: each change goes where its line number and its context seem to be.

    This is the kind of merge that featuregen does without: no idea of functions, no audit.
    """
    result = theirs.splitlines()
    was, mine = base.splitlines(), ours.splitlines()
    edits = SequenceMatcher(None, was, mine, autojunk=False).get_opcodes()
    for tag, low, high, start, end in reversed(edits):
        if tag == "equal":
            continue
        context = was[max(0, low - 3) : low]
        place = _find(result, context, near=low)
        result[place : place + (high - low)] = mine[start:end]
    return "\n".join(result) + "\n"


def _find(lines: list[str], context: list[str], near: int) -> int:
    size = len(context)
    places = [at for at in range(len(lines) - size + 1) if lines[at : at + size] == context]
    return min(places, key=lambda at: abs(at + size - near), default=near - size) + size
