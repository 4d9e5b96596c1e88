"""The commands end to end, without the proof, which has its own tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_process import GOOD, featuregen
from report_samples import BROKEN, BY_HAND, CREATED, PLANNED

from featuregen.documents import as_json, plan_document, run_document
from featuregen.json_models import (
    Document,
    ExplainDocument,
    PlanDocument,
    RunDocument,
    SchemaDocument,
)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spec") / "greeting.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def project(spec: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the greeting feature, made by the command."""
    folder = tmp_path_factory.mktemp("project") / "api"
    done = featuregen("new", spec, "--into", folder, "--no-verify", "--json")
    document = RunDocument.model_validate_json(done.stdout)
    assert (done.returncode, document.outcome, document.verification) == (0, "created", None)
    assert done.stderr == ""
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {one.path for one in document.files} == written
    return folder


def test_new_into_this_folder_is_the_default(spec: Path, tmp_path: Path) -> None:
    done = featuregen("new", spec, "--no-verify", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("✓ greeting: created in this folder\n\nRoutes\n")
    assert "not run (--no-verify)" in done.stdout
    assert (tmp_path / "app" / "main.py").is_file()


def test_new_again_has_nothing_to_do(spec: Path, project: Path) -> None:
    done = featuregen("new", spec, "--into", project, "--no-verify")
    assert done.returncode == 0
    assert done.stdout.startswith("✓ greeting: nothing to do, ")


def test_new_with_a_changed_spec_is_a_conflict_that_names_update(
    spec: Path, project: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "greeting.yaml"
    changed.write_text(spec.read_text(encoding="utf-8") + "title: Hello\n", encoding="utf-8")
    done = featuregen("new", changed, "--into", project, "--no-verify", "--json")
    document = Document.model_validate_json(done.stdout)
    assert done.returncode == document.exit_code == 3
    assert document.error is not None
    assert document.error.hint is not None
    assert "featuregen update greeting" in document.error.hint
    assert done.stderr.startswith("error: ")


def test_a_bad_spec_stops_plan_and_new_with_its_diagnostics(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD.replace("string", "monney"), encoding="utf-8")
    for command in ("plan", "new"):
        done = featuregen(command, bad, "--into", tmp_path / "api", "--json")
        document = Document.model_validate_json(done.stdout)
        assert done.returncode == 1
        assert [found.code for found in document.diagnostics] == ["FG103"]
        assert "error[FG103]: unknown type 'monney'" in done.stderr
    assert not (tmp_path / "api").exists()


def test_plan_shows_what_new_would_do_and_writes_nothing(spec: Path, tmp_path: Path) -> None:
    shown = featuregen("plan", spec, "--into", tmp_path / "api")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("greeting: a plan for a new project in ")
    assert "GET  /api/v1/greetings/hello  say_hello  public" in shown.stdout
    assert "\n+++ b/" not in shown.stdout
    whole = featuregen("plan", spec, "--into", tmp_path / "api", "--diff")
    assert "\n+++ b/app/main.py\n" in whole.stdout
    assert list(tmp_path.iterdir()) == []


def test_plan_for_a_project_shows_the_diffs_of_its_shared_files(
    project: Path, tmp_path: Path
) -> None:
    second = tmp_path / "farewell.yaml"
    second.write_text(
        GOOD.replace("greeting", "farewell")
        .replace("Greeting", "Farewell")
        .replace("say_hello", "say_bye"),
        encoding="utf-8",
    )
    shown = featuregen("plan", second, "--into", project)
    assert shown.stdout.startswith("farewell: a plan for the project in ")
    assert "\n+++ b/app/main.py\n" in shown.stdout
    assert "\n+++ b/app/models/farewell.py\n" not in shown.stdout
    document = PlanDocument.model_validate_json(
        featuregen("plan", second, "--into", project, "--json").stdout
    )
    diffs = {one.path: one for one in document.diffs}
    assert diffs["app/main.py"].shared
    assert not diffs["app/models/farewell.py"].shared
    assert not document.new_project
    assert not (project / "app" / "models" / "farewell.py").exists()


def test_a_report_without_verification_says_that_nothing_was_measured(project: Path) -> None:
    done = featuregen("report", "greeting", "--no-verify", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# Greeting\n\n## Summary\n")
    assert "Verification was not run (--no-verify)" in done.stdout
    assert "- `say_hello` at `app/services/greeting_hooks.py:" in done.stdout


def test_the_report_of_a_feature_that_is_not_there_is_a_usage_error(project: Path) -> None:
    done = featuregen("report", "greetings", "--no-verify", "--into", project)
    assert (done.stdout, done.returncode) == ("", 2)
    assert "did you mean 'greeting'?" in done.stderr


def test_schema_prints_a_json_schema_and_nothing_else() -> None:
    bare = json.loads(featuregen("schema").stdout)
    assert bare["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    framed = SchemaDocument.model_validate_json(featuregen("schema", "--json").stdout)
    assert framed.json_schema == bare


def test_explain_says_what_a_code_means() -> None:
    shown = featuregen("explain", "fg103")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("# FG103: unknown type\n")
    [code] = ExplainDocument.model_validate_json(
        featuregen("explain", "FG103", "--json").stdout
    ).codes
    assert (code.code, code.title) == ("FG103", "unknown type")


def test_explain_lists_all_codes() -> None:
    shown = featuregen("explain").stdout.splitlines()
    codes = ExplainDocument.model_validate_json(featuregen("explain", "--json").stdout).codes
    assert shown == [f"{one.code}  {one.title}" for one in codes]
    assert "FG103  unknown type" in shown


def test_an_unknown_code_is_a_usage_error() -> None:
    done = featuregen("explain", "FG999")
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.startswith("error: unknown code 'FG999'\nhelp: ")
    assert done.stderr.endswith("'featuregen explain' lists all codes\n")


def test_the_document_of_a_proven_run_holds_what_was_measured() -> None:
    document = RunDocument.model_validate_json(as_json(run_document(CREATED, 0)))
    assert document.ok
    assert document.verification is not None
    assert [stage.name for stage in document.verification.stages] == ["ruff", "mypy", "tests"]
    assert document.verification.coverage[1].missing == (12, 13, 14)
    assert document.verification.coverage[1].missing_branches == ((20, 22), (12, 13))
    assert document.verification.tests[2].outcome == "expected failure"
    assert document.feature is not None
    assert document.feature.hooks[0].at == "app/services/payment_hooks.py:12"
    assert document.feature.requirements == {"users": ("customers of the shop",)}
    assert document.next_steps[0].startswith("write on_refund()")


def test_the_document_of_a_failed_run_names_the_line_of_the_spec() -> None:
    document = RunDocument.model_validate_json(as_json(run_document(BROKEN, 1)))
    assert not document.ok
    assert document.verification is not None
    places = [failure.spec for failure in document.verification.failures]
    assert places == ["payment.yaml:6 (operations.create_payment)", None]


def test_the_documents_of_plans_and_unproven_runs_fit_their_models() -> None:
    unproven = replace(CREATED, verification=None, picture=None, by_hand=(BY_HAND,))
    run = RunDocument.model_validate_json(as_json(run_document(unproven, 3)))
    assert (run.verification, run.feature, run.by_hand[0].path) == (None, None, "app/main.py")
    plan = PlanDocument.model_validate_json(as_json(plan_document(PLANNED)))
    assert [(one.path, one.shared) for one in plan.diffs] == [
        ("app/main.py", True),
        ("app/models/payment.py", False),
    ]
