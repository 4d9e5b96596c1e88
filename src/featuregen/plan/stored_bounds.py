"""What a reservation counts on: the bounded row, its bound, and the rows that count there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.python_values import python_value
from featuregen.plan.stored_calls import state_field, undecided
from featuregen.plan.stored_rows import column

if TYPE_CHECKING:
    from featuregen.spec.model import Entity, FeatureSpec, Field, Operation, Reserve


def bounded(reserve: Reserve, spec: FeatureSpec) -> Entity:
    return spec.entities[reserve.entity]


def bound(reserve: Reserve, entity: Entity) -> str:
    return number(reserve.up_to, entity, reserve) or column(entity, reserve.up_to)


def number(text: str, entity: Entity, reserve: Reserve) -> str | None:
    """A literal of the counter's type, where the text is no name."""
    if text.isidentifier():
        return None
    field = entity.field(reserve.field)
    return python_value(text if field.type.kind == "decimal" else int(text), field.type, field)


def reference(operation: Operation, reserve: Reserve, spec: FeatureSpec) -> str:
    """The field of the new row that refers to the bounded one."""
    if reserve.via is not None:
        return reserve.via
    if operation.parent == reserve.entity and operation.parent_field is not None:
        return operation.parent_field
    made = spec.entities[operation.entity or ""]
    return next(field.name for field in made.fields if field.references == reserve.entity)


def unsettled(reserve: Reserve, row: str, spec: FeatureSpec) -> tuple[str, ...]:
    """That a row counts here whose call may still be refused: one condition for each kind of row.

    `row` is the expression of the bounded row's key.
    """
    return tuple(
        f"exists().where({column(made, refers)} == {row}, {undecided(made, state)})"
        for made, refers, state in countings(reserve, spec)
    )


def countings(reserve: Reserve, spec: FeatureSpec) -> tuple[tuple[Entity, str, Field], ...]:
    """Each kind of row that counts here until its call is settled: its reference, and its state."""
    found: list[tuple[Entity, str, Field]] = []
    for operation in spec.operations.values():
        counted, call = operation.reserve, operation.call
        if counted is None or call is None:
            continue
        if (counted.entity, counted.field) != (reserve.entity, reserve.field):
            continue
        made = spec.entities[operation.entity or ""]
        state = state_field(made, call)
        if state is not None:
            found.append((made, reference(operation, counted, spec), state))
    return tuple(each for number, each in enumerate(found) if each not in found[:number])


def any_of(conditions: tuple[str, ...]) -> str:
    """The condition that one of them holds."""
    return conditions[0] if len(conditions) == 1 else f"or_({', '.join(conditions)})"
