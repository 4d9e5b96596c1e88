"""What a change of the tables comes to: statements, what may be lost, the place in the history."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest
from stored_features import column, entity, stored, tables_of

from featuregen.errors import FeaturegenError, SpecError
from featuregen.migrations.chain import Chain
from featuregen.migrations.changes import changes
from featuregen.migrations.history import History, KnownRevision, history_of, read_history
from featuregen.migrations.losses import losses
from featuregen.migrations.relinking import relinked, with_down_revision
from featuregen.migrations.revision import revision, revision_id
from featuregen.plan.schema import dump_tables, load_tables
from featuregen.render import format_files
from featuregen.spec.model import Entity, Field

NOTE = column("note", max_length=20, required=False)
AMOUNT = column("amount", "int")


def payment(*fields: Field, table: str | None = None) -> Entity:
    return entity("Payment", *fields, table=table)


def upgrade(old: Sequence[Entity], new: Sequence[Entity], *allow: str) -> str:
    """The body of `upgrade`, formatted."""
    spec = stored(*new, allow=allow)
    made = revision(spec, tables_of(stored(*old)), tables_of(spec), History())
    assert made is not None
    text = format_files({made.path: made.text})[made.path]
    return text.partition('"""Change the tables."""\n')[2].partition("\n\n\ndef ")[0]


def entries(old: Sequence[Entity], new: Sequence[Entity]) -> list[str]:
    return [
        each.entry for each in losses(changes(tables_of(stored(*old)), tables_of(stored(*new))))
    ]


# --- the text -------------------------------------------------------------------------------------


def test_an_optional_column_is_added_in_one_step() -> None:
    assert upgrade([payment(AMOUNT)], [payment(AMOUNT, NOTE)]) == (
        '    with op.batch_alter_table("payments") as batch:\n'
        '        batch.add_column(sa.Column("note", sa.String(20), nullable=True))'
    )


def test_a_required_column_is_added_filled_and_then_demanded() -> None:
    state = column("state", "enum", values=("new", "old"), has_default=True, default="new")
    assert upgrade([payment()], [payment(state)]) == (
        '    with op.batch_alter_table("payments") as batch:\n'
        '        batch.add_column(sa.Column("state", sa.String(16), nullable=True))\n'
        '    rows = sa.table("payments", sa.column("state", sa.String(16)))\n'
        '    op.execute(rows.update().values({"state": "new"}))\n'
        '    with op.batch_alter_table("payments") as batch:\n'
        '        batch.alter_column("state", existing_type=sa.String(16), nullable=False)'
    )


def test_a_column_with_a_former_name_is_renamed() -> None:
    remark = column("remark", max_length=20, required=False, was="note")
    assert upgrade([payment(NOTE)], [payment(remark)]) == (
        '    with op.batch_alter_table("payments") as batch:\n'
        '        batch.alter_column("note", new_column_name="remark")'
    )


def test_a_former_name_that_stays_in_the_spec_renames_once() -> None:
    remark = column("remark", max_length=20, required=False, was="note")
    spec = stored(payment(remark))
    assert revision(spec, tables_of(spec), tables_of(spec), History()) is None


def test_a_name_that_moves_on_makes_room_for_the_next() -> None:
    first = [payment(column("a", "int"), column("b", "int"))]
    second = [payment(column("b", "int", was="a"), column("c", "int", was="b"))]
    assert upgrade(first, second) == (
        '    with op.batch_alter_table("payments") as batch:\n'
        '        batch.alter_column("b", new_column_name="c")\n'
        '        batch.alter_column("a", new_column_name="b")'
    )


def test_two_tables_may_change_their_names_with_each_other() -> None:
    first = [entity("One", table="a"), entity("Two", table="b")]
    second = [entity("One", table="b"), entity("Two", table="a")]
    renames = [line.strip() for line in upgrade(first, second).splitlines() if "rename_" in line]
    assert renames == [
        'op.rename_table("b", "b_")',
        'op.rename_table("a", "b")',
        'op.rename_table("b_", "a")',
    ]


def test_a_table_is_the_same_one_by_its_entity_or_else_by_its_name() -> None:
    old = tables_of(stored(entity("One", table="a"), entity("Two", table="b")))
    new = tables_of(stored(entity("One", table="c"), entity("Three", table="b")))
    found = changes(old, new)
    assert [(each.old.name, each.new.name) for each in found.changed] == [("a", "c"), ("b", "b")]
    assert (found.created, found.dropped) == ((), ())


def test_a_revision_is_as_ruff_formats_it_and_parses_alone() -> None:
    spec = stored(payment(AMOUNT, NOTE, column("made", "datetime", has_default=False)))
    made = revision(spec, (), tables_of(spec), History())
    assert made is not None
    text = format_files({made.path: made.text})[made.path]
    assert format_files({made.path: text})[made.path] == text
    imported = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    assert [node.module for node in imported] == ["collections.abc", "alembic"]


def test_what_changes_nothing_in_the_database_brings_no_revision() -> None:
    old = stored(payment(column("note", max_length=20, description="old")))
    new = stored(payment(column("note", max_length=20, description="new", default="x")))
    assert revision(new, tables_of(old), tables_of(new), History()) is None


def test_a_revision_says_in_its_first_line_what_it_does() -> None:
    old = [payment(AMOUNT, NOTE), entity("Refund", column("reason", required=False))]
    new = [payment(NOTE, column("day", "date", required=False)), entity("Fee")]
    spec = stored(*new, allow=["drop Payment.amount", "drop Refund"])
    made = revision(spec, tables_of(stored(*old)), tables_of(spec), History())
    assert made is not None
    assert made.text.splitlines()[0] == (
        '"""Shop: create fees; drop refunds, payments.amount; add payments.day."""'
    )


def test_a_long_name_of_a_feature_is_cut_and_stays_its_own() -> None:
    assert revision_id(1, "payment") == "0001_payment"
    first, second = (revision_id(12, "a_feature_with_a_rather_long_name" + end) for end in "ab")
    assert len(first) == len(second) == 32
    assert first != second


def test_tables_come_back_from_json_as_they_were() -> None:
    spec = stored(
        payment(AMOUNT, NOTE, column("state", "enum", values=("a", "b"), has_default=True)),
        entity("Refund", column("payment_id", "id", references="Payment", on_delete="cascade")),
    )
    assert load_tables(dump_tables(tables_of(spec))) == tables_of(spec)


# --- what may be lost -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        ([payment(AMOUNT, NOTE)], [payment(AMOUNT)], "drop Payment.note"),
        ([payment(), entity("Refund")], [payment()], "drop Refund"),
        (
            [payment(AMOUNT)],
            [payment(column("amount", "date", required=False))],
            "drop Payment.amount",
        ),
        ([payment(column("note"))], [payment(column("note", max_length=9))], "narrow Payment.note"),
        (
            [payment(column("note", max_length=9))],
            [payment(column("note", max_length=8))],
            "narrow Payment.note",
        ),
        (
            [payment(column("sum", "decimal", max_digits=9, decimal_places=2))],
            [payment(column("sum", "decimal", max_digits=9, decimal_places=3))],
            "narrow Payment.sum",
        ),
        (
            [payment(AMOUNT)],
            [payment(column("amount", "decimal", decimal_places=2))],
            "narrow Payment.amount",
        ),
        ([payment()], [payment(AMOUNT)], "require Payment.amount"),
        (
            [payment()],
            [payment(column("slug", max_length=9, unique=True, has_default=True, default="x"))],
            "require Payment.slug",
        ),
        ([payment(NOTE)], [payment(column("note", max_length=20))], "require Payment.note"),
        (
            [payment(column("state", "enum", values=("a", "b")))],
            [payment(column("state", "enum", values=("a", "a state of more letters")))],
            "narrow Payment.state",
        ),
    ],
)
def test_a_change_that_may_lose_data_is_made_only_where_it_is_allowed_by_name(
    old: list[Entity], new: list[Entity], entry: str
) -> None:
    assert entries(old, new) == [entry]
    with pytest.raises(SpecError) as refused:
        upgrade(old, new)
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.code == "FG901"
    assert f"allow: [{entry}]" in (diagnostic.hint or "")
    assert upgrade(old, new, entry)


def test_a_value_that_an_enum_has_no_longer_is_a_loss_although_no_column_changes() -> None:
    old = [payment(column("state", "enum", values=("a", "b")))]
    new = [payment(column("state", "enum", values=("a",)))]
    with pytest.raises(SpecError) as refused:
        upgrade(old, new)
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.message.endswith("may not fit any longer: b is no value of it")
    spec = stored(*new, allow=["narrow Payment.state"])
    assert revision(spec, tables_of(stored(*old)), tables_of(spec), History()) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (payment(column("note", max_length=8)), payment(column("note", max_length=9))),
        (payment(column("note", max_length=8)), payment(column("note"))),
        (payment(AMOUNT), payment(column("amount", "int", required=False))),
        (payment(), payment(NOTE)),
        (payment(), payment(column("note", has_default=True, default="x"))),
        (payment(NOTE), payment(column("note", max_length=20, has_default=True, default="x"))),
        (
            payment(column("sum", "decimal", max_digits=9, decimal_places=2)),
            payment(column("sum", "decimal", max_digits=11, decimal_places=4)),
        ),
    ],
)
def test_a_change_that_keeps_all_values_needs_no_leave(old: Entity, new: Entity) -> None:
    assert entries([old], [new]) == []
    assert upgrade([old], [new])


def test_all_that_is_refused_is_told_with_one_line_that_allows_it() -> None:
    old, new = stored(payment(AMOUNT, NOTE)), stored(payment(), allow=["drop Payment.x"])
    with pytest.raises(SpecError) as refused:
        revision(new, tables_of(old), tables_of(new), History())
    line = "allow: [drop Payment.x, drop Payment.amount, drop Payment.note]"
    assert [line in (each.hint or "") for each in refused.value.diagnostics] == [True, True]


def test_values_that_a_new_type_cannot_hold_are_told_with_it() -> None:
    with pytest.raises(SpecError) as refused:
        upgrade([payment(AMOUNT)], [payment(column("day", "date", required=False, was="amount"))])
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.message == "Payment.amount cannot become Date: its values would be dropped"
    assert diagnostic.hint == "write `allow: [drop Payment.amount]`"


def test_the_hint_for_a_dropped_column_names_was() -> None:
    with pytest.raises(SpecError) as refused:
        upgrade([payment(NOTE)], [payment()])
    assert "`was: note`" in (refused.value.diagnostics[0].hint or "")


# --- the history ----------------------------------------------------------------------------------


def file(name: str, after: str = "None") -> tuple[str, bytes]:
    """A revision as alembic may write it; `after` is Python."""
    text = f'"""A revision."""\n\nrevision: str = "{name}"\ndown_revision = {after}  # why\n'
    return f"migrations/versions/{name}.py", text.encode()


def test_a_next_revision_follows_the_head_whoever_wrote_it(tmp_path: Path) -> None:
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    for path, content in (file("0001_shop"), file("a1b2c3", '"0001_shop"')):
        (tmp_path / path).write_bytes(content)
    made = Chain(tmp_path).extend(stored(payment()), (), tables_of(stored(payment())))
    [(path, text)] = made.items()
    assert path == "migrations/versions/0002_shop.py"
    assert 'down_revision: str | Sequence[str] | None = "a1b2c3"' in text


def test_features_of_one_run_follow_each_other(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    for feature, after in (("one", "None"), ("two", '"0001_one"'), ("three", '"0002_two"')):
        spec = stored(entity(feature.capitalize()), feature=feature)
        [text] = chain.extend(spec, (), tables_of(spec)).values()
        assert f"down_revision: str | Sequence[str] | None = {after}\n" in text


def test_two_heads_are_said_with_the_command_that_merges_them() -> None:
    history = history_of([file("0001_a"), file("0002_a", '"0001_a"'), file("0002_b", '"0001_a"')])
    with pytest.raises(FeaturegenError, match="2 heads: 0002_a, 0002_b") as told:
        history.head()
    assert told.value.exit_code == 3
    assert "alembic merge heads" in (told.value.hint or "")


def test_a_merge_is_the_head_of_what_it_joins() -> None:
    texts = [file("0001_a"), file("0002_a", '"0001_a"'), file("0002_b", '"0001_a"')]
    history = history_of([*texts, file("f00d", '("0002_a", "0002_b")')])
    assert history.head() == "f00d"
    assert history.next_number == 3


def test_a_file_that_is_no_revision_is_passed_by() -> None:
    assert history_of([("migrations/versions/__init__.py", b"X = 1\n")]) == History()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"def (", "cannot be read"),
        (b"revision = make()\n", "does not say plainly"),
        (b"revision = 'a'\ndown_revision = previous()\n", "does not say plainly"),
        (b"revision = 'a'\ndown_revision = 'b'\n", "follows the revision 'b'"),
    ],
)
def test_a_history_that_cannot_be_told_stops_with_the_file_and_the_reason(
    text: bytes, told: str
) -> None:
    with pytest.raises(FeaturegenError, match=told):
        history_of([("migrations/versions/a.py", text)])


def test_a_project_without_migrations_has_no_head(tmp_path: Path) -> None:
    history = read_history(tmp_path)
    assert (history.head(), history.next_number) == (None, 1)


def test_what_followed_a_revision_that_goes_follows_what_that_followed() -> None:
    texts = dict([file("1"), file("2", '"1"'), file("3", '"2"'), file("4", '"3"')])
    gone = ["migrations/versions/2.py", "migrations/versions/3.py"]
    assert relinked(texts, gone) == dict([file("4", '"1"')])


def test_a_history_may_lose_its_first_revision() -> None:
    texts = dict([file("1"), file("2", '"1"')])
    assert relinked(texts, ["migrations/versions/1.py"]) == dict([file("2", "None")])


def test_a_merge_that_joins_nothing_any_longer_is_an_ordinary_revision() -> None:
    texts = dict([file("1"), file("2", '"1"'), file("3", '"1"'), file("4", '("2", "3")')])
    [text] = relinked(texts, ["migrations/versions/3.py"]).values()
    assert b'down_revision = "2"  # why' in text


def test_a_merge_of_two_that_stay_stays_one() -> None:
    names = [
        file("1"),
        file("2", '"1"'),
        file("3", '"1"'),
        file("4", '"3"'),
        file("5", '("2", "4")'),
    ]
    [text] = relinked(dict(names), ["migrations/versions/4.py"]).values()
    assert b'down_revision = ("2", "3")  # why' in text


def test_only_the_value_of_down_revision_is_changed() -> None:
    text = 'ä = "ä"; down_revision = (\r\n    "b",\r\n)  # why\r\nrevision = "c"\r\n'.encode()
    assert with_down_revision(text, ("a",)).decode() == (
        'ä = "ä"; down_revision = "a"  # why\r\nrevision = "c"\r\n'
    )


def test_the_end_of_the_history_is_what_nothing_follows() -> None:
    known = KnownRevision("migrations/versions/1.py", "1", ())
    assert History((known,)).plus("migrations/versions/2.py", "2").heads == ("2",)
