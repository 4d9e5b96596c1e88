"""`featuregen remove`: the exact inverse of `new`, which keeps what a person has written."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from pathlib import Path

import pytest
from cli_process import FEATUREGEN, environment, featuregen
from lifecycle_scenes import QUICK, SPECS, add, edit, edit_spec, remove_now, tree, update_now

from featuregen.errors import FeaturegenError
from featuregen.lifecycle.removing import edited_files, remove
from featuregen.progress import Silent

MAIN = "app/main.py"


def text(root: Path, path: str) -> str:
    return (root / path).read_text()


@pytest.mark.parametrize("feature", SPECS)
def test_the_tree_before_new_and_after_remove_is_the_same(feature: str, scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, *(name for name in SPECS if name != feature))
    before = tree(root)
    add(root, feature)
    assert tree(root) != before
    assert remove_now(root, feature).outcome == "removed"
    assert tree(root) == before


@pytest.mark.parametrize("feature", SPECS)
def test_the_only_feature_takes_the_whole_skeleton_along(feature: str, scratch: Path) -> None:
    root = scratch / "shop-api"
    root.mkdir()
    (root / ".git").mkdir()
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
    before = tree(root)
    add(root, feature)
    remove_now(root, feature)
    assert tree(root) == before


def test_a_feature_that_was_updated_goes_as_well(trio: Path, scratch: Path) -> None:
    edit_spec(trio, "ticket", "feature: ticket\n", "feature: ticket\nplural: cases\n")
    update_now(trio)
    remove_now(trio, "ticket")
    fresh = scratch / "fresh" / "shop-api"
    fresh.parent.mkdir()
    add(fresh, "greeting", "poll")
    assert tree(trio) == tree(fresh)


def test_bytecode_does_not_keep_a_folder_alive(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "poll")
    cache = root / "app/models/__pycache__"
    cache.mkdir()
    (cache / "poll.cpython-311.pyc").write_bytes(b"\0")
    remove_now(root, "poll")
    assert [place.name for place in root.iterdir()] == []


def test_an_edited_file_is_kept_and_listed(trio: Path) -> None:
    service = "app/services/ticket_service.py"
    edit(trio, service, 'log.info("get_ticket")', 'log.info("mine")')
    mine = text(trio, service)
    result = remove_now(trio, "ticket")
    assert text(trio, service) == mine
    assert [note for note in result.notes if service in note] == [
        f"{service}: you have edited it, so it was kept"
    ]
    assert not (trio / "app/models/ticket.py").exists()
    assert not (trio / ".featuregen/ticket.lock").exists()


def test_a_file_that_was_only_reformatted_goes(trio: Path) -> None:
    service = trio / "app/services/ticket_service.py"
    service.write_text(
        service.read_text().replace(
            'log.info("get_ticket")', 'log.info(\n            "get_ticket"\n        )'
        )
    )
    remove_now(trio, "ticket")
    assert not service.exists()


def test_with_force_edited_files_go_too(trio: Path) -> None:
    service = "app/services/ticket_service.py"
    edit(trio, service, 'log.info("get_ticket")', 'log.info("mine")')
    assert edited_files(trio, "ticket") == (service,)
    result = remove_now(trio, "ticket", force=True)
    assert not (trio / service).exists()
    assert result.notes == ()


def test_from_a_shared_file_that_was_edited_only_its_own_lines_go(trio: Path) -> None:
    edit(trio, MAIN, "    return app\n", "    app.state.mine = True\n    return app\n")
    edit(trio, "README.md", "## Layout\n", "## Mine\n\nOwn words.\n\n## Layout\n")
    edit(trio, ".env.example", "DESK_KEY=", "MINE=1\nDESK_KEY=")
    result = remove_now(trio, "ticket")
    main = text(trio, MAIN)
    assert "app.state.mine = True" in main
    assert "tickets" not in main
    assert "polls.router" in main
    assert "httpx2" not in main
    assert "Own words." in text(trio, "README.md")
    assert "featuregen:ticket" not in text(trio, "README.md")
    assert "MINE=1" in text(trio, ".env.example")
    assert "DESK" not in text(trio, ".env.example")
    assert result.by_hand == ()


EDITED = {
    "app/main.py": ("    return app\n", "    app.state.mine = True\n    return app\n"),
    "app/core/config.py": ("class Settings(", "MINE = 1\n\n\nclass Settings("),
    "app/core/errors.py": (
        "class AppError(",
        "class Mine(Exception):\n    pass\n\n\nclass AppError(",
    ),
    "pyproject.toml": ('version = "0.1.0"', 'version = "7.0.0"'),
    ".env.example": ("LOG_LEVEL", "MINE=1\n# LOG_LEVEL"),
    "README.md": ("## Layout\n", "## Mine\n\n## Layout\n"),
}


@pytest.mark.parametrize("path", EDITED)
def test_new_and_remove_leave_an_edited_shared_file_as_it_was(path: str, scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "greeting")
    edit(root, path, *EDITED[path])
    before = tree(root)
    add(root, "ticket")
    assert text(root, path) != before[path][2].decode()
    result = remove_now(root, "ticket")
    assert result.by_hand == ()
    assert tree(root) == before


def test_all_shared_files_edited_at_once_are_left_as_they_were(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "greeting", "poll")
    for path, change in EDITED.items():
        edit(root, path, *change)
    before = tree(root)
    add(root, "ticket")
    edit_spec(root, "ticket", "values: [low, high]", "values: [low, high, now]")
    update_now(root)
    remove_now(root, "ticket")
    assert tree(root) == before


def test_a_requirement_that_was_the_users_stays(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "greeting")
    edit(root, "pyproject.toml", '  "fastapi', '  "stamina>=26.1",\n  "fastapi')
    before = text(root, "pyproject.toml")
    add(root, "ticket")
    remove_now(root, "ticket")
    assert text(root, "pyproject.toml") == before


def test_theirs_goes_with_its_feature(trio: Path) -> None:
    models = "app/models/ticket.py"
    edit(trio, models, "Field(max_length=120)", "Field(max_length=77)")
    edit_spec(
        trio,
        "ticket",
        "subject: {type: string, max_length: 120}",
        "subject: {type: string, max_length: 99}",
    )
    update_now(trio, conflicts="file")
    remove_now(trio, "ticket", force=True)
    assert not (trio / f"{models}.theirs").exists()


def test_wired_lines_go_after_the_file_was_reformatted(trio: Path) -> None:
    edit(
        trio,
        MAIN,
        "    app.include_router(tickets.router)",
        "    app.include_router(\n        tickets.router,\n    )",
    )
    remove_now(trio, "ticket")
    assert "tickets" not in text(trio, MAIN)


def test_what_another_feature_imports_blocks_with_the_names(trio: Path) -> None:
    edit(
        trio,
        "app/services/poll_service.py",
        "import structlog\n",
        "import structlog\n\nfrom app.models.ticket import Ticket\n",
    )
    before = tree(trio)
    with pytest.raises(FeaturegenError) as raised:
        remove_now(trio, "ticket")
    assert raised.value.exit_code == 3
    assert raised.value.where == "app/services/poll_service.py:5 imports app.models.ticket"
    assert tree(trio) == before


def test_a_module_that_only_this_feature_needed_is_not_taken_from_under_the_users_code(
    trio: Path,
) -> None:
    (trio / "app/mine.py").write_text("from app.core import auth\n\nUSER = auth.User\n")
    with pytest.raises(FeaturegenError) as raised:
        remove_now(trio, "ticket")
    assert raised.value.where == "app/mine.py:1 imports app.core.auth"


def test_a_relative_import_blocks_as_well(trio: Path) -> None:
    (trio / "app/models/mine.py").write_text("from . import ticket\n\nX = ticket\n")
    with pytest.raises(FeaturegenError, match="imports what would go"):
        remove_now(trio, "ticket")


def test_a_word_that_is_no_import_does_not_block(trio: Path) -> None:
    (trio / "app/mine.py").write_text('TEXT = "from app.models.ticket import Ticket"\n')
    assert remove_now(trio, "ticket").outcome == "removed"


def test_the_project_stays_where_somebody_builds_on_it(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "poll")
    (root / "app/mine.py").write_text(
        "from app.core.config import get_settings\n\nS = get_settings\n"
    )
    remove_now(root, "poll")
    assert (root / "app/core/config.py").is_file()
    assert (root / ".featuregen/project.lock").is_file()
    assert "poll" not in text(root, MAIN)
    add(root, "greeting")
    assert "greetings.router" in text(root, MAIN)


def test_the_project_stays_where_somebody_has_edited_it(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "poll")
    edit(root, MAIN, "    return app\n", "    app.state.mine = True\n    return app\n")
    remove_now(root, "poll")
    assert "app.state.mine = True" in text(root, MAIN)
    assert "polls" not in text(root, MAIN)
    compile(text(root, MAIN), MAIN, "exec")
    done = featuregen("verify", "--into", root)
    assert done.returncode == 1
    assert "there is no feature in this project yet" in done.stderr


def test_an_edited_spec_is_kept(trio: Path) -> None:
    edit_spec(trio, "poll", "feature: poll", "feature: poll  # mine")
    remove_now(trio, "poll")
    assert (trio / "features/poll.yaml").is_file()


def test_a_feature_whose_spec_is_gone_can_be_removed(trio: Path) -> None:
    (trio / "features/poll.yaml").unlink()
    assert remove_now(trio, "poll").outcome == "removed"
    assert not (trio / "app/models/poll.py").exists()


def test_a_dry_run_writes_nothing(trio: Path) -> None:
    before = tree(trio)
    result = remove(trio, "poll", QUICK, Silent(), dry_run=True)
    assert result.outcome == "planned"
    assert "app/models/poll.py" in {one.path for one in result.files if one.action == "delete"}
    assert tree(trio) == before


def test_a_project_of_an_older_featuregen_is_updated_first(trio: Path) -> None:
    place = trio / ".featuregen/poll.lock"
    place.write_text(place.read_text().replace('"featuregen": "0.1.0"', '"featuregen": "0.0.9"'))
    with pytest.raises(FeaturegenError) as raised:
        remove_now(trio, "poll")
    assert raised.value.exit_code == 3
    assert str(raised.value.hint).endswith("featuregen update")


def test_the_command_tells_what_is_not_there(trio: Path) -> None:
    done = featuregen("remove", "tickets", "--into", trio)
    assert done.returncode == 2
    assert "did you mean 'ticket'?" in done.stderr


def answer(root: Path, reply: str) -> tuple[int, str]:
    """Run `remove --force` on a terminal, and answer what it asks."""
    parent, child = pty.openpty()
    command = [*FEATUREGEN, "remove", "ticket", "--force", "--no-verify", "--into", str(root)]
    with subprocess.Popen(
        command, stdin=child, stderr=child, stdout=subprocess.PIPE, env=environment(TERM="dumb")
    ) as process:
        os.close(child)
        os.write(parent, reply.encode())
        shown = b""
        with contextlib.suppress(OSError):  # Linux: the other side is closed
            while chunk := os.read(parent, 4096):
                shown += chunk
    os.close(parent)
    return process.returncode, shown.decode()


def test_force_asks_on_a_terminal_before_it_deletes_edits(trio: Path) -> None:
    service = "app/services/ticket_service.py"
    edit(trio, service, 'log.info("get_ticket")', 'log.info("mine")')
    before = tree(trio)
    code, shown = answer(trio, "n\n")
    assert code != 0
    assert service in shown
    assert tree(trio) == before
    code, _ = answer(trio, "y\n")
    assert code == 0
    assert not (trio / service).exists()


INSIDE = {
    "app/core/errors.py": (
        '    """Desk unavailable."""\n',
        '    """Desk unavailable."""\n    # mine\n',
    ),
    "app/main.py": (
        "    app.include_router(tickets.router)\n",
        "    app.include_router(\n        tickets.router,  # mine\n    )\n",
    ),
    "tests/fakes/__init__.py": ('    "desk": FakeDesk,\n', '    "desk": FakeDesk,  # mine\n'),
    "pyproject.toml": ('  "stamina>=26.1",\n', '  "stamina>=26.1",  # mine\n'),
    "README.md": ("## Ticket\n", "## Ticket\n\nmine\n"),
    ".env.example": ("DESK_KEY=", "# mine\nDESK_KEY="),
}


@pytest.mark.parametrize("path", INSIDE)
def test_words_of_the_users_inside_of_what_goes_are_not_lost(path: str, trio: Path) -> None:
    edit(trio, path, *INSIDE[path])
    before = tree(trio)
    blocked = False
    try:
        remove_now(trio, "ticket")
    except FeaturegenError as error:  # the user's line still imports what would go: told, not done
        blocked = path in str(error.where)
    assert "mine" in text(trio, path)
    assert blocked == (tree(trio) == before)
