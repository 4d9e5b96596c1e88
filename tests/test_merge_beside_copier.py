"""The merge fuzz beside copier's own update: `benchmarks/merges.py`, in small."""

from __future__ import annotations

import sys

import pytest
from conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))

from merges import compare, shown, users_side


@pytest.mark.heavy
def test_on_the_same_cases_we_lose_nothing_and_leave_less_to_a_person_than_copier() -> None:
    ours, theirs = compare(60, one_by_one=2)
    print(shown((ours, theirs), 120))
    assert not ours.faults
    assert len(ours.clashing) < len(theirs.clashing)
    assert (ours.exits, ours.silent_exits) == (2, 0)
    assert (theirs.exits, theirs.silent_exits) == (2, 2)


def test_a_conflict_of_copiers_is_decided_for_the_user() -> None:
    text = "a\n<<<<<<< before updating\nmine\n=======\nyours\n>>>>>>> after updating\nb\n"
    assert users_side(text) == "a\nmine\nb\n"


def test_without_a_conflict_a_row_of_signs_stands() -> None:
    assert users_side("a\n=======\nb\n") == "a\n=======\nb\n"
