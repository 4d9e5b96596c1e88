"""The commands of the later life, as processes: exit codes, text, documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cli_process import featuregen
from lifecycle_scenes import edit, edit_spec, tree

from featuregen.json_models import RunDocument
from featuregen.lock import Pristine, dump_lock, load_lock

QUICK = ("--no-verify", "--json")


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (("update", *QUICK), "updated"),
        (("update", "--dry-run", "--json"), "planned"),
        (("remove", "ticket", *QUICK), "removed"),
        (("rename", "ticket", "case", *QUICK), "renamed"),
        (("resolve", *QUICK), "unchanged"),
        (("lock", "--rebuild", "--json"), "unchanged"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_the_document_fits_its_model(arguments: tuple[str, ...], outcome: str, trio: Path) -> None:
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    done = featuregen(*arguments, "--into", trio)
    document = RunDocument.model_validate_json(done.stdout)
    assert (done.returncode, document.outcome) == (0, outcome)
    assert document.command == arguments[0]


def test_check_ends_with_3_where_an_update_is_due_and_writes_nothing(trio: Path) -> None:
    assert featuregen("update", "--check", "--into", trio).returncode == 0
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    before = tree(trio)
    done = featuregen("update", "--check", "--into", trio)
    assert done.returncode == 3
    assert "an update is due" in done.stdout
    assert tree(trio) == before


def test_check_finds_a_lock_that_says_what_no_spec_renders(trio: Path) -> None:
    lock = trio / ".featuregen/poll.lock"
    found = load_lock(trio, "poll")
    assert found is not None
    files = {**found.files, "app/models/poll.py": Pristine(b"X = 1\n")}
    lock.write_text(dump_lock(replace(found, files=files)))
    checked = featuregen("update", "--check", "--into", trio)
    assert checked.returncode == 3
    assert f"featuregen lock --rebuild --into {trio}" in checked.stdout
    assert featuregen("update", "--into", trio).returncode == 0  # by the hashes, nothing is due
    assert featuregen("lock", "--rebuild", "--into", trio).returncode == 0
    assert featuregen("update", "--check", "--into", trio).returncode == 0


def test_the_next_step_is_a_command_that_means_this_project(trio: Path) -> None:
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    due = featuregen("update", "--check", "--into", "shop-api", cwd=trio.parent).stdout
    assert "to do it: featuregen update --into shop-api\n" in due
    due = featuregen("update", "--check", cwd=trio).stdout
    assert "to do it: featuregen update\n" in due
    done = featuregen("remove", "ticket", "--no-verify", "--into", trio).stdout
    assert f"prove it: featuregen verify --into {trio}\n" in done


def test_after_the_last_feature_is_gone_nothing_is_left_to_be_proved(trio: Path) -> None:
    for feature in ("greeting", "poll"):
        done = featuregen("remove", feature, "--no-verify", "--into", trio).stdout
        assert "prove it" in done
    assert "prove it" not in featuregen("remove", "ticket", "--no-verify", "--into", trio).stdout


def test_after_a_dry_run_the_step_is_the_same_command(trio: Path) -> None:
    shown = featuregen("remove", "ticket", "--dry-run", "--into", trio).stdout
    assert "to do it: the same command without --dry-run\n" in shown


def test_an_edit_of_the_code_is_no_drift(trio: Path) -> None:
    edit(trio, "app/services/poll_service.py", 'log.info("vote")', 'log.info("mine")')
    assert featuregen("update", "--check", "--into", trio).returncode == 0


def test_a_diff_shows_the_code_and_not_the_locks(trio: Path) -> None:
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    done = featuregen("update", "--dry-run", "--diff", "--into", trio)
    assert done.returncode == 0
    assert "+++ b/app/models/poll.py" in done.stdout
    assert ".featuregen/poll.lock b/" not in done.stdout


def test_the_report_of_an_update_names_what_breaks_and_what_was_kept(trio: Path) -> None:
    edit(trio, "app/models/poll.py", "class Vote(", "MINE = 1\n\n\nclass Vote(")
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    shown = featuregen("update", "--no-verify", "--into", trio).stdout
    assert "BREAKING  POST /api/v1/polls/votes  field choice: le is 10, was 20" in shown
    assert "lines kept: 1 of 1" in shown
    assert "not run (--no-verify)" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("update", "--all", "poll"),
        ("update", "--conflicts", "mine"),
        ("update", "nope"),
        ("rename", "nope", "other"),
        ("rename", "poll", "ticket"),
        ("lock",),
    ],
    ids=" ".join,
)
def test_a_usage_error_ends_with_2_and_changes_nothing(
    arguments: tuple[str, ...], trio: Path
) -> None:
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    before = tree(trio)
    done = featuregen(*arguments, "--into", trio)
    assert done.returncode == 2, done.stderr
    assert tree(trio) == before


def test_outside_of_a_project_every_command_says_so(scratch: Path) -> None:
    for command in (("update",), ("remove", "x"), ("status",), ("resolve",), ("blame", "x:1")):
        done = featuregen(*command, "--into", scratch)
        assert done.returncode == 2
        assert "no featuregen project here" in done.stderr
