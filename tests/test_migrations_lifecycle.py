"""Migrations over a feature's life: each change adds one, none is written twice, all go with it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from conftest import snapshot

from featuregen.errors import FeaturegenError, SpecError
from featuregen.lifecycle.rebuilding import rebuild
from featuregen.lifecycle.removing import remove
from featuregen.lifecycle.renaming import rename
from featuregen.lifecycle.statuses import status
from featuregen.lifecycle.updating import check_update, update
from featuregen.pipeline import Options, new
from featuregen.progress import Silent
from featuregen.results import RunResult

QUICK = Options(verify=False)
VERSIONS = Path("migrations", "versions")
SPEC = """\
featuregen: 1
feature: {feature}
{entities}operations:
  ping: {{method: POST, path: /, response: none, hook: ping}}
"""
ENTITY = """\
entities:
  {name}:
    fields:
      amount: int
      note: {{type: string, max_length: 20, required: false}}
"""
STATE = "      state: {type: enum, values: [open, done], default: open}\n"


def spec(feature: str, *, more: str = "", stores: bool = True) -> str:
    """A feature with one entity, and more fields of it."""
    entities = ENTITY.format(name=feature.capitalize()) + more if stores else ""
    return SPEC.format(feature=feature, entities=entities)


def add(root: Path, *texts: str) -> RunResult:
    """`new` with these specs."""
    paths = []
    for number, text in enumerate(texts):
        paths.append(root.parent / f"{root.name}-{number}.yaml")
        paths[-1].write_text(text)
    return new(paths, root, QUICK, Silent())


def change(root: Path, feature: str, text: str) -> RunResult:
    (root / "features" / f"{feature}.yaml").write_text(text)
    return update(root, [feature], QUICK, Silent())


def history(root: Path) -> dict[str, str]:
    """What each revision follows, by file name."""
    return {
        path.stem: re.search(r"^down_revision.* = (.*?)$", path.read_text(), re.MULTILINE)[1]  # type: ignore[index]
        for path in sorted((root / VERSIONS).glob("*.py"))
    }


def own_revision(root: Path, name: str, after: str) -> Path:
    """One that a person has written."""
    path = root / VERSIONS / f"{name}.py"
    path.write_text(
        f'"""By hand."""\n\nrevision = "{name}"\ndown_revision = "{after}"\n\n\n'
        "def upgrade() -> None: ...\n\n\ndef downgrade() -> None: ...\n"
    )
    return path


@pytest.fixture
def root(scratch: Path) -> Path:
    """A project with one storing feature, `order`."""
    root = scratch / "shop-api"
    add(root, spec("order"))
    return root


def test_the_first_revision_comes_with_the_feature_and_only_once(root: Path) -> None:
    before = snapshot(root)
    assert history(root) == {"0001_order": "None"}
    assert add(root, spec("order")).outcome == "unchanged"
    assert update(root, [], QUICK, Silent()).outcome == "unchanged"
    assert check_update(root, [], Silent()).outcome == "unchanged"
    assert snapshot(root) == before


def test_a_project_gains_storage_with_its_first_storing_feature_and_loses_it_with_the_last(
    scratch: Path,
) -> None:
    root = scratch / "shop-api"
    add(root, spec("greeting", stores=False))
    before = snapshot(root)
    assert not [path for path in before if path.startswith(("app/db", "app/tables", "migrations"))]
    add(root, spec("order"))
    assert {"alembic.ini", "app/db/session.py", "app/tables/order.py"} <= snapshot(root).keys()
    remove(root, "order", QUICK, Silent())
    assert snapshot(root) == before


def test_features_of_one_run_and_of_the_next_make_one_line(root: Path) -> None:
    add(root, spec("payment"), spec("refund"))
    add(root, spec("invoice"))
    assert history(root) == {
        "0001_order": "None",
        "0002_payment": '"0001_order"',
        "0003_refund": '"0002_payment"',
        "0004_invoice": '"0003_refund"',
    }


def test_a_changed_spec_adds_a_revision_and_leaves_those_before(root: Path) -> None:
    first = (root / VERSIONS / "0001_order.py").read_bytes()
    result = change(root, "order", spec("order", more=STATE))
    assert [each.path for each in result.files if each.path.startswith("migrations")] == [
        "migrations/versions/0002_order.py"
    ]
    assert result.next_steps[-1].endswith("uv run alembic upgrade head")
    assert history(root) == {"0001_order": "None", "0002_order": '"0001_order"'}
    assert (root / VERSIONS / "0001_order.py").read_bytes() == first
    assert update(root, [], QUICK, Silent()).outcome == "unchanged"


def test_a_change_that_no_table_notices_adds_no_revision(root: Path) -> None:
    change(root, "order", spec("order").replace("amount: int", "amount: {type: int, le: 9}"))
    assert history(root) == {"0001_order": "None"}


def test_a_change_that_would_lose_data_changes_nothing_until_it_is_allowed(root: Path) -> None:
    without = spec("order").replace(
        "      note: {type: string, max_length: 20, required: false}\n", ""
    )
    (root / "features" / "order.yaml").write_text(without)
    before = snapshot(root)
    with pytest.raises(SpecError) as refused:
        update(root, [], QUICK, Silent())
    [diagnostic] = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.file) == ("FG901", "features/order.yaml")
    assert "`allow: [drop Order.note]`" in (diagnostic.hint or "")
    assert snapshot(root) == before
    change(root, "order", without + "allow: [drop Order.note]\n")
    assert "0002_order" in history(root)


def test_an_edited_revision_is_never_written_anew_and_counts_as_edited(root: Path) -> None:
    path = root / VERSIONS / "0001_order.py"
    edited = path.read_text() + "# by hand\n"
    path.write_text(edited)
    change(root, "order", spec("order", more=STATE))
    assert path.read_text() == edited
    [feature] = status(root).features
    assert feature.edited == ("migrations/versions/0001_order.py",)


def test_a_deleted_revision_stays_deleted(root: Path) -> None:
    own_revision(root, "0001_all", "x").write_text('revision = "0001_all"\ndown_revision = None\n')
    (root / VERSIONS / "0001_order.py").unlink()
    change(root, "order", spec("order", more=STATE))
    assert history(root) == {"0001_all": "None", "0002_order": '"0001_all"'}


def test_a_revision_written_by_hand_is_followed(root: Path) -> None:
    own_revision(root, "a1b2c3d4", "0001_order")
    change(root, "order", spec("order", more=STATE))
    assert history(root)["0002_order"] == '"a1b2c3d4"'


def test_new_and_remove_leave_the_tree_as_it_was(root: Path) -> None:
    before = snapshot(root)
    add(root, spec("payment"))
    change(root, "payment", spec("payment", more=STATE))
    remove(root, "payment", QUICK, Silent())
    assert snapshot(root) == before


def test_what_followed_a_removed_feature_follows_what_that_followed(root: Path) -> None:
    add(root, spec("payment"))
    add(root, spec("refund"))
    own_revision(root, "a1b2c3d4", "0003_refund")
    change(root, "payment", spec("payment", more=STATE))
    result = remove(root, "payment", QUICK, Silent())
    assert history(root) == {
        "0001_order": "None",
        "0003_refund": '"0001_order"',
        "a1b2c3d4": '"0003_refund"',
    }
    assert [feature.edited for feature in status(root).features] == [(), ()]
    assert check_update(root, [], Silent()).outcome == "unchanged"
    assert any("keep the tables payments" in note for note in result.notes)
    assert any("alembic stamp --purge head" in note for note in result.notes)


def test_the_first_feature_of_the_line_may_go(root: Path) -> None:
    add(root, spec("payment"))
    remove(root, "order", QUICK, Silent())
    assert history(root) == {"0002_payment": "None"}


def test_an_edited_revision_is_kept_by_a_removal_and_stays_in_the_line(root: Path) -> None:
    add(root, spec("payment"))
    change(root, "payment", spec("payment", more=STATE))
    path = root / VERSIONS / "0003_payment.py"
    path.write_text(path.read_text() + "# by hand\n")
    result = remove(root, "payment", QUICK, Silent())
    assert history(root) == {"0001_order": "None", "0003_payment": '"0001_order"'}
    assert path.read_text().endswith("# by hand\n")
    assert "migrations/versions/0003_payment.py: you have edited it, so it was kept" in result.notes


def test_two_heads_stop_what_would_add_to_them_and_are_told(root: Path) -> None:
    own_revision(root, "left", "0001_order")
    own_revision(root, "right", "0001_order")
    [told] = status(root).migrations
    assert "2 heads: left, right" in told
    assert "alembic merge heads" in told
    (root / "features" / "order.yaml").write_text(spec("order", more=STATE))
    before = snapshot(root)
    with pytest.raises(FeaturegenError, match="2 heads") as stopped:
        update(root, [], QUICK, Silent())
    assert stopped.value.exit_code == 3
    assert "alembic merge heads" in (stopped.value.hint or "")
    with pytest.raises(FeaturegenError, match="2 heads"):
        add(root, spec("payment"))
    assert snapshot(root) == before


def test_a_merge_of_two_heads_is_followed(root: Path) -> None:
    own_revision(root, "left", "0001_order")
    own_revision(root, "right", "0001_order")
    merge = own_revision(root, "both", "left")
    merge.write_text(merge.read_text().replace('"left"', '("left", "right")'))
    assert status(root).migrations == ()
    add(root, spec("payment"))
    assert history(root)["0002_payment"] == '"both"'


def test_a_renamed_feature_takes_its_revisions_along(root: Path) -> None:
    change(root, "order", spec("order", more=STATE))
    before = history(root)
    rename(root, "order", "purchase", QUICK, Silent())
    assert history(root) == before
    assert check_update(root, [], Silent()).outcome == "unchanged"
    remove(root, "purchase", QUICK, Silent())
    assert history(root) == {}


def test_of_a_lock_with_conflicts_the_migrations_are_known(root: Path) -> None:
    change(root, "order", spec("order", more=STATE))
    before = snapshot(root)
    damage(root, "conflict")
    assert rebuild(root, Silent()).notes == ()
    assert snapshot(root) == before
    assert check_update(root, [], Silent()).outcome == "unchanged"


def damage(root: Path, how: str) -> None:
    lock = root / ".featuregen" / "order.lock"
    if how == "missing":
        lock.unlink()
    else:
        lock.write_text(f"<<<<<<< ours\n{lock.read_text()}=======\n>>>>>>> theirs\n")


def edit_revision(root: Path, name: str) -> str:
    place = root / VERSIONS / f"{name}.py"
    text = place.read_text()
    place.write_text(text.replace("def upgrade() -> None:\n", "def upgrade() -> None:  # mine\n"))
    assert place.read_text() != text
    return str(place.relative_to(root))


@pytest.mark.parametrize("how", ["missing", "conflict"])
def test_an_edited_revision_is_edited_after_a_rebuild_too(root: Path, how: str) -> None:
    path = edit_revision(root, "0001_order")
    damage(root, how)
    rebuild(root, Silent())
    [found] = status(root).features
    assert (found.edited, found.unsure) == ((path,), ())
    remove(root, "order", QUICK, Silent())
    assert "# mine" in (root / path).read_text()


def test_the_only_revision_is_rendered_again_where_nothing_else_tells_what_it_was(
    root: Path,
) -> None:
    before = snapshot(root)
    damage(root, "missing")
    assert rebuild(root, Silent()).notes == ()
    assert snapshot(root) == before
    remove(root, "order", QUICK, Silent())
    assert history(root) == {}


def test_a_revision_of_which_nothing_tells_whether_it_was_edited_is_told_and_kept(
    root: Path,
) -> None:
    change(root, "order", spec("order", more=STATE))
    first = edit_revision(root, "0001_order")
    both = (first, first.replace("0001", "0002"))
    damage(root, "missing")
    notes = rebuild(root, Silent()).notes
    assert [note.partition(":")[0] for note in notes] == [*both]
    [found] = status(root).features
    assert found.unsure == both
    assert check_update(root, [], Silent()).outcome == "unchanged"
    assert rebuild(root, Silent()).outcome == "unchanged"
    change(root, "order", spec("order", more=STATE + "      stars: {type: int, default: 1}\n"))
    [found] = status(root).features
    assert found.unsure == both
    kept = remove(root, "order", QUICK, Silent(), dry_run=True)
    assert not set(both) & {each.path for each in kept.files}
    remove(root, "order", QUICK, Silent())
    assert history(root).keys() == {"0001_order", "0002_order"}
    assert "# mine" in (root / first).read_text()


def test_what_may_have_been_edited_goes_by_force(root: Path) -> None:
    change(root, "order", spec("order", more=STATE))
    damage(root, "missing")
    rebuild(root, Silent())
    remove(root, "order", QUICK, Silent(), force=True)
    assert history(root) == {}


def test_two_branches_with_a_feature_each_give_two_heads_and_merge(root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    commit(root)
    for branch in ("payment", "refund"):
        git(root, "checkout", "-q", "-b", branch, "main")
        add(root, spec(branch))
        commit(root)
    git(root, "merge", "-q", "-X", "ours", "payment")
    assert history(root).keys() == {"0001_order", "0002_payment", "0002_refund"}
    [told] = status(root).migrations
    assert "2 heads: 0002_payment, 0002_refund" in told


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")


def test_two_branches_that_change_one_feature_are_put_in_line_by_hand(root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    commit(root)
    plain = spec("order")
    first = plain.replace("      amount", "      first: {type: int, default: 1}\n      amount")
    for branch, text in (("first", first), ("second", spec("order", more=STATE))):
        git(root, "checkout", "-q", "-b", branch, "main")
        change(root, "order", text)
        commit(root)
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "-q", "first")
    mine = root / VERSIONS / "0002_order.py"
    theirs = git(root, "show", "first:migrations/versions/0002_order.py")
    git(root, "checkout", "--ours", str(mine.relative_to(root)))
    moved = theirs.replace("0002_order", "0003_order").replace("0001_order", "0002_order")
    (root / VERSIONS / "0003_order.py").write_text(moved)
    rebuild(root, Silent())
    assert check_update(root, [], Silent()).outcome == "unchanged"
    assert status(root).migrations == ()
    assert history(root) == {
        "0001_order": "None",
        "0002_order": '"0001_order"',
        "0003_order": '"0002_order"',
    }
