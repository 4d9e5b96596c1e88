"""The cases of the language, generated: what passes `check` becomes code without a finding."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import REPOSITORY, ToolRunner

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

CASES = sorted((REPOSITORY / "tests" / "cases" / "good").glob("*.yaml"))
UNPROVEN = Options(verify=False)


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.stem)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that a case becomes."""
    root = tmp_path_factory.mktemp("good") / "case-api"
    new(request.param, root, UNPROVEN, Silent())
    return root


def test_a_good_case_becomes_code_without_a_finding_of_ruff(
    project: Path, tool: ToolRunner
) -> None:
    done = tool(project, "ruff", "check", "--no-cache", "--output-format=concise")
    assert done.returncode == 0, done.stdout


def test_the_service_of_a_good_case_gives_each_client_what_it_takes(project: Path) -> None:
    taken = {
        node.name: {one.arg for one in (*node.args.args, *node.args.kwonlyargs)} - {"self"}
        for file in (project / "app" / "clients").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    (service,) = (project / "app" / "services").glob("*_service.py")
    for node in ast.walk(ast.parse(service.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(ast.Attribute(ast.Attribute(ast.Name("self"), client), name)) if (
                client != "_session"
            ):
                given = {one.arg for one in node.keywords} | {ast.unparse(it) for it in node.args}
                assert given == taken[name], name


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
