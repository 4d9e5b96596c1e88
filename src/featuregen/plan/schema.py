"""A feature's tables as its migrations know them: kept in the lock, compared with the next plan.

Names of keys stand here outright: a name that is derived twice could come out in two ways. Every
`type` and `fill` is Python as a revision holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

TableKind = Literal["entity", "idempotency", "webhook", "job"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `fill` is what rows get that were there before it."""

    name: str
    type: str  # "sa.String(100)"
    nullable: bool = False
    fill: str | None = None
    values: tuple[str | int, ...] = ()  # of an enum
    was: str | None = None  # the name that it had before


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of one column."""

    name: str
    column: str
    table: str
    target: str
    on_delete: str  # "CASCADE"


@dataclass(frozen=True, slots=True)
class Key:
    """An index or a unique constraint."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`subject` is its class, an entity's name or one that belongs to the feature."""

    name: str
    subject: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ("id",)
    kind: TableKind = "entity"
    references: tuple[Reference, ...] = ()
    unique: tuple[Key, ...] = ()
    indexes: tuple[Key, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name; `KeyError` where there is none."""
        for known in self.columns:
            if known.name == name:
                return known
        raise KeyError(name)


def in_order(tables: Sequence[Table]) -> tuple[list[Table], list[Reference]]:
    """Each table after those it refers to, and the references that circles leave over."""
    done: list[Table] = []
    late: list[Reference] = []
    waiting = list(tables)
    while waiting:
        free = next((each for each in waiting if not _awaited(each, waiting, late)), None)
        if free is None:
            late.append(_of_a_circle(waiting, late))
        else:
            waiting.remove(free)
            done.append(free)
    return done, late


def _awaited(table: Table, waiting: Sequence[Table], late: Sequence[Reference]) -> list[Reference]:
    names = {each.name for each in waiting} - {table.name}
    return [each for each in table.references if each.table in names and each not in late]


def _of_a_circle(waiting: Sequence[Table], late: Sequence[Reference]) -> Reference:
    """One that leads from a table back to it: where each waits for another there is a circle."""
    tables = {each.name: each for each in waiting}
    passed: dict[str, Reference] = {}
    table = waiting[0]
    while table.name not in passed:
        passed[table.name] = _awaited(table, waiting, late)[0]
        table = tables[passed[table.name].table]
    return passed[table.name]


def dump_tables(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Tables as JSON holds them; what is not said is as the classes have it by default."""
    return [
        {
            "name": table.name,
            "subject": table.subject,
            "kind": table.kind,
            "primary_key": list(table.primary_key),
            "columns": {each.name: _said(each) for each in table.columns},
            "references": {each.name: _said(each) for each in table.references},
            "unique": {each.name: list(each.columns) for each in table.unique},
            "indexes": {each.name: list(each.columns) for each in table.indexes},
        }
        for table in tables
    ]


def load_tables(data: Iterable[Mapping[str, Any]]) -> tuple[Table, ...]:
    """The inverse of `dump_tables`; `KeyError` or `TypeError` where it is none of its answers."""
    return tuple(
        Table(
            name=item["name"],
            subject=item["subject"],
            kind=item["kind"],
            primary_key=tuple(item["primary_key"]),
            columns=tuple(
                Column(name, **{**column, "values": tuple(column.get("values", ()))})
                for name, column in item["columns"].items()
            ),
            references=tuple(Reference(name, **each) for name, each in item["references"].items()),
            unique=tuple(Key(name, tuple(each)) for name, each in item["unique"].items()),
            indexes=tuple(Key(name, tuple(each)) for name, each in item["indexes"].items()),
        )
        for item in data
    )


def _said(one: Column | Reference) -> dict[str, Any]:
    values = {name: value for name, value in asdict(one).items() if name != "name"}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None and value is not False and value != ()
    }
