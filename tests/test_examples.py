"""The examples: what is committed is what comes out, and it holds to every check."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import OK_CASES, PAYMENT, REPOSITORY, ToolRunner, snapshot

from featuregen.pipeline import Options, new
from featuregen.progress import Silent

CASES = REPOSITORY / "tests" / "cases" / "ok"
UNPROVEN = Options(verify=False)
EXAMPLES = REPOSITORY / "examples"


def test_the_committed_payment_api_is_what_its_spec_gives(tmp_path: Path) -> None:
    new(EXAMPLES / "payment" / "payment.yaml", tmp_path / "payment-api", UNPROVEN, Silent())
    assert snapshot(tmp_path / "payment-api") == snapshot(EXAMPLES / "payment" / "payment-api")


@pytest.fixture(scope="module")
def tree(every_feature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of all features, in a place where tools may leave their caches."""
    root = tmp_path_factory.mktemp("checked") / "shop-api"
    shutil.copytree(every_feature, root)
    return root


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("mypy",),
        ("bandit", "-q", "-r", "app"),
    ],
    ids=lambda command: command[0],
)
def test_five_features_in_one_project_are_without_a_finding(
    tree: Path, tool: ToolRunner, command: tuple[str, ...]
) -> None:
    done = tool(tree, *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_strict_has_no_finding(tree: Path, tool: ToolRunner) -> None:
    done = tool(tree, "pyright", "--pythonpath", str(tool.python), "--outputjson")
    report = json.loads(done.stdout)
    assert report["generalDiagnostics"] == []
    assert report["summary"]["filesAnalyzed"] > 50


@pytest.mark.heavy
def test_their_tests_pass_in_any_order_and_cover_every_branch(tree: Path, tool: ToolRunner) -> None:
    assert_proven(tree, tool, "-n", "2")


def test_the_tests_of_two_features_pass_in_any_order_and_cover_every_branch(
    tmp_path: Path, tool: ToolRunner
) -> None:
    root = tmp_path / "shop-api"
    new([CASES / "message.yaml", CASES / "quote.yaml"], root, UNPROVEN, Silent())
    # Without the property tests: they take longest, and nothing is covered by them alone.
    assert_proven(root, tool, "--ignore=tests/test_conformance.py", "-p", "no:schemathesis")


def assert_proven(root: Path, tool: ToolRunner, *options: str) -> None:
    done = tool(root, "pytest", "-q", *options, "--cov", "--cov-report=term")
    assert done.returncode == 0, done.stdout[-4000:]
    assert "100%" in done.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("spec", [PAYMENT, *OK_CASES], ids=lambda path: path.stem)
def test_each_feature_alone_holds_to_every_check(
    spec: Path, tmp_path: Path, tool: ToolRunner
) -> None:
    root = tmp_path / "alone-api"
    new(spec, root, UNPROVEN, Silent())
    for command in (
        ("ruff", "check", "--no-cache"),
        ("mypy",),
        ("pyright", "--pythonpath", str(tool.python)),
        ("bandit", "-q", "-r", "app"),
        ("pytest", "-q", "-n", "2", "--cov"),
    ):
        done = tool(root, *command)
        assert done.returncode == 0, (command, done.stdout[-3000:] + done.stderr[-1000:])
