"""The merge of sequences, judged by its definition on all short and many random ones."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.merge.diff3 import align, longest_increasing, merge3

ON_ANY_MACHINE = settings(deadline=None)
SHORT = st.lists(st.sampled_from("ab "), max_size=8)


@ON_ANY_MACHINE
@given(SHORT, SHORT)
def test_aligned_items_are_equal_and_in_order(a: list[str], b: list[str]) -> None:
    pairs = align(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(x < y and p < q for (x, p), (y, q) in itertools.pairwise(pairs))


@ON_ANY_MACHINE
@given(SHORT, SHORT)
def test_an_alignment_is_the_same_from_the_top_and_from_the_bottom(
    a: list[str], b: list[str]
) -> None:
    reversed_pairs = align(a[::-1], b[::-1])
    assert align(a, b) == sorted((len(a) - 1 - i, len(b) - 1 - j) for i, j in reversed_pairs)


@ON_ANY_MACHINE
@given(SHORT, SHORT, SHORT)
def test_regions_cover_all_three_sequences_without_a_gap(
    base: list[str], ours: list[str], theirs: list[str]
) -> None:
    regions = list(merge3(base, ours, theirs))
    for side, whole in (("base", base), ("ours", ours), ("theirs", theirs)):
        spans = [getattr(region, side) for region in regions]
        assert [item for low, high in spans for item in whole[low:high]] == whole


@ON_ANY_MACHINE
@given(SHORT, SHORT, SHORT)
def test_a_region_is_what_it_is_called(base: list[str], ours: list[str], theirs: list[str]) -> None:
    for region in merge3(base, ours, theirs):
        b, o, t = (
            base[slice(*region.base)],
            ours[slice(*region.ours)],
            theirs[slice(*region.theirs)],
        )
        expected = {
            "same": b == o == t,
            "both": o == t,
            "ours": b == t != o,
            "theirs": b == o != t,
            "conflict": o not in (b, t) and b != t,
        }
        assert expected[region.kind]


@ON_ANY_MACHINE
@given(SHORT, SHORT)
def test_a_change_of_one_side_alone_is_taken_whole(base: list[str], other: list[str]) -> None:
    for ours, theirs in ((other, base), (base, other)):
        merged: list[str] = []
        for region in merge3(base, ours, theirs):
            assert region.kind != "conflict"
            span = region.theirs if region.kind == "theirs" else region.ours
            merged += (theirs if region.kind == "theirs" else ours)[slice(*span)]
        assert merged == other


def test_changes_of_neighbouring_lines_are_a_conflict() -> None:
    kinds = [region.kind for region in merge3("abcd", "aBcd", "abCd")]
    assert kinds == ["same", "conflict", "same"]


def test_a_repeated_line_is_not_aligned_where_two_places_are_as_good() -> None:
    assert align(["x"], ["x", "y", "x"]) == []


@ON_ANY_MACHINE
@given(st.lists(st.tuples(st.integers(), st.integers()), max_size=7, unique_by=lambda p: p[0]))
def test_the_longest_increasing_run_is_increasing_and_none_is_longer(
    pairs: list[tuple[int, int]],
) -> None:
    pairs.sort()
    found = longest_increasing(pairs)
    best = max(
        len(chosen)
        for size in range(len(pairs) + 1)
        for chosen in itertools.combinations(pairs, size)
        if all(a[1] < b[1] for a, b in itertools.pairwise(chosen))
    )
    assert len(found) == best
    assert all(a[1] < b[1] for a, b in itertools.pairwise(found))
