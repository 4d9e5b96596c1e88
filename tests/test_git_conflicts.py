"""What git could not merge is told with its places, and nothing is merged over it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli_process import featuregen
from lifecycle_scenes import (
    QUICK,
    SHELF,
    edit,
    edit_spec,
    is_due,
    remove_now,
    tree,
    update_now,
)

from featuregen.answers import load_answers
from featuregen.errors import FeaturegenError, SpecError
from featuregen.git_conflicts import conflict_lines, first_side, in_file
from featuregen.lifecycle.rebuilding import rebuild
from featuregen.lifecycle.renaming import rename
from featuregen.lifecycle.resolving import resolve
from featuregen.lifecycle.statuses import status
from featuregen.pipeline import new
from featuregen.progress import Silent

SERVICE = "app/services/ticket_service.py"
CONFLICT = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> left\nd\n"


def git(root: Path, *arguments: str) -> int:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=root, check=False, capture_output=True
    ).returncode


def marked(root: Path, path: str, line: str) -> int:
    """Both branches have changed the line; returns where the conflict begins."""
    place = root / path
    text = place.read_text()
    assert text.count(line) == 1
    both = f"<<<<<<< HEAD\n{line}  # right\n=======\n{line}  # left\n>>>>>>> left"
    place.write_text(text.replace(line, both))
    return text[: text.index(line)].count("\n") + 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (CONFLICT, (2,)),
        (CONFLICT.replace("\n", "\r\n"), (2,)),
        (CONFLICT + CONFLICT, (2, 9)),
        (CONFLICT.replace("=======\n", "||||||| base\n=======\n"), (2,)),
        (CONFLICT.replace("<<<<<<< HEAD\n", ""), (5,)),
        (CONFLICT.replace(">>>>>>> left\n", ""), (2,)),
        (CONFLICT.replace("HEAD", "yours").replace("left", "newly generated"), ()),
        ("Title\n=======\n", ()),
        ("a <<<<<<< HEAD\n", ()),
    ],
)
def test_a_conflict_is_found_by_its_markers(text: str, lines: tuple[int, ...]) -> None:
    assert conflict_lines(text) == lines


def test_markers_in_a_text_of_python_are_no_conflict() -> None:
    assert in_file("a.py", f'X = """\n{CONFLICT}"""\n'.encode()) == ()
    assert in_file("a.py", CONFLICT.encode()) == (2,)
    assert in_file("a.md", f'X = """\n{CONFLICT}"""\n'.encode()) == (3,)


@pytest.mark.parametrize("base", ["", "||||||| base\nx\n"])
def test_the_first_side_is_what_stands_above_the_line(base: str) -> None:
    assert first_side(CONFLICT.replace("=======", f"{base}=======")) == "a\nb\nd\n"


@pytest.mark.parametrize("path", [SERVICE, "app/asgi.py", "README.md", "features/ticket.yaml"])
def test_status_and_resolve_list_the_place(trio: Path, path: str) -> None:
    line = marked(trio, path, (trio / path).read_text().splitlines()[0])
    found = status(trio)
    told = [each for one in (found.project, *found.features) for each in one.conflicts]
    assert [(each.path, each.line) for each in told] == [(path, line)]
    assert "git" in told[0].reason
    assert [(each.path, each.line) for each in resolve(trio, QUICK, Silent()).conflicts] == [
        (path, line)
    ]


@pytest.mark.parametrize("path", [SERVICE, "app/asgi.py"])
def test_an_update_is_refused_with_the_place_and_goes_on_once_it_is_mended(
    trio: Path, path: str
) -> None:
    whole = (trio / path).read_text()
    line = marked(trio, path, whole.splitlines()[0])
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    before = tree(trio)
    for run in (update_now, is_due, lambda root: rename(root, "poll", "ballot", QUICK, Silent())):
        with pytest.raises(FeaturegenError) as raised:
            run(trio)
        assert (raised.value.where, raised.value.exit_code) == (f"{path}:{line}", 3)
        assert raised.value.hint is not None
        assert "decide each place" in raised.value.hint
    assert tree(trio) == before
    (trio / path).write_text(whole)
    assert update_now(trio).outcome == "updated"


def test_nothing_is_taken_out_of_a_shared_file_that_git_has_left_open(trio: Path) -> None:
    line = marked(trio, "app/main.py", "    app.include_router(polls.router)")
    before = tree(trio)
    with pytest.raises(FeaturegenError) as raised:
        remove_now(trio, "poll")
    assert raised.value.where == f"app/main.py:{line}"
    assert tree(trio) == before


def test_nothing_is_brought_into_a_shared_file_that_git_has_left_open(trio: Path) -> None:
    line = marked(trio, "app/main.py", "    app.include_router(polls.router)")
    before = tree(trio)
    (trio.parent / "shelf.yaml").write_text(SHELF)
    with pytest.raises(FeaturegenError) as raised:
        new(trio.parent / "shelf.yaml", trio, QUICK, Silent())
    assert (raised.value.where, raised.value.exit_code) == (f"app/main.py:{line}", 3)
    assert tree(trio) == before


def test_a_feature_that_is_removed_with_its_own_file_open_is_refused(trio: Path) -> None:
    line = marked(trio, SERVICE, "    async def get_ticket(")
    with pytest.raises(FeaturegenError, match="git's conflict markers"):
        remove_now(trio, "ticket")
    assert remove_now(trio, "poll").outcome == "removed"
    assert [each.line for each in resolve(trio, QUICK, Silent()).conflicts] == [line]


def test_a_spec_that_git_has_left_open_is_not_read(trio: Path) -> None:
    line = marked(trio, "features/poll.yaml", "featuregen: 1")
    with pytest.raises(SpecError) as raised:
        rebuild_without_locks(trio)
    (told,) = raised.value.diagnostics
    assert (told.code, told.position.line) == ("FG108", line)
    assert "git's conflict markers" in told.message


def rebuild_without_locks(root: Path) -> None:
    for path in (root / ".featuregen").iterdir():
        path.unlink()
    rebuild(root, Silent())


def test_answers_that_git_could_not_merge_are_written_anew_with_their_template(trio: Path) -> None:
    place = trio / ".featuregen/ticket.yml"
    whole = place.read_text()
    place.write_text(whole.replace("_src_path: git+featuregen::templates", "_src_path: https://x"))
    ours = place.read_text()
    marked(trio, ".featuregen/ticket.yml", "  feature: ticket")
    (found,) = [one for one in status(trio).features if one.conflicts]
    (told,) = found.conflicts
    assert (told.path, "update' writes it anew" in told.reason) == (".featuregen/ticket.yml", True)
    assert is_due(trio)
    assert update_now(trio).outcome == "updated"
    assert place.read_text() == ours
    answers = load_answers(trio, "ticket")
    assert answers is not None
    assert answers.source == "https://x"
    assert not is_due(trio)


def both_changed(root: Path) -> None:
    """Two branches: one spec, one line of the code and one of a shared file changed by both."""
    for command in (("init", "-q", "-b", "base"), ("add", "-A"), ("commit", "-qm", "base")):
        assert git(root, *command) == 0
    for name, longest in (("left", "99"), ("right", "88")):
        git(root, "checkout", "-q", "-b", name, "base")
        edit_spec(root, "ticket", "min_length: 1, max_length: 120", f"max_length: {longest}")
        update_now(root)
        edit(root, SERVICE, 'log.info("get_ticket")', f'log.info("{name}")')
        edit(root, "app/asgi.py", "app = create_app()\n", f"app = create_app()  # {name}\n")
        assert git(root, "commit", "-qam", name) == 0
    assert git(root, "merge", "left") == 1


def test_two_branches_of_git_are_brought_together_as_the_messages_say(trio: Path) -> None:
    both_changed(trio)
    before = tree(trio)
    with pytest.raises(FeaturegenError) as raised:
        update_now(trio)
    assert tree(trio) == before
    told = (raised.value.where or "").splitlines()
    open_now = {
        path
        for path, (kind, _, text) in before.items()
        if kind == "file" and not path.startswith(".git/") and b"\n<<<<<<< " in text
    }
    assert {place.rpartition(":")[0] for place in told} | {".featuregen/ticket.yml"} == open_now
    for place in told:
        path, _, line = place.rpartition(":")
        assert (trio / path).read_text().splitlines()[int(line) - 1] == "<<<<<<< HEAD"
    assert raised.value.hint is not None
    assert raised.value.hint.endswith("featuregen lock --rebuild")
    for path in open_now - {".featuregen/ticket.yml", ".featuregen/ticket.lock"}:
        (trio / path).write_text(first_side((trio / path).read_text()))
    rebuild(trio, Silent())
    assert not is_due(trio)
    found = status(trio)
    assert not [one for one in (found.project, *found.features) if one.conflicts]
    assert 'log.info("right")' in (trio / SERVICE).read_text()
    assert "max_length: 88" in (trio / "features/ticket.yaml").read_text()


def test_the_command_line_tells_the_places_and_exits_with_3(trio: Path) -> None:
    line = marked(trio, SERVICE, "    async def get_ticket(")
    for command in (["update", "--no-verify"], ["update", "--check"]):
        done = featuregen(*command, cwd=trio)
        assert done.returncode == 3
        assert f"{SERVICE}:{line}" in done.stderr
        assert "decide each place" in done.stderr
    done = featuregen("resolve", cwd=trio)
    assert done.returncode == 3
    assert f"{SERVICE}:{line}" in done.stdout
    assert f"conflict in {SERVICE}:{line}: git's" in featuregen("status", cwd=trio).stdout
