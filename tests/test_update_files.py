"""Files as people have them: line ends, encodings, modes, links; folders of any name."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lifecycle_scenes import add, edit, edit_spec, is_due, remove_now, tree, update_now

from featuregen.errors import FeaturegenError

MODELS = "app/models/ticket.py"
SERVICE = "app/services/ticket_service.py"


def change(root: Path) -> None:
    """A change of the spec that reaches the models, the endpoints and the tests."""
    edit_spec(root, "ticket", "values: [low, high]", "values: [low, high, now]")
    edit_spec(root, "ticket", "  get_ticket:\n", "  get_ticket:\n    summary: Look one up\n")


def test_windows_line_ends_stay(trio: Path) -> None:
    place = trio / MODELS
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n") + b"MINE = 1\r\n")
    change(trio)
    result = update_now(trio)
    after = place.read_bytes()
    assert after.count(b"\r\n") == after.count(b"\n")
    assert b'"now"' in after
    assert after.endswith(b"MINE = 1\r\n")
    assert result.conflicts == ()
    assert not is_due(trio)


def test_windows_line_ends_of_a_shared_file_stay(trio: Path) -> None:
    main = trio / "app/main.py"
    main.write_bytes(main.read_bytes().replace(b"\n", b"\r\n"))
    remove_now(trio, "ticket")
    after = main.read_bytes()
    assert after.count(b"\r\n") == after.count(b"\n")
    assert b"tickets" not in after
    assert b"polls.router" in after


def test_latin_1_stays(trio: Path) -> None:
    place = trio / MODELS
    place.write_bytes(
        b"# coding: latin-1\n" + place.read_bytes() + 'MINE = "größer"\n'.encode("latin-1")
    )
    change(trio)
    result = update_now(trio)
    after = place.read_bytes()
    assert 'MINE = "größer"\n'.encode("latin-1") in after
    assert b'"now"' in after
    assert result.conflicts == ()


def test_a_missing_final_newline_stays_missing(trio: Path) -> None:
    place = trio / SERVICE
    place.write_bytes(place.read_bytes().rstrip(b"\n") + b"  # mine")
    change(trio)
    update_now(trio)
    after = place.read_bytes()
    assert after.endswith(b"  # mine")
    assert b"Look one up" in after


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_file_that_was_made_executable_stays_so(trio: Path) -> None:
    place = trio / MODELS
    place.chmod(0o750)
    change(trio)
    update_now(trio)
    assert '"now"' in place.read_text()
    assert place.stat().st_mode & 0o777 == 0o750
    assert not is_due(trio)


def test_a_symlink_in_a_files_place_is_left_and_told(trio: Path) -> None:
    place = trio / MODELS
    target = trio / "models.py"
    shutil.move(place, target)
    place.symlink_to("../../models.py")
    mine = target.read_bytes()
    change(trio)
    result = update_now(trio)
    assert place.is_symlink()
    assert target.read_bytes() == mine
    assert [one.path for one in result.conflicts] == [MODELS]
    assert '"now"' in (trio / f"{MODELS}.theirs").read_text()


def test_nothing_is_written_through_a_folder_that_leads_out_of_the_project(
    trio: Path, scratch: Path
) -> None:
    outside = scratch / "outside"
    shutil.move(trio / "app/models", outside)
    (trio / "app/models").symlink_to(outside)
    before = tree(outside)
    change(trio)
    with pytest.raises(FeaturegenError, match="leaves the project"):
        update_now(trio)
    assert tree(outside) == before


def test_a_binary_in_a_files_place_is_kept_and_told(trio: Path) -> None:
    place = trio / MODELS
    place.write_bytes(b"\0\1\2")
    change(trio)
    result = update_now(trio)
    assert place.read_bytes() == b"\0\1\2"
    assert [one.path for one in result.conflicts] == [MODELS]


def test_a_layout_of_the_users_own_is_not_formatted_away(trio: Path) -> None:
    place = trio / SERVICE
    place.write_text(place.read_text().replace('log.info("get_ticket")', "log.info( 'mine' )"))
    change(trio)
    update_now(trio)
    after = place.read_text()
    assert "log.info( 'mine' )" in after
    assert "Look one up" in after


def test_a_file_in_the_formatters_layout_stays_in_it(trio: Path) -> None:
    edit(trio, SERVICE, 'log.info("get_ticket")', 'log.info("mine")')
    change(trio)
    update_now(trio)
    from featuregen.render import RUFF_SETTINGS, ruff_bin

    checked = subprocess.run(
        [ruff_bin(), "format", "--check", *RUFF_SETTINGS, str(trio / SERVICE)], check=False
    )
    assert checked.returncode == 0


@pytest.mark.parametrize("name", ["mit leer zeichen", "größe-ß", "a'b"])
def test_folders_of_any_name_work(name: str, scratch: Path) -> None:
    root = scratch / name / "shop-api"
    root.parent.mkdir()
    add(root, "ticket", "poll")
    change(root)
    assert update_now(root).outcome == "updated"
    assert '"now"' in (root / MODELS).read_text()
    remove_now(root, "ticket")
    remove_now(root, "poll")
    assert tree(root) == {}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_project_in_a_folder_of_a_larger_repository_with_uncommitted_work(scratch: Path) -> None:
    git(scratch, "init", "-q")
    root = scratch / "services" / "shop-api"
    root.parent.mkdir()
    add(root, "ticket")
    (scratch / "README").write_text("the whole\n")
    git(scratch, "add", ".")
    git(scratch, "commit", "-qm", "all")
    (scratch / "README").write_text("dirty\n")
    edit(root, SERVICE, 'log.info("get_ticket")', 'log.info("dirty")')
    index = (scratch / ".git/index").read_bytes()
    change(root)
    update_now(root)
    assert 'log.info("dirty")' in (root / SERVICE).read_text()
    assert (scratch / "README").read_text() == "dirty\n"
    assert (scratch / ".git/index").read_bytes() == index


def test_files_that_git_ignores_are_updated_as_well(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "ticket")
    git(root, "init", "-q")
    (root / ".git/info/exclude").write_text("app/models/\n")
    edit(root, MODELS, "class TicketRequest(", "MINE = 1\n\n\nclass TicketRequest(")
    change(root)
    update_now(root)
    after = (root / MODELS).read_text()
    assert "MINE = 1" in after
    assert '"now"' in after


def test_a_spec_with_windows_line_ends_is_applied_and_kept(trio: Path) -> None:
    place = trio / "features/ticket.yaml"
    place.write_bytes(
        place.read_bytes().replace(b"low, high]", b"low, high, now]").replace(b"\n", b"\r\n")
    )
    spec = place.read_bytes()
    assert update_now(trio).outcome == "updated"
    assert place.read_bytes() == spec
    assert '"now"' in (trio / MODELS).read_text()
    assert not is_due(trio)


def test_a_file_that_is_in_the_way_of_a_new_one_is_not_overwritten(trio: Path) -> None:
    (trio / "app/clients/helpdesk.py").write_text("MINE = 1\n")
    edit_spec(trio, "ticket", "  desk:\n", "  helpdesk:\n")
    result = update_now(trio)
    assert "MINE = 1" in (trio / "app/clients/helpdesk.py").read_text()
    assert "app/clients/helpdesk.py" in {one.path for one in result.conflicts}
