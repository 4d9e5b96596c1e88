"""`git-remote-featuregen`: git reads the installed template, whole, and the same everywhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli_process import REPOSITORY
from copier_process import Copier, git, template_repository

from featuregen.gitremote import RELEASES
from featuregen.version import VERSION

URL = "featuregen::templates"


@pytest.fixture
def copier(tmp_path: Path) -> Copier:
    return Copier(tmp_path / "environment")


def run_git(copier: Copier, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env=copier.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_clone_has_the_template_of_this_checkout(copier: Copier, tmp_path: Path) -> None:
    done = run_git(copier, "clone", "--quiet", URL, "clone", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    clone = tmp_path / "clone"
    names = sorted(
        path.relative_to(clone).as_posix()
        for path in clone.rglob("*")
        if path.is_file() and ".git" not in path.parts
    )
    assert names == ["answers/{{ _copier_conf.answers_file }}.jinja", "copier.yml"]
    assert all((clone / name).read_bytes() == (REPOSITORY / name).read_bytes() for name in names)
    assert git(clone, "describe", "--tags").strip() == f"v{VERSION}"


def test_every_release_has_its_tag_and_this_version_is_the_last(
    copier: Copier, tmp_path: Path
) -> None:
    listed = run_git(copier, "ls-remote", "--tags", "--refs", URL, cwd=tmp_path).stdout
    assert {line.rpartition("/")[2] for line in listed.splitlines()} == {
        f"v{version}" for version in RELEASES
    }
    assert RELEASES[-1] == VERSION


def test_two_machines_make_the_same_commits(tmp_path: Path) -> None:
    listed = [
        run_git(Copier(tmp_path / name), "ls-remote", URL, cwd=tmp_path).stdout
        for name in ("one", "two")
    ]
    assert listed[0] == listed[1] != ""


def test_it_works_inside_of_another_repository(copier: Copier, tmp_path: Path) -> None:
    other = template_repository(tmp_path / "other", "0.0.1")
    done = run_git(copier, "fetch", "--quiet", URL, f"refs/tags/v{VERSION}", cwd=other)
    assert done.returncode == 0, done.stderr
    assert "copier.yml" in git(other, "show", "--name-only", "--format=", "FETCH_HEAD")


def test_nothing_can_be_pushed(copier: Copier, tmp_path: Path) -> None:
    other = template_repository(tmp_path / "other", "0.0.1")
    done = run_git(copier, "push", URL, "HEAD:refs/heads/mine", cwd=other)
    assert done.returncode != 0


def test_two_processes_may_make_the_repository_at_once(copier: Copier, tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            ["git", "ls-remote", URL],
            cwd=tmp_path,
            env=copier.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0, 0]
    assert len(answers) == 1
    made = list((tmp_path / "environment/cache/templates").iterdir())
    assert len(made) == 1
