"""One run at a time in a project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from featuregen.errors import FeaturegenError
from featuregen.workspace import project_lock

HOLDER = """
import sys
from pathlib import Path
from featuregen.workspace import project_lock
with project_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(root: Path, program: str = HOLDER) -> subprocess.Popen[str]:
    """Another process that holds the project; it says so before we go on."""
    source = str(Path(__file__).parent.parent / "src")
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_and_told_why(tmp_path: Path) -> None:
    with hold(tmp_path) as other:
        with (
            pytest.raises(FeaturegenError, match="another featuregen run") as caught,
            project_lock(tmp_path),
        ):
            pass
        assert caught.value.where == str(tmp_path)
        other.communicate("\n")
    with project_lock(tmp_path):
        assert not any(tmp_path.iterdir())


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    with hold(tmp_path) as other:
        other.kill()
        other.wait()
        with project_lock(tmp_path):
            assert not any(tmp_path.iterdir())


def test_two_projects_do_not_wait_for_each_other(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    with project_lock(one), project_lock(two), pytest.raises(FeaturegenError), project_lock(two):
        pass


def test_a_project_that_is_not_there_needs_no_lock(tmp_path: Path) -> None:
    with project_lock(tmp_path / "new"):
        assert not (tmp_path / "new").exists()


def test_a_platform_without_fcntl_can_still_run(tmp_path: Path) -> None:
    without = "import sys; sys.modules['fcntl'] = None\n" + HOLDER
    with hold(tmp_path, without) as other:
        other.communicate("\n")
    assert other.returncode == 0
    assert not any(tmp_path.iterdir())
