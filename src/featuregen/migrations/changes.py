"""What has changed between the tables as migrated and the tables as planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.migrations.types import Conversion, conversion

if TYPE_CHECKING:
    from featuregen.plan.schema import Column, Key, Reference, Table


@dataclass(frozen=True, slots=True)
class TableChange:
    """One table before and after; `renames` maps columns, in an order in which they can be done."""

    old: Table
    new: Table
    renames: Mapping[str, str]

    @property
    def kept(self) -> tuple[tuple[Column, Column], ...]:
        """Columns whose values stay, before and after."""
        pairs = (
            (column, self.renames.get(column.name, column.name))
            for column in self.old.columns
            if column.name in self.renames or column.name not in self.renames.values()
        )
        names = {column.name for column in self.new.columns}
        found = ((column, self.new.column(name)) for column, name in pairs if name in names)
        return tuple(pair for pair in found if converted(*pair) != "other")

    @property
    def gone(self) -> tuple[Column, ...]:
        kept = {old.name for old, _ in self.kept}
        return tuple(column for column in self.old.columns if column.name not in kept)

    @property
    def added(self) -> tuple[Column, ...]:
        kept = {new.name for _, new in self.kept}
        return tuple(column for column in self.new.columns if column.name not in kept)

    def still(self, one: Key | Reference) -> bool:
        """Whether a key of the old table is one of the new, over columns that were not touched."""
        columns = {one.column} if hasattr(one, "column") else set(one.columns)
        touched = {column.name for column in self.gone} | set(self.renames)
        present = (*self.new.references, *self.new.unique, *self.new.indexes)
        return one in present and not columns & touched

    @property
    def empty(self) -> bool:
        """Whether the database is to stay as it is."""
        old, new = self.old, self.new
        return (
            (old.name, old.references, set(old.unique), set(old.indexes))
            == (new.name, new.references, set(new.unique), set(new.indexes))
            and not (self.renames or self.gone or self.added)
            and all(
                (before.type, before.nullable) == (after.type, after.nullable)
                for before, after in self.kept
            )
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a revision does."""

    created: tuple[Table, ...]
    dropped: tuple[Table, ...]
    changed: tuple[TableChange, ...]

    @property
    def empty(self) -> bool:
        return not (self.created or self.dropped) and all(each.empty for each in self.changed)

    def back(self) -> Changes:
        """What takes the changes back."""
        return Changes(
            self.dropped,
            self.created,
            tuple(
                TableChange(
                    each.new,
                    each.old,
                    {new: old for old, new in reversed([*each.renames.items()])},
                )
                for each in self.changed
            ),
        )


def converted(old: Column, new: Column) -> Conversion:
    """What becomes of the column's values."""
    found = conversion(old.type, new.type)
    lost = old.values and new.values and set(old.values) - set(new.values)
    return "narrower" if lost and found != "other" else found


def changes(old: Sequence[Table], new: Sequence[Table]) -> Changes:
    """Compare; tables meet by what they are of, then by their names."""
    pairs = _pairs(old, new)
    before, after = [table.name for table, _ in pairs], [table.name for _, table in pairs]
    return Changes(
        tuple(table for table in new if table.name not in after),
        tuple(table for table in old if table.name not in before),
        tuple(TableChange(one, other, _renames(one, other)) for one, other in pairs),
    )


def _pairs(old: Sequence[Table], new: Sequence[Table]) -> list[tuple[Table, Table]]:
    found: dict[str, Table] = {}
    for table in new:
        for known in old:
            subject = known.subject == table.subject if table.kind == "entity" else True
            if known.kind == table.kind and subject:
                found[table.name] = known
    left = [table for table in old if table not in found.values()]
    for table in new:
        for known in left:
            if table.name not in found and (known.name, known.kind) == (table.name, table.kind):
                found[table.name] = known
    return [(found[table.name], table) for table in new if table.name in found]


def _renames(old: Table, new: Table) -> dict[str, str]:
    """By `was`, which may stand there still from a change that was made long ago."""
    before = {column.name for column in old.columns}
    wanted = {each.name: each.was for each in new.columns if each.was and each.was in before}
    found: dict[str, str] = {}
    while True:
        free = [
            (was, name)
            for name, was in wanted.items()
            if was not in found
            and (name not in before or name in found)
            and name not in found.values()
        ]
        if not free:
            return found
        found[free[0][0]] = free[0][1]
