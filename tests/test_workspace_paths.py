"""Which paths a run may write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featuregen.errors import FeaturegenError
from featuregen.workspace import Write, apply, read_file, stage
from featuregen.workspace.paths import check_spelling


def refusal(root: Path, *paths: str) -> FeaturegenError:
    with pytest.raises(FeaturegenError) as caught:
        stage(root, [Write(path, b"x") for path in paths])
    return caught.value


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../outside.py",
        "app/../../outside.py",
        "app/..",
        "..",
        ".",
        "./app.py",
        "app//main.py",
        "app/",
        "C:/windows.py",
        "C:evil.py",
        "app\\main.py",
        "app/a\0b.py",
        "app/new\nline.py",
        "CON",
        "app/nul.py",
        "app/Com1.tar.gz",
        "app/LPT¹",
        "app/aux .py",
        "app/main.py.",
        "app/main.py ",
        "app /main.py",
        "app/what?.py",
        "app/" + "x" * 256,
        "app/\ud800.py",
        ".git/hooks/pre-commit",
        ".GIT/config",
        ".git",
        ".featuregen/.journal/manifest.json",
        ".featuregen/.journal.done",
    ],
)
def test_a_path_that_is_not_plain_and_portable_is_refused(tmp_path: Path, path: str) -> None:
    error = refusal(tmp_path, path)
    assert error.where == path
    assert repr(path) in error.what
    assert error.exit_code == 1


def test_an_empty_path_is_refused(tmp_path: Path) -> None:
    assert "empty" in refusal(tmp_path, "").what


@pytest.mark.parametrize(
    "path",
    [
        ".gitignore",
        ".github/workflows/ci.yml",
        "app/console.py",
        "é/ü.py",
        "a b/c.py",
        ".env.example",
    ],
)
def test_an_ordinary_path_is_accepted(path: str) -> None:
    check_spelling(path)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_an_accepted_path_stays_below_the_root(path: str) -> None:
    try:
        check_spelling(path)
    except FeaturegenError:
        return
    assert os.path.normpath(f"/root/{path}") == f"/root/{path}"


def test_a_folder_that_leads_out_of_the_project_is_refused(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    root.mkdir()
    (root / "app").symlink_to(outside)
    assert "leaves the project" in refusal(root, "app/main.py").what
    with pytest.raises(FeaturegenError, match="leaves the project"):
        read_file(root, "app/main.py")
    assert not any(outside.iterdir())


def test_a_symlinked_folder_inside_the_project_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "app").symlink_to("real")
    apply(stage(tmp_path, [Write("app/main.py", b"x")]))
    assert (tmp_path / "real/main.py").read_bytes() == b"x"
    assert (tmp_path / "app").is_symlink()


def test_one_file_under_two_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "app").symlink_to("real")
    assert "twice" in refusal(tmp_path, "app/main.py", "real/main.py").what
    assert "twice" in refusal(tmp_path, "a.py", "a.py").what


@pytest.mark.parametrize("content", [b"x", None], ids=["written", "deleted"])
def test_a_symlink_is_not_written_through(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "target").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(FeaturegenError, match="symlink") as caught:
        stage(tmp_path, [Write("link", content)])
    assert caught.value.where == "link"
    assert (tmp_path / "target").read_bytes() == b"mine"


def test_a_dangling_symlink_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "symlink" in refusal(tmp_path, "link").what


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    assert "a folder stands there" in refusal(tmp_path, "folder").what
    assert "is a file" in refusal(tmp_path, "file/main.py").what
    assert "special file" in refusal(tmp_path, "pipe").what
    assert "written as a file" in refusal(tmp_path, "new", "new/main.py").what


def test_names_that_differ_only_in_case_are_refused(tmp_path: Path) -> None:
    (tmp_path / "App").mkdir()
    (tmp_path / "App/Main.py").write_bytes(b"")
    assert "'App'" in refusal(tmp_path, "app/other.py").what
    assert "'App/Main.py'" in refusal(tmp_path, "App/main.py").what
    assert "only in case" in refusal(tmp_path, "new.py", "New.py").what
    assert "only in case" in refusal(tmp_path, "new/a.py", "New/b.py").what
    assert "only in case" in refusal(tmp_path, "caf\u00e9.py", "cafe\u0301.py").what


def test_a_file_can_change_the_case_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "Main.py").write_bytes(b"old")
    apply(stage(tmp_path, [Write("Main.py", None), Write("main.py", b"new")]))
    assert [place.name for place in tmp_path.iterdir()] == ["main.py"]
