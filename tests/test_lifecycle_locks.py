"""`featuregen rename` and `featuregen lock --rebuild`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cli_process import featuregen
from lifecycle_scenes import QUICK, add, edit, edit_spec, is_due, remove_now, tree, update_now

from featuregen.errors import FeaturegenError
from featuregen.lifecycle.rebuilding import rebuild
from featuregen.lifecycle.renaming import rename
from featuregen.pipeline import new
from featuregen.progress import Silent
from featuregen.results import RunResult


def rename_now(root: Path, old: str, name: str) -> RunResult:
    return rename(root, old, name, QUICK, Silent())


def test_a_renamed_feature_is_as_if_it_had_always_had_its_name(trio: Path, scratch: Path) -> None:
    result = rename_now(trio, "poll", "ballot")
    assert result.outcome == "renamed"
    fresh = scratch / "fresh" / "shop-api"
    fresh.parent.mkdir()
    add(fresh, "greeting", "ticket")
    new(trio / "features/ballot.yaml", fresh, QUICK, Silent())
    assert tree(trio) == tree(fresh)


def test_edits_move_along_under_the_new_name(trio: Path) -> None:
    edit(trio, "app/services/ticket_service.py", 'log.info("get_ticket")', 'log.info("mine")')
    place = trio / "app/models/ticket.py"
    place.write_text(place.read_text() + "\n\ndef mine() -> int:\n    return 1\n")
    result = rename_now(trio, "ticket", "case")
    service = (trio / "app/services/case_service.py").read_text()
    assert "class CaseService" in service
    assert 'log.info("mine")' in service
    assert "def mine() -> int:" in (trio / "app/models/case.py").read_text()
    assert not (trio / "app/services/ticket_service.py").exists()
    assert (result.conflicts, result.by_hand) == ((), ())
    assert not is_due(trio)


def test_a_rename_there_and_back_leaves_the_tree_as_it_was(trio: Path) -> None:
    before = tree(trio)
    rename_now(trio, "poll", "ballot")
    rename_now(trio, "ballot", "poll")
    assert tree(trio) == before


def test_a_rename_names_the_routes_that_it_changes(trio: Path) -> None:
    told = {(one.where, one.what) for one in rename_now(trio, "poll", "ballot").contract}
    assert told == {
        ("POST /api/v1/polls/votes", "removed"),
        ("POST /api/v1/ballots/votes", "added"),
    }


def test_a_written_hook_moves_along(trio: Path) -> None:
    edit(
        trio,
        "app/services/poll_hooks.py",
        '    raise NotImplementedYetError("count_vote")',
        "    return Result(votes=1)",
    )
    rename_now(trio, "poll", "ballot")
    assert "return Result(votes=1)" in (trio / "app/services/ballot_hooks.py").read_text()
    assert not (trio / "app/services/poll_hooks.py").exists()


@pytest.mark.parametrize("name", ["ticket", "Not A Name", "class"])
def test_a_name_that_is_taken_or_is_none_changes_nothing(trio: Path, name: str) -> None:
    before = tree(trio)
    with pytest.raises(FeaturegenError):
        rename_now(trio, "poll", name)
    assert tree(trio) == before


# --- lock --rebuild ------------------------------------------------------------------------------


def break_locks(root: Path) -> None:
    (root / ".featuregen/project.lock").unlink()
    place = root / ".featuregen/poll.lock"
    place.write_text("<<<<<<< HEAD\n" + place.read_text())


def test_rebuilt_locks_are_those_that_were_lost(trio: Path) -> None:
    before = tree(trio)
    break_locks(trio)
    assert rebuild(trio, Silent()).outcome == "rebuilt"
    assert tree(trio) == before


def test_with_sound_locks_nothing_is_rebuilt(trio: Path) -> None:
    before = tree(trio)
    assert rebuild(trio, Silent()).outcome == "unchanged"
    assert tree(trio) == before


def test_the_code_is_left_and_edits_are_edits_afterwards(trio: Path) -> None:
    service = "app/services/poll_service.py"
    edit(trio, service, 'log.info("vote")', 'log.info("mine")')
    before = (trio / service).read_bytes()
    break_locks(trio)
    rebuild(trio, Silent())
    assert (trio / service).read_bytes() == before
    edit_spec(trio, "poll", "  vote:\n", "  vote:\n    summary: Count one in\n")
    update_now(trio)
    after = (trio / service).read_text()
    assert 'log.info("mine")' in after
    assert "Count one in" in after


def test_what_was_taken_out_stays_out_after_a_rebuild(trio: Path) -> None:
    edit(trio, "app/main.py", "    app.include_router(polls.router)\n", "")
    edit(trio, "app/main.py", "health, metrics, polls, tickets", "health, metrics, tickets")
    break_locks(trio)
    rebuild(trio, Silent())
    remove_now(trio, "ticket")
    assert "polls" not in (trio / "app/main.py").read_text()


def test_a_spec_that_is_not_applied_yet_is_still_due_after_a_rebuild(trio: Path) -> None:
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    break_locks(trio)
    rebuild(trio, Silent())
    assert is_due(trio)
    update_now(trio)
    assert "le=10" in (trio / "app/models/poll.py").read_text()


def test_two_branches_that_both_added_a_feature_are_brought_together(scratch: Path) -> None:
    """git merges the code; the project's lock conflicts, and is made anew."""
    root, other, fresh = (scratch / name / "shop-api" for name in ("a", "b", "c"))
    for folder in (root, other, fresh):
        folder.parent.mkdir()
    add(root, "greeting", "poll")
    add(other, "greeting", "ticket")
    add(fresh, "greeting", "poll", "ticket")
    whole = tree(fresh)
    for path, (kind, _, content) in whole.items():  # what git makes of the two
        if kind == "folder":
            (root / path).mkdir(exist_ok=True)
        elif path != ".featuregen/project.lock":
            (root / path).write_bytes(content)
    lock = root / ".featuregen/project.lock"
    theirs = (other / ".featuregen/project.lock").read_text()
    lock.write_text(f"<<<<<<< HEAD\n{lock.read_text()}=======\n{theirs}>>>>>>> b\n")
    with pytest.raises(FeaturegenError) as raised:
        update_now(root)
    assert str(raised.value.hint).endswith("featuregen lock --rebuild")
    rebuild(root, Silent())
    assert tree(root) == whole


def git(root: Path, *arguments: str) -> tuple[int, str]:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


def test_two_branches_that_changed_one_spec_need_only_an_update(trio: Path, scratch: Path) -> None:
    """git merges code, spec and renders; only the hash of the spec is open."""
    git(trio, "init", "-q", "-b", "main")
    commit(trio, "three features")
    changes = {
        "one": ("  open_ticket:\n", "  open_ticket:\n    summary: Open it\n"),
        "two": ("max_length: 40}", "max_length: 50}"),
    }
    for branch, (old, new_text) in changes.items():
        git(trio, "checkout", "-q", "-b", branch, "main")
        edit_spec(trio, "ticket", old, new_text)
        update_now(trio)
        commit(trio, branch)
    assert git(trio, "merge", "one")[0] == 1
    unmerged = git(trio, "diff", "--name-only", "--diff-filter=U")[1]
    assert unmerged.split() == [".featuregen/ticket.lock"]
    assert is_due(trio)
    assert update_now(trio).conflicts == ()
    fresh = scratch / "fresh" / "shop-api"
    fresh.parent.mkdir()
    add(fresh, "greeting", "poll")
    new(trio / "features/ticket.yaml", fresh, QUICK, Silent())
    shutil.rmtree(trio / ".git")
    assert tree(trio) == tree(fresh)


def test_sound_locks_of_an_older_version_are_not_thrown_away(trio: Path) -> None:
    for name in ("greeting", "poll", "ticket", "project"):
        place = trio / f".featuregen/{name}.lock"
        place.write_text(
            place.read_text().replace('"featuregen": "0.1.0"', '"featuregen": "0.0.9"')
        )
    with pytest.raises(FeaturegenError, match="sound") as raised:
        rebuild(trio, Silent())
    assert str(raised.value.hint).endswith("featuregen update")


def test_locks_that_are_missing_altogether_are_made(trio: Path) -> None:
    before = tree(trio)
    shutil.rmtree(trio / ".featuregen")
    rebuild(trio, Silent())
    assert tree(trio) == before


@pytest.mark.parametrize("name", ["poll", "project"])
@pytest.mark.parametrize(
    "command",
    ["status", "update", "update --check", "remove greeting", "rename greeting hello", "resolve"],
)
def test_a_lock_that_is_gone_does_not_count_as_a_feature_that_is_gone(
    trio: Path, name: str, command: str
) -> None:
    (trio / f".featuregen/{name}.lock").unlink()
    before = tree(trio)
    done = featuregen(*command.split(), "--into", trio)
    assert done.returncode == 1
    assert f"the lock of {name} is missing" in done.stderr
    assert "featuregen lock --rebuild" in done.stderr
    assert tree(trio) == before


def test_a_feature_does_not_join_where_another_has_lost_its_lock(trio: Path) -> None:
    remove_now(trio, "poll")
    (trio / ".featuregen/ticket.lock").unlink()
    before = tree(trio)
    with pytest.raises(FeaturegenError, match="the lock of ticket is missing"):
        add(trio, "poll")
    assert tree(trio) == before


def test_a_project_without_any_of_its_locks_is_told_how_to_get_them_back(trio: Path) -> None:
    shutil.rmtree(trio / ".featuregen")
    for command in (("status",), ("new", str(trio.parent / "poll.yaml"))):
        assert "featuregen lock --rebuild" in featuregen(*command, "--into", trio).stderr


def test_the_command_says_what_it_wants(scratch: Path) -> None:
    assert featuregen("lock", "--into", scratch).returncode == 2
    assert featuregen("lock", "--rebuild", "--into", scratch).returncode == 2
