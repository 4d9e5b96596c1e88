r"""A checkout in which git has given files the line ends of Windows: nobody has edited anything."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lifecycle_scenes import (
    QUICK,
    STORING,
    add,
    edit,
    edit_spec,
    is_due,
    remove_now,
    tree,
    update_now,
)

from featuregen.lifecycle.renaming import rename
from featuregen.lifecycle.statuses import status
from featuregen.pipeline import new
from featuregen.progress import Silent
from featuregen.results import RunResult

SERVICE = "app/services/ticket_service.py"
FEATURES = ("crate", "greeting", "poll", "shelf", "ticket")
WHICH = {
    "all files": "**/*",
    "the spec": "features/ticket.yaml",
    "the lock": ".featuregen/ticket.lock",
    "the records but the lock": ".featuregen/[!t]*",
}
SCENES: dict[str, Callable[[Path], RunResult]] = {
    "update": update_now,
    "remove": lambda root: remove_now(root, "ticket"),
    "remove the one before": lambda root: remove_now(root, "crate"),
    "remove all": lambda root: [remove_now(root, name) for name in FEATURES][-1],
    "rename": lambda root: rename(root, "ticket", "request", QUICK, Silent()),
    "new": lambda root: _store(root, "rack"),
}


def _store(root: Path, feature: str) -> RunResult:
    spec = root.parent / f"{feature}.yaml"
    shelf = STORING["shelf"]
    spec.write_text(shelf.replace("shelf", feature).replace("Shelf", feature.title()))
    return new(spec, root, QUICK, Silent())


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of two storing features, whose revisions follow each other, and three others."""
    root = tmp_path_factory.mktemp("both") / "p"
    _store(root, "crate")
    add(root, "shelf", "greeting", "poll", "ticket")
    return root


@pytest.fixture
def plain(both: Path, scratch: Path) -> Path:
    return Path(shutil.copytree(both, scratch / "plain" / "p"))


@pytest.fixture(params=[*WHICH.values()], ids=[*WHICH])
def checkout(both: Path, scratch: Path, request: pytest.FixtureRequest) -> Path:
    root = Path(shutil.copytree(both, scratch / "checkout" / "p"))
    to_windows(root, request.param)
    return root


def to_windows(root: Path, pattern: str = "**/*") -> None:
    found = [place for place in root.glob(pattern) if place.is_file()]
    assert found
    for place in found:
        place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))


def texts(root: Path) -> dict[str, bytes]:
    return {path: text.replace(b"\r\n", b"\n") for path, (_, _, text) in tree(root).items()}


def test_nothing_is_due_or_edited_and_no_byte_changes(checkout: Path) -> None:
    before = tree(checkout)
    assert not is_due(checkout)
    found = status(checkout)
    assert not [one for one in (found.project, *found.features) if one.edited or one.due]
    assert update_now(checkout).outcome == "unchanged"
    assert tree(checkout) == before


@pytest.mark.parametrize("scene", [*SCENES.values()], ids=[*SCENES])
def test_a_run_does_what_it_does_with_plain_line_ends(
    checkout: Path, plain: Path, scene: Callable[[Path], RunResult]
) -> None:
    for root in (plain, checkout):
        edit_spec(root, "shelf", "max_length: 40", "max_length: 60")
        update_now(root)
    ways = [scene(root) for root in (plain, checkout)]
    assert texts(checkout) == texts(plain)
    assert not ways[1].by_hand
    assert ways[1].notes == ways[0].notes
    assert not (checkout / "features").exists() or not is_due(checkout)


def test_a_changed_file_keeps_its_line_ends(both: Path, scratch: Path) -> None:
    root = Path(shutil.copytree(both, scratch / "p"))
    to_windows(root)
    edit(root, SERVICE, 'log.info("get_ticket")\r\n', 'log.info("get_ticket")\r\n    # mine\r\n')
    edit_spec(
        root, "ticket", "max_length: 120}\r\n      urgency", "max_length: 99}\r\n      urgency"
    )
    done = update_now(root)
    changed = [each.path for each in done.files if not each.path.startswith(".featuregen/")]
    assert "app/models/ticket.py" in changed
    for path in changed:
        text = (root / path).read_bytes()
        assert text.count(b"\r\n") == text.count(b"\n"), path
    assert b"    # mine\r\n" in (root / SERVICE).read_bytes()


def test_a_removal_tells_of_no_layout_that_anybody_has_changed(both: Path, scratch: Path) -> None:
    root = Path(shutil.copytree(both, scratch / "p"))
    to_windows(root)
    assert not remove_now(root, "poll").notes


def test_a_checkout_that_git_itself_has_made_is_up_to_date(both: Path, scratch: Path) -> None:
    root = Path(shutil.copytree(both, scratch / "p"))
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for command in (
        ("init", "-q"),
        ("add", "-A"),
        (*identity, "commit", "-qm", "all"),
        ("config", "core.autocrlf", "true"),
        ("rm", "-rq", "."),
        ("reset", "-q", "--hard"),
    ):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    assert b"\r\n" in (root / ".featuregen/project.lock").read_bytes()
    assert not is_due(root)
