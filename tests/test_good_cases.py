"""The cases of the language, generated: what passes `check` becomes code without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import REPOSITORY, ToolRunner

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

CASES = sorted((REPOSITORY / "tests" / "cases" / "good").glob("*.yaml"))
UNPROVEN = Options(verify=False)


@pytest.mark.parametrize("spec", CASES, ids=lambda path: path.stem)
def test_a_good_case_becomes_code_without_a_finding_of_ruff(
    spec: Path, tmp_path: Path, tool: ToolRunner
) -> None:
    root = tmp_path / "case-api"
    new(spec, root, UNPROVEN, Silent())
    done = tool(root, "ruff", "check", "--no-cache", "--output-format=concise")
    assert done.returncode == 0, done.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("spec", CASES, ids=lambda path: path.stem)
def test_a_good_case_is_typed_and_its_tests_pass(spec: Path, tmp_path: Path) -> None:
    root = tmp_path / "case-api"
    new(spec, root, UNPROVEN, Silent())
    environment = project_environment(root, (root / "pyproject.toml").read_text())
    tool = ToolRunner(environment.python)
    for command in (("mypy",), ("bandit", "-q", "-r", "app"), ("pytest", "-q", "-n", "2")):
        done = tool(root, *command)
        assert done.returncode == 0, (command, done.stdout[-3000:] + done.stderr[-1000:])
