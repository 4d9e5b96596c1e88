"""`featuregen new`: into nothing, into a project, into one that its owner has changed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import OK_CASES, PAYMENT, REPOSITORY, snapshot

from featuregen.errors import FeaturegenError, SpecError
from featuregen.pipeline import Options, generated_paths, new, plan, report
from featuregen.plan.make import make_plan
from featuregen.progress import Silent
from featuregen.render import render_feature
from featuregen.spec.load import load_spec
from featuregen.workspace import pending

UNPROVEN = Options(verify=False)
QUOTE = next(path for path in OK_CASES if path.stem == "quote")
GOOD = REPOSITORY / "tests" / "cases" / "good"
PRODUCT = GOOD / "product.yaml"
STORING = [PRODUCT, GOOD / "payment-full.yaml"]


def times(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.rglob("*")}


def test_new_twice_changes_nothing(payment_project: Path) -> None:
    before, touched = snapshot(payment_project), times(payment_project)
    result = new(PAYMENT, payment_project, UNPROVEN, Silent())
    assert result.outcome == "unchanged"
    assert (snapshot(payment_project), times(payment_project)) == (before, touched)


def test_a_changed_spec_is_a_case_for_update(payment_project: Path, tmp_path: Path) -> None:
    changed = tmp_path / "payment.yaml"
    changed.write_text(PAYMENT.read_text().replace("max_length: 500", "max_length: 400"))
    before = snapshot(payment_project)
    with pytest.raises(FeaturegenError) as raised:
        new(changed, payment_project, UNPROVEN, Silent())
    assert "featuregen update payment" in str(raised.value.hint)
    assert snapshot(payment_project) == before


def test_plan_writes_nothing_and_shows_what_new_would(
    payment_project: Path, tmp_path: Path
) -> None:
    before = snapshot(payment_project)
    planned = plan(QUOTE, payment_project)
    assert snapshot(payment_project) == before
    assert "app/main.py" in planned.shared
    assert "+    app.include_router(quotes.router)" in "".join(diff.text for diff in planned.diffs)
    done = new(QUOTE, payment_project, UNPROVEN, Silent())
    assert [change.path for change in done.files] == [change.path for change in planned.files]
    assert not plan(PAYMENT, tmp_path / "nowhere").root.startswith("featuregen")
    assert not (tmp_path / "nowhere").exists()


def test_features_may_join_in_any_order(tmp_path: Path) -> None:
    specs = [PAYMENT, *OK_CASES[:2]]
    trees = []
    for number, order in enumerate((specs, specs[::-1])):
        root = tmp_path / str(number) / "shop-api"
        for spec in order:
            new(spec, root, UNPROVEN, Silent())
        trees.append(snapshot(root))
    assert trees[0] == trees[1]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FeaturegenError, match="not empty"):
        new(PAYMENT, tmp_path, UNPROVEN, Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_what_another_feature_has_is_a_collision_at_its_line(
    payment_project: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "charge.yaml"
    twin.write_text(PAYMENT.read_text().replace("feature: payment", "feature: charge"))
    with pytest.raises(SpecError) as raised:
        new(twin, payment_project, UNPROVEN, Silent())
    messages = [found.message for found in raised.value.diagnostics]
    assert any(
        "the error PaymentError belongs to the feature 'payment'" in text for text in messages
    )
    assert any("the setting payment_api_url" in text for text in messages)
    assert all(found.position.line > 1 for found in raised.value.diagnostics)


def test_a_file_of_the_user_is_never_overwritten(payment_project: Path) -> None:
    mine = payment_project / "app" / "models" / "quote.py"
    mine.write_text("MINE = 1\n")
    with pytest.raises(FeaturegenError, match=r"app/models/quote\.py exists already"):
        new(QUOTE, payment_project, UNPROVEN, Silent())
    assert mine.read_text() == "MINE = 1\n"


MAINS = {
    "a comment and another name": (
        ("def create_app(", "# Ours.\ndef build_service("),
        "    app.include_router(quotes.router)",
    ),
    "an alias": (
        (
            "from app.api.endpoints import health, metrics, payments",
            (
                "from app.api.endpoints import health, metrics\n"
                "from app.api.endpoints import payments as money"
            ),
        ),
        "include_router(quotes.router)",
    ),
}


@pytest.mark.parametrize("name", MAINS)
def test_an_edited_main_module_is_wired_and_keeps_its_edits(
    name: str, payment_project: Path
) -> None:
    (old, fresh), wired = MAINS[name]
    main = payment_project / "app" / "main.py"
    text = main.read_text()
    assert old in text
    main.write_text(text.replace(old, fresh))
    result = new(QUOTE, payment_project, UNPROVEN, Silent())
    assert fresh.splitlines()[0] in main.read_text()
    assert wired in main.read_text()
    assert result.by_hand == ()


def test_a_rebuilt_main_module_is_told_by_hand_and_not_skipped(payment_project: Path) -> None:
    main = payment_project / "app" / "main.py"
    main.write_text("from somewhere import make\n\nservice = make()\n")
    result = new(QUOTE, payment_project, UNPROVEN, Silent())
    assert "service = make()" in main.read_text()
    told = [item for item in result.by_hand if item.id == "router:quotes"]
    assert "include_router(quotes.router)" in told[0].instructions


def test_what_a_rebuilt_main_module_lacks_is_told_by_hand(payment_project: Path) -> None:
    main = payment_project / "app" / "main.py"
    main.write_text(
        "from fastapi import FastAPI\n\n"
        "from app.api.endpoints import health, payments\n\n\n"
        "def make() -> FastAPI:\n"
        "    api = FastAPI()\n"
        "    api.include_router(payments.router)\n"
        "    return api\n\n\n"
        "app = make()\n"
    )
    result = new(PRODUCT, payment_project, UNPROVEN, Silent())
    assert "    api.include_router(products.router)\n" in main.read_text()
    [told] = [item for item in result.by_hand if item.id == "skeleton:app/main.py"]
    assert "You have taken out create_app." in told.instructions
    assert "+        lifespan=lifespan,\n" in told.instructions


def test_settings_of_the_user_stay_beside_the_new_ones(payment_project: Path) -> None:
    config = payment_project / "app" / "core" / "config.py"
    config.write_text(
        config.read_text().replace("    log_level:", "    ours: int = 5  # keep\n    log_level:")
    )
    new(QUOTE, payment_project, UNPROVEN, Silent())
    assert "    ours: int = 5  # keep\n" in config.read_text()
    assert "    quote_currency:" in config.read_text()


def test_what_does_not_pass_does_not_reach_the_project(payment_project: Path) -> None:
    errors = payment_project / "app" / "core" / "errors.py"
    errors.write_text(
        errors.read_text().replace(
            'status, code, title = 404, "not_found"', 'status, code, title = "404", "not_found"'
        )
    )
    router = payment_project / "app" / "main.py"
    router.write_text(
        router.read_text().replace("    return app", '    app.title = 5\n    return "app"')
    )
    before = snapshot(payment_project)
    result = new(QUOTE, payment_project, Options(), Silent())
    assert result.outcome == "failed"
    assert result.verification is not None
    assert result.verification.failures
    assert snapshot(payment_project) == before


def test_a_dependency_that_pyproject_lacks_is_found(payment_project: Path) -> None:
    main = payment_project / "app" / "main.py"
    main.write_text(
        main.read_text().replace("from fastapi import", "import numpy\nfrom fastapi import", 1)
    )
    before = snapshot(payment_project)
    result = new(QUOTE, payment_project, Options(), Silent())
    assert result.outcome == "failed"
    assert result.verification is not None
    told = " ".join(failure.message for failure in result.verification.failures)
    assert "numpy" in told
    assert snapshot(payment_project) == before


RUN = "import sys; from featuregen.__main__ import main; sys.exit(main())"


def featuregen(*arguments: str, fault: str) -> int:
    environment = {**os.environ, "FEATUREGEN_FAULT": fault}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], env=environment, capture_output=True, check=False
    )
    return done.returncode


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_killed_at_any_write_the_rerun_gives_the_old_or_the_new_tree(
    share: float, payment_project: Path, tmp_path: Path
) -> None:
    old = snapshot(payment_project)
    arguments = ("new", str(QUOTE), "--into", str(payment_project), "--no-verify")
    counted = tmp_path / "count"
    twin = tmp_path / "twin" / "payment-api"
    shutil.copytree(payment_project, twin)
    assert (
        featuregen("new", str(QUOTE), "--into", str(twin), "--no-verify", fault=f"count:{counted}")
        == 0
    )
    mutations = len(counted.read_text().splitlines())
    at = 1 + int(share * (mutations - 1))
    assert featuregen(*arguments, fault=str(at)) == -signal.SIGKILL
    assert featuregen(*arguments, fault="") == 0
    assert snapshot(payment_project) == snapshot(twin)
    assert snapshot(payment_project) != old


@pytest.mark.parametrize("spec", [PAYMENT, *OK_CASES, *STORING], ids=lambda path: path.stem)
def test_what_is_proved_of_a_feature_is_every_module_that_it_has(spec: Path) -> None:
    feature_plan = make_plan(load_spec(spec))
    files, _ = render_feature(feature_plan)
    modules = {path for path in files if path.endswith(".py")}
    assert modules <= {*generated_paths(feature_plan)}
    assert any(path.startswith("tests/test_") for path in modules)


def test_a_report_is_of_the_tree_that_an_interrupted_run_is_brought_back_to(
    payment_project: Path,
) -> None:
    old = snapshot(payment_project)
    arguments = ("new", str(QUOTE), "--into", str(payment_project), "--no-verify")
    at = 1
    while not pending(payment_project):
        at += 40
        assert featuregen(*arguments, fault=str(at)) == -signal.SIGKILL
    told = report(payment_project, "payment", Options(verify=False), Silent())
    assert snapshot(payment_project) == old
    assert {change.path for change in told.files} <= set(old)
