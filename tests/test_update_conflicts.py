"""Where the spec and a person change the same line: visible, exit code 3, and a way out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_process import featuregen
from lifecycle_scenes import QUICK, edit, edit_spec, is_due, tree, update_now

from featuregen.errors import FeaturegenError
from featuregen.json_models import RunDocument
from featuregen.lifecycle.resolving import resolve
from featuregen.progress import Silent

MODELS = "app/models/ticket.py"
OURS = "max_length=77"


@pytest.fixture
def disputed(trio: Path) -> Path:
    """A person and the spec have both changed the bound of `Ticket.subject`."""
    edit(trio, MODELS, "Field(max_length=120)", f"Field({OURS})")
    edit_spec(
        trio,
        "ticket",
        "subject: {type: string, max_length: 120}",
        "subject: {type: string, max_length: 99}",
    )
    return trio


def test_the_same_line_is_a_conflict_that_shows_all_three_sides(disputed: Path) -> None:
    result = update_now(disputed)
    [conflict] = result.conflicts
    assert (conflict.path, conflict.symbol) == (MODELS, "Ticket.subject")
    after = (disputed / MODELS).read_text()
    assert conflict.line == after[: after.index("<<<<<<<")].count("\n") + 1
    for side in (
        OURS,
        "max_length=120",
        "max_length=99",
        "<<<<<<<",
        "|||||||",
        "=======",
        ">>>>>>>",
    ):
        assert side in after
    assert result.kept is not None
    assert result.kept.lines == result.kept.lines_kept


def test_a_conflict_leaves_everything_else_updated(disputed: Path) -> None:
    edit_spec(disputed, "ticket", "values: [low, high]", "values: [low, high, now]")
    update_now(disputed)
    models = (disputed / MODELS).read_text()
    assert models.count("<<<<<<<") == 1
    assert '"now"' in models[: models.index("<<<<<<<")]
    assert '"now"' in (disputed / "tests/test_ticket_api.py").read_text()


def test_with_conflicts_in_files_of_their_own_the_code_still_imports(disputed: Path) -> None:
    mine = (disputed / MODELS).read_text()
    result = update_now(disputed, conflicts="file")
    assert len(result.conflicts) == 1
    compile((disputed / MODELS).read_text(), MODELS, "exec")
    assert (disputed / MODELS).read_text() == mine
    assert "max_length=99" in (disputed / f"{MODELS}.theirs").read_text()


@pytest.mark.parametrize("mode", ["inline", "file"])
def test_the_command_ends_with_3_and_has_not_proven_anything(disputed: Path, mode: str) -> None:
    done = featuregen("update", "--into", disputed, "--conflicts", mode, "--json")
    assert done.returncode == 3, done.stderr
    document = RunDocument.model_validate_json(done.stdout)
    assert [conflict.path for conflict in document.conflicts] == [MODELS]
    assert document.verification is None
    there = f"--into {disputed}"
    assert document.next_steps == (f"mend the conflicts, then: featuregen resolve {there}",)


def test_while_a_conflict_is_open_there_is_no_other_update(disputed: Path) -> None:
    update_now(disputed)
    edit_spec(disputed, "ticket", "values: [low, high]", "values: [low, high, now]")
    before = tree(disputed)
    with pytest.raises(FeaturegenError) as raised:
        update_now(disputed)
    assert (raised.value.exit_code, raised.value.where) == (3, MODELS)
    with pytest.raises(FeaturegenError):
        is_due(disputed)
    assert tree(disputed) == before


def mend(root: Path) -> None:
    place = root / MODELS
    lines = place.read_text().splitlines(keepends=True)
    start, end = (
        next(n for n, line in enumerate(lines) if line.startswith(mark)) for mark in ("<<<", ">>>")
    )
    ours = lines[start + 1 : next(n for n, line in enumerate(lines) if line.startswith("|||"))]
    place.write_text("".join([*lines[:start], *ours, *lines[end + 1 :]]))


def test_resolve_lists_what_is_open_and_goes_on_once_it_is_mended(disputed: Path) -> None:
    update_now(disputed)
    told = resolve(disputed, QUICK, Silent())
    assert [conflict.path for conflict in told.conflicts] == [MODELS]
    mend(disputed)
    assert resolve(disputed, QUICK, Silent()).outcome == "resolved"
    assert resolve(disputed, QUICK, Silent()).outcome == "unchanged"
    assert not is_due(disputed)
    assert OURS in (disputed / MODELS).read_text()


def test_a_conflict_in_a_file_of_its_own_is_open_until_that_file_is_gone(disputed: Path) -> None:
    update_now(disputed, conflicts="file")
    told = resolve(disputed, QUICK, Silent())
    assert f"{MODELS}.theirs" in told.conflicts[0].reason
    (disputed / f"{MODELS}.theirs").unlink()
    assert resolve(disputed, QUICK, Silent()).outcome == "resolved"


def test_the_resolve_command_ends_with_3_while_something_is_open(disputed: Path) -> None:
    update_now(disputed)
    assert featuregen("resolve", "--into", disputed).returncode == 3
    mend(disputed)
    done = featuregen("resolve", "--into", disputed, "--no-verify", "--json")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "resolved")


def test_a_change_of_a_shared_line_that_a_person_changed_is_a_conflict(trio: Path) -> None:
    edit(
        trio,
        "app/core/config.py",
        "    poll_size: int = Field(default=20",
        "    poll_size: int = Field(default=7",
    )
    edit_spec(trio, "poll", "type: int, default: 20", "type: int, default: 30")
    result = update_now(trio)
    assert "default=7" in (trio / "app/core/config.py").read_text()
    assert {one.path for one in result.by_hand} | {one.path for one in result.conflicts} == {
        "app/core/config.py"
    }


def test_adjacent_edits_in_two_methods_are_no_conflict(trio: Path) -> None:
    service = "app/services/ticket_service.py"
    edit(
        trio,
        service,
        'log.info("open_ticket")\n        return result',
        'log.info("open_ticket")\n        return result  # mine',
    )
    edit_spec(trio, "ticket", "  get_ticket:\n", "  get_ticket:\n    summary: Look one up\n")
    result = update_now(trio)
    after = (trio / service).read_text()
    assert result.conflicts == ()
    assert "return result  # mine" in after
    assert "Look one up" in after


def test_a_file_that_is_no_longer_generated_and_was_edited_is_kept_and_told(trio: Path) -> None:
    edit(trio, "app/clients/desk.py", "class DeskClient", "MINE = 1\n\n\nclass DeskClient")
    spec = trio / "features/ticket.yaml"
    text = spec.read_text()
    head, operations = text.split("operations:\n")
    head = head.split("settings:\n")[0] + "models:\n" + head.split("models:\n")[1]
    without = operations.replace("    call:\n", "").split("\n")
    kept = [line for line in without if not line.startswith("      ") and line.strip()]
    hooked = []
    for line in kept:
        hooked.append(line)
        if line in ("  open_ticket:", "  get_ticket:"):
            hooked.append(f"    hook: {line.strip().rstrip(':')}")
    spec.write_text(head + "operations:\n" + "\n".join(hooked) + "\n")
    result = update_now(trio)
    assert "MINE = 1" in (trio / "app/clients/desk.py").read_text()
    assert [one.path for one in result.conflicts] == ["app/clients/desk.py"]
    assert not (trio / "tests/fakes/desk.py").exists()
