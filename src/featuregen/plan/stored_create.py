"""`create`: the row, its bound on another row, and the call that it records the outcome of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.attempts import ends_itself, is_attempted, settles_itself
from featuregen.plan.quote import py_string
from featuregen.plan.stored_calls import (
    client_call,
    is_decided,
    may_repeat,
    needed_of_parent,
    outcome,
    refusal,
)
from featuregen.plan.stored_completions import completion
from featuregen.plan.stored_reserve import release, reservation, turned_down
from featuregen.plan.stored_rows import (
    answer,
    clash,
    insert_may_clash,
    lookup,
    references_to_check,
    request_fields,
    settled,
    variable,
)

if TYPE_CHECKING:
    from featuregen.spec.model import Call, Entity, FeatureSpec, Field, Operation


class CreateStep(NamedTuple):
    """The body of a service's method that makes a row. Tuples hold lines."""

    lookup: tuple[str, ...]
    row: str
    resume: str | None  # the row of an earlier attempt, or None
    insert: tuple[str, ...]
    decided: str | None  # "elif payment.status != …:": the outcome of an earlier attempt is known
    answer: str
    store: tuple[str, ...]  # the intent is committed before the call
    call: str | None
    refused: tuple[str, ...]
    outcome: tuple[str, ...]


def plan_create(operation: Operation, spec: FeatureSpec) -> CreateStep:
    entity = spec.entities[operation.entity or ""]
    row, call = variable(entity), operation.call
    resumes = is_attempted(operation) and call is not None
    return CreateStep(
        lookup=(*_parent(operation, spec), *checked_references(entity, operation, spec)),
        row=row,
        resume=_resume(entity) if resumes else None,
        insert=_insert(entity, operation, spec),
        decided=_decided(entity, operation, call, spec) if call is not None and resumes else None,
        answer="" if operation.response.kind == "none" else f" {answer(operation, spec, row)}",
        store=_stored(entity, operation, spec),
        call=client_call(operation, call, spec) if call is not None else None,
        refused=_refused(operation, call, spec) if call is not None else (),
        outcome=_outcome(operation, call, spec) if call is not None else (),
    )


def finish_create(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines behind the step: the answer is stored with what it tells of."""
    entity = spec.entities[operation.entity or ""]
    if not ends_itself(operation):
        return _flush(entity, operation, spec)
    if not settles_itself(operation):  # or what comes after may change the answer
        return _commit(entity, operation, spec) if operation.call is None else (_COMMIT,)
    flushed = _flush(entity, operation, spec) if operation.call is None else ()
    return (*flushed, *settled(operation, spec, variable(entity)), _COMMIT)


def _flush(entity: Entity, operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    if insert_may_clash(operation, spec):
        return (f"await flush(self._session, {clash(entity, spec)})",)
    return ("await self._session.flush()",)


_COMMIT = "await self._session.commit()"


def _parent(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    found = lookup(operation, spec)
    if found is None:
        return ()
    row = f"{variable(found.entity)} = " if _uses_parent(operation) else ""
    return (f"{row}{found.call}", *needed_of_parent(operation, spec))


def _uses_parent(operation: Operation) -> bool:
    return operation.parent_field is not None


def _resume(entity: Entity) -> str:
    found = f"await self._session.get({entity.name}, {_attempt_id(entity)})"
    return f"{found} if attempt.retried else None"


def _attempt_id(entity: Entity) -> str:
    return f"attempt.id({py_string(entity.id.prefix or '')})"


def _insert(entity: Entity, operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    values = [
        f"{field.name}={code}"
        for field in entity.fields
        if (code := _given(field, entity, operation, spec)) is not None
    ]
    row = variable(entity)
    made = f"{row} = {entity.name}({', '.join(values)})"
    return (made, *reservation(operation, spec), f"self._session.add({row})")


def _given(field: Field, entity: Entity, operation: Operation, spec: FeatureSpec) -> str | None:
    """What the new row is given for a field; the others have their defaults."""
    if field == entity.id:
        return _attempt_id(entity) if is_attempted(operation) else None
    if field == entity.owner:
        return "user.id" if operation.auth != "none" else None
    if field.name == operation.parent_field and operation.parent is not None:
        parent = spec.entities[operation.parent]
        return f"{variable(parent)}.{parent.id.name}"
    if field.generated is None and field.name in request_fields(operation, spec):
        return f"data.{field.name}"
    return None


def _stored(entity: Entity, operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The intent is committed, and no connection is held during the call."""
    return _commit(entity, operation, spec) if operation.call is not None else ()


def _commit(entity: Entity, operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    if insert_may_clash(operation, spec):
        return (f"await commit(self._session, {clash(entity, spec)})",)
    return (_COMMIT,)


def _decided(entity: Entity, operation: Operation, call: Call, spec: FeatureSpec) -> str | None:
    if not may_repeat(operation, call, spec):
        return "else:  # the call may have been heard: it is not repeated"
    decided = is_decided(entity, call)
    return f"elif {decided}:  # the outcome is known, only its answer was lost" if decided else None


def _refused(operation: Operation, call: Call, spec: FeatureSpec) -> tuple[str, ...]:
    kept = ("await attempt.settle(error)",) if is_attempted(operation) else ()
    refused, given_back = refusal(operation, call, spec), release(operation, spec)
    if not given_back:
        return (f"await self._session.execute({refused})", *kept, _COMMIT)
    return (
        f"if await change(self._session, {refused}):  # else it has been given back before",
        *(f"    {line}" for line in given_back),
        *kept,
        _COMMIT,
    )


def _outcome(operation: Operation, call: Call, spec: FeatureSpec) -> tuple[str, ...]:
    return (
        *turned_down(operation, call, spec),
        *outcome(operation, call, spec),
        *completion(operation, spec),
    )


# --- references ----------------------------------------------------------------------------------


def checked_references(entity: Entity, operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines that refuse a reference to another owner's row as if there were none."""
    lines: list[str] = []
    optional = {
        field.name
        for field in (spec.models[operation.request].fields if operation.request else ())
        if field.optional or field.patch or field.nullable
    }
    for field, found in references_to_check(entity, operation, spec):
        if field.name in optional:
            lines += [f"if data.{field.name} is not None:", f"    {found.call}"]
        else:
            lines.append(found.call)
    return tuple(lines)
