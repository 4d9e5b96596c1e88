"""`update`, `delete`, `transition` and `reserve` alone: one atomic statement on one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.attempts import ends_itself, settles_itself
from featuregen.plan.conflict_texts import in_use_text, state_text
from featuregen.plan.quote import py_string
from featuregen.plan.stored_create import checked_references
from featuregen.plan.stored_reserve import reservation_alone
from featuregen.plan.stored_rows import (
    bumped,
    clash,
    column,
    conflict,
    error,
    lookup,
    may_clash,
    restricted,
    settled,
    variable,
    written_fields,
)
from featuregen.plan.stored_statements import changed, one_of, update_of, value_of

if TYPE_CHECKING:
    from featuregen.spec.model import Entity, FeatureSpec, Field, Operation, Transition, TypeRef

PRECONDITION = "PreconditionFailedError()"


class ChangeStep(NamedTuple):
    """The body of a service's method that changes a row. Tuples hold lines."""

    lookup: tuple[str, ...]
    statement: str | None  # where If-Match adds a condition to it
    if_match: str | None
    change: str


def plan_change(operation: Operation, spec: FeatureSpec) -> ChangeStep:
    step = _planned(operation, spec)
    if operation.response.kind == "none":  # nobody looks at the row
        row = variable(spec.entities[operation.entity or ""])
        return step._replace(change=step.change.removeprefix(f"{row} = "))
    return step


def _planned(operation: Operation, spec: FeatureSpec) -> ChangeStep:
    entity = spec.entities[operation.entity or ""]
    found = lookup(operation, spec)
    lines = (found.call,) if found else ()
    match operation.action:
        case "update":
            return _update(entity, operation, lines, spec)
        case "delete":
            return _delete(entity, operation, lines, spec)
        case "transition" if operation.transition is not None:
            return ChangeStep(
                lines, None, None, _transition(entity, operation.transition, operation, spec)
            )
        case _:
            kind = found.kind if found else "existing"
            assert operation.reserve is not None  # noqa: S101 - nothing else is left
            before, change = reservation_alone(operation, operation.reserve, kind, spec)
            return ChangeStep((*lines, *before), None, None, change)


def finish_change(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines behind the step."""
    if not ends_itself(operation):
        return ()
    if not settles_itself(operation):
        return ("await self._session.commit()",)
    row = variable(spec.entities[operation.entity or ""])
    return (*settled(operation, spec, row), "await self._session.commit()")


def _is_the_row(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    found = lookup(operation, spec)
    return found.conditions if found else ()


def _update(
    entity: Entity, operation: Operation, lines: tuple[str, ...], spec: FeatureSpec
) -> ChangeStep:
    written = written_fields(operation, spec)
    fields = [field.name for field in entity.fields if field.name in written]
    asked = spec.models[operation.request or ""].fields
    values = ", ".join(bumped(entity, ("**changes",), spec))
    clashing = clash(entity, spec) if may_clash(entity, fields) else None
    changing = f"statement.values({values}).returning({entity.name})"
    return ChangeStep(
        lookup=(
            *lines,
            *checked_references(entity, operation, spec),
            f"changes = {_sent(fields, asked)}",
        ),
        statement=_where(f"update({entity.name})", _is_the_row(operation, spec)),
        if_match=f"{column(entity, 'version')} == if_match",
        change=f"{variable(entity)} = {changed(changing, PRECONDITION, clashing)}",
    )


def _sent(fields: list[str], asked: tuple[Field, ...]) -> str:
    """What the request says, by the names of the columns; models stay models, as on creation."""
    named = f"{{{', '.join(py_string(name) for name in fields)}}}"
    is_all = {field.name for field in asked} == set(fields)
    if any(_holds_model(field.type) for field in asked):
        names = "data.model_fields_set" if is_all else f"data.model_fields_set & {named}"
        return f"{{name: getattr(data, name) for name in {names}}}"
    only = "" if is_all else f"include={named}, "
    if any(field.wire for field in asked):
        only += "by_alias=False, "
    return f"data.model_dump({only}exclude_unset=True)"


def _holds_model(type_: TypeRef) -> bool:
    return type_.kind == "model" or (type_.of is not None and _holds_model(type_.of))


def _where(statement: str, conditions: tuple[str, ...]) -> str:
    return f"{statement}.where({', '.join(conditions)})"


def _delete(
    entity: Entity, operation: Operation, lines: tuple[str, ...], spec: FeatureSpec
) -> ChangeStep:
    deleting = f"statement.returning({column(entity, entity.id.name)})"
    return ChangeStep(
        lookup=lines,
        statement=_where(f"delete({entity.name})", _is_the_row(operation, spec)),
        if_match=f"{column(entity, 'version')} == if_match",
        change=changed(deleting, PRECONDITION, in_use(entity, spec)),
    )


def in_use(entity: Entity, spec: FeatureSpec) -> str | None:
    """The error of a row that others refer to, where that keeps it from being deleted."""
    if not restricted(entity, spec):
        return None
    return error(conflict(entity, spec), in_use_text(entity))


def _transition(
    entity: Entity, transition: Transition, operation: Operation, spec: FeatureSpec
) -> str:
    states = (one_of(entity, transition.field, transition.from_),) if transition.from_ else ()
    new = f"{transition.field}={value_of(entity, transition.field, transition.to)}"
    where = (*_is_the_row(operation, spec), *states)
    return f"{variable(entity)} = " + changed(
        update_of(entity, where, (new,), spec), wrong_state(entity, transition, spec)
    )


def wrong_state(entity: Entity, transition: Transition, spec: FeatureSpec) -> str:
    """The error of a row that is in none of the states that the transition starts from."""
    return error(conflict(entity, spec), state_text(entity, transition))
