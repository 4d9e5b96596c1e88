"""Migrations on real databases: they go up, keep the rows, fit the classes, and come down again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from database_servers import Postgres
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored_features import (
    Database,
    Driver,
    MigrationError,
    StoredProject,
    column,
    entity,
    pyproject,
    stored,
    tables_of,
)

from featuregen.environment import project_environment
from featuregen.migrations.changes import changes, converted
from featuregen.migrations.losses import losses
from featuregen.plan.schema import Table
from featuregen.spec.model import (
    Entity,
    FeatureSpec,
    Field,
    Generated,
    Operation,
    Response,
    TypeRef,
    Webhook,
)

_NUMBERS = itertools.count()
MACHINERY = ("idempotency", "metrics", "webhooks", "webhook_stripe", "jobs", "rate_limit")
NOW, FIRST = Generated("now"), Generated("literal", "0001")


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    root = tmp_path_factory.mktemp("environment")
    running = Driver(project_environment(root, pyproject(*MACHINERY)).python)
    yield running
    running.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, driver: Driver, scratch: Path
) -> Callable[..., Database]:
    """As many empty databases as wanted, each of a project of its own."""

    def new(needs: tuple[str, ...] = ()) -> Database:
        project = StoredProject(scratch / str(next(_NUMBERS)), needs)
        if request.param == "sqlite":
            return Database(project, f"sqlite+aiosqlite:///{project.root}/app.db", driver)
        postgres: Postgres = request.getfixturevalue("postgres")
        return Database(project, postgres.new_database(), driver)

    return new


@pytest.fixture
def database(databases: Callable[[], Database]) -> Database:
    """An empty database of a project without features yet."""
    return databases()


def thing(*fields: Field, **more: Any) -> Entity:  # noqa: ANN401
    return entity("Thing", *fields, **more)


EVERY_TYPE = (
    column("text", max_length=20),
    column("long"),
    column("amount", "decimal", max_digits=12, decimal_places=2),
    column("count", "int"),
    column("size", "float"),
    column("ready", "bool"),
    column("day", "date"),
    column("moment", "datetime"),
    column("clock", "time"),
    column("wait", "duration"),
    column("tag", "uuid"),
    column("mail", "email"),
    column("address", "url"),
    column("status", "enum", values=("0001", "0002")),
    column("level", "enum", values=(1, 2)),
    column("extra", "json"),
    column("raw", "bytes"),
    column("foreign", "id"),
    Field("owner_id", TypeRef("string"), generated=Generated("owner")),
    Field("tags", TypeRef("list", of=TypeRef("string"))),
)


def test_every_type_is_migrated_as_the_class_has_it(database: Database) -> None:
    optional = tuple(
        replace(field, name=f"{field.name}_or_none", required=False) for field in EVERY_TYPE
    )
    spec = stored(thing(*EVERY_TYPE, *optional, unique=(("text", "count"),), indexes=(("day",),)))
    database.project.bring(spec)
    database.upgrade()
    database.check()
    database.insert(3)
    assert len(database.rows()["things"]) == 3


def test_references_and_circles_of_them_are_migrated(database: Database) -> None:
    orders = entity("Order", column("first_id", "id", references="Line", required=False))
    lines = entity(
        "Line",
        column("order_id", "id", references="Order", on_delete="cascade"),
        column("next_id", "id", references="Line", on_delete="set_null", required=False),
    )
    database.project.bring(stored(orders, lines))
    database.upgrade()
    database.check()
    database.downgrade()
    database.upgrade()
    database.check()


WIDER = {
    "text": column("text", max_length=40),
    "amount": column("amount", "decimal", max_digits=16, decimal_places=4),
    "status": column("status", "enum", values=("0001", "0002", "a much longer state than those")),
}
LATER = (
    column("note", max_length=90, has_default=True, default='it\'s 100% "new"'),
    column("price", "decimal", max_digits=9, decimal_places=2, has_default=True, default="1.50"),
    column("made", "datetime", generated=NOW),
    column("since", "datetime", has_default=True, default="2026-01-01T02:00:00+02:00"),
    column("ttl", "duration", has_default=True, default="30s"),
    column("on", "date", has_default=True, default="2026-01-01"),
    column("items", "json", has_default=True, default={"it's": [1, "a:b"]}),
    column("flag", "bool", has_default=True, default=True),
    column("state", "enum", values=("0001", "0002"), generated=FIRST),
)


def test_rows_of_before_get_the_defaults_of_new_columns(database: Database) -> None:
    database.project.bring(stored(thing(column("text"))))
    database.upgrade()
    database.insert(1)
    database.project.bring(stored(thing(column("text"), *LATER)))
    database.upgrade()
    database.check()
    [row] = database.rows()["things"]
    made = row.pop("made")
    assert made.startswith("20")
    assert row == {
        "id": "0001",
        "text": "0001",
        "note": 'it\'s 100% "new"',
        "price": "1.5",
        "since": "2026-01-01 00:00:00+00:00",
        "ttl": "0:00:30",
        "on": "2026-01-01",
        "items": {"it's": [1, "a:b"]},
        "flag": True,
        "state": "0001",
    }


def test_a_database_that_others_migrate_gets_the_changes_as_sql(
    driver: Driver, scratch: Path
) -> None:
    project = StoredProject(scratch)
    project.bring(stored(thing(column("text"))))
    project.bring(stored(thing(column("text"), *LATER)))
    sql = driver(scratch, "postgresql://nobody@nowhere/app", "sql")
    assert "ALTER TABLE things ADD COLUMN price NUMERIC(9, 2)" in sql
    assert re.search(r"UPDATE things SET .*price=1\.50", sql)
    assert "'{\"it''s\": [1, \"a:b\"]}'" in sql


def test_a_table_of_rows_that_are_referred_to_is_altered_without_losing_any(
    database: Database,
) -> None:
    parts = entity("Part", column("thing_id", "id", references="Thing", on_delete="cascade"))
    database.project.bring(stored(thing(*EVERY_TYPE), parts))
    database.upgrade()
    database.insert(4)
    before = database.rows()
    changed = tuple(WIDER.get(field.name, field) for field in EVERY_TYPE)
    database.project.bring(stored(thing(*changed, column("more", required=False)), parts))
    database.upgrade()
    database.check()
    after = database.rows()
    assert after["parts"] == before["parts"]
    assert [{**row, "more": None} for row in before["things"]] == after["things"]


def test_a_renamed_table_keeps_its_rows_and_frees_its_names(database: Database) -> None:
    fields = (column("text", max_length=9, unique=True), column("n", "int"))
    parts = entity("Part", column("thing_id", "id", references="Thing"))
    database.project.bring(stored(thing(*fields, indexes=(("n",),)), parts))
    database.upgrade()
    database.insert(2)
    renamed = thing(*fields, indexes=(("n",),), table="objects")
    another = entity("Other", *fields, indexes=(("n",),), table="things")
    database.project.bring(stored(renamed, another, parts))
    database.upgrade()
    database.check()
    assert len(database.rows()["objects"]) == 2
    assert database.rows()["things"] == []
    database.downgrade()
    database.upgrade()
    database.check()
    assert len(database.rows()["objects"]) == 2


def test_decimals_are_moved_to_their_new_scale(database: Database) -> None:
    def amount(digits: int, places: int) -> Field:
        return column("amount", "decimal", max_digits=digits, decimal_places=places)

    database.project.bring(stored(thing(amount(9, 2))))
    database.upgrade()
    database.insert(1, start=126)
    database.project.bring(stored(thing(amount(15, 5))))
    database.upgrade()
    assert database.rows()["things"][0]["amount"] == "1.26"
    database.project.bring(stored(thing(amount(9, 1)), allow=["narrow Thing.amount"]))
    database.upgrade()
    assert database.rows()["things"][0]["amount"] == "1.3"
    database.project.bring(stored(thing(column("amount", "int")), allow=["narrow Thing.amount"]))
    database.upgrade()
    database.check()
    assert database.rows()["things"][0]["amount"] == "1"


def test_a_column_is_demanded_of_rows_only_where_it_is_allowed_and_nothing_is_lost(
    database: Database,
) -> None:
    database.project.bring(stored(thing(column("text", required=False))))
    database.upgrade()
    database.insert(2)
    database.project.bring(stored(thing(column("text")), allow=["require Thing.text"]))
    with pytest.raises(MigrationError, match=r"(?i)null"):
        database.upgrade()
    database.execute("UPDATE things SET text = 'x' WHERE text IS NULL")
    database.upgrade()
    database.check()
    assert len(database.rows()["things"]) == 2


def test_two_features_make_one_history(database: Database) -> None:
    first = stored(thing(column("text")), feature="first")
    second = stored(entity("Other", column("text")), feature="second")
    assert database.project.bring(first, second) == [
        "migrations/versions/0001_first.py",
        "migrations/versions/0002_second.py",
    ]
    grown = stored(thing(column("text"), column("n", "int", required=False)), feature="first")
    assert database.project.bring(grown) == ["migrations/versions/0003_first.py"]
    database.upgrade()
    database.check()
    database.downgrade("base")
    database.upgrade()
    database.check()


def test_the_tables_of_keys_events_and_jobs_are_migrated_as_their_mixins_have_them(
    databases: Callable[..., Database],
) -> None:
    database = databases(needs=MACHINERY)
    make = Operation("make", "POST", "/", Response("none"), 202, idempotent=True, is_async=True)
    webhook = Webhook("events", "/webhooks/events", "secret", "stripe")
    plain = stored(thing(column("text")), feature="a_feature_with_quite_a_long_name_of_its_own")
    database.project.bring(replace(plain, operations={"make": make}, webhooks={"events": webhook}))
    database.upgrade()
    database.check()
    database.insert()
    name = "AFeatureWithQuiteALongNameOfItsOwn"
    database.project.bring(
        replace(plain, allow=tuple(f"drop {name}{kind}" for kind in ("WebhookEvent", "Job")))
    )
    database.upgrade()
    database.check()
    assert list(database.rows()) == ["things"]
    database.downgrade()
    database.upgrade()


# --- any small change, one after the other -------------------------------------------------------

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("string", {"max_length": 20}),
    ("string", {"max_length": 60}),
    ("string", {}),
    ("int", {}),
    ("decimal", {"max_digits": 9, "decimal_places": 2}),
    ("decimal", {"max_digits": 15, "decimal_places": 4}),
    ("bool", {}),
    ("date", {}),
    ("datetime", {}),
    ("uuid", {}),
    ("json", {}),
    ("enum", {"values": ("0001", "0002")}),
)
DEFAULTS: dict[str, Any] = {
    "string": "0009", "int": 7, "decimal": "2.50", "bool": True, "date": "2026-02-03",
    "datetime": "2026-02-03T04:05:06Z", "uuid": "00000000-0000-0000-0000-000000000009",
    "json": [1], "enum": "0001",
}  # fmt: skip
NAMES = ("a", "b", "order", "group")


@st.composite
def fields(draw: st.DrawFn) -> Field:
    """A column of one of a few names, so that columns come, change and go."""
    kind, more = draw(st.sampled_from(KINDS))
    required = draw(st.booleans())
    found = column(draw(st.sampled_from(NAMES)), kind, required=required, **more)
    was = draw(st.sampled_from((None, *NAMES)))
    if required:
        found = replace(found, has_default=True, default=DEFAULTS[kind])
    return replace(found, was=was if was != found.name else None)


@st.composite
def things(draw: st.DrawFn) -> Entity:
    made = draw(st.lists(fields(), min_size=1, max_size=4, unique_by=lambda field: field.name))
    known = [field.name for field in made if field.type.kind not in {"json", "bool"}]
    keys = st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True).map(tuple)
    indexes = draw(st.lists(keys, max_size=2, unique=True)) if known else []
    unique = draw(st.lists(keys.map(lambda key: (*key, "id")), max_size=1)) if known else []
    table = draw(st.sampled_from(("things", "objects")))
    return thing(
        *made, *draw(links("Other")), indexes=tuple(indexes), unique=tuple(unique), table=table
    )


@st.composite
def links(draw: st.DrawFn, to: str) -> list[Field]:
    """A reference that rows may lack, or none."""
    on_delete = draw(st.sampled_from((None, "restrict", "cascade", "set_null")))
    if on_delete is None:
        return []
    return [column("link_id", "id", references=to, on_delete=on_delete, required=False)]


@st.composite
def histories(draw: st.DrawFn) -> list[FeatureSpec]:
    """Specs of three tables that refer to each other, each with leave for what it loses."""
    found = []
    for each in draw(st.lists(things(), min_size=2, max_size=4)):
        other = entity("Other", *draw(links("Thing")), table=draw(st.sampled_from(("others", "o"))))
        on_delete = draw(st.sampled_from(("restrict", "cascade")))
        parts = entity("Part", column("thing_id", "id", references="Thing", on_delete=on_delete))
        found.append(stored(*draw(st.permutations([each, other, parts]))))
    return [allowed(spec, before) for before, spec in itertools.pairwise([None, *found]) if spec]


def allowed(spec: FeatureSpec, before: FeatureSpec | None) -> FeatureSpec:
    """The spec with leave for all that its change may lose."""
    old = tables_of(before) if before else ()
    return replace(spec, allow=tuple(each.entry for each in losses(changes(old, tables_of(spec)))))


SLOW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(SLOW, max_examples=4)
@given(history=histories())
def test_any_history_keeps_rows_on_its_way_up_down_and_up_again(
    history: list[FeatureSpec], databases: Callable[[], Database]
) -> None:
    go_through(history, databases())


@pytest.mark.heavy
@settings(SLOW, max_examples=150)
@given(history=histories())
def test_very_many_histories_keep_rows(
    history: list[FeatureSpec], databases: Callable[[], Database]
) -> None:
    go_through(history, databases())


def go_through(history: list[FeatureSpec], database: Database) -> None:
    """Migrate step by step, with rows of every step in the tables."""
    start = 1
    for spec in history:
        tables = database.project.tables.get("shop", ())
        before = database.rows() if tables else {}
        if not database.project.bring(spec):
            continue
        database.upgrade()
        database.check()
        after = database.rows()
        assert_kept(tables, database.project.tables["shop"], before, after)
        database.downgrade()
        database.upgrade()
        database.check()
        assert ids(database.rows()) == ids(after)
        database.insert(2, start=start)
        start += 2
    database.downgrade("base")
    database.upgrade()
    database.check()


Rows = dict[str, list[dict[str, object]]]


def assert_kept(old: Sequence[Table], new: Sequence[Table], before: Rows, after: Rows) -> None:
    """Every value that could be kept is there, under the column's new name."""
    for change in changes(old, new).changed:
        was, now = before[change.old.name], after[change.new.name]
        for pair in change.kept:
            if converted(*pair) in {"same", "wider"}:
                values = [row[pair[0].name] for row in was]
                for value, row in zip(values, now, strict=True):
                    assert row[pair[1].name] == value or value is None


def ids(rows: Rows) -> dict[str, list[object]]:
    return {table: [row["id"] for row in each] for table, each in rows.items()}
