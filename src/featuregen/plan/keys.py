"""Which keys a table has: foreign, unique, and the indexes that its lists and look-ups go by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.pending import plan_pending
from featuregen.plan.schema import Key, Reference

if TYPE_CHECKING:
    from featuregen.spec.model import Entity, FeatureSpec, Field, Operation

LONGEST_NAME = 63  # PostgreSQL cuts off the rest
_LONGEST_KEY = 600  # characters: PostgreSQL keeps no more than 2,700 bytes of a row in an index
_UNBOUNDED = frozenset({"json", "list", "map", "model", "bytes"})
ORDERED = frozenset({"int", "float", "decimal", "date", "datetime", "time", "duration"})
_ON_DELETE = {"cascade": "CASCADE", "restrict": "RESTRICT", "set_null": "SET NULL"}

Columns = tuple[str, ...]


class Keys(NamedTuple):
    """All keys of a table; `plain` are the names that the naming convention gives by itself."""

    references: tuple[Reference, ...]
    unique: tuple[Key, ...]
    indexes: tuple[Key, ...]
    plain: frozenset[str]


def plan_keys(entity: Entity, spec: FeatureSpec, taken: set[str]) -> Keys:
    """The keys of an entity. `taken` are names of the feature's other keys; it grows."""
    names = _KeyNames(entity.table, taken)
    references = tuple(
        Reference(
            name=names.give("fk", (field.name,), f"_{other.table}"),
            column=field.name,
            table=other.table,
            target=other.id.name,
            on_delete=_ON_DELETE[field.on_delete],
        )
        for field in entity.fields
        if field.references is not None
        for other in (spec.entities[field.references],)
    )
    unique = dict.fromkeys(
        (*((field.name,) for field in entity.fields if _is_unique(field)), *entity.unique)
    )
    return Keys(
        references,
        tuple(Key(names.give("uq", each), each) for each in unique),
        tuple(Key(names.give("ix", each), each) for each in _indexes(entity, spec, [*unique])),
        frozenset(names.plain),
    )


class _KeyNames:
    """Names by the convention of `app/db/base.py`, cut where they are too long or taken."""

    def __init__(self, table: str, taken: set[str]) -> None:
        self.table = table
        self.taken = taken
        self.plain: set[str] = set()

    def give(self, prefix: str, columns: Columns, suffix: str = "") -> str:
        name = f"{prefix}_{self.table}_{'_'.join(columns)}{suffix}"
        if len(name) <= LONGEST_NAME and name not in self.taken:
            self.plain.add(name)
        else:
            told = f"{name} {','.join(columns)}".encode()
            mark = hashlib.sha256(told).hexdigest()[:8]
            name = f"{name[: LONGEST_NAME - 9].rstrip('_')}_{mark}"
        self.taken.add(name)
        return name


def _is_unique(field: Field) -> bool:
    """`unique` of a list is about its items."""
    return field.unique and field.type.kind != "list"


def _indexes(entity: Entity, spec: FeatureSpec, unique: list[Columns]) -> list[Columns]:
    """The spec's, then those that foreign keys, look-ups and lists need and that none backs yet."""
    found = list(dict.fromkeys(entity.indexes))
    backing = [(entity.id.name,), *unique, *found]
    operations = [each for each in spec.operations.values() if each.entity == entity.name]
    wanted: list[Columns] = [(field.name,) for field in entity.fields if field.references]
    pending = plan_pending(entity, spec)
    if pending is not None:  # `/metrics` counts these rows at each scrape
        wanted.append((pending.state, pending.since))
    wanted += [(each.by,) for each in operations if each.by != "id" and each.action != "list"]
    for operation in operations:
        wanted += _list_indexes(operation, entity)
    wanted = [each for each in (_indexable(each, entity) for each in wanted) if each]
    added: set[Columns] = set()
    for each in sorted(dict.fromkeys(wanted), key=len, reverse=True):
        needed = each[:-1] if len(each) > 1 and each[-1] == entity.id.name else each
        if not any(known[: len(needed)] == needed for known in backing):
            backing.append(each)
            added.add(each)
    return [*found, *(each for each in dict.fromkeys(wanted) if each in added)]


def _indexable(columns: Columns, entity: Entity) -> Columns:
    """Up to the first column whose values may be too long; then the id, if it was to be there."""
    row = entity.id.name
    short = [*takewhile(lambda name: name == row or _is_short(entity.field(name)), columns)]
    if len(short) < len(columns) and short and columns[-1] == row:
        short.append(row)
    return tuple(short)


def _is_short(field: Field) -> bool:
    kind = field.type.kind
    if kind == "string":
        return field.generated is not None or (field.max_length or _LONGEST_KEY + 1) <= _LONGEST_KEY
    return kind not in _UNBOUNDED


def _list_indexes(operation: Operation, entity: Entity) -> Iterator[Columns]:
    """What the rows of a list are found by, narrowed by and sorted by; the id makes it total."""
    listing = operation.listing
    if listing is None:
        return
    row = entity.id.name
    for prefix in _prefixes(operation, entity):
        sorts = [name.removeprefix("-") for name in listing.sort] or [row]
        for name in sorts:
            yield _without_repeats((*prefix, name, row))
        for name in listing.filters:
            tail = () if entity.field(name).type.kind in ORDERED else (sorts[0],)
            yield _without_repeats((*prefix, name, *tail, row))


def _prefixes(operation: Operation, entity: Entity) -> Iterator[Columns]:
    if operation.parent_field is not None:
        yield (operation.parent_field,)
    elif entity.owner is None or entity.scope == "public" or operation.auth == "none":
        yield ()
    else:
        yield (entity.owner.name,)
        if entity.scope == "permission":  # who holds it sees the rows of all owners
            yield ()


def _without_repeats(columns: Columns) -> Columns:
    return tuple(dict.fromkeys(columns))
