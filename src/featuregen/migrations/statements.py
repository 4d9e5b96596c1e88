"""Changes → the lines of `upgrade` and `downgrade`, for SQLite and PostgreSQL alike.

SQLite alters a table by copying it, which alembic's batches do; on PostgreSQL a batch is plain
`ALTER TABLE`s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from featuregen.migrations.types import conversion, digits_of, empty_value
from featuregen.plan.keys import LONGEST_NAME
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.schema import in_order

if TYPE_CHECKING:
    from featuregen.migrations.changes import Changes, TableChange
    from featuregen.plan.schema import Column, Key, Reference, Table

ON_SQLITE = 'on_sqlite = op.get_context().dialect.name == "sqlite"'
_VARIANT = '.with_variant(sa.BigInteger(), "sqlite")'


def statements(changed: Changes, *, back: bool = False) -> list[str]:
    """The body of a function. `back`: columns that come back empty are filled all the same.

    What goes, goes first: names of keys are the whole database's, and the new ones may be the same.
    """
    altered = [each for each in changed.changed if not each.empty]
    lines = [line for change in altered for line in _take_away(change)]
    lines += _drop_tables(changed.dropped)
    lines += _rename_tables({each.old.name: each.new.name for each in changed.changed})
    lines += _create_tables(changed.created)
    lines += [line for change in altered for line in _bring(change, back=back)]
    if any("on_sqlite" in line for line in lines):
        lines.insert(0, ON_SQLITE)
    return lines


def _drop_tables(tables: Sequence[Table]) -> Iterator[str]:
    dropped, late = in_order(tables)
    for table in reversed(dropped):
        yield from _batch(table.name, [_drop_reference(e) for e in table.references if e in late])
    for table in reversed(dropped):
        yield from (_drop_index(key, table.name) for key in reversed(table.indexes))
        yield f"op.drop_table({py_string(table.name)})"


def _rename_tables(names: Mapping[str, str]) -> Iterator[str]:
    """Each once its new name is free; one of a circle waits under a name of its own."""
    waiting = {old: new for old, new in names.items() if old != new}
    while waiting:
        free = [old for old, new in waiting.items() if new not in waiting]
        if free:
            yield from _rename_table(free[0], waiting.pop(free[0]))
        else:
            old, new = waiting.popitem()
            waiting[f"{old}_"] = new
            yield from _rename_table(old, f"{old}_")


def _rename_table(old: str, new: str) -> Iterator[str]:
    """PostgreSQL's name of the primary key's index would stand in a next table's way."""
    yield f"op.rename_table({py_string(old)}, {py_string(new)})"
    yield 'if op.get_context().dialect.name == "postgresql":'
    command = f'ALTER INDEX "pk_{old}" RENAME TO "pk_{new}"'
    yield f"    op.execute({py_string(command)})"


def _create_tables(tables: Sequence[Table]) -> Iterator[str]:
    created, late = in_order(tables)
    for table in created:
        yield from _create_table(table, [each for each in table.references if each not in late])
    for table in created:
        yield from _batch(table.name, [_add_reference(e) for e in table.references if e in late])


def _create_table(table: Table, references: Sequence[Reference]) -> Iterator[str]:
    parts = [
        py_string(table.name),
        *(_column(column) for column in table.columns),
        *(
            f"sa.ForeignKeyConstraint([{py_string(each.column)}], "
            f"[{py_string(f'{each.table}.{each.target}')}], name={py_string(each.name)}, "
            f"ondelete={py_string(each.on_delete)})"
            for each in references
        ),
        _primary_key(table),
        *(
            f"sa.UniqueConstraint({_names(key.columns)}, name={py_string(key.name)})"
            for key in table.unique
        ),
    ]
    yield f"op.create_table({', '.join(parts)},)"
    for key in table.indexes:
        yield _create_index(key, table.name)


def _primary_key(table: Table) -> str:
    name = _key_name(f"pk_{table.name}")
    return f"sa.PrimaryKeyConstraint({_names(table.primary_key)}, name={name})"


def _take_away(change: TableChange) -> Iterator[str]:
    for key in change.old.indexes:
        if not change.still(key):
            yield _drop_index(key, change.old.name)
    yield from _batch(change.old.name, _taken_away(change))


def _bring(change: TableChange, *, back: bool) -> Iterator[str]:
    """Change and add, fill, and only then demand."""
    new = change.new
    filled = list(_filled(change, back=back))
    then, last = _changed_and_added(change), _demanded(change)
    if filled or change.added:
        yield from _batch(new.name, then)
        yield from filled
        yield from _batch(new.name, last)
    else:
        yield from _batch(new.name, [*then, *last])
    for key in new.indexes:
        if key not in change.old.indexes or not change.still(key):
            yield _create_index(key, new.name)


def _taken_away(change: TableChange) -> Iterator[str]:
    for key in change.old.unique:
        if not change.still(key):
            yield f'batch.drop_constraint({py_string(key.name)}, type_="unique")'
    for reference in change.old.references:
        if not change.still(reference):
            yield _drop_reference(reference)
    for column in change.gone:
        yield f"batch.drop_column({py_string(column.name)})"
    for name, after in change.renames.items():
        if any(new.name == after for _, new in change.kept):
            yield f"batch.alter_column({py_string(name)}, new_column_name={py_string(after)})"


def _changed_and_added(change: TableChange) -> Iterator[str]:
    for old, new in change.kept:
        arguments = []
        if old.type != new.type:
            arguments += [f"existing_type={old.type}", f"type_={new.type}"]
        if new.nullable and not old.nullable:
            arguments += [] if old.type != new.type else [f"existing_type={new.type}"]
            arguments.append("nullable=True")
        elif old.type != new.type:
            arguments.append(f"existing_nullable={old.nullable}")
        if arguments:
            yield f"batch.alter_column({py_string(new.name)}, {', '.join(arguments)})"
    for column in change.added:
        yield f"batch.add_column({_column(column, nullable=True)})"


def _filled(change: TableChange, *, back: bool) -> Iterator[str]:
    """Values of columns that were not there, and those that SQLite keeps in another scale."""
    adding = [column for column in change.added if not column.nullable]
    tightened = [new for old, new in change.kept if old.nullable and not new.nullable]
    values = {column.name: _fill(column, change, back=back) for column in (*adding, *tightened)}
    scaled = [(old, new) for old, new in change.kept if _scale(old, new)]
    columns = [column for column in (*adding, *tightened) if values[column.name] is not None]
    if not (columns or scaled):
        return
    known = {new.name: "sa.BigInteger()" for _, new in scaled}
    known |= {column.name: column.type for column in columns if column.name not in known}
    parts = ", ".join(f"sa.column({py_string(name)}, {type_})" for name, type_ in known.items())
    yield f"rows = sa.table({py_string(change.new.name)}, {parts})"
    for old, new in scaled:
        yield "if on_sqlite:"
        yield f"    op.execute(rows.update().values({_item(new.name, _rescaled(old, new))}))"
    fresh = [f"{py_string(each.name)}: {values[each.name]}" for each in adding if each in columns]
    if fresh:
        yield f"op.execute(rows.update().values({{{', '.join(fresh)}}}))"
    for column in tightened:
        if column in columns:
            missing = f"rows.c[{py_string(column.name)}].is_(None)"
            value = _item(column.name, str(values[column.name]))
            yield f"op.execute(rows.update().where({missing}).values({value}))"


def _item(name: str, value: str) -> str:
    return f"{{{py_string(name)}: {value}}}"


def _fill(column: Column, change: TableChange, *, back: bool) -> str | None:
    """The source of what rows get; None where only an empty table can take the column."""
    keyed = {each.column for each in change.new.references}
    value = column.fill
    if value is None and back and column.name not in keyed:
        value = py_literal(column.values[0]) if column.values else empty_value(column.type)
    digits = digits_of(column.type)
    if value is None or digits is None or _VARIANT not in column.type:
        return value
    scaled = _stored(value, digits.places)
    return scaled if scaled == value else f"{scaled} if on_sqlite else {value}"


def _stored(value: str, places: int) -> str:
    """A decimal's source as the whole number that SQLite keeps."""
    from decimal import Decimal

    number = Decimal(value.removeprefix("Decimal(").removesuffix(")").strip('"'))
    return str(int(number.scaleb(places)))


def _scale(old: Column, new: Column) -> int:
    """By how many digits SQLite's whole numbers are to be moved."""
    before, after = digits_of(old.type), digits_of(new.type)
    if before is None or after is None or conversion(old.type, new.type) == "same":
        return 0
    return after.places - before.places


def _rescaled(old: Column, new: Column) -> str:
    """Rounded half away from zero, as PostgreSQL does by itself."""
    column = f"rows.c[{py_string(new.name)}]"
    places = _scale(old, new)
    if places > 0:
        return f"{column} * {10**places}"
    half = 10**-places // 2
    return f"({column} + sa.case(({column} < 0, -{half}), else_={half})) // {10**-places}"


def _demanded(change: TableChange) -> Iterator[str]:
    for column in change.added:
        if not column.nullable:
            yield _not_null(column)
    for old, new in change.kept:
        if old.nullable and not new.nullable:
            yield _not_null(new)
    for key in change.new.unique:
        if key not in change.old.unique or not change.still(key):
            columns = _names(key.columns)
            yield f"batch.create_unique_constraint({py_string(key.name)}, [{columns}])"
    for reference in change.new.references:
        if reference not in change.old.references or not change.still(reference):
            yield _add_reference(reference)


def _not_null(column: Column) -> str:
    name = py_string(column.name)
    return f"batch.alter_column({name}, existing_type={column.type}, nullable=False)"


def _batch(table: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    inside = list(lines)
    if inside:
        yield f"with op.batch_alter_table({py_string(table)}) as batch:"
        yield from (f"    {line}" for line in inside)


def _column(column: Column, *, nullable: bool | None = None) -> str:
    known = column.nullable if nullable is None else nullable
    return f"sa.Column({py_string(column.name)}, {column.type}, nullable={known})"


def _add_reference(each: Reference) -> str:
    return (
        f"batch.create_foreign_key({py_string(each.name)}, {py_string(each.table)}, "
        f"[{py_string(each.column)}], [{py_string(each.target)}], "
        f"ondelete={py_string(each.on_delete)})"
    )


def _drop_reference(each: Reference) -> str:
    return f'batch.drop_constraint({py_string(each.name)}, type_="foreignkey")'


def _create_index(key: Key, table: str) -> str:
    return f"op.create_index({_key_name(key.name)}, {py_string(table)}, [{_names(key.columns)}])"


def _drop_index(key: Key, table: str) -> str:
    return f"op.drop_index({_key_name(key.name)}, table_name={py_string(table)})"


def _names(names: Sequence[str]) -> str:
    return ", ".join(py_string(name) for name in names)


def _key_name(name: str) -> str:
    """One that the convention made too long, SQLAlchemy cuts off as it does in the class."""
    return py_string(name) if len(name) <= LONGEST_NAME else f"op.f({py_string(name)})"
