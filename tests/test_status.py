"""`featuregen status` and `featuregen blame`: what became of the generated files, and of a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import featuregen
from lifecycle_scenes import QUICK, add, edit, edit_spec, times, tree, update_now

from featuregen.errors import FeaturegenError
from featuregen.json_models import BlameDocument, StatusDocument
from featuregen.lifecycle.blaming import Origin, blame
from featuregen.lifecycle.statuses import FeatureStatus, status
from featuregen.pipeline import new
from featuregen.progress import Silent
from featuregen.version import VERSION

SERVICE = "app/services/ticket_service.py"


def of(root: Path, name: str) -> FeatureStatus:
    found = status(root)
    return {one.name: one for one in (found.project, *found.features)}[name]


def test_an_untouched_project_is_up_to_date(trio: Path) -> None:
    found = status(trio)
    assert [one.name for one in found.features] == ["greeting", "poll", "ticket"]
    for one in (found.project, *found.features):
        assert (one.version, one.due, one.edited, one.deleted) == (VERSION, False, (), ())
        assert (one.taken_out, one.not_wired, one.conflicts) == ((), (), ())
        assert one.files > 0


def test_status_writes_nothing(trio: Path) -> None:
    before, then = tree(trio), times(trio)
    status(trio)
    assert (tree(trio), times(trio)) == (before, then)


def test_line_ends_that_git_has_changed_are_no_edit_and_no_reason_for_an_update(trio: Path) -> None:
    for path in trio.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    found = status(trio)
    assert not [one for one in (found.project, *found.features) if one.edited or one.due]
    before = tree(trio)
    assert update_now(trio).outcome == "unchanged"
    assert tree(trio) == before


def test_edits_and_deletions_are_listed_by_feature(trio: Path) -> None:
    edit(trio, SERVICE, 'log.info("get_ticket")', 'log.info("mine")')
    edit(trio, "README.md", "## Layout", "## Where things are")
    (trio / "tests/test_poll_api.py").unlink()
    assert of(trio, "ticket").edited == (SERVICE,)
    assert of(trio, "project").edited == ("README.md",)
    assert of(trio, "poll").deleted == ("tests/test_poll_api.py",)
    assert not of(trio, "ticket").due


def test_an_edited_spec_is_due_and_no_edit_of_the_code(trio: Path) -> None:
    edit_spec(trio, "poll", "le: 20", "le: 10")
    found = of(trio, "poll")
    assert (found.spec, found.due, found.edited) == ("edited", True, ())
    assert not of(trio, "ticket").due


def test_a_missing_spec_is_said(trio: Path) -> None:
    (trio / "features/poll.yaml").unlink()
    assert of(trio, "poll").spec == "missing"


def test_what_was_taken_out_of_a_shared_file_is_listed(trio: Path) -> None:
    edit(trio, "app/main.py", "    app.include_router(polls.router)\n", "")
    edit(trio, "app/main.py", "health, metrics, polls, tickets", "health, metrics, tickets")
    assert of(trio, "poll").taken_out == ("router:polls",)
    assert of(trio, "ticket").taken_out == ()


def test_open_conflicts_are_listed(trio: Path) -> None:
    models = "app/models/ticket.py"
    edit(trio, models, "Field(max_length=120)", "Field(max_length=77)")
    edit_spec(
        trio,
        "ticket",
        "subject: {type: string, max_length: 120}",
        "subject: {type: string, max_length: 99}",
    )
    update_now(trio)
    assert [one.path for one in of(trio, "ticket").conflicts] == [models]


def test_the_command_fits_its_model_and_ends_with_0(trio: Path) -> None:
    edit_spec(trio, "poll", "le: 20", "le: 10")
    done = featuregen("status", "--into", trio, "--json")
    document = StatusDocument.model_validate_json(done.stdout)
    assert [(one.name, one.due) for one in document.features] == [
        ("greeting", False),
        ("poll", True),
        ("ticket", False),
    ]
    shown = featuregen("status", "--into", trio)
    assert shown.returncode == 0
    assert "update due: spec edited" in shown.stdout


# --- blame ---------------------------------------------------------------------------------------


def at(root: Path, path: str, words: str) -> Origin:
    lines = (root / path).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if words in line]
    return blame(root, path, number)


def template_line(repository: Path, origin: Origin) -> str:
    assert origin.template is not None
    return (repository / origin.template).read_text().splitlines()[origin.template_line - 1]


def test_a_generated_line_comes_from_a_template_and_a_place_in_the_spec(
    trio: Path, repository: Path
) -> None:
    origin = at(trio, SERVICE, "async def open_ticket(")
    assert (origin.kind, origin.feature) == ("template", "ticket")
    assert "async def {{ operation.name }}(" in template_line(repository, origin)
    assert origin.spec_path == "operations.open_ticket"
    spec = (trio / "features/ticket.yaml").read_text().splitlines()
    assert spec[origin.spec_line - 1] == "  open_ticket:"


def test_a_line_of_the_skeleton_comes_from_its_template(trio: Path, repository: Path) -> None:
    origin = at(trio, "app/main.py", "install_error_handlers(app)")
    assert (origin.kind, origin.feature, origin.spec) == ("template", None, None)
    assert template_line(repository, origin) == "    install_error_handlers(app)"


def test_every_line_that_the_template_has_word_for_word_is_found_there(
    trio: Path, repository: Path
) -> None:
    path = "app/core/middleware.py"
    lines = (trio / path).read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            assert template_line(repository, blame(trio, path, number)).strip() == line.strip()


def test_a_line_that_was_wired_in_names_its_feature_and_its_id(trio: Path) -> None:
    router = at(trio, "app/main.py", "polls.router")
    assert (router.kind, router.feature, router.wired) == ("wired", "poll", "router:polls")
    setting = at(trio, "app/core/config.py", "poll_size: int")
    assert (setting.wired, setting.spec_path) == ("setting:poll_size", "settings.poll_size")
    spec = (trio / "features/poll.yaml").read_text().splitlines()
    assert "poll_size" in spec[setting.spec_line - 1]


def test_a_line_of_a_field_leads_to_the_field(trio: Path) -> None:
    origin = at(trio, "app/models/poll.py", "    weight: ")
    assert origin.spec_path == "models.Vote.fields.weight"
    spec = (trio / "features/poll.yaml").read_text().splitlines()
    assert spec[origin.spec_line - 1].startswith("      weight: {type: decimal")


def test_a_line_of_a_column_leads_to_the_field_and_one_of_a_revision_to_the_entities(
    scratch: Path, repository: Path
) -> None:
    root = scratch / "shop-api"
    new(repository / "tests/cases/good/product.yaml", root, QUICK, Silent())
    column = at(root, "app/tables/product.py", "    price: ")
    assert column.spec_path == "entities.Product.fields.price"
    assert at(root, "app/tables/product.py", "    owner_id: ").spec_path == "entities.Product"
    revision = at(root, "migrations/versions/0001_product.py", '"price",')
    assert (revision.kind, revision.spec_path) == ("template", "entities")


def test_a_line_of_the_users_is_the_users(trio: Path) -> None:
    edit(trio, SERVICE, 'log.info("get_ticket")', 'log.info("mine")')
    edit(trio, "app/main.py", "    return app\n", "    app.state.mine = True\n    return app\n")
    (trio / "app/mine.py").write_text("X = 1\n")
    assert at(trio, SERVICE, '"mine"').kind == "user"
    assert at(trio, "app/main.py", "app.state.mine").kind == "user"
    assert at(trio, "app/mine.py", "X").kind == "user"
    assert at(trio, "app/main.py", "return app").kind == "template"


def test_a_line_of_a_moved_method_is_still_the_templates(trio: Path) -> None:
    place = trio / SERVICE
    head, first, second = place.read_text().split("    async def ")
    place.write_text(f"{head}    async def {second.rstrip()}\n\n    async def {first.rstrip()}\n")
    for words in ('log.info("get_ticket")', 'log.info("open_ticket")'):
        origin = at(trio, SERVICE, words)
        assert origin.kind == "template"
        assert origin.spec_path == f"operations.{words[10:-2]}"


def test_a_line_of_the_spec_is_the_specs(trio: Path) -> None:
    assert at(trio, "features/poll.yaml", "vote:").kind == "spec"


@pytest.mark.parametrize("place", ["app/main.py:9999", "app/nope.py:1"])
def test_a_line_that_is_not_there_is_a_usage_error(trio: Path, place: str) -> None:
    path, _, line = place.rpartition(":")
    with pytest.raises(FeaturegenError) as raised:
        blame(trio, path, int(line))
    assert raised.value.exit_code == 2


def test_a_place_outside_of_the_project_is_refused(trio: Path) -> None:
    with pytest.raises(FeaturegenError, match="no such file in the project"):
        blame(trio, "/etc/passwd", 1)


@pytest.mark.parametrize("place", ["app/main.py", "app/main.py:0", "app/main.py:x", ":3"])
def test_what_is_no_place_is_a_usage_error(place: str, scratch: Path) -> None:
    add(scratch / "api", "poll")
    assert featuregen("blame", place, "--into", scratch / "api").returncode == 2


def test_the_blame_command_fits_its_model(trio: Path) -> None:
    done = featuregen("blame", "app/main.py:1", "--json", cwd=trio)
    document = BlameDocument.model_validate_json(done.stdout)
    assert (document.origin.path, document.origin.kind) == ("app/main.py", "template")
    shown = featuregen("blame", "main.py:1", cwd=trio / "app")
    assert "templates/project/app/main.py.jinja:1" in shown.stdout
