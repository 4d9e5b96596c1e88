"""The SQLAlchemy classes of a feature: columns, defaults, keys and the indexes that lists need."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
from stored_features import column, entity, module_of, skeleton, stored, tables_of

from featuregen.collisions import check_collisions
from featuregen.errors import SpecError
from featuregen.plan.contribution import Contribution
from featuregen.plan.make import make_plan
from featuregen.plan.runtime_tables import IDEMPOTENCY, JOB, WEBHOOK, Machinery, stored_machinery
from featuregen.plan.schema import Column
from featuregen.plan.tables import plan_table_module, plan_tables
from featuregen.render import environment, templates_of
from featuregen.spec.model import (
    Entity,
    FeatureSpec,
    Field,
    Generated,
    Listing,
    Operation,
    Response,
    TypeRef,
)

OWNER = Field("owner_id", TypeRef("string"), generated=Generated("owner"))
CREATED = column("created_at", "datetime", generated=Generated("now"))
STATE = column("state", "enum", values=("new", "old"), generated=Generated("literal", "new"))


def attributes(*fields: Field) -> dict[str, str]:
    """The class's lines by column."""
    text = module_of(stored(entity("Thing", *fields)))
    body = text.partition("class Thing(Base):")[2]
    return dict(re.findall(r"^    (\w+): (.*(?:\n     .*)*)", body, re.MULTILINE))


def with_operations(spec: FeatureSpec, *operations: Operation) -> FeatureSpec:
    return replace(spec, operations={**spec.operations, **{each.name: each for each in operations}})


def listing(name: str, entity: str, listed: Listing, **more: object) -> Operation:
    response = Response("none")
    found = Operation(name, "GET", "/", response, 200, action="list", entity=entity, listing=listed)
    return replace(found, **more)  # type: ignore[arg-type]


def indexes(thing: Entity, *operations: Operation) -> list[tuple[str, ...]]:
    [table] = tables_of(with_operations(stored(thing), *operations))
    return [key.columns for key in table.indexes]


# --- columns --------------------------------------------------------------------------------------


def test_a_column_has_the_type_that_its_field_allows() -> None:
    found = attributes(
        column("name", max_length=100),
        column("text"),
        column("price", "decimal", max_digits=12, decimal_places=2),
        column("sum", "decimal", decimal_places=2),
        column("state", "enum", values=("new", "a state of more letters")),
        column("level", "enum", values=(1, 2)),
        column("foreign", "id"),
        column("note", max_length=9, required=False),
        Field("tags", TypeRef("list", of=TypeRef("string"))),
        Field("prices", TypeRef("map", of=TypeRef("decimal"))),
        OWNER,
    )
    assert found == {
        "id": "Mapped[str] = mapped_column("
        'String(64), primary_key=True, default=partial(new_id, "thing_"))',
        "name": "Mapped[str] = mapped_column(String(100))",
        "text": "Mapped[str] = mapped_column(Text)",
        "price": "Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))",
        "sum": "Mapped[Decimal] = mapped_column(ExactDecimal(18, 2))",
        "state": 'Mapped[Literal["new", "a state of more letters"]] = mapped_column(String(32))',
        "level": "Mapped[Literal[1, 2]] = mapped_column(Integer)",
        "foreign": "Mapped[str] = mapped_column(String(255))",
        "note": "Mapped[str | None] = mapped_column(String(9))",
        "tags": "Mapped[list[str]] = mapped_column(JsonValue)",
        "prices": "Mapped[dict[str, object]] = mapped_column(JsonValue)",
        "owner_id": "Mapped[str] = mapped_column(String(255))",
    }


def test_what_the_service_sets_is_the_columns_default() -> None:
    found = attributes(
        STATE,
        CREATED,
        column("changed_at", "datetime", generated=Generated("on_update")),
        column("paid", "decimal", decimal_places=2, generated=Generated("literal", "0.00")),
        column("wait", "duration", has_default=True, default="30s"),
        column("extra", "json", has_default=True, default={"a": 1}),
        Field("tags", TypeRef("list", of=TypeRef("string")), has_default=True, default=[]),
    )
    defaults = {name: line.partition(", ")[2].rstrip(")\n ") for name, line in found.items()}
    assert defaults["changed_at"] == "default=utcnow, onupdate=utcnow"
    assert defaults["created_at"] == "default=utcnow"
    assert defaults["extra"] == 'default=lambda: {"a": 1}'
    assert defaults["tags"] == "default=list"
    assert defaults["wait"] == "default=timedelta(seconds=30"
    assert 'default=Decimal("0.00")' in found["paid"]
    assert 'default="new"' in found["state"]


def test_columns_may_be_called_like_the_types_of_others() -> None:
    found = attributes(
        column("date", "date", required=False),
        column("due", "date", has_default=True, default="2026-01-02"),
        column("int", "int"),
        column("partial", "bool"),
    )
    assert found["date"] == "Mapped[date_ | None] = mapped_column(Date)"
    assert found["due"] == "Mapped[date_] = mapped_column(Date, default=date_(2026, 1, 2))"
    assert found["int"] == "Mapped[int_] = mapped_column(BigInteger)"
    assert "default=partial_(new_id" in found["id"]


def test_an_entity_may_be_called_like_a_type_of_sqlalchemy() -> None:
    text = module_of(stored(entity("Index", column("text"), indexes=(("text", "id"),))))
    assert "from sqlalchemy import Index as Index_" in text
    assert 'Index_(None, "text", "id")' in text


def test_rows_that_are_updated_or_deleted_count_their_changes() -> None:
    spec = stored(entity("Thing", column("text")))
    update = Operation(
        "change", "PATCH", "/{id}", Response("none"), 200, action="update", entity="Thing"
    )
    [plain], [versioned] = plan_tables(spec), plan_tables(with_operations(spec, update))
    assert [each.name for each in plain.columns] == ["id", "text"]
    assert versioned.columns[-1].declaration == "mapped_column(Integer, default=1)"
    assert versioned.stored.columns[-1] == Column("version", "sa.Integer()", fill="1")


def test_text_of_a_spec_is_quoted() -> None:
    evil = '"; import os  # \\ """ \n'
    thing = entity("Thing", column("text", has_default=True, default=evil))
    text = module_of(stored(replace(thing, summary=evil, description=evil)))
    [told] = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value == evil
    ]
    assert told.value == evil
    assert "os" not in {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


# --- keys -----------------------------------------------------------------------------------------


def test_one_column_says_its_own_keys_and_the_table_those_of_several() -> None:
    text = module_of(
        stored(
            entity("Thing", column("slug", max_length=9, unique=True), unique=(("slug", "id"),)),
            entity("Part", column("thing_id", "id", references="Thing", on_delete="cascade")),
        )
    )
    assert "slug: Mapped[str] = mapped_column(String(9), unique=True)" in text
    assert '__table_args__ = (UniqueConstraint("slug", "id"),)' in text
    assert 'String(64), ForeignKey("things.id", ondelete="CASCADE"), index=True' in text


def test_a_name_that_is_too_long_for_postgresql_is_cut_and_stays_its_own() -> None:
    fields = tuple(column(f"a_column_with_a_rather_long_name_{end}") for end in "ab")
    names = tuple(field.name for field in fields)
    thing = entity("Thing", *fields, indexes=(names, names[::-1]))
    [table] = tables_of(stored(thing))
    assert max(len(key.name) for key in table.indexes) <= 63
    assert table.indexes[0].name != table.indexes[1].name
    assert f'Index(\n            "{table.indexes[0].name}"' in module_of(stored(thing))


def test_of_a_circle_of_references_one_is_made_last() -> None:
    parts = entity("Part", column("thing_id", "id", references="Thing"))
    thing = entity("Thing", column("other_id", "id", references="Other"))
    other = entity("Other", column("thing_id", "id", references="Thing", required=False))
    text = module_of(stored(parts, thing, other))
    assert text.count("use_alter=True") == 1
    assert 'ForeignKey("others.id", ondelete="RESTRICT", use_alter=True)' in text


def test_two_keys_never_share_a_name() -> None:
    fields = (column("a"), column("b_c"), column("a_b"), column("c"))
    [table] = tables_of(stored(entity("Thing", *fields, indexes=(("a", "b_c"), ("a_b", "c")))))
    assert len({key.name for key in table.indexes}) == 2


def test_a_list_has_an_index_for_each_order_and_each_filter() -> None:
    thing = entity("Thing", OWNER, STATE, CREATED, column("amount", "int"))
    listed = Listing(("state", "created_at"), (), ("-created_at", "amount"))
    assert indexes(thing, listing("list_things", "Thing", listed)) == [
        ("owner_id", "created_at", "id"),
        ("owner_id", "amount", "id"),
        ("owner_id", "state", "created_at", "id"),
    ]


def test_what_the_spec_or_a_constraint_backs_gets_no_index_of_its_own() -> None:
    thing = entity(
        "Thing",
        OWNER,
        STATE,
        CREATED,
        indexes=(("owner_id", "state", "created_at"),),
        unique=(("owner_id", "created_at"),),
    )
    listed = Listing(("state",), (), ("-created_at",))
    assert indexes(thing, listing("list_things", "Thing", listed)) == [
        ("owner_id", "state", "created_at")
    ]


def test_text_without_a_bound_is_left_out_of_an_index_that_nobody_asked_for() -> None:
    thing = entity("Thing", OWNER, column("name"), column("title", max_length=100))
    listed = listing("list_things", "Thing", Listing(("name", "title"), (), ("name",)))
    assert indexes(thing, listed) == [("owner_id", "title", "id")]
    only = listing("list_things", "Thing", Listing(sort=("name",)))
    assert indexes(thing, only) == [("owner_id", "id")]


def test_rows_that_everyone_sees_are_not_looked_up_by_owner() -> None:
    thing = entity("Thing", OWNER, CREATED, scope="public")
    assert indexes(thing, listing("list_things", "Thing", Listing(sort=("-created_at",)))) == [
        ("created_at", "id")
    ]


def test_who_may_see_all_rows_has_an_index_too() -> None:
    thing = entity("Thing", OWNER, CREATED, scope="permission", scope_permission="things.all")
    assert indexes(thing, listing("list_things", "Thing", Listing(sort=("-created_at",)))) == [
        ("owner_id", "created_at", "id"),
        ("created_at", "id"),
    ]


def test_rows_below_a_parent_are_looked_up_by_it() -> None:
    parts = entity("Part", OWNER, CREATED, column("thing_id", "id", references="Thing"))
    spec = with_operations(
        stored(entity("Thing"), parts),
        listing(
            "list_parts",
            "Part",
            Listing(sort=("-created_at",)),
            parent="Thing",
            parent_field="thing_id",
        ),
    )
    assert [key.columns for key in tables_of(spec)[1].indexes] == [("thing_id", "created_at", "id")]


def test_a_field_that_rows_are_looked_up_by_is_indexed_once() -> None:
    def by(field: str) -> Operation:
        found = Operation("get_it", "GET", "/{slug}", Response("none"), 200)
        return replace(found, action="get", entity="Thing", by=field)

    plain = entity("Thing", column("slug", max_length=9))
    assert indexes(plain, by("slug")) == [("slug",)]
    unique = entity("Thing", column("slug", max_length=9, unique=True))
    assert indexes(unique, by("slug")) == []


# --- the feature's own tables, and others' --------------------------------------------------------


@pytest.mark.parametrize(
    ("machinery", "need"),
    [(IDEMPOTENCY, "idempotency"), (WEBHOOK, "webhooks"), (JOB, "jobs")],
)
def test_the_columns_of_a_mixin_are_those_that_migrations_make(
    machinery: Machinery, need: str
) -> None:
    table = stored_machinery(machinery, "shop")
    lines = mixin(machinery, need)
    assert [migrated(name, line) for name, line in lines.items()] == list(table.columns)
    keys = tuple(name for name, line in lines.items() if "primary_key=True" in line)
    assert keys == table.primary_key
    indexed = [(name,) for name, line in lines.items() if "index=True" in line]
    assert indexed == [key.columns for key in table.indexes]


def mixin(machinery: Machinery, need: str) -> dict[str, str]:
    """The lines of the class in `app/core`, by column."""
    context = skeleton(need, f"{need}_stripe")
    path = f"project/{machinery.module.replace('.', '/')}.py.jinja"
    text = environment().get_template(path).render(context)
    [body] = [
        node.body
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == machinery.mixin
    ]
    return {
        node.target.id: ast.unparse(node)
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if node.target.id != "__tablename__"  # which the feature's own class has
    }


def migrated(name: str, line: str) -> Column:
    """The column that a line like `key: Mapped[str] = mapped_column(String(255))` makes."""
    plain = {"int": "sa.Integer()", "datetime": "sa.DateTime(timezone=True)"}
    own = {"UtcDateTime": "sa.DateTime(timezone=True)", "JSON": "sa.JSON()", "Text": "sa.Text()"}
    python = line.partition("Mapped[")[2].partition("]")[0].removesuffix(" | None")
    written = re.search(r"mapped_column\((\w+)(\(\d+\))?", line)
    type_ = plain.get(python, "") if written is None else own.get(written[1], "")
    if written is not None and written[2] is not None:
        type_ = f"sa.{written[1]}{written[2]}"
    return Column(name, type_, nullable=" | None]" in line)


def test_each_feature_has_tables_of_its_own_for_keys_and_events() -> None:
    create = Operation("make", "POST", "/", Response("none"), 201, idempotent=True)
    spec = with_operations(stored(feature="order_line"), create)
    module = plan_table_module(spec)
    assert [table.stored.name for table in module.tables] == ["order_line_idempotency_keys"]
    assert module.tables[0].class_name == "OrderLineIdempotencyKey"
    assert "class OrderLineIdempotencyKey(IdempotencyColumns, Base):" in module_of(spec)


def test_a_feature_that_stores_nothing_has_no_module_of_tables() -> None:
    assert plan_table_module(stored()).needs == frozenset()
    assert module_of(stored()).strip() == ""


def test_two_features_cannot_have_one_table() -> None:
    first, second = stored(entity("Thing"), feature="one"), stored(entity("Thing"), feature="two")
    mine, theirs = (contribution(each) for each in (first, second))
    with pytest.raises(SpecError) as told:
        check_collisions(first, mine, [theirs])
    assert [each.message for each in told.value.diagnostics] == [
        "the name things in the database belongs to the feature 'two' of this project"
    ]


def contribution(spec: FeatureSpec) -> Contribution:
    return make_plan(spec).contribution


def test_the_templates_of_tables_are_those_of_the_feature_and_of_the_package() -> None:
    found = [*templates_of("feature"), *templates_of("project")]
    assert [name for name in found if "app/tables/" in name] == [
        "feature/app/tables/feature.py.jinja",
        "project/app/tables/__init__.py.jinja",
    ]
