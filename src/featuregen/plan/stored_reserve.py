"""`reserve`: a counter that never passes its bound, in one atomic UPDATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.conflict_texts import bound_text, title
from featuregen.plan.names import snake
from featuregen.plan.python_values import python_value
from featuregen.plan.quote import docstring
from featuregen.plan.stored_calls import (
    may_tell,
    refusal,
    refused_state,
    state_field,
    undecided,
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
    literals,
    update_of,
)

if TYPE_CHECKING:
    from featuregen.spec.model import Call, Entity, FeatureSpec, Field, Operation, Reserve


class CompletionPlan(NamedTuple):
    """A private method: what is written once the bound is reached, and nothing undecided counts."""

    name: str
    signature: str
    docstring: str
    lines: tuple[str, ...]


def bounded(reserve: Reserve, spec: FeatureSpec) -> Entity:
    return spec.entities[reserve.entity]


def reservation(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The line that reserves for a new row, before that is stored."""
    reserve = operation.reserve
    if reserve is None:
        return ()
    at = _bounded_id(operation, reserve, spec)
    settled = operation.call is not None  # else the bound is reached as soon as it is reserved
    return (_reserving(reserve, at, _amount(operation, reserve, spec), spec, fills=not settled),)


def reservation_alone(operation: Operation, reserve: Reserve, kind: str, spec: FeatureSpec) -> str:
    """The line of an operation that only reserves, on the row that its path names."""
    entity = bounded(reserve, spec)
    by = entity.id.name if operation.by == "id" else operation.by
    conditions = (f"{column(entity, by)} == {operation.row_param}", *scope(entity, kind))
    amount = _number(reserve.by, entity, reserve) or f"data.{reserve.by}"
    made = _reserving(reserve, conditions, amount, spec, fills=True)
    return f"{variable(entity)} = {made}"


def _reserving(
    reserve: Reserve, at: tuple[str, ...], amount: str, spec: FeatureSpec, *, fills: bool
) -> str:
    entity = bounded(reserve, spec)
    field = column(entity, reserve.field)
    bound = _bound(reserve, entity)
    when = as_sql(reserve.when, entity) if reserve.when else ()
    values = [f"{reserve.field}={field} + {amount}"]
    if fills:
        reached = f"{field} + {amount} >= {bound}"
        values += [
            chosen(entity, name, reached, value(entity.field(name), json))
            for name, json in reserve.full
        ]
    fits = f"{field} <= {bound} - {amount}"  # a sum could be more than a column holds
    statement = update_of(entity, (*at, *when, fits), values, spec)
    broken = clash(entity, spec) if may_clash(entity, dict(reserve.full)) else None
    return changed(statement, _over(reserve, entity, spec), broken)


def _bound(reserve: Reserve, entity: Entity) -> str:
    return _number(reserve.up_to, entity, reserve) or column(entity, reserve.up_to)


def _number(text: str, entity: Entity, reserve: Reserve) -> str | None:
    """A literal of the counter's type, where the text is no name."""
    if text.isidentifier():
        return None
    field = entity.field(reserve.field)
    return python_value(text if field.type.kind == "decimal" else int(text), field.type, field)


def _over(reserve: Reserve, entity: Entity, spec: FeatureSpec) -> str:
    return error(conflict(entity, spec), bound_text(entity, reserve))


def _amount(operation: Operation, reserve: Reserve, spec: FeatureSpec) -> str:
    entity = spec.entities[operation.entity or ""]
    number = _number(reserve.by, bounded(reserve, spec), reserve)
    if number is not None:
        return number
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


def reference(operation: Operation, reserve: Reserve, spec: FeatureSpec) -> str:
    """The field of the new row that refers to the bounded one."""
    if reserve.via is not None:
        return reserve.via
    if operation.parent == reserve.entity and operation.parent_field is not None:
        return operation.parent_field
    made = spec.entities[operation.entity or ""]
    return next(field.name for field in made.fields if field.references == reserve.entity)


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
    amount = _number(reserve.by, entity, reserve) or f"{row}.{reserve.by}"
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


def completion(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The line behind an outcome: the bound may be reached now."""
    reserve = operation.reserve
    if reserve is None or not reserve.full or operation.call is None:
        return ()
    made = spec.entities[operation.entity or ""]
    name = f"{variable(made)}.{reference(operation, reserve, spec)}"
    return (f"await self.{completion_name(reserve)}({name})",)


def completion_name(reserve: Reserve) -> str:
    return f"_complete_{snake(reserve.entity)}"


def completion_plan(operation: Operation, spec: FeatureSpec) -> CompletionPlan | None:
    """The method that `completion` calls."""
    reserve = operation.reserve
    if reserve is None or not reserve.full or operation.call is None:
        return None
    entity, made = bounded(reserve, spec), spec.entities[operation.entity or ""]
    row, key = f"{snake(entity.name)}_id", entity.id.name
    state = state_field(made, operation.call)
    field, bound = column(entity, reserve.field), _bound(reserve, entity)
    where = [f"{column(entity, key)} == {row}", f"{field} >= {bound}"]
    lines: list[str] = []
    if state is not None:
        refers = column(made, reference(operation, reserve, spec))
        lines += [
            f"await self._session.get({entity.name}, {row}, with_for_update=True)",
            f"waiting = exists().where({refers} == {row}, {undecided(made, state)})",
        ]
        where.append("~waiting")
    lines.append(executed(entity, where, literals(entity, reserve.full), spec))
    return CompletionPlan(
        name=completion_name(reserve),
        signature=f"self, {row}: str",
        docstring=docstring(
            f"Write that the {title(entity)} is full, once nothing that counts is undecided",
            "The row is locked, so that two that settle at once see each other."
            if state is not None
            else None,
            indent=8,
        ),
        lines=tuple(lines),
    )
