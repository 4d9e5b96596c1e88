"""A feature's tables as its migrations know them: kept in the lock, compared with the next plan.

Names of keys stand here outright: a name that is derived twice could come out in two ways. Every
`type` and `fill` is Python as a revision holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
