"""Several features share files without quarrel: the order of runs leaves no trace."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from lifecycle_scenes import SPECS, add, edit_spec, remove_now, tree, update_now

Tree = dict[str, tuple[str, int, bytes]]

CHANGES = {
    "greeting": ("auth: none, hook: say_hello", "auth: required, hook: say_hello"),
    "poll": ("le: 1, decimal_places: 2", "le: 1, decimal_places: 3"),
    "ticket": ("values: [low, high]", "values: [low, high, now]"),
}


def after(actions: list[tuple[str, str]], root: Path) -> Tree:
    """The tree after these runs, each of one feature."""
    for action, feature in actions:
        match action:
            case "new":
                add(root, feature)
            case "update":
                edit_spec(root, feature, *CHANGES[feature])
                update_now(root, feature)
            case "remove":
                remove_now(root, feature)
    return tree(root)


ORDERS = [*permutations(SPECS)]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_any_order_of_new_and_update_gives_the_same_tree(
    order: tuple[str, ...], scratch: Path
) -> None:
    late = [*(("new", name) for name in order), *(("update", name) for name in reversed(order))]
    soon = [(action, name) for name in sorted(order) for action in ("new", "update")]
    folders = [scratch / name / "shop-api" for name in ("late", "soon")]
    for folder in folders:
        folder.parent.mkdir()
    assert after(late, folders[0]) == after(soon, folders[1])


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_any_order_of_removals_passes_through_the_same_trees(
    order: tuple[str, ...], trio: Path, scratch: Path
) -> None:
    remove_now(trio, order[0])
    fresh = scratch / "fresh" / "shop-api"
    fresh.parent.mkdir()
    assert tree(trio) == after([("new", name) for name in sorted(order[1:])], fresh)
    remove_now(trio, order[1])
    remove_now(fresh, order[1])
    assert tree(trio) == tree(fresh)
    remove_now(trio, order[2])
    assert tree(trio) == {}


def test_a_feature_that_comes_back_is_as_if_it_had_never_gone(trio: Path) -> None:
    before = tree(trio)
    for feature in SPECS:
        remove_now(trio, feature)
        add(trio, feature)
        assert tree(trio) == before


def test_two_changed_features_in_one_update_are_the_same_as_in_two(
    trio: Path, scratch: Path
) -> None:
    import shutil

    other = scratch / "other" / "shop-api"
    shutil.copytree(trio, other)
    for root in (trio, other):
        for feature, change in CHANGES.items():
            edit_spec(root, feature, *change)
    update_now(trio)
    for feature in reversed(CHANGES):
        update_now(other, feature)
    assert tree(trio) == tree(other)
