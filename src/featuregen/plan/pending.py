"""Which rows wait for an outcome that others tell of: a call's answer, or a webhook's event."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Field, Json


class Pending(NamedTuple):
    """The field whose first state waits, that state, and the field that holds since when."""

    state: str
    first: Json
    since: str


def plan_pending(entity: Entity, spec: FeatureSpec) -> Pending | None:
    """None where nothing settles a row from outside, or where no row knows when it was made."""
    since = next((field.name for field in entity.fields if _is_moment(field)), None)
    state = next(_settled(entity, spec), None)
    return Pending(*state, since) if state and since else None


def _is_moment(field: Field) -> bool:
    return field.generated is not None and field.generated.kind == "now"


def _settled(entity: Entity, spec: FeatureSpec) -> Iterator[tuple[str, Json]]:
    """The enums that begin in a state which an answer or an event ends, and that state."""
    for field in entity.fields:
        first = field.generated
        if field.type.kind == "enum" and first is not None and first.kind == "literal":
            answered = any(
                operation.action == "create"
                and operation.entity == entity.name
                and operation.call is not None
                and any(mapping.target == (field.name,) for mapping in operation.call.receive)
                for operation in spec.operations.values()
            )
            told = any(
                event.transition is not None
                and (event.transition.entity, event.transition.field) == (entity.name, field.name)
                and first.value in event.transition.from_
                for webhook in spec.webhooks.values()
                for event in webhook.events
            )
            if answered or told:
                yield field.name, first.value
