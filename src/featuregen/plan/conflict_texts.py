"""What a client is told of a conflict: the service's code says it, and its tests compare it.

No text names a value, which may be another owner's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.names import snake, words

DETAIL = 50
"""How wide a text is where a test compares it: one that is longer is several literals."""

if TYPE_CHECKING:
    from featuregen.spec.model import Entity, Reserve, Transition


def title(entity: Entity) -> str:
    """`PaymentRefund` → `payment refund`."""
    return words(snake(entity.name))


def one(entity: Entity) -> str:
    """`a payment`, `an enrolment`: by the letter, which is right for nearly all words."""
    return f"{'an' if title(entity)[0] in 'aeio' else 'a'} {title(entity)}"


def clash_text(entity: Entity) -> str:
    """A key of the row is taken, or it refers to what is not there."""
    if not any(field.references for field in entity.fields):
        return f"There is such {one(entity)} already"
    if not entity.unique:
        return f"The {title(entity)} refers to what is not there"
    return f"The {title(entity)} clashes with another, or refers to what is not there"


def referred_text(entity: Entity) -> str:
    """A request refers to a row that is not there for the caller."""
    return f"There is no such {title(entity)}"


def in_use_text(entity: Entity) -> str:
    """Others refer to the row, which keeps it from being deleted."""
    return f"The {title(entity)} is still referred to"


def state_text(entity: Entity, transition: Transition) -> str:
    """The row is in none of the states that the transition starts from."""
    states = " or ".join(str(state) for state in transition.from_)
    return f"The {transition.field.replace('_', ' ')} of the {title(entity)} is not {states}"


def bound_text(entity: Entity, reserve: Reserve) -> str:
    """The counter would pass its bound, or the row is in no state for it."""
    named = reserve.up_to.isidentifier()
    bound = words(reserve.up_to) if named else f"bound of {reserve.up_to}"
    if reserve.when:
        return f"The {title(entity)} is in no state for this, or less is left of its {bound}"
    return f"Less than that is left of the {bound} of the {title(entity)}"


def unknown_text(entity: Entity) -> str:
    """The row lacks what the path of a call needs of it."""
    return f"The {title(entity)} is not known upstream yet"
