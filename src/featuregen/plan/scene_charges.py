"""Calls about a row: what is stored before, what each answer writes, what an event may do."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.answers import answered_model, echoed, upstream_answer
from featuregen.plan.clients import received
from featuregen.plan.conflict_texts import DETAIL, unknown_text
from featuregen.plan.names import pascal
from featuregen.plan.python_values import python_object
from featuregen.plan.quote import py_literal, py_string, py_text
from featuregen.plan.samples import normalised_model, sample_model
from featuregen.plan.scene_makers import stored_source
from featuregen.plan.scene_rows import path_value, row_of, rows
from featuregen.plan.scene_upstream import TRANSIENT, failures
from featuregen.plan.signatures import keyed_by_row, row_values
from featuregen.plan.sources import split_table
from featuregen.plan.stored_calls import may_repeat, state_field
from featuregen.plan.stored_conditions import parsed
from featuregen.plan.stored_rows import not_found, request_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from featuregen.plan.scene_rows import Row
    from featuregen.spec.model import (
        Entity,
        ErrorMapping,
        FeatureSpec,
        Field,
        Json,
        Operation,
    )

UNSETTLED = (408, 409, 425, 429)
"""Refusals that leave open what was done."""
_ACCEPTED = 202
_NOT_FOUND = 404
_UPSTREAM_FAILED = 502
_UNHEARD_OF = "a word that nobody has heard of"
_NOWS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2080, 1, 1, tzinfo=UTC))
"""A condition about today is looked at from both ends of the time in which the tests may run."""


class AnswerScene(NamedTuple):
    """An answer that tells of one outcome, and what the row holds then."""

    id: str
    body: str  # a dict display
    values: str  # of the row, a dict display


class FaultScene(NamedTuple):
    """An answer of the upstream, how often it is asked, and what we answer."""

    upstream_status: int
    times: int
    status: int


class CallScene(NamedTuple):
    """The upstream call of one operation on a row; every `str` is Python source."""

    upstream: str
    client: str  # the class
    table: str
    answers: tuple[AnswerScene, ...]
    received: str  # what the usual answer writes into the row
    unknown: tuple[FaultScene, ...]
    timeout: int  # our status
    state: str | None  # the field's name
    other: str | None  # a state that another may have set, and that this call would not
    shown: str | None  # what the state is called in the answer
    gone: int  # our status where the row is not there any more
    removable: bool  # it may go meanwhile, and what is received cannot be written


class ChargeScene(NamedTuple):
    """A create that calls: what is there before the call, and after a refusal."""

    call: CallScene
    waiting: str  # what the row holds meanwhile, a dict display
    refusal: FaultScene | None
    refused: str | None  # what a refusal writes; None: the row goes
    spared: str | None  # a state set by another that a refusal does not change
    key_header: str | None
    repeats: bool  # a retry of an unknown outcome calls again
    parent: str | None  # the table of the row above it
    parent_id: str | None  # the constant of that row's id
    blocked: tuple[str, ...]  # changes of that row, each a dict display, with which nothing is done
    blocked_detail: str


class RefreshScene(NamedTuple):
    """A get that asks the upstream first, as long as that may know more."""

    call: CallScene
    id: str  # the constant of the row's id
    refusal: FaultScene | None
    quiet: tuple[str, ...]  # changes of the row, each a dict display, with which nobody is asked


def charge_scene(operation: Operation, spec: FeatureSpec) -> ChargeScene | None:
    """What is tested of a create that calls."""
    if operation.action != "create" or operation.call is None or operation.entity is None:
        return None
    entity, call, parent = spec.entities[operation.entity], operation.call, row_of(operation, spec)
    state = state_field(entity, call)
    written = dict(call.refused)
    upstream = spec.upstreams[call.upstream]
    header = upstream.idempotency_header if keyed_by_row(operation, upstream) else None
    return ChargeScene(
        call=_call_scene(operation, entity, spec),
        waiting=row_display(_waiting(operation, entity, spec), entity),
        refusal=refusal_of(operation, spec),
        refused=row_display(written, entity) if written else None,
        spared=_other_state(state, (written.get(state.name),)) if state and written else None,
        key_header=py_string(header.lower()) if header else None,
        repeats=may_repeat(operation, call, spec),
        parent=parent.entity.name if parent else None,
        parent_id=parent.constant if parent else None,
        blocked=tuple(
            row_display({name: None}, parent.entity) for name in _needed(operation, parent.entity)
        )
        if parent
        else (),
        blocked_detail=py_text(unknown_text(parent.entity), DETAIL) if parent else "",
    )


def refresh_scene(operation: Operation, spec: FeatureSpec) -> RefreshScene | None:
    """What is tested of a get that calls."""
    row = row_of(operation, spec)
    if operation.action != "get" or operation.call is None or row is None:
        return None
    return RefreshScene(
        call=_call_scene(operation, row.entity, spec),
        id=row.constant,
        refusal=refusal_of(operation, spec),
        quiet=tuple(
            row_display(values, row.entity) for values in _quiet(operation, row.values, spec)
        ),
    )


def _call_scene(operation: Operation, entity: Entity, spec: FeatureSpec) -> CallScene:
    call = operation.call
    assert call is not None  # noqa: S101 - a scene is of a call
    state = state_field(entity, call)
    written = received_values(operation, spec)
    model = spec.models.get(operation.response.model or "")
    shown = [each for each in (model.fields if model else ()) if state and each.name == state.name]
    missing = spec.errors.get(not_found(entity, spec))
    return CallScene(
        upstream=call.upstream,
        client=f"{pascal(call.upstream)}Client",
        table=entity.name,
        answers=tuple(_answers(operation, entity, spec)),
        received=row_display(written, entity),
        unknown=tuple(_fault(status, operation, spec) for status in (*UNSETTLED, 500, 503)),
        timeout=_ACCEPTED
        if operation.is_async
        else failures(operation, spec, kinds=("timeout",))[0].status,
        state=state.name if state else None,
        other=_other_state(state, (written.get(state.name),)) if state else None,
        shown=py_string(shown[0].wire_name) if shown and call.receive else None,
        gone=missing.status if missing else _NOT_FOUND,
        removable=bool(written) and not _is_referred_to(row_of(operation, spec), spec),
    )


def _is_referred_to(row: Row | None, spec: FeatureSpec) -> bool:
    if row is None:
        return False
    return any(
        row.id == each.values.get(field.name)
        for each in rows(spec)
        for field in each.entity.fields
        if field.references == row.entity.name
    )


def received_values(operation: Operation, spec: FeatureSpec) -> dict[str, Json]:
    """What the fake's usual answer writes into the row."""
    request = spec.models[operation.request] if operation.request else None
    body = sample_model(request, spec) if request else {}
    asked = normalised_model(body, request, spec) if request else {}
    path = {field.name: path_value(operation, field, spec) for field in operation.path_params}
    told = echoed(upstream_answer(operation, spec), operation, spec, asked, path)
    targets = {mapping.target[0] for mapping in received(operation, spec)}
    return {
        field.name: told[field.wire_name]
        for field in answered_model(operation, spec).fields
        if field.name in targets and field.wire_name in told
    }


def _answers(operation: Operation, entity: Entity, spec: FeatureSpec) -> Iterator[AnswerScene]:
    """One answer for each word that a `map` knows, and one for a word that it does not."""
    usual = upstream_answer(operation, spec).sample
    for mapping in received(operation, spec):
        pipes, name = mapping.source.pipes, mapping.target[0]
        if [pipe.name for pipe in pipes] != ["map"] or len(mapping.target) != 1:
            continue
        field = entity.field(name)
        table, rest = split_table(pipes[0])
        for word, value in (*table, *([(_UNHEARD_OF, rest)] if rest is not None else [])):
            body = copy.deepcopy(usual)
            _put(body, mapping.source.path, word)
            yield AnswerScene(
                py_string(f"{name}: {word}"),
                py_literal(body),
                row_display({name: _typed(value, field)}, entity),
            )


def _typed(value: Json, field: Field) -> Json:
    """A word of a spec's table as the enum has it."""
    return next((known for known in field.values if str(known) == str(value)), value)


def _put(body: dict[str, Json], path: Sequence[str], value: Json) -> None:
    for key in path[:-1]:
        inner = body.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        body = inner
    body[path[-1]] = value


def _waiting(operation: Operation, entity: Entity, spec: FeatureSpec) -> dict[str, Json]:
    """What the row holds while the outcome is not known."""
    call = operation.call
    state = state_field(entity, call) if call else None
    values: dict[str, Json] = {}
    if state is not None and state.generated is not None:
        values[state.name] = state.generated.value
    asked = request_fields(operation, spec)
    for name in dict.fromkeys(mapping.target[0] for mapping in received(operation, spec)):
        field = entity.field(name)
        if field.generated is None and field.nullable and name not in asked:
            values[name] = None
    return values


def _other_state(state: Field, besides: Sequence[Json]) -> str | None:
    first = state.generated.value if state.generated else None
    taken = (first, *besides)
    found = next((value for value in state.values if value not in taken), None)
    return None if found is None else py_literal(found)


def refusal_of(operation: Operation, spec: FeatureSpec) -> FaultScene | None:
    """The first status that the upstream refuses with for good."""
    for failure in failures(operation, spec):
        status = failure.upstream_status
        if status // 100 == 4 and status not in UNSETTLED:  # noqa: PLR2004 - 4xx
            return FaultScene(status, failure.attempts, failure.status)
    return None


def _fault(status: int, operation: Operation, spec: FeatureSpec) -> FaultScene:
    call = operation.call
    assert call is not None  # noqa: S101 - a scene is of a call
    upstream = spec.upstreams[call.upstream]
    mapping = upstream.errors.get(status, upstream.other)
    again = status in TRANSIENT and may_repeat(operation, call, spec)
    return FaultScene(
        upstream_status=status,
        times=upstream.retries + 1 if again else 1,
        status=_told(operation, mapping, spec),
    )


def _told(operation: Operation, mapping: ErrorMapping | None, spec: FeatureSpec) -> int:
    """Our status for an outcome that is not known: a job is yet to be tried again."""
    if operation.is_async:
        return _ACCEPTED
    return spec.errors[mapping.error].status if mapping else _UPSTREAM_FAILED


def _quiet(
    operation: Operation, values: Mapping[str, Json], spec: FeatureSpec
) -> Iterator[dict[str, Json]]:
    """Changes of a row with which the upstream is not asked."""
    call = operation.call
    entity = spec.entities[operation.entity or ""]
    if call is not None and call.when is not None:
        yield from broken_conditions(call.when, entity, values)
    for name in _needed(operation, entity):
        yield {name: None}


def _needed(operation: Operation, entity: Entity) -> Iterator[str]:
    """The fields of a row that the call's path holds, and that may be empty."""
    for each in row_values(operation):
        if each.in_path and each.entity == entity.name and entity.field(each.field).nullable:
            yield each.field


def broken_conditions(
    condition: str, entity: Entity, values: Mapping[str, Json]
) -> Iterator[dict[str, Json]]:
    """Other values of enums that make the condition false for a row with these values."""
    expression = parsed(condition, entity)
    fields = [entity.field(name) for name in expression.names]
    known = {
        field.name: python_object(values.get(field.name), field.type, field) for field in fields
    }
    if not any(expression.evaluate(known, now=now) for now in _NOWS):
        return  # what the row holds is not known well enough
    for field in fields:
        for value in field.values:
            changed = {**known, field.name: value}
            if not any(expression.evaluate(changed, now=now) for now in _NOWS):
                yield {field.name: value}


def row_display(values: Mapping[str, Json], entity: Entity) -> str:
    """Values of a row as a dict display."""
    items = (
        f"{py_string(name)}: {stored_source(value, entity.field(name))}"
        for name, value in values.items()
    )
    return f"{{{', '.join(items)}}}"
