"""Staging, applying, copying and diffing a tree."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featuregen.errors import FeaturegenError
from featuregen.spool import Spool
from featuregen.workspace import (
    Staged,
    Write,
    apply,
    materialise,
    materialised,
    pending,
    recover,
    stage,
    tree_diff,
)


def mode(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


def files(root: Path) -> dict[str, bytes]:
    return {
        place.relative_to(root).as_posix(): place.read_bytes()
        for place in sorted(root.rglob("*"))
        if place.is_file()
    }


# --- parked contents ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 300_000], ids=["in memory", "in a file"])
def test_what_is_parked_reads_back_in_any_order(size: int) -> None:
    spool = Spool()
    contents = [bytes([letter]) * size for letter in range(5)]
    parked = [spool.park(content) for content in contents]
    pieces = spool.park_pieces([b"in ", b"", b"pieces"])
    assert [each.read() for each in reversed(parked)] == contents[::-1]
    assert pieces.read() == b"in pieces"


def test_a_spool_closes_its_file_with_the_last_content_that_is_asked_for(tmp_path: Path) -> None:
    def parked() -> Write:
        return Write("kept.py", Spool().park(b"x" * 1_000_000))

    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("open files are listed on Linux only")
    before = len(list(descriptors.iterdir()))
    write = parked()
    assert len(list(descriptors.iterdir())) == before + 1
    apply(stage(tmp_path, [write]))
    assert (tmp_path / "kept.py").stat().st_size == 1_000_000
    del write
    assert len(list(descriptors.iterdir())) == before


def test_a_full_temporary_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/dev/null/nowhere")
    with pytest.raises(FeaturegenError, match="cannot write to the temporary folder"):
        Spool().park(b"x" * 1_000_000)


def test_parked_contents_reach_the_tree_the_copy_and_the_diff(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "old.py").write_bytes(b"old\n")
    spool = Spool()
    writes = [
        Write("old.py", spool.park(b"new\n")),
        Write("added/file.py", spool.park(b"added\n")),
        Write("gone.py", None),
    ]
    staged = stage(root, writes)
    expected = {"old.py": b"new\n", "added/file.py": b"added\n"}
    assert "+new\n" in tree_diff(staged)[1].text
    with materialised(staged) as tree:
        assert files(tree) == expected
    apply(staged)
    assert files(root) == expected
    apply(stage(tmp_path / "born", writes))
    assert files(tmp_path / "born") == expected


# --- staging --------------------------------------------------------------------------------------


def test_a_write_that_changes_nothing_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "same.py").write_bytes(b"same")
    (tmp_path / "other.py").write_bytes(b"old")
    staged = stage(
        tmp_path,
        [Write("same.py", b"same"), Write("other.py", b"new"), Write("never.py", None)],
    )
    assert [write.path for write in staged.writes] == ["other.py"]


def test_an_untouched_file_keeps_its_time(tmp_path: Path) -> None:
    place = tmp_path / "same.py"
    place.write_bytes(b"same")
    os.utime(place, ns=(1, 1))
    apply(stage(tmp_path, [Write("same.py", b"same"), Write("new.py", b"")]))
    assert place.stat().st_mtime_ns == 1


def test_nothing_to_do_touches_nothing(tmp_path: Path) -> None:
    os.utime(tmp_path, ns=(1, 1))
    apply(stage(tmp_path, []))
    assert tmp_path.stat().st_mtime_ns == 1


def test_only_the_executable_bits_can_change(tmp_path: Path) -> None:
    place = tmp_path / "run.sh"
    place.write_bytes(b"#!/bin/sh\n")
    place.chmod(0o640)
    apply(stage(tmp_path, [Write("run.sh", b"#!/bin/sh\n", executable=True)]))
    assert mode(place) == 0o750
    assert stage(tmp_path, [Write("run.sh", b"#!/bin/sh\n", executable=True)]).writes == ()
    assert stage(tmp_path, [Write("run.sh", b"#!/bin/sh\n")]).writes == ()
    apply(stage(tmp_path, [Write("run.sh", b"#!/bin/sh\n", executable=False)]))
    assert mode(place) == 0o640


def test_the_staged_tree_reads_as_it_will_be(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "b.py").write_bytes(b"b")
    staged = stage(tmp_path, [Write("a.py", b"new"), Write("b.py", None)])
    assert [staged.read(path) for path in ("a.py", "b.py", "c.py")] == [b"new", None, None]


def test_a_file_that_changed_since_it_was_read_is_refused_at_staging(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"edited since")
    with pytest.raises(FeaturegenError, match="changed while") as caught:
        stage(tmp_path, [Write("a.py", b"new")], seen={"a.py": b"as read"})
    assert caught.value.where == "a.py"
    with pytest.raises(FeaturegenError, match="changed while"):
        stage(tmp_path, [Write("a.py", b"new")], seen={"a.py": None})


@pytest.mark.parametrize("change", ["edited", "deleted", "created", "mode"])
def test_a_file_that_changed_since_staging_is_refused(tmp_path: Path, change: str) -> None:
    place = tmp_path / "a.py"
    if change != "created":
        place.write_bytes(b"old")
    staged = stage(tmp_path, [Write("a.py", b"new"), Write("b.py", b"b")])
    if change == "deleted":
        place.unlink()
    elif change == "mode":
        place.chmod(0o600)
    else:
        place.write_bytes(b"edited")
    before = files(tmp_path)
    with pytest.raises(FeaturegenError, match="changed while featuregen was at work"):
        apply(staged)
    assert files(tmp_path) == before


# --- applying -------------------------------------------------------------------------------------


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        apply(stage(tmp_path, [Write("a/b.py", b""), Write("a/c.sh", b"", executable=True)]))
    finally:
        os.umask(old)
    assert [mode(tmp_path / path) for path in ("a", "a/b.py", "a/c.sh")] == [0o750, 0o640, 0o750]


def test_a_replaced_file_keeps_its_mode_and_other_names_of_it_their_content(tmp_path: Path) -> None:
    place, other = tmp_path / "a.py", tmp_path / "other.py"
    place.write_bytes(b"old")
    place.chmod(0o604)
    other.hardlink_to(place)
    apply(stage(tmp_path, [Write("a.py", b"new")]))
    assert (place.read_bytes(), mode(place), other.read_bytes()) == (b"new", 0o604, b"old")


def test_a_folder_that_was_emptied_goes_and_one_that_was_empty_stays(tmp_path: Path) -> None:
    (tmp_path / "app/feature/__pycache__").mkdir(parents=True)
    (tmp_path / "app/feature/a.py").write_bytes(b"")
    (tmp_path / "app/feature/__pycache__/a.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "app/main.py").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    apply(stage(tmp_path, [Write("app/feature/a.py", None)]))
    names = {place.relative_to(tmp_path).as_posix() for place in tmp_path.rglob("*")}
    assert names == {"app", "app/main.py", "empty"}


def test_a_folder_with_a_file_of_the_user_stays(tmp_path: Path) -> None:
    (tmp_path / "app/__pycache__").mkdir(parents=True)
    (tmp_path / "app/a.py").write_bytes(b"")
    (tmp_path / "app/__pycache__/notes.txt").write_bytes(b"mine")
    apply(stage(tmp_path, [Write("app/a.py", None)]))
    assert files(tmp_path) == {"app/__pycache__/notes.txt": b"mine"}


def test_a_project_that_is_not_there_is_made_with_its_parents(tmp_path: Path) -> None:
    root = tmp_path / "work" / "payments"
    apply(stage(root, [Write("app/main.py", b"x"), Write("run", b"", executable=True)]))
    assert files(tmp_path) == {"work/payments/app/main.py": b"x", "work/payments/run": b""}
    assert mode(root / "run") & stat.S_IXUSR


def test_a_project_that_was_removed_since_staging_is_not_made_again(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_bytes(b"old")
    staged = stage(root, [Write("a.py", b"new")])
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(FeaturegenError, match="changed while"):
        apply(staged)
    assert not root.exists()


def test_a_symlinked_home_of_the_journal_is_refused(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    root.mkdir()
    (root / ".featuregen").symlink_to(outside)
    with pytest.raises(FeaturegenError, match="symlink"):
        apply(stage(root, [Write("a.py", b"")]))
    assert not any(outside.iterdir())
    assert [place.name for place in root.iterdir()] == [".featuregen"]


def test_nothing_is_pending_in_a_sound_project(tmp_path: Path) -> None:
    apply(stage(tmp_path, [Write("a.py", b""), Write(".featuregen/a.lock", b"")]))
    assert not pending(tmp_path)
    assert recover(tmp_path) is None
    assert recover(tmp_path / "nowhere") is None


PATHS = st.sampled_from(["a.py", "b.py", "x/a.py", "x/b.py", "x/y/a.py", ".featuregen/a.lock"])
CONTENTS = st.sampled_from([None, b"", b"one\n", b"two\r\n", b"\xff\0"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=st.dictionaries(PATHS, CONTENTS), after=st.dictionaries(PATHS, CONTENTS))
def test_applying_and_applying_the_inverse_restores_the_tree(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[str, bytes | None],
    after: dict[str, bytes | None],
) -> None:
    root = tmp_path_factory.mktemp("project")
    apply(stage(root, [Write(path, content) for path, content in before.items()]))
    old = files(root)
    assert old == {path: content for path, content in before.items() if content is not None}
    staged = stage(root, [Write(path, content) for path, content in after.items()])
    apply(staged)
    assert files(root) == {
        path: content for path, content in {**before, **after}.items() if content is not None
    }
    inverse = [
        Write(write.path, original.content if original else None)
        for write, original in staged.changes
    ]
    apply(stage(root, inverse))
    assert files(root) == old
    folders = {place for place in root.rglob("*") if place.is_dir()}
    assert folders == {parent for path in old for parent in (root / path).parents} & folders


# --- a disk that is really full -------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 64 KB, where the test may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("needs the right to mount")
    return disk


def test_a_full_disk_is_said_and_leaves_the_tree_unchanged(small_disk: Path) -> None:
    try:
        (small_disk / "a.py").write_bytes(b"old")
        staged = stage(small_disk, [Write("a.py", b"new"), Write("big", bytes(100_000))])
        with pytest.raises(FeaturegenError, match="No space left") as caught:
            apply(staged)
        assert "nothing was changed" in caught.value.what
        assert caught.value.hint is not None
        assert files(small_disk) == {"a.py": b"old"}
        with pytest.raises(FeaturegenError, match="No space left"):
            apply(stage(small_disk / "new", [Write("big", bytes(100_000))]))
        assert files(small_disk) == {"a.py": b"old"}
        assert [place.name for place in small_disk.iterdir()] == ["a.py"]
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_a_write_goes_over_a_mount_boundary(tmp_path: Path, small_disk: Path) -> None:
    try:
        (small_disk / "a.py").write_bytes(b"old")
        (small_disk / "a.py").chmod(0o640)
        (small_disk / "gone.py").write_bytes(b"gone")
        apply(
            stage(
                tmp_path,
                [Write("disk/a.py", b"new"), Write("disk/gone.py", None), Write("disk/b.py", b"")],
            )
        )
        assert files(tmp_path) == {"disk/a.py": b"new", "disk/b.py": b""}
        assert mode(small_disk / "a.py") == 0o640
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


# --- the copy for verification --------------------------------------------------------------------


def test_the_copy_has_the_project_with_the_writes_and_without_the_rest(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for path in (
        "app/main.py", "app/build/kept.py", "pyproject.toml", ".env.example", "tests/.env.sample",
        ".git/HEAD", ".venv/pyvenv.cfg", "py312/pyvenv.cfg", "py312/lib/x.py", "node_modules/y.js",
        "app/__pycache__/main.cpython-311.pyc", ".mypy_cache/x", "build/lib/x.py", "dist/x.whl",
        ".env", "app/.env.local", ".coverage", "x.egg-info/PKG-INFO", ".featuregen/payment.lock",
        ".featuregen/.journal/manifest.json",
    ):  # fmt: skip
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    (root / "app/main.py").chmod(0o755)
    os.utime(root / "app/main.py", ns=(10**18, 10**18))
    (root / "link").symlink_to("nowhere")
    (root / "empty").mkdir()
    os.mkfifo(root / "pipe")
    into = root / "tmp" / "copy"
    materialise(stage(root, [Write("pyproject.toml", b"new"), Write("a/b.sh", b"", True)]), into)  # noqa: FBT003
    assert files(into) == {
        "app/main.py": b"app/main.py",
        "app/build/kept.py": b"app/build/kept.py",
        "pyproject.toml": b"new",
        "a/b.sh": b"",
        ".env.example": b".env.example",
        "tests/.env.sample": b"tests/.env.sample",
        ".featuregen/payment.lock": b".featuregen/payment.lock",
    }
    assert mode(into / "app/main.py") == 0o755
    assert (into / "app/main.py").stat().st_mtime_ns == 10**18
    assert (into / "link").readlink() == Path("nowhere")
    assert (into / "empty").is_dir()
    assert mode(into / "a/b.sh") & stat.S_IXUSR


def test_writing_to_the_copy_does_not_reach_the_project(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "data.db").write_bytes(bytes(3_000_000))
    with materialised(stage(root, [])) as tree:
        assert tree.name == "project"
        with (tree / "data.db").open("r+b") as stream:
            stream.write(b"changed")
        assert (tree / "data.db").stat().st_size == 3_000_000
    assert (root / "data.db").read_bytes() == bytes(3_000_000)
    assert not tree.exists()


def test_a_project_that_is_not_there_is_copied_as_its_writes(tmp_path: Path) -> None:
    with materialised(stage(tmp_path / "new", [Write("a/b.py", b"x")])) as tree:
        assert files(tree) == {"a/b.py": b"x"}


# --- diffs ----------------------------------------------------------------------------------------


def git(*arguments: str, cwd: Path, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, input=stdin.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


def odd_changes(root: Path) -> Staged:
    (root / "a b.py").write_bytes(b"one\ntwo\x0cthree\r\nfour")
    (root / "gone.py").write_bytes(b"gone\n")
    (root / "run.sh").write_bytes(b"run\n")
    (root / "empty.py").write_bytes(b"")
    return stage(
        root,
        [
            Write("a b.py", b"one\ntwo\x0cTHREE\r\nfour\n"),
            Write("gone.py", None),
            Write("run.sh", b"run\n", executable=True),
            Write("empty.py", b"\n\nno end"),
            Write("new/x.py", "é\n".encode(), executable=True),
            Write("none.py", b""),
        ],
    )


def test_a_diff_applied_by_git_gives_the_staged_tree(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    for folder in (root, other):
        folder.mkdir()
        odd_changes(folder)
    staged = odd_changes(root)
    git("init", "-q", cwd=other)
    git("apply", "-", cwd=other, stdin="".join(diff.text for diff in tree_diff(staged)))
    apply(staged)
    copied = {
        path: content for path, content in files(other).items() if not path.startswith(".git/")
    }
    assert copied == files(root)
    assert [mode(other / path) & 0o111 != 0 for path in ("run.sh", "new/x.py", "a b.py")] == [
        True,
        True,
        False,
    ]


def test_a_diff_counts_its_lines(tmp_path: Path) -> None:
    found = {diff.path: diff for diff in tree_diff(odd_changes(tmp_path))}
    counts = {path: (diff.status, diff.added, diff.removed) for path, diff in found.items()}
    assert counts == {
        "a b.py": ("changed", 2, 2),
        "gone.py": ("deleted", 0, 1),
        "run.sh": ("changed", 0, 0),
        "empty.py": ("changed", 3, 0),
        "new/x.py": ("added", 1, 0),
        "none.py": ("added", 0, 0),
    }


def test_a_line_that_begins_like_a_header_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"-- old\n")
    (diff,) = tree_diff(stage(tmp_path, [Write("a.sql", b"++ new\n")]))
    assert (diff.added, diff.removed) == (1, 1)


def test_a_binary_file_is_only_named(tmp_path: Path) -> None:
    (diff,) = tree_diff(stage(tmp_path, [Write("a.png", b"\x89PNG\0")]))
    assert diff.text.endswith("Binary files /dev/null and b/a.png differ\n")
