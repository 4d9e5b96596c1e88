"""Functions of the user's around an operation, in tests: doubles that refuse, or change nothing.

What an operation promises must hold whatever the user writes. So the tests of rows, money, lists
and kept answers put a function in its place that lets everything pass. The tests of this module ask
what is there once the user's function has refused before, or failed after, and whether its word is
the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.quote import py_literal
from featuregen.plan.samples import normalised_model, sample_model
from featuregen.plan.scene_charges import received_values
from featuregen.plan.signatures import returns
from featuregen.plan.stored_calls import state_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.spec.model import FeatureSpec, Operation


class GuardScene(NamedTuple):
    """The functions around one operation; every `str` but their names is Python source."""

    before: str | None
    after: str | None
    is_called: bool  # an upstream, whose outcome stands whatever comes after
    is_decided: bool  # by the usual answer, so that a retry has nothing left to ask
    answer: str | None  # another that `after` may give, as JSON
    returns: str | None  # its type


def guard_scene(operation: Operation, spec: FeatureSpec) -> GuardScene | None:
    """What is tested of the functions around an operation; None where there are none."""
    if operation.before is None and operation.after is None:
        return None
    answer = _answer(operation, spec) if operation.after else None
    return GuardScene(
        before=operation.before,
        after=operation.after,
        is_called=operation.call is not None,
        is_decided=_is_decided(operation, spec),
        answer=answer,
        returns=returns(operation) if answer else None,
    )


def doubled(operations: Iterable[Operation]) -> tuple[str, ...]:
    """The functions that stand around these operations, each once."""
    names = (name for each in operations for name in (each.before, each.after) if name)
    return tuple(dict.fromkeys(names))


def _answer(operation: Operation, spec: FeatureSpec) -> str | None:
    if operation.response.kind != "model" or operation.response.model is None:
        return None
    model = spec.models[operation.response.model]
    return py_literal(normalised_model(sample_model(model, spec), model, spec))


def _is_decided(operation: Operation, spec: FeatureSpec) -> bool:
    if operation.call is None or operation.entity is None:
        return False
    state = state_field(spec.entities[operation.entity], operation.call)
    if state is None or state.generated is None:
        return False
    return received_values(operation, spec).get(state.name) not in (None, state.generated.value)
