"""Projects of older versions of featuregen, edited by their users, updated to today."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lifecycle_scenes import is_due, remove_now, tree, update_now

from featuregen.lifecycle.statuses import status
from featuregen.lock import parse_lock
from featuregen.version import VERSION

OLD = Path(__file__).parent / "cases" / "old"
PROJECTS = sorted(place.parent.name for place in OLD.glob("*/deleted.txt"))
MARK = "edited_by_a_person"


def restored(version: str, into: Path) -> Path:
    """The project as its user left it: the locks hold what featuregen wrote."""
    root = into / "shop-api"
    shutil.copytree(OLD / version, root, ignore=shutil.ignore_patterns("edited", "deleted.txt"))
    for lock in sorted(root.glob(".featuregen/*.lock")):
        for path, pristine in parse_lock(lock.read_text(), lock.stem).files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(pristine.text)
    shutil.copytree(OLD / version / "edited", root, dirs_exist_ok=True)
    for path in (OLD / version / "deleted.txt").read_text().splitlines():
        (root / path).unlink()
    return root


@pytest.fixture(params=PROJECTS)
def old(request: pytest.FixtureRequest, scratch: Path) -> Path:
    return restored(request.param, scratch)


def edited_lines(root: Path) -> list[tuple[str, str]]:
    """What the users wrote, by file."""
    return [
        (path, line.strip().decode())
        for path, (kind, _, content) in tree(root).items()
        if kind == "file" and not path.startswith(".featuregen")
        for line in content.splitlines()
        if MARK in line.decode(errors="replace").lower().replace(" ", "_")
    ]


def test_there_are_old_projects() -> None:
    assert PROJECTS


def test_an_update_to_today_loses_no_edit_and_needs_nobody(old: Path) -> None:
    before = edited_lines(old)
    assert len(before) >= 7
    result = update_now(old)
    assert result.outcome == "updated"
    assert (result.conflicts, result.by_hand) == ((), ())
    assert edited_lines(old) == before
    assert result.kept is not None
    assert result.kept.lost == ()
    assert result.kept.symbols == result.kept.symbols_kept > 4
    for path, (kind, _, content) in tree(old).items():
        if kind == "file" and path.endswith(".py"):
            compile(content, path, "exec")


def test_what_was_deleted_then_is_deleted_still(old: Path) -> None:
    update_now(old)
    assert not (old / "tests/test_conformance.py").exists()


def test_after_the_update_everything_is_of_today(old: Path) -> None:
    update_now(old)
    found = status(old)
    assert {one.version for one in (found.project, *found.features)} == {VERSION}
    assert not any(one.due for one in (found.project, *found.features))
    assert not is_due(old)


def test_an_old_feature_can_be_removed_after_the_update(old: Path) -> None:
    update_now(old)
    assert remove_now(old, "payment").outcome == "removed"
    assert "payments" not in (old / "app/main.py").read_text()
    assert "edited_by_a_person" in (old / "app/main.py").read_text()
