"""`reserve`: a counter that never passes its bound, in one atomic UPDATE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.conflict_texts import bound_text
from featuregen.plan.stored_bounds import any_of, bound, bounded, number, reference, unsettled
from featuregen.plan.stored_calls import (
    may_tell,
    refusal,
    refused_state,
    state_field,
)
from featuregen.plan.stored_conditions import as_sql
from featuregen.plan.stored_rows import (
    clash,
    column,
    conflict,
    error,
    may_clash,
    scope,
    value,
    variable,
)
from featuregen.plan.stored_statements import (
    changed,
    chosen,
    executed,
    update_of,
)

if TYPE_CHECKING:
    from featuregen.spec.model import Call, Entity, FeatureSpec, Field, Operation, Reserve


def reservation(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines that reserve for a new row, before that is stored."""
    reserve = operation.reserve
    if reserve is None:
        return ()
    at = _bounded_id(operation, reserve, spec)
    settled = operation.call is not None  # else the bound is reached as soon as it is reserved
    made = _reserving(reserve, at, _amount(operation, reserve, spec), spec, fills=not settled)
    return (*_locked(reserve, at, spec), made) if not settled else (made,)


def reservation_alone(
    operation: Operation, reserve: Reserve, kind: str, spec: FeatureSpec
) -> tuple[tuple[str, ...], str]:
    """That of an operation which only reserves, on its path's row; and the lines before it."""
    entity = bounded(reserve, spec)
    by = entity.id.name if operation.by == "id" else operation.by
    conditions = (f"{column(entity, by)} == {operation.row_param}", *scope(entity, kind))
    amount = number(reserve.by, entity, reserve) or f"data.{reserve.by}"
    made = _reserving(reserve, conditions, amount, spec, fills=True)
    return _locked(reserve, conditions, spec), f"{variable(entity)} = {made}"


def _locked(reserve: Reserve, at: tuple[str, ...], spec: FeatureSpec) -> tuple[str, ...]:
    """The line that lets what settles beside this end first, so that its outcome is seen."""
    entity = bounded(reserve, spec)
    key = column(entity, entity.id.name)
    if not reserve.full or not unsettled(reserve, key, spec):
        return ()
    locked = f"select({key}).where({', '.join(at)}).with_for_update()"
    return (f"await self._session.execute({locked})",)


def _reserving(
    reserve: Reserve, at: tuple[str, ...], amount: str, spec: FeatureSpec, *, fills: bool
) -> str:
    entity = bounded(reserve, spec)
    field = column(entity, reserve.field)
    most = bound(reserve, entity)
    when = as_sql(reserve.when, entity) if reserve.when else ()
    values = [f"{reserve.field}={field} + {amount}"]
    if fills:
        reached = f"{field} + {amount} >= {most}"
        if waiting := unsettled(reserve, column(entity, entity.id.name), spec):
            reached = f"and_({reached}, ~{any_of(waiting)})"
        values += [
            chosen(entity, name, reached, value(entity.field(name), json))
            for name, json in reserve.full
        ]
    fits = f"{field} <= {most} - {amount}"  # a sum could be more than a column holds
    statement = update_of(entity, (*at, *when, fits), values, spec)
    broken = clash(entity, spec) if may_clash(entity, dict(reserve.full)) else None
    return changed(statement, _over(reserve, entity, spec), broken)


def _over(reserve: Reserve, entity: Entity, spec: FeatureSpec) -> str:
    return error(conflict(entity, spec), bound_text(entity, reserve))


def _amount(operation: Operation, reserve: Reserve, spec: FeatureSpec) -> str:
    entity = spec.entities[operation.entity or ""]
    given = number(reserve.by, bounded(reserve, spec), reserve)
    if given is not None:
        return given
    field = entity.field(reserve.by)
    asked = spec.models[operation.request].fields if operation.request else ()
    if field.generated is None and any(one.name == field.name for one in asked):
        return f"{variable(entity)}.{field.name}"
    born = field.generated.value if field.generated is not None else field.default
    return value(field, born)


def _bounded_id(operation: Operation, reserve: Reserve, spec: FeatureSpec) -> tuple[str, ...]:
    """The condition that it is the row which the new one refers to."""
    entity, made = bounded(reserve, spec), spec.entities[operation.entity or ""]
    key = column(entity, entity.id.name)
    if operation.parent == entity.name and reserve.via in {None, operation.parent_field}:
        return (f"{key} == {variable(entity)}.{entity.id.name}",)
    return (f"{key} == {variable(made)}.{reference(operation, reserve, spec)}",)


# --- after the call ------------------------------------------------------------------------------


def release(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The line that gives a refused reservation back."""
    reserve = operation.reserve
    if reserve is None:
        return ()
    at = _bounded_id(operation, reserve, spec)
    return (_given_back(reserve, at, _amount(operation, reserve, spec), spec),)


def releasing(operation: Operation, reserve: Reserve, spec: FeatureSpec) -> str:
    """The same where an event tells of the refusal: only the new row is in hand."""
    entity, made = bounded(reserve, spec), spec.entities[operation.entity or ""]
    row = variable(made)
    at = (f"{column(entity, entity.id.name)} == {row}.{reference(operation, reserve, spec)}",)
    amount = number(reserve.by, entity, reserve) or f"{row}.{reserve.by}"
    return _given_back(reserve, at, amount, spec)


def reserving(entity: Entity, state: Field, spec: FeatureSpec) -> Operation | None:
    """The operation that makes such rows and reserves for each, if this state settles its call."""
    for operation in spec.operations.values():
        made = operation.action == "create" and operation.entity == entity.name
        if made and operation.call is not None and operation.reserve is not None:
            own = state_field(entity, operation.call)
            if own is not None and own.name == state.name:
                return operation
    return None


def turned_down(operation: Operation, call: Call, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines that give back what an answer refuses: it may be a good answer that says so.

    `call` tells of a row that another operation may have made.
    """
    entity = spec.entities[operation.entity or ""]
    state = state_field(entity, call)
    creating = reserving(entity, state, spec) if state is not None else None
    if creating is None or creating.call is None or creating.reserve is None:
        return ()
    found = refused_state(entity, creating.call)
    if found is None or not may_tell(call, *found):
        return ()
    field, refused = found
    said = f"received.{field.name} == {value(field, refused)}"
    statement = refusal(creating, creating.call, spec)
    return (
        f"if {said} and await change(self._session, {statement}):",
        f"    {releasing(creating, creating.reserve, spec)}",
    )


def _given_back(reserve: Reserve, at: tuple[str, ...], amount: str, spec: FeatureSpec) -> str:
    entity = bounded(reserve, spec)
    less = f"{column(entity, reserve.field)} - {amount}"
    return executed(entity, at, (f"{reserve.field}={less}",), spec)
