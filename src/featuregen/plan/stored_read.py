"""`get`: a row as it is, or as the upstream says that it has become."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.stored_calls import client_call, needed_of_row, outcome, state_field
from featuregen.plan.stored_completions import completion
from featuregen.plan.stored_conditions import as_python
from featuregen.plan.stored_reserve import reserving, turned_down
from featuregen.plan.stored_rows import lookup, variable

if TYPE_CHECKING:
    from featuregen.spec.model import Call, FeatureSpec, Operation


class GetStep(NamedTuple):
    """The body of a service's method that reads a row."""

    lookup: str
    call: str | None
    refresh: str | None  # the condition of the call; None where it is always made
    outcome: tuple[str, ...]


def plan_get(operation: Operation, spec: FeatureSpec) -> GetStep:
    entity = spec.entities[operation.entity or ""]
    row, found, call = variable(entity), lookup(operation, spec), operation.call
    finding = f"{row} = {found.call if found else ''}"
    if call is None:
        return GetStep(finding, None, None, ())
    when = (as_python(call.when, entity, row),) if call.when else ()
    known = when[0].split(" and ") if when and " or " not in when[0] else []
    needed = (each for each in needed_of_row(operation, spec) if each not in known)
    condition = " and ".join((*when, *needed))
    return GetStep(
        lookup=finding,
        call=client_call(operation, call, spec),
        refresh=condition or None,
        outcome=(
            *turned_down(operation, call, spec),
            *outcome(operation, call, spec),
            *_completed(operation, call, spec),
        ),
    )


def _completed(operation: Operation, call: Call, spec: FeatureSpec) -> tuple[str, ...]:
    """The line behind an outcome: what the row was reserved on may be full now."""
    entity = spec.entities[operation.entity or ""]
    state = state_field(entity, call)
    creating = reserving(entity, state, spec) if state is not None else None
    return completion(creating, spec) if creating is not None else ()
