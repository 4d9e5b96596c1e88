"""A revision's file: its name, its place in the history, its text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from featuregen.migrations.chain import VERSIONS
from featuregen.migrations.changes import changes
from featuregen.migrations.losses import check_losses
from featuregen.migrations.statements import statements
from featuregen.plan.names import words
from featuregen.plan.quote import docstring, py_string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.migrations.changes import Changes
    from featuregen.migrations.history import History, KnownRevision
    from featuregen.plan.schema import Table
    from featuregen.spec.model import FeatureSpec

_LONGEST_ID = 32  # of alembic's own column
_MOST_TOLD = 6
_HEAD = """\
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from alembic import op
"""
_EMPTY_AGAIN = "    # What was dropped is gone: required columns come back with an empty value."


class Revision(NamedTuple):
    """`text` is not formatted yet, and imports more than it needs: ruff sees to both."""

    id: str
    path: str
    text: str


def revision(
    spec: FeatureSpec, old: Sequence[Table], new: Sequence[Table], history: History
) -> Revision | None:
    """The revision from the old tables to the new ones; None where nothing changes.

    Raises `SpecError` where data may be lost and the spec does not allow it, `FeaturegenError`
    where the history has more than one end.
    """
    changed = changes(old, new)
    check_losses(spec, changed)
    if changed.empty:
        return None
    name = revision_id(history.next_number, spec.feature)
    return Revision(name, f"{VERSIONS}/{name}.py", _text(spec, changed, name, history.head()))


def first_again(spec: FeatureSpec, tables: Sequence[Table], known: KnownRevision) -> str:
    """The text of a feature's only revision once more, where it stands in the line; not formatted.

    It follows one at most: none of our renders is a merge.
    """
    return _text(spec, changes((), tables), known.id, next(iter(known.after), None))


def revision_id(number: int, feature: str) -> str:
    """`0001_payment`; a long name is cut, and told from others by a mark."""
    name = f"{number:04}_{feature}"
    if len(name) <= _LONGEST_ID:
        return name
    mark = hashlib.sha256(feature.encode()).hexdigest()[:6]
    return f"{name[: _LONGEST_ID - 7]}_{mark}"


def _text(spec: FeatureSpec, changed: Changes, name: str, after: str | None) -> str:
    back = changed.back()
    down = statements(back, back=True)
    note = [_EMPTY_AGAIN] if _comes_back_empty(back) else []
    return "\n".join(
        (
            docstring(f"{words(spec.feature).capitalize()}: {_summary(changed)}", indent=0),
            "",
            _HEAD,
            f"revision: str = {py_string(name)}",
            f"down_revision: str | Sequence[str] | None = {py_string(after) if after else None}",
            "branch_labels: str | Sequence[str] | None = None",
            "depends_on: str | Sequence[str] | None = None",
            "",
            "",
            "def upgrade() -> None:",
            '    """Change the tables."""',
            *(f"    {line}" for line in statements(changed)),
            "",
            "",
            "def downgrade() -> None:",
            '    """Change them back."""',
            *note,
            *(f"    {line}" for line in down),
            "",
        )
    )


def _comes_back_empty(back: Changes) -> bool:
    return any(
        not column.nullable and column.fill is None
        for change in back.changed
        for column in change.added
    )


def _summary(changed: Changes) -> str:
    """`create payments, refunds` — what a reader of the history looks for."""
    told: dict[str, list[str]] = {}
    for verb, what in _told(changed):
        told.setdefault(verb, []).append(what)
    return "; ".join(f"{verb} {_listed(names)}" for verb, names in told.items())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_TOLD
    return ", ".join([*names[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else [])])


def _told(changed: Changes) -> Iterator[tuple[str, str]]:
    yield from (("create", table.name) for table in changed.created)
    yield from (("drop", table.name) for table in changed.dropped)
    for change in changed.changed:
        name = change.new.name
        if change.old.name != name:
            yield "rename", f"{change.old.name} to {name}"
        for before, after in change.renames.items():
            yield "rename", f"{name}.{before} to {after}"
        yield from (("drop", f"{name}.{column.name}") for column in change.gone)
        yield from (("add", f"{name}.{column.name}") for column in change.added)
        for old, new in change.kept:
            if (old.type, old.nullable) != (new.type, new.nullable):
                yield "alter", f"{name}.{new.name}"
        before_keys = {*change.old.unique, *change.old.indexes, *change.old.references}
        after_keys = {*change.new.unique, *change.new.indexes, *change.new.references}
        if before_keys != after_keys and not (change.gone or change.added or change.renames):
            yield "change the keys of", name
