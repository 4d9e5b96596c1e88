"""Changes that may lose data: each has to be allowed by its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from featuregen.errors import Diagnostic, SpecError
from featuregen.migrations.changes import converted

if TYPE_CHECKING:
    from featuregen.migrations.changes import Changes, TableChange
    from featuregen.plan.schema import Column
    from featuregen.spec.model import FeatureSpec

CODE = "FG901"
_COUNTED = "version"  # the service's own counter of changes
_PASSING = "idempotency"  # rows that expire in a day


class Loss(NamedTuple):
    """`entry` is what `allow` has to hold."""

    entry: str
    message: str
    entity: str
    field: str | None
    otherwise: str | None = None  # what could be written instead


def check_losses(spec: FeatureSpec, changed: Changes) -> None:
    """Raise `SpecError` for what the spec does not allow."""
    refused = [loss for loss in losses(changed) if loss.entry not in spec.allow]
    if refused:
        allowed = ", ".join(dict.fromkeys((*spec.allow, *(loss.entry for loss in refused))))
        found = tuple(_diagnostic(spec, loss, f"allow: [{allowed}]") for loss in refused)
        raise SpecError(found, spec.source.text)


def losses(changed: Changes) -> Iterator[Loss]:
    """Everything that may lose data, or that rows of today would not allow."""
    for table in changed.dropped:
        if table.kind != _PASSING:
            yield Loss(
                f"drop {table.subject}",
                f"the table {table.name} would be dropped with all of its rows",
                table.subject,
                None,
            )
    for change in changed.changed:
        if change.new.kind == "entity":
            yield from _of_table(change)


def _of_table(change: TableChange) -> Iterator[Loss]:
    subject = change.new.subject
    after = {column.name for column in change.new.columns}
    for column in change.gone:
        if column.name == _COUNTED:
            continue
        message = f"the column {change.new.name}.{column.name} would be dropped with its values"
        otherwise: str | None = f"`was: {column.name}` at the field that takes its place"
        now = change.renames.get(column.name, column.name)
        if now in after:
            type_ = _named(change.new.column(now).type)
            message = f"{subject}.{column.name} cannot become {type_}: its values would be dropped"
            otherwise = None
        yield Loss(f"drop {subject}.{column.name}", message, subject, column.name, otherwise)
    for old, new in change.kept:
        if converted(old, new) == "narrower":
            yield Loss(
                f"narrow {subject}.{new.name}",
                f"values of {subject}.{new.name} may not fit any longer: {_difference(old, new)}",
                subject,
                new.name,
            )
        if old.nullable and not new.nullable and new.fill is None:
            yield _demanded(subject, new, "rows without a value are there")
    alone = {key.columns for key in change.new.unique}
    for column in change.added:
        if not column.nullable and column.fill is None:
            yield _demanded(subject, column, "the rows that are there have no value for it")
        elif column.fill is not None and not column.nullable and (column.name,) in alone:
            yield _demanded(subject, column, "the rows that are there would share one value", "")


def _demanded(
    subject: str,
    column: Column,
    why: str,
    otherwise: str = "`default` or `generated` with the value that they are to get",
) -> Loss:
    name = f"{subject}.{column.name}"
    message = f"{name} is required, and {why}"
    return Loss(f"require {name}", message, subject, column.name, otherwise)


def _difference(old: Column, new: Column) -> str:
    lost = [value for value in old.values if value not in new.values]
    if old.values and new.values and lost:
        return f"{', '.join(map(str, lost))} is no value of it"
    return f"{_named(old.type)} becomes {_named(new.type)}"


def _named(type_: str) -> str:
    """`sa.String(100)` → `String(100)`."""
    return type_.partition(".with_variant")[0].removeprefix("sa.").removesuffix("()")


def _diagnostic(spec: FeatureSpec, loss: Loss, line: str) -> Diagnostic:
    path: tuple[str | int, ...] = ("entities", loss.entity)
    if loss.field is not None:
        path = (*path, "fields", loss.field)
    return Diagnostic(
        code=CODE,
        message=loss.message,
        file=spec.source.file,
        position=spec.source.at(*path),
        hint=f"{loss.otherwise}, or write `{line}`" if loss.otherwise else f"write `{line}`",
        path=".".join(str(part) for part in path),
    )
