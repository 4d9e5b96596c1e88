"""Rows that an operation has nothing to do with, and that it would change as well by mistake.

They stand in the state that it starts from, and belong to the caller: all that tells them from the
row that it changes is the id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.scene_charges import refusal_of
from featuregen.plan.scene_makers import another_row
from featuregen.plan.scene_reserve import bounded_row
from featuregen.plan.scene_rows import new_row, row_of, wanted_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.plan.scene_charges import FaultScene
    from featuregen.spec.model import Entity, FeatureSpec, Json, Operation

_NUMBER = 20  # numbers of these rows begin there
_CHANGES = frozenset({"update", "delete", "transition", "reserve"})


class OthersScene(NamedTuple):
    """What is there beside the row that an operation changes."""

    rows: tuple[str, ...]  # calls that make them, behind those that they need
    tables: tuple[str, ...]
    own: str | None  # the constant of the row that changes
    id_name: str | None  # of that row
    refusal: FaultScene | None  # the upstream may refuse, which writes, too


def others_scene(operation: Operation, spec: FeatureSpec) -> OthersScene | None:
    """The rows beside; None where an operation changes no row that was there before."""
    changes = operation.action in _CHANGES or operation.call or operation.reserve
    if operation.entity is None or operation.action == "list" or not changes:
        return None
    entity = spec.entities[operation.entity]
    bounded = bounded_row(operation, spec)
    own = bounded or (None if operation.action == "create" else row_of(operation, spec))
    if own is None and operation.action != "create":
        return None
    entities = {entity.name: entity} | ({bounded.entity.name: bounded.entity} if bounded else {})
    made: list[str] = []
    for number, values in enumerate(_beside(operation, entities, spec), _NUMBER):
        made += another_row(values[0], spec, number, values[1])
    return OthersScene(
        rows=tuple(dict.fromkeys(made)),
        tables=tuple(entities),
        own=own.constant if own else None,
        id_name=own.entity.id.name if own else None,
        refusal=refusal_of(operation, spec) if operation.call else None,
    )


def _beside(
    operation: Operation, entities: dict[str, Entity], spec: FeatureSpec
) -> Iterator[tuple[Entity, dict[str, Json]]]:
    """Each entity that is written, with what its row holds."""
    for entity in entities.values():
        values = new_row(entity, "", _NUMBER, spec).values
        above = operation.action == "create" and entity.name == operation.entity
        state = {} if above else wanted_state(operation, entity, values, spec)
        yield entity, state
        reserve = operation.reserve
        if reserve is not None and reserve.entity == entity.name:
            yield entity, state | _used_up(operation, entity)


def _used_up(operation: Operation, entity: Entity) -> dict[str, Json]:
    """Values with which nothing is left of the bound."""
    reserve = operation.reserve
    assert reserve is not None  # noqa: S101 - asked about a reservation only
    names = [reserve.field, *([reserve.up_to] if reserve.up_to.isidentifier() else [])]
    bound = "1" if reserve.up_to.isidentifier() else reserve.up_to
    values: dict[str, Json] = {}
    for field in map(entity.field, names):
        places = field.decimal_places or 0
        values[field.name] = (
            int(bound) if field.type.kind == "int" else f"{float(bound):.{places}f}"
        )
    return values
