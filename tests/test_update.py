"""`featuregen update`: changed specs come in, and nothing that a person wrote goes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from lifecycle_scenes import (
    QUICK,
    add,
    edit,
    edit_spec,
    is_due,
    remove_now,
    times,
    tree,
    update_now,
)

from featuregen.errors import FeaturegenError, SpecError
from featuregen.pipeline import new
from featuregen.progress import Silent

HOOKS = "app/services/greeting_hooks.py"
SERVICE = "app/services/ticket_service.py"
MODELS = "app/models/ticket.py"


def text(root: Path, path: str) -> str:
    return (root / path).read_text()


def test_with_nothing_new_no_byte_and_no_time_changes(trio: Path) -> None:
    before, then = tree(trio), times(trio)
    assert update_now(trio).outcome == "unchanged"
    assert not is_due(trio)
    assert (tree(trio), times(trio)) == (before, then)


def test_a_changed_spec_changes_what_it_says_and_nothing_else(trio: Path) -> None:
    before = tree(trio)
    edit_spec(trio, "ticket", "max_length: 120}\n      urgency", "max_length: 99}\n      urgency")
    assert is_due(trio)
    assert update_now(trio).outcome == "updated"
    after = tree(trio)
    assert {path for path in after if after[path] != before.get(path)} == {
        ".featuregen/ticket.lock",
        ".featuregen/ticket.yml",
        MODELS,
        "features/ticket.yaml",
        "tests/test_ticket_api.py",
    }
    assert "max_length=99" in text(trio, MODELS)


def test_a_second_update_does_nothing(trio: Path) -> None:
    edit_spec(trio, "ticket", "min_length: 1, max_length: 120", "min_length: 2, max_length: 120")
    update_now(trio)
    before, then = tree(trio), times(trio)
    assert update_now(trio).outcome == "unchanged"
    assert not is_due(trio)
    assert (tree(trio), times(trio)) == (before, then)


def test_an_update_there_and_back_leaves_the_tree_as_it_was(trio: Path) -> None:
    before = tree(trio)
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    update_now(trio)
    assert tree(trio) != before
    edit_spec(trio, "poll", "ge: 1, le: 10", "ge: 1, le: 20")
    update_now(trio)
    assert tree(trio) == before


def test_an_updated_project_is_the_one_that_new_would_have_made(trio: Path, scratch: Path) -> None:
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    edit_spec(trio, "poll", "rate_limit: 5/minute", "rate_limit: 6/minute")
    update_now(trio)
    fresh = scratch / "fresh" / "shop-api"
    for feature in ("ticket", "greeting", "poll"):
        new(trio / f"features/{feature}.yaml", fresh, QUICK, Silent())
    assert tree(trio) == tree(fresh)


def test_only_the_named_feature_is_updated(trio: Path) -> None:
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    result = update_now(trio, "poll")
    assert result.features == ("poll",)
    assert "le=10" in text(trio, "app/models/poll.py")
    assert "now" not in text(trio, MODELS)
    assert is_due(trio)


def test_a_dry_run_shows_the_diff_and_writes_nothing(trio: Path) -> None:
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    before, then = tree(trio), times(trio)
    result = update_now(trio, dry_run=True)
    assert result.outcome == "planned"
    [diff] = [diff for diff in result.diffs if diff.path == "app/models/poll.py"]
    assert "le=10" in diff.text
    assert (tree(trio), times(trio)) == (before, then)


def test_a_feature_that_is_not_there_is_a_usage_error(trio: Path) -> None:
    with pytest.raises(FeaturegenError) as raised:
        update_now(trio, "tickets")
    assert raised.value.exit_code == 2
    assert raised.value.hint == "did you mean 'ticket'?"


def test_a_bad_spec_stops_before_anything_is_touched(trio: Path) -> None:
    edit_spec(trio, "poll", "type: int, ge: 1, le: 20", "type: integer")
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    before = tree(trio)
    with pytest.raises(SpecError):
        update_now(trio)
    assert tree(trio) == before


def test_a_spec_that_is_gone_is_said(trio: Path) -> None:
    (trio / "features/poll.yaml").unlink()
    with pytest.raises(FeaturegenError) as raised:
        update_now(trio)
    assert "featuregen remove poll" in str(raised.value.hint)


def test_a_spec_that_changes_its_own_name_leads_to_rename(trio: Path) -> None:
    edit_spec(trio, "poll", "feature: poll", "feature: ballot")
    with pytest.raises(FeaturegenError) as raised:
        update_now(trio)
    assert "featuregen rename poll ballot" in str(raised.value.hint)


def test_an_update_must_not_take_a_route_of_another_feature(trio: Path) -> None:
    edit_spec(trio, "poll", "feature: poll\n", "feature: poll\nbase_path: /api/v1/greetings\n")
    edit_spec(trio, "poll", "method: POST\n    path: /votes", "method: GET\n    path: /hello")
    edit_spec(trio, "poll", "    request: Vote\n", "")
    with pytest.raises(SpecError) as raised:
        update_now(trio)
    assert "FG501" in {found.code for found in raised.value.diagnostics}


# --- the user's edits ----------------------------------------------------------------------------


def test_an_edit_in_another_method_survives(trio: Path) -> None:
    edit(trio, SERVICE, 'log.info("get_ticket")', 'log.info("get_ticket", mine=True)')
    edit_spec(trio, "ticket", "  open_ticket:\n", "  open_ticket:\n    summary: Open one\n")
    result = update_now(trio)
    assert 'log.info("get_ticket", mine=True)' in text(trio, SERVICE)
    assert "Open one" in text(trio, "app/api/endpoints/tickets.py")
    assert result.kept is not None
    assert result.kept.lines == result.kept.lines_kept == 1
    assert result.conflicts == ()


def test_a_method_of_the_users_survives_beside_a_new_operation(trio: Path) -> None:
    edit(trio, SERVICE, "    def __init__", "    limit = 3  # ours\n\n    def __init__")
    place = trio / SERVICE
    place.write_text(place.read_text() + "\n    async def mine(self) -> int:\n        return 1\n")
    edit_spec(
        trio,
        "ticket",
        "  get_ticket:\n",
        "  close_ticket: {method: DELETE, path: '/{ticket_id}', response: none, hook: close}\n"
        "  get_ticket:\n",
    )
    result = update_now(trio)
    after = text(trio, SERVICE)
    assert "limit = 3  # ours" in after
    assert "async def mine(self) -> int:\n        return 1\n" in after
    assert "async def close_ticket(" in after
    assert result.conflicts == ()
    compile(after, SERVICE, "exec")


def test_reordered_and_reformatted_methods_are_no_conflict(trio: Path) -> None:
    place = trio / SERVICE
    head, first, second = (
        place.read_text().split("    async def ")[0:1]
        + place.read_text().split("    async def ")[1:]
    )
    moved = f"{head}    async def {second.rstrip()}\n\n    async def {first.rstrip()}\n"
    place.write_text(
        moved.replace('log.info("get_ticket")', 'log.info(\n            "get_ticket"\n        )')
    )
    edit_spec(trio, "ticket", "  get_ticket:\n", "  get_ticket:\n    rate_limit: 5/minute\n")
    edit_spec(trio, "ticket", "  open_ticket:\n", "  open_ticket:\n    summary: Open one\n")
    result = update_now(trio)
    after = text(trio, SERVICE)
    assert result.conflicts == ()
    assert after.index("def get_ticket") < after.index("def open_ticket")
    assert '"""Open one."""' in after


def test_a_file_that_a_person_deleted_stays_deleted_and_is_told(trio: Path) -> None:
    (trio / "tests/test_ticket_api.py").unlink()
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    result = update_now(trio)
    assert not (trio / "tests/test_ticket_api.py").exists()
    assert any("tests/test_ticket_api.py: you deleted it" in note for note in result.notes)
    assert not is_due(trio)


def test_what_a_person_unwired_stays_unwired_and_is_told(trio: Path) -> None:
    edit(trio, "app/main.py", "    app.include_router(polls.router)\n", "")
    edit(trio, "app/main.py", "health, metrics, polls, tickets", "health, metrics, tickets")
    edit_spec(trio, "poll", "feature: poll\n", "feature: poll\nplural: polls\ntitle: Surveys\n")
    edit_spec(trio, "greeting", "feature: greeting\n", "feature: greeting\nplural: hellos\n")
    result = update_now(trio)
    main = text(trio, "app/main.py")
    assert "polls" not in main
    assert "hellos.router" in main
    assert "greetings" not in main
    assert any(note.startswith("router:polls: you took it out") for note in result.notes)


def test_a_shared_file_that_a_person_edited_gets_what_is_new(trio: Path) -> None:
    edit(trio, "app/main.py", "    return app\n", "    app.state.mine = True\n    return app\n")
    edit(trio, "app/core/config.py", "class Settings(", "MINE = 1\n\n\nclass Settings(")
    edit_spec(
        trio, "poll", "poll_size: {type: int, default: 20", "poll_limit: {type: int, default: 9"
    )
    result = update_now(trio)
    config = text(trio, "app/core/config.py")
    assert "MINE = 1" in config
    assert "poll_limit" in config
    assert "poll_size" not in config
    assert "app.state.mine = True" in text(trio, "app/main.py")
    assert (result.by_hand, result.conflicts) == ((), ())


def test_a_new_need_reaches_a_shared_file_that_a_person_edited(scratch: Path) -> None:
    root = scratch / "api"
    add(root, "greeting")
    edit(root, "app/main.py", "    return app\n", "    app.state.mine = True\n    return app\n")
    edit_spec(
        root,
        "greeting",
        "response: Greeting, auth: none, hook: say_hello",
        "response: Greeting, auth: none, rate_limit: 5/minute, hook: say_hello",
    )
    result = update_now(root)
    main = text(root, "app/main.py")
    assert "app.state.mine = True" in main
    assert "RateLimiter(" in main
    assert (root / "app/core/ratelimit.py").is_file()
    assert (result.by_hand, result.conflicts) == ((), ())


def test_a_file_under_another_name_takes_the_edits_along(trio: Path) -> None:
    old, new = "app/api/endpoints/tickets.py", "app/api/endpoints/cases.py"
    edit(trio, old, "router = APIRouter(", "MINE = 1\n\nrouter = APIRouter(")
    edit_spec(trio, "ticket", "feature: ticket\n", "feature: ticket\nplural: cases\n")
    result = update_now(trio)
    assert not (trio / old).exists()
    assert "MINE = 1" in text(trio, new)
    assert "cases.router" in text(trio, "app/main.py")
    assert any(new in note for note in result.notes)
    assert result.conflicts == ()


def test_a_renamed_upstream_takes_the_edits_of_its_client_along(trio: Path) -> None:
    edit(trio, "app/clients/desk.py", "class DeskClient", "MINE = 1\n\n\nclass DeskClient")
    edit_spec(trio, "ticket", "  desk:\n", "  helpdesk:\n")
    update_now(trio)
    assert not (trio / "app/clients/desk.py").exists()
    client = text(trio, "app/clients/helpdesk.py")
    assert "MINE = 1" in client
    assert "class HelpdeskClient" in client


def test_an_import_of_a_module_that_moved_is_told(trio: Path) -> None:
    (trio / "app/mine.py").write_text(
        "from app.api.endpoints.tickets import router\n\nR = router\n"
    )
    edit_spec(trio, "ticket", "feature: ticket\n", "feature: ticket\nplural: cases\n")
    result = update_now(trio)
    [todo] = result.by_hand
    assert todo.path == "app/mine.py"
    assert "It is app.api.endpoints.cases now." in todo.instructions


def test_a_project_without_features_is_kept_up_to_date(scratch: Path) -> None:
    root = scratch / "api"
    add(root, "poll")
    edit(root, "app/main.py", "    return app\n", "    app.state.mine = True\n    return app\n")
    remove_now(root, "poll")
    before = tree(root)
    assert update_now(root).outcome == "unchanged"
    assert not is_due(root)
    assert tree(root) == before
    lock = root / ".featuregen/project.lock"
    lock.write_text(lock.read_text().replace('"featuregen": "0.1.0"', '"featuregen": "0.0.9"'))
    assert is_due(root)
    update_now(root)
    assert tree(root) == before


def test_a_spec_that_is_a_link_is_read_through_it(trio: Path) -> None:
    spec = trio / "features/poll.yaml"
    shared = trio / "poll.shared.yaml"
    spec.rename(shared)
    spec.symlink_to("../poll.shared.yaml")
    edit(trio, "poll.shared.yaml", "ge: 1, le: 20", "ge: 1, le: 10")
    result = update_now(trio)
    assert result.conflicts == ()
    assert spec.is_symlink()
    assert "le=10" in text(trio, "app/models/poll.py")


# --- hooks ---------------------------------------------------------------------------------------

BODY = '    """Say hello."""\n    return Greeting(text="Hi")\n'


def write_hook(root: Path) -> None:
    place = root / HOOKS
    head, tail = place.read_text().split("async def say_hello", 1)
    signature, rest = tail.split("\n", 1)
    following = "\n\nasync def say_goodbye" + rest.split("async def say_goodbye", 1)[1]
    place.write_text(f"{head}async def say_hello{signature}\n{BODY}{following}")


def test_a_new_operations_stub_joins_the_hooks_that_are_written(trio: Path) -> None:
    write_hook(trio)
    edit_spec(
        trio,
        "greeting",
        "  say_goodbye:",
        "  say_more: {method: GET, path: /more, response: Greeting, auth: none, hook: say_more}\n"
        "  say_goodbye:",
    )
    result = update_now(trio)
    hooks = text(trio, HOOKS)
    assert BODY in hooks
    assert "async def say_more(" in hooks
    assert result.by_hand == ()


def test_a_hook_that_is_called_in_another_way_is_left_and_told(trio: Path) -> None:
    write_hook(trio)
    before = text(trio, HOOKS)
    edit_spec(trio, "greeting", "path: /hello,", "path: '/hello/{name}',")
    result = update_now(trio)
    assert text(trio, HOOKS) == before
    [todo] = result.by_hand
    assert (todo.id, todo.path) == ("hook:say_hello", HOOKS)
    assert "name: " in todo.instructions


def test_a_stub_that_nobody_wrote_follows_its_operation(trio: Path) -> None:
    edit_spec(trio, "greeting", "path: /hello,", "path: '/hello/{name}',")
    result = update_now(trio)
    assert "name" in text(trio, HOOKS)
    assert result.by_hand == ()


def test_a_hooks_file_that_does_not_parse_is_left_and_told(trio: Path) -> None:
    (trio / HOOKS).write_text("def say_hello(:\n")
    edit_spec(trio, "greeting", "path: /hello,", "path: '/hello/{name}',")
    result = update_now(trio)
    assert text(trio, HOOKS) == "def say_hello(:\n"
    assert [todo.path for todo in result.by_hand] == [HOOKS]


def test_a_written_hook_outlives_its_operation_and_is_told(trio: Path) -> None:
    write_hook(trio)
    spec = trio / "features/greeting.yaml"
    kept = [line for line in spec.read_text().splitlines() if "say_hello" not in line]
    spec.write_text("\n".join(kept) + "\n")
    result = update_now(trio)
    assert BODY in text(trio, HOOKS)
    assert any("no operation calls your say_hello()" in note for note in result.notes)


# --- the certificate and the versions ------------------------------------------------------------


def test_the_certificate_counts_what_the_user_had(trio: Path) -> None:
    edit(trio, SERVICE, 'log.info("get_ticket")', 'log.info("a")\n        log.info("b")')
    place = trio / MODELS
    place.write_text(place.read_text() + "\n\ndef mine() -> int:\n    return 2\n")
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    kept = update_now(trio).kept
    assert kept is not None
    assert (kept.symbols, kept.symbols_kept) == (2, 2)
    assert (kept.lines, kept.lines_kept, kept.lost) == (4, 4, ())


def test_a_project_of_an_older_featuregen_is_due_as_a_whole(trio: Path) -> None:
    place = trio / ".featuregen/poll.lock"
    place.write_text(place.read_text().replace('"featuregen": "0.1.0"', '"featuregen": "0.0.9"'))
    assert is_due(trio)
    result = update_now(trio, "greeting")
    assert result.outcome == "updated"
    assert set(result.features) == {"greeting", "poll", "ticket"}
    assert not is_due(trio)


def test_a_project_of_a_newer_featuregen_is_refused(trio: Path) -> None:
    place = trio / ".featuregen/poll.lock"
    place.write_text(place.read_text().replace('"featuregen": "0.1.0"', '"featuregen": "9.1.0"'))
    before = tree(trio)
    with pytest.raises(FeaturegenError) as raised:
        update_now(trio)
    assert "featuregen>=9.1.0" in str(raised.value.hint)
    assert tree(trio) == before


def test_a_feature_joins_a_project_only_of_the_same_version(trio: Path) -> None:
    remove_now(trio, "poll")
    lock = trio / ".featuregen/project.lock"
    lock.write_text(lock.read_text().replace('"featuregen": "0.1.0"', '"featuregen": "0.0.9"'))
    with pytest.raises(FeaturegenError) as raised:
        add(trio, "poll")
    assert raised.value.exit_code == 3
    assert str(raised.value.hint).endswith("featuregen update")
    update_now(trio)
    add(trio, "poll")
    assert (trio / "app/models/poll.py").is_file()


def test_what_was_taken_out_of_a_shared_file_is_told_by_every_update_of_its_feature(
    trio: Path,
) -> None:
    edit(trio, "app/main.py", "    app.include_router(polls.router)\n", "")
    edit(trio, "app/main.py", "health, metrics, polls, tickets", "health, metrics, tickets")
    edit_spec(trio, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    notes = update_now(trio).notes
    assert notes.count("router:polls: you took it out of the shared file, so it stays out") == 1
    edit_spec(trio, "ticket", "values: [low, high]", "values: [low, high, now]")
    assert not [note for note in update_now(trio).notes if "polls" in note]
