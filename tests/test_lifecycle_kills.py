"""`update` and `remove` that are killed or refused at any write: the old tree or the new one."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lifecycle_scenes import add, edit, edit_spec, remove_now, tree, update_now
from test_journal_faults import REFUSED, in_child

from featuregen.workspace import pending

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks to be killed")

Act = Callable[[Path], object]


def updating(root: Path) -> None:
    update_now(root)


def removing(root: Path) -> None:
    remove_now(root, "poll")


def removing_all(root: Path) -> None:
    remove_now(root, "greeting")


class Scene:
    """Copies of one project, and what it is before and after a run."""

    def __init__(self, folder: Path, act: Act, *features: str) -> None:
        self.folder = folder
        self.act = act
        self.pristine = folder / "pristine" / "shop-api"
        self.pristine.parent.mkdir()
        add(self.pristine, *features)
        if "poll" in features:
            edit_spec(self.pristine, "poll", "  vote:\n", "  vote:\n    summary: Count one in\n")
            edit(
                self.pristine,
                "app/main.py",
                "    return app\n",
                "    app.state.x = 1\n    return app\n",
            )
        if "shelf" in features:  # the update brings a migration
            edit_spec(self.pristine, "shelf", "max_length: 40}", "max_length: 60}")
        self.old = tree(self.pristine)
        log = folder / "mutations"
        done = self.fresh()
        assert in_child(lambda: act(done), f"count:{log}") == 0
        self.new = tree(done)
        assert ("migrations/versions/0002_shelf.py" in self.new) == ("shelf" in features)
        self.mutations = len(log.read_text().splitlines())

    def fresh(self) -> Path:
        root = self.folder / "project" / "shop-api"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.pristine, root)
        return root

    def points(self, most: int) -> list[int]:
        """Fault points over the whole run, the first and the last ones among them."""
        step = max(1, self.mutations // most)
        ends = {1, 2, self.mutations - 1, self.mutations}
        return sorted({*range(1, self.mutations + 1, step), *ends})


@pytest.fixture(
    params=[
        (updating, "greeting", "poll"),
        (removing, "greeting", "poll"),
        (removing_all, "greeting"),
        (updating, "shelf"),
    ],
    ids=["update", "remove", "remove the last", "migrate"],
)
def scene(request: pytest.FixtureRequest, scratch: Path) -> Scene:
    act, *features = request.param
    return Scene(scratch, act, *features)


def test_a_run_that_was_killed_is_finished_by_running_it_again(scene: Scene) -> None:
    check_kills(scene, scene.points(4))


@pytest.mark.heavy
def test_a_run_killed_at_any_mutation_is_finished_by_running_it_again(scene: Scene) -> None:
    check_kills(scene, range(1, scene.mutations + 1))


def check_kills(scene: Scene, points: Iterable[int]) -> None:
    assert scene.new != scene.old
    for number in points:
        root = scene.fresh()
        assert in_child(lambda root=root: scene.act(root), str(number)) == -signal.SIGKILL  # type: ignore[misc]
        again = in_child(lambda root=root: scene.act(root), "")  # type: ignore[misc]
        assert not pending(root)
        # Where the first run was complete but for its tidying, a removal finds nothing to remove.
        assert again == 0 or tree(root) == scene.new
        assert tree(root) == scene.new, f"killed before mutation {number}"


@pytest.mark.parametrize("fault", ["enospc", "eacces", "erofs"])
def test_a_disk_that_refuses_leaves_the_tree_as_it_was(scene: Scene, fault: str) -> None:
    check_refusals(scene, fault, scene.points(2))


@pytest.mark.heavy
@pytest.mark.parametrize("fault", ["enospc", "eacces", "erofs"])
def test_a_disk_that_refuses_at_any_mutation_leaves_the_tree_as_it_was(
    scene: Scene, fault: str
) -> None:
    check_refusals(scene, fault, range(1, scene.mutations + 1))


def check_refusals(scene: Scene, fault: str, points: Iterable[int]) -> None:
    refused = 0
    for number in points:
        root = scene.fresh()
        code = in_child(lambda root=root: scene.act(root), f"{fault}:{number}")  # type: ignore[misc]
        assert code in {0, REFUSED}
        if code == REFUSED and fault != "erofs":  # a disk gone read-only is undone by the next run
            refused += 1
            assert tree(root) == scene.old, f"{fault} at mutation {number}"
        assert in_child(lambda root=root: scene.act(root), "") in {0, REFUSED}  # type: ignore[misc]
        assert tree(root) == scene.new
    assert refused or fault == "erofs"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_said_and_nothing_changes(scene: Scene) -> None:
    root = scene.fresh()
    (root / "app").chmod(0o555)
    assert in_child(lambda: scene.act(root), "") == REFUSED
    (root / "app").chmod(0o755)
    assert tree(root) == scene.old
