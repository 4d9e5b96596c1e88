"""The SQLAlchemy classes of a feature: `app/tables/<feature>.py`, and what migrations know of them.

Each feature has all of its tables, also those of its idempotency keys and webhook events, so that
taking it out takes them along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.columns import BASE, NEEDS, SQLALCHEMY, ColumnPlan, Names, plan_column
from featuregen.plan.keys import Keys, plan_keys
from featuregen.plan.names import pascal, snake, words
from featuregen.plan.pending import plan_pending
from featuregen.plan.quote import docstring, py_string
from featuregen.plan.runtime_tables import Machinery, machinery_of, stored_machinery
from featuregen.plan.schema import Column, Reference, Table, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from featuregen.spec.model import Entity, FeatureSpec, Field

VERSION_COLUMN = "version"


class TablePlan(NamedTuple):
    """One class; `stored` is the table as migrations know it."""

    name: str  # a Python literal
    class_name: str
    bases: str
    docstring: str
    arguments: tuple[str, ...]  # of __table_args__
    columns: tuple[ColumnPlan, ...]
    entity: str | None  # None for the feature's own machinery
    stored: Table


class TablesPlan(NamedTuple):
    """`app/tables/<feature>.py`; without tables there is no such file."""

    docstring: str
    imports: tuple[str, ...]
    tables: tuple[TablePlan, ...]
    needs: frozenset[str]


def is_versioned(entity: Entity, spec: FeatureSpec) -> bool:
    """Whether its rows count their changes, for `ETag` and `If-Match`."""
    return any(
        operation.entity == entity.name and operation.action in {"update", "delete"}
        for operation in spec.operations.values()
    )


def plan_tables(spec: FeatureSpec) -> tuple[TablePlan, ...]:
    """Every table of the feature: the entities in the spec's order, then its machinery."""
    return plan_table_module(spec).tables


def plan_table_module(spec: FeatureSpec) -> TablesPlan:
    """The module with all tables of the feature."""
    names = Names(_taken(spec))
    taken: set[str] = set()
    keys = {name: plan_keys(each, spec, taken) for name, each in spec.entities.items()}
    late = _late(spec, keys)
    tables = [
        _entity_table(each, spec, names, keys[name], late) for name, each in spec.entities.items()
    ]
    tables += [_machinery_table(each, spec.feature, names) for each in machinery_of(spec)]
    return TablesPlan(
        docstring=docstring(f"Tables of the {words(spec.feature)} feature", indent=0),
        imports=names.lines(),
        tables=tuple(tables),
        needs=frozenset(_needs(names) if tables else ()),
    )


def _needs(names: Names) -> Iterator[str]:
    yield "storage"
    yield from (need for name, need in NEEDS.items() if (BASE, name) in names.imports)


def _taken(spec: FeatureSpec) -> frozenset[str]:
    fields = (field.name for entity in spec.entities.values() for field in entity.fields)
    return frozenset((*fields, *spec.entities))


def _late(spec: FeatureSpec, keys: Mapping[str, Keys]) -> list[Reference]:
    """Of tables that refer to each other in a circle: what is made once all of them are there."""
    entities = spec.entities.values()
    tables = [Table(e.table, e.name, (), references=keys[e.name].references) for e in entities]
    return in_order(tables)[1]


def _entity_table(
    entity: Entity, spec: FeatureSpec, names: Names, keys: Keys, late: Sequence[Reference]
) -> TablePlan:
    pending = plan_pending(entity, spec)
    columns = [
        plan_column(
            field,
            names,
            tuple(_key_arguments(field, entity, keys, late, names)),
            pending=pending,
        )
        for field in entity.fields
    ]
    if is_versioned(entity, spec):
        columns.append(_version(names))
    return TablePlan(
        name=py_string(entity.table),
        class_name=entity.name,
        bases=names.use(BASE, "Base"),
        docstring=docstring(
            entity.summary or f"A stored {words(snake(entity.name))}", entity.description, indent=4
        ),
        arguments=tuple(_table_arguments(entity, keys, names)),
        columns=tuple(columns),
        entity=entity.name,
        stored=Table(
            name=entity.table,
            subject=entity.name,
            columns=tuple(each.stored for each in columns),
            primary_key=(entity.id.name,),
            references=keys.references,
            unique=keys.unique,
            indexes=keys.indexes,
        ),
    )


def _key_arguments(
    field: Field, entity: Entity, keys: Keys, late: Sequence[Reference], names: Names
) -> Iterator[str]:
    """What the field's own column says of keys."""
    for reference in keys.references:
        if reference.column == field.name:
            yield _foreign_key(reference, keys, names, is_late=reference in late)
    if field.name == entity.id.name:
        yield "primary_key=True"
    for key in keys.unique:
        if key.columns == (field.name,) and key.name in keys.plain:
            yield "unique=True"
    for key in keys.indexes:
        if key.columns == (field.name,) and key.name in keys.plain:
            yield "index=True"


def _foreign_key(reference: Reference, keys: Keys, names: Names, *, is_late: bool) -> str:
    target = py_string(f"{reference.table}.{reference.target}")
    name = "" if reference.name in keys.plain else f", name={py_string(reference.name)}"
    late = ", use_alter=True" if is_late else ""
    known = names.use(SQLALCHEMY, "ForeignKey")
    return f"{known}({target}, ondelete={py_string(reference.on_delete)}{name}{late})"


def _table_arguments(entity: Entity, keys: Keys, names: Names) -> Iterator[str]:
    """What is about several columns, or has a name of its own."""
    del entity
    for key in keys.unique:
        columns = ", ".join(py_string(each) for each in key.columns)
        if key.name not in keys.plain:
            name = py_string(key.name)
            yield f"{names.use(SQLALCHEMY, 'UniqueConstraint')}({columns}, name={name})"
        elif len(key.columns) > 1:
            yield f"{names.use(SQLALCHEMY, 'UniqueConstraint')}({columns})"
    for key in keys.indexes:
        columns = ", ".join(py_string(each) for each in key.columns)
        if key.name not in keys.plain or len(key.columns) > 1:
            name = "None" if key.name in keys.plain else py_string(key.name)
            yield f"{names.use(SQLALCHEMY, 'Index')}({name}, {columns})"


def _version(names: Names) -> ColumnPlan:
    made = names.use("sqlalchemy.orm", "mapped_column")
    return ColumnPlan(
        name=VERSION_COLUMN,
        annotation=f"{names.use('sqlalchemy.orm', 'Mapped')}[{names.python('int')}]",
        declaration=f"{made}({names.use(SQLALCHEMY, 'Integer')}, default=1)",
        stored=Column(VERSION_COLUMN, "sa.Integer()", fill="1"),
    )


def _machinery_table(machinery: Machinery, feature: str, names: Names) -> TablePlan:
    stored = stored_machinery(machinery, feature)
    mixin, base = names.use(machinery.module, machinery.mixin), names.use(BASE, "Base")
    return TablePlan(
        name=py_string(stored.name),
        class_name=f"{pascal(feature)}{machinery.class_name}",
        bases=f"{mixin}, {base}",
        docstring=docstring(machinery.about, indent=4),
        arguments=(),
        columns=(),
        entity=None,
        stored=stored,
    )
