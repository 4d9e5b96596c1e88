"""A run that is killed or refused at each of its mutations: the old tree or the new one."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from featuregen.errors import FeaturegenError
from featuregen.workspace import Staged, Write, apply, pending, recover, stage

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks to be killed")

Tree = dict[str, tuple[str, int, bytes]]
REFUSED = 3


def snapshot(root: Path) -> Tree:
    """Every folder, file and link below `root`, with mode and content."""
    found: Tree = {}
    for place in sorted(root.rglob("*")):
        path = place.relative_to(root).as_posix()
        mode = stat.S_IMODE(place.lstat().st_mode)
        if place.is_symlink():
            found[path] = ("link", 0, os.fsencode(place.readlink()))
        elif place.is_dir():
            found[path] = ("folder", mode, b"")
        else:
            found[path] = ("file", mode, place.read_bytes())
    return found


def in_child(action: Callable[[], object], fault: str) -> int:
    """Run `action` in a process of its own with a fault set; its exit code, or minus its signal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # xdist has threads; the child has none
        child = os.fork()
    if child == 0:
        code = 1
        try:
            os.environ["FEATUREGEN_FAULT"] = fault
            action()
            code = 0
        except FeaturegenError:
            code = REFUSED
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def make_project(root: Path, *, with_home: bool) -> None:
    """A project in which every kind of change can happen."""
    for path, content, mode in (
        ("app/main.py", b"old main\n", 0o600),
        ("app/run.sh", b"#!/bin/sh\n", 0o644),
        ("app/gone/one.py", b"1\n", 0o644),
        ("app/gone/deep/two.py", b"2\n", 0o640),
        ("app/gone/__pycache__/one.cpython-311.pyc", b"\0bytecode", 0o644),
        ("app/stays/three.py", b"3\n", 0o644),
        ("app/stays/four.py", b"4\n", 0o644),
        ("README.md", b"read me\r\n", 0o644),
    ):
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(mode)
    (root / "app/gone").chmod(0o750)
    (root / "empty").mkdir()
    (root / "link").symlink_to("README.md")
    if with_home:
        (root / ".featuregen").mkdir(mode=0o755)
        (root / ".featuregen/order.lock").write_bytes(b"lock\n")


def changes(root: Path, *, in_home: bool) -> Staged:
    writes = [
        Write("app/main.py", b"new main\n"),
        Write("app/run.sh", b"#!/bin/sh\n", executable=True),
        Write("app/gone/one.py", None),
        Write("app/gone/deep/two.py", None),
        Write("app/stays/four.py", None),
        Write("app/new/api/five.py", b"5\n"),
        Write("app/new/six.sh", b"6\n", executable=True),
        Write("seven.py", b"7\n"),
    ]
    if in_home:
        writes.append(Write(".featuregen/payment.lock", b"lock\n"))
    return stage(root, writes)


class Scene:
    """Fresh copies of one project, and what it is before and after the run."""

    def __init__(self, folder: Path, *, with_home: bool, in_home: bool) -> None:
        self.folder = folder
        self.in_home = in_home
        self.pristine = folder / "pristine"
        make_project(self.pristine, with_home=with_home)
        self.old = snapshot(self.pristine)
        done = self.fresh()
        self.run(done)
        self.new = snapshot(done)
        self.mutations = self.count(self.run)

    def fresh(self) -> Path:
        root = self.folder / "project"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.pristine, root, symlinks=True)
        return root

    def run(self, root: Path) -> None:
        apply(changes(root, in_home=self.in_home))

    def count(self, action: Callable[[Path], object]) -> int:
        log = self.folder / "count"
        log.unlink(missing_ok=True)
        root = self.fresh()
        assert in_child(lambda: action(root), f"count:{log}") == 0
        return len(log.read_text().splitlines())


@pytest.fixture(
    params=[(False, False), (False, True), (True, False), (True, True)],
    ids=["no home", "home made", "home there", "home there and written"],
)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    with_home, in_home = request.param
    memory = Path("/dev/shm")  # noqa: S108 - a thousand runs are quicker where fsync costs nothing
    place = memory if os.access(memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Scene(Path(folder), with_home=with_home, in_home=in_home)


def test_the_run_without_a_fault_makes_every_change(scene: Scene) -> None:
    assert scene.new != scene.old
    assert scene.new["app/main.py"] == ("file", 0o600, b"new main\n")
    assert scene.new["app/run.sh"][1] & 0o111
    assert scene.new["app/new/six.sh"][1] & 0o111
    assert "app/gone" not in scene.new
    assert "app/stays/four.py" not in scene.new
    assert "app/stays/three.py" in scene.new
    assert "empty" in scene.new
    assert (".featuregen" in scene.new) == (scene.in_home or ".featuregen" in scene.old)
    assert not any(".journal" in path or "tmp" in path for path in scene.new)
    assert scene.mutations > 40


def test_a_kill_before_any_mutation_leaves_the_old_tree_or_the_new_one(scene: Scene) -> None:
    outcomes: set[str] = set()
    for number in range(1, scene.mutations + 1):
        root = scene.fresh()
        assert in_child(lambda root=root: scene.run(root), str(number)) == -signal.SIGKILL  # type: ignore[misc]
        recovery = recover(root)
        after = snapshot(root)
        assert after in (scene.old, scene.new), f"killed before mutation {number}"
        assert not pending(root)
        if recovery is not None:
            assert (recovery.outcome == "done") == (after == scene.new)
            assert recovery.kept == ()
            outcomes.add(recovery.outcome)
    assert outcomes == {"undone", "done"}


def last_on_its_way(scene: Scene) -> int:
    """The last mutation before the commit: a kill there leaves the most to undo."""
    for number in range(scene.mutations, 0, -1):
        root = scene.fresh()
        in_child(lambda root=root: scene.run(root), str(number))  # type: ignore[misc]
        if (root / ".featuregen/.journal").is_dir():
            return number
    raise AssertionError


def test_a_recovery_that_is_killed_as_well_is_recovered(scene: Scene) -> None:
    check_second_kills(scene, {10: 8, scene.mutations // 2: 8, last_on_its_way(scene): 2})


@pytest.mark.heavy
def test_a_recovery_that_is_killed_anywhere_is_recovered(scene: Scene) -> None:
    steps = dict.fromkeys(range(5, scene.mutations + 1, 5), 4)
    check_second_kills(scene, {**steps, last_on_its_way(scene): 1})


def check_second_kills(scene: Scene, steps: Mapping[int, int]) -> None:
    """`steps` has a mutation to be killed at, and of how many of its recovery one is, too."""
    for number, step in steps.items():
        second = 1
        while second:
            root = scene.fresh()
            in_child(lambda root=root: scene.run(root), str(number))  # type: ignore[misc]
            killed = in_child(lambda root=root: recover(root), str(second)) == -signal.SIGKILL  # type: ignore[misc]
            recover(root)
            assert snapshot(root) in (scene.old, scene.new), f"killed at {number}, then at {second}"
            second = second + step if killed else 0


@pytest.mark.parametrize("fault", ["enospc", "eacces"])
def test_a_disk_that_refuses_any_mutation_leaves_the_tree_unchanged(
    scene: Scene, fault: str
) -> None:
    refusals = 0
    for number in range(1, scene.mutations + 1):
        root = scene.fresh()
        code = in_child(lambda root=root: scene.run(root), f"{fault}:{number}")  # type: ignore[misc]
        if code == REFUSED:
            refusals += 1
            assert snapshot(root) == scene.old, f"refused at mutation {number}"
        else:
            assert code == 0, f"refused at mutation {number}"
            recover(root)
            assert snapshot(root) == scene.new
    assert refusals > 10


def test_a_disk_gone_read_only_is_undone_once_it_is_writable(scene: Scene) -> None:
    for number in range(1, scene.mutations + 1, 2):
        root = scene.fresh()
        code = in_child(lambda root=root: scene.run(root), f"erofs:{number}")  # type: ignore[misc]
        assert code in {0, REFUSED}
        recover(root)
        assert snapshot(root) == (scene.old if code == REFUSED else scene.new)


def new_project(root: Path) -> None:
    content = b"print()\n"
    apply(stage(root, [Write("app/main.py", content), Write("run", content, executable=True)]))


def test_a_new_project_is_absent_or_complete_whenever_it_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "count"
    whole = tmp_path / "whole" / "payments" / "api"
    (tmp_path / "whole").mkdir()
    assert in_child(lambda: new_project(whole), f"count:{log}") == 0
    expected = snapshot(whole)
    mutations = len(log.read_text().splitlines())
    place = tmp_path / "place"
    place.mkdir()
    for number in range(1, mutations + 1):
        root = place / "payments" / "api"
        code = in_child(lambda root=root: new_project(root), str(number))  # type: ignore[misc]
        assert code == -signal.SIGKILL
        recover(root)
        assert not any(place.iterdir()), f"killed before mutation {number}"
    for number in range(1, mutations + 1):
        assert in_child(lambda: new_project(place / "payments" / "api"), f"enospc:{number}") in {
            REFUSED,
            0,
        }
        if (place / "payments").exists():
            assert snapshot(place / "payments" / "api") == expected
            shutil.rmtree(place / "payments")
        assert not any(place.iterdir()), f"no space at mutation {number}"


def test_a_new_project_is_made_over_what_a_killed_run_left(tmp_path: Path) -> None:
    root = tmp_path / "payments"
    in_child(lambda: new_project(root), "4")
    assert any(tmp_path.iterdir())
    new_project(root)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["payments"]
    assert (root / "app/main.py").read_bytes() == b"print()\n"


def killed_after_replacing(root: Path) -> None:
    """Leave a run on its way: `a.py` is new already, `b.py` is not."""
    staged = stage(root, [Write("a.py", b"new a\n"), Write("b.py", b"new b\n")])
    for number in range(1, 60):
        in_child(lambda: apply(staged), str(number))
        if (root / "a.py").read_bytes() == b"new a\n":
            return
        recover(root)
    raise AssertionError


def over_a_mount(root: Path) -> Staged:
    """Changes below `root/disk`, which is another file system."""
    return stage(root, [Write("disk/a.py", b"new a"), Write("disk/b.py", None), Write("c.py", b"")])


def test_a_kill_while_writing_over_a_mount_is_undone(tmp_path: Path) -> None:
    memory = Path("/dev/shm")  # noqa: S108 - the other file system
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    mount = ["mount", "--bind"]
    with tempfile.TemporaryDirectory(dir=memory) as other:
        disk = tmp_path / "disk"
        disk.mkdir()
        if subprocess.run([*mount, other, str(disk)], capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount")
        try:
            kill_over_a_mount(tmp_path, disk)
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def kill_over_a_mount(root: Path, disk: Path) -> None:
    outcomes: set[int] = set()
    for number in range(1, 60):
        (disk / "a.py").write_bytes(b"old a")
        (disk / "b.py").write_bytes(b"old b")
        (disk / "a.py").chmod(0o640)
        old = snapshot(root)
        code = in_child(lambda: apply(over_a_mount(root)), str(number))
        recover(root)
        after = snapshot(root)
        outcomes.add(code)
        if after != old:
            assert after["disk/a.py"] == ("file", 0o640, b"new a")
            assert sorted(after) == ["c.py", "disk", "disk/a.py"]
            (root / "c.py").unlink()
    assert outcomes == {0, -signal.SIGKILL}


def test_an_edit_made_after_the_interruption_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"old a\n")
    (tmp_path / "b.py").write_bytes(b"old b\n")
    killed_after_replacing(tmp_path)
    assert pending(tmp_path)
    (tmp_path / "a.py").write_bytes(b"my own a\n")
    recovery = recover(tmp_path)
    assert recovery is not None
    assert (recovery.outcome, recovery.kept) == ("undone", ("a.py",))
    assert recovery.files == ("a.py", "b.py")
    assert (tmp_path / "a.py").read_bytes() == b"my own a\n"
    assert (tmp_path / "b.py").read_bytes() == b"old b\n"
    assert (tmp_path / ".featuregen/recovered/a.py").read_bytes() == b"old a\n"


def test_a_damaged_journal_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"old a\n")
    (tmp_path / "b.py").write_bytes(b"old b\n")
    killed_after_replacing(tmp_path)
    (tmp_path / ".featuregen/.journal/manifest.json").write_bytes(b"{")
    with pytest.raises(FeaturegenError, match="damaged"):
        recover(tmp_path)
    assert (tmp_path / ".featuregen/.journal/pre").is_dir()
