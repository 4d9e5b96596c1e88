"""Completion: what comes next, and the scripts that ask for it."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import environment, featuregen

from featuregen.cli.complete import candidates
from featuregen.cli.grammar import COMMANDS
from featuregen.cli.shells import SCRIPTS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As completion sees it: a folder with the locks of two features, and the project's own."""
    (tmp_path / ".featuregen").mkdir()
    for name in ("payment", "product", "project"):
        (tmp_path / ".featuregen" / f"{name}.lock").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(*line: str) -> list[str]:
    """The candidates for a line, without their descriptions."""
    return [one.partition("\t")[0] for one in candidates(list(line))]


def test_the_first_word_is_a_command() -> None:
    assert words("") == list(COMMANDS)
    assert words("che") == ["check"]
    assert words("--v") == ["--version"]


def test_a_specs_place_is_left_to_the_shell() -> None:
    assert words("check", "") == words("check", "a.yaml", "b") == words("new", "pay") == [":files"]
    assert words("plan", "a.yaml", "") == []
    assert words("new", "a.yaml", "--python", "/usr") == [":files"]
    assert words("new", "a.yaml", "--into", "bu") == [":folders"]


def test_options_are_those_of_the_command_that_are_not_given_yet() -> None:
    assert words("new", "--") == [
        "--into", "--templates", "--python", "--no-verify", "--offline", "--json",
    ]  # fmt: skip
    assert words("new", "--json", "--o") == ["--offline"]
    assert words("check", "--json", "--") == ["--strict"]


@pytest.mark.usefixtures("project")
def test_features_are_those_of_the_project() -> None:
    assert words("report", "") == ["payment", "product"]
    assert words("report", "pay") == ["payment"]
    assert words("report", "payment", "") == []
    assert words("verify", "payment", "") == ["product"]
    assert words("verify", "--json", "--into", "/nowhere", "") == []


def test_features_come_from_the_project_that_into_names(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert words("verify", "") == []
    assert words("verify", "--into", str(project), "pr") == ["product"]


def test_features_come_from_the_project_that_the_folder_is_in(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = project / "app" / "services"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert words("remove", "") == ["payment", "product"]


def test_the_words_that_an_argument_may_be_are_told() -> None:
    assert words("update", "--conflicts", "") == ["inline", "file"]
    assert words("templates", "e") == ["eject"]
    assert words("import", "") == ["openapi", "code"]
    assert words("agents", "install", "claude", "c") == ["codex", "cursor"]


def test_codes_complete_with_their_titles() -> None:
    assert "FG103\tunknown type" in candidates(["explain", "FG10"])
    assert words("explain", "FG103", "") == []


def test_what_no_command_takes_has_no_candidates() -> None:
    assert words("nonsense", "") == words("schema", "") == []
    assert words("--show-completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    done = featuregen("--show-completion", shell)
    assert (done.stdout, done.stderr, done.returncode) == (SCRIPTS[shell], "", 0)


def test_a_shell_that_is_not_known_is_a_usage_error() -> None:
    done = featuregen("--show-completion", "tcsh")
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.startswith("error: no completion for the shell 'tcsh'\n")


@pytest.mark.parametrize(
    ("shell", "script", "start"),
    [
        ("bash", ".bash_completions/featuregen.sh", ".bashrc"),
        ("zsh", ".zfunc/_featuregen", ".zshrc"),
        ("fish", ".config/fish/completions/featuregen.fish", None),
    ],
)
def test_installing_twice_is_like_once(
    shell: str, script: str, start: str | None, tmp_path: Path
) -> None:
    if start:
        (tmp_path / start).write_text("# mine, without a last newline", encoding="utf-8")
    runs, trees = [], []
    for _ in range(2):
        arguments = ("--install-completion", shell)
        runs.append(featuregen(*arguments, HOME=str(tmp_path), XDG_CONFIG_HOME="", ZDOTDIR=""))
        trees.append(_texts(tmp_path))
    assert [done.returncode for done in runs] == [0, 0]
    assert f"{shell} completion installed in {tmp_path / script}" in runs[0].stdout
    assert trees[0] == trees[1]
    assert trees[0][script] == SCRIPTS[shell]
    if start:
        assert trees[0][start].startswith("# mine, without a last newline\n")


def _texts(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@bash
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        (["featuregen", "ch"], ["check"]),
        (["featuregen", "report", ""], ["payment", "product"]),
        (["featuregen", "verify", "payment", "p"], ["product"]),
        (["featuregen", "explain", "FG103"], ["FG103"]),
        (["featuregen", "new", "--no"], ["--no-verify"]),
        (["featuregen", "nonsense", ""], []),
    ],
)
def test_bash_completes_with_the_installed_script(
    line: list[str], replies: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "bin" / "featuregen"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m featuregen "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    asked = (
        f"{SCRIPTS['bash']}\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _featuregen featuregen\n'
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{script.parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "--norc", "-c", asked, "bash", *line],
        env=environment(PATH=path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == replies
