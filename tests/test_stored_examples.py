"""The examples of `examples/`: their specs leave nothing open, and what they become is proven.

The heavy tests hold each to every check, on SQLite and on PostgreSQL; the ordinary ones hold one
to the checks that take no long.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from conftest import REPOSITORY, ToolRunner

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.plan.models import shown_sample
from featuregen.progress import Silent
from featuregen.questions import open_questions
from featuregen.spec.load import load_spec

EXAMPLES = REPOSITORY / "examples"
SPECS = sorted(EXAMPLES.glob("*/*.yaml"))
CLOSED = [spec for spec in SPECS if spec.stem != "product"]
LISTED = sorted(EXAMPLES.glob("*/*.sha256"))


def generated(spec: Path, folder: Path) -> Path:
    root = folder / f"{spec.stem}-api"
    new(spec, root, Options(verify=False), Silent())
    return root


def passes(tool: ToolRunner, root: Path, *command: str) -> str:
    done = tool(root, *command)
    assert done.returncode == 0, (command, done.stdout[-4000:] + done.stderr[-1000:])
    return done.stdout


def tool_of(root: Path) -> ToolRunner:
    """The tools in the environment that the project itself asks for."""
    return ToolRunner(project_environment(root, (root / "pyproject.toml").read_text()).python)


@pytest.mark.parametrize("spec", CLOSED, ids=lambda path: path.stem)
def test_their_specs_leave_no_question_open(spec: Path) -> None:
    assert open_questions(load_spec(spec)) == ()


def test_the_smallest_spec_leaves_nothing_open_that_matters_much() -> None:
    [product] = set(SPECS) - set(CLOSED)
    assert "high" not in {question.severity for question in open_questions(load_spec(product))}


def test_documents_show_a_row_as_the_example_of_its_creation_leaves_it() -> None:
    spec = load_spec(EXAMPLES / "payment" / "payment.yaml")
    shown = shown_sample(spec.models["PaymentRead"], spec)
    asked = spec.models["PaymentRequest"].example
    assert asked is not None
    assert {name: shown[name] for name in asked if name in shown} == {
        name: asked[name] for name in ("amount", "currency", "description")
    }
    assert (shown["status"], shown["refunded_amount"]) == ("pending", "0.00")


def test_a_range_that_is_the_only_filter_is_tried_once(tmp_path: Path) -> None:
    root = generated(EXAMPLES / "blog" / "blog.yaml", tmp_path)
    test = (root / "tests" / "test_blog_lists.py").read_text(encoding="utf-8")
    assert test.count('"published_at_to": ') == test.count('{"published_at_from": ') + 1


@pytest.mark.parametrize("listed", LISTED, ids=lambda path: path.parent.name)
def test_what_they_become_is_what_their_list_says(listed: Path, tmp_path: Path) -> None:
    generated(listed.with_name(f"{listed.parent.name}.yaml"), tmp_path)
    made = {
        f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tmp_path).as_posix()}"
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert set(listed.read_text(encoding="utf-8").splitlines()) == made


def test_an_example_keeps_to_its_own_openapi_document(tmp_path: Path) -> None:
    root = generated(EXAMPLES / "product" / "product.yaml", tmp_path)
    tool = tool_of(root)
    passes(tool, root, "ruff", "check", "--no-cache")
    passes(tool, root, "bandit", "-q", "-r", "app")
    passes(tool, root, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_conformance.py")


@pytest.mark.heavy
@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_each_holds_to_every_check(spec: Path, tmp_path: Path) -> None:
    root = generated(spec, tmp_path)
    tool = tool_of(root)
    for command in (
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("mypy",),
        ("pyright", "--pythonpath", str(tool.python)),
        ("bandit", "-q", "-r", "app"),
    ):
        passes(tool, root, *command)
    shown = passes(tool, root, "pytest", "-q", "-n", "2", "--cov", "--cov-report=term")
    assert "Required test coverage of 100" in shown


@pytest.mark.heavy
@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_the_tests_of_each_pass_on_postgresql(
    spec: Path, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = generated(spec, tmp_path)
    monkeypatch.setenv("TEST_DATABASE_URL", postgres_url)
    passes(tool_of(root), root, "pytest", "-q", "-n", "2")
