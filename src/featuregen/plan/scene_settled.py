"""Events that settle a row which has reserved on another: what that other one holds then."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.scene_charges import row_display
from featuregen.plan.scene_makers import made_values, make
from featuregen.plan.stored_bounds import reference
from featuregen.plan.stored_calls import state_field

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Json, Operation, Transition


class BoundedScene(NamedTuple):
    """The bounded row of a row that an event settles; every `str` is Python source."""

    class_name: str
    plain: str  # makes the row as any other test does
    row: str  # makes it with its bound reached
    values: str  # what it holds once the event is applied, a dict display


def bounded_scene(transition: Transition, spec: FeatureSpec) -> BoundedScene | None:
    """The bounded row that an event of this kind has to do with, if there is one."""
    operation = _reserving(transition, spec)
    if operation is None or operation.reserve is None or operation.call is None:
        return None
    reserve = operation.reserve
    entity, made = spec.entities[reserve.entity], spec.entities[transition.entity]
    there = made_values(made, spec)[reference(operation, reserve, spec)]
    amount: Json = reserve.by
    if reserve.by.isidentifier():
        amount = made_values(made, spec)[reserve.by]
    bound: Json = amount if reserve.up_to.isidentifier() else reserve.up_to
    used = _same_kind(Decimal(str(bound)), operation, spec)
    reached: dict[str, Json] = {entity.id.name: there, reserve.field: used}
    if reserve.up_to.isidentifier():
        reached[reserve.up_to] = bound
    after: dict[str, Json] = {reserve.field: used}
    if (transition.field, transition.to) in operation.call.refused:
        left = Decimal(str(bound)) - Decimal(str(amount))
        after[reserve.field] = _same_kind(left, operation, spec)
    else:
        after |= dict(reserve.full)
    return BoundedScene(
        class_name=entity.name,
        plain=make(entity, spec, {entity.id.name: there}),
        row=make(entity, spec, reached),
        values=row_display(after, entity),
    )


def _same_kind(number: Decimal, operation: Operation, spec: FeatureSpec) -> Json:
    """The number as JSON has it in the counter."""
    reserve = operation.reserve
    assert reserve is not None  # noqa: S101 - asked about a reservation only
    field = spec.entities[reserve.entity].field(reserve.field)
    if field.type.kind == "int":
        return int(number)
    return f"{number:.{field.decimal_places or 0}f}"


def _reserving(transition: Transition, spec: FeatureSpec) -> Operation | None:
    """The operation that makes such rows and reserves for each, if this settles its call."""
    entity = spec.entities[transition.entity]
    for operation in spec.operations.values():
        made = operation.action == "create" and operation.entity == entity.name
        if made and operation.call is not None and operation.reserve is not None:
            state = state_field(entity, operation.call)
            if state is not None and state.name == transition.field:
                return operation
    return None
