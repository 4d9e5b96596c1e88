"""The operations that read or write rows: the body of each in the service, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.signatures import stores
from featuregen.plan.stored_completions import CompletionPlan, completion_plan
from featuregen.plan.stored_conditions import plain_constants
from featuregen.plan.stored_create import CreateStep, finish_create, plan_create
from featuregen.plan.stored_list import ListStep, OrdersPlan, plan_list, plan_orders
from featuregen.plan.stored_read import GetStep, plan_get
from featuregen.plan.stored_rows import (
    Lookup,
    LookupPlan,
    VisibilityPlan,
    answer,
    answers_version,
    lookup,
    lookup_plan,
    reads_as,
    references_to_check,
    variable,
    visibility,
)
from featuregen.plan.stored_webhooks import EventMethodPlan, plan_events
from featuregen.plan.stored_write import ChangeStep, finish_change, plan_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Operation, Reserve

_TEMPLATES = {"create": "create", "get": "get", "list": "list"}


class StoredPlan(NamedTuple):
    """The body of an operation in its service."""

    template: str  # that prints the step
    step: CreateStep | GetStep | ListStep | ChangeStep
    finish: tuple[str, ...]  # lines behind the step
    result: str | None  # what is returned


class StorePlan(NamedTuple):
    """What the stored operations of a service share."""

    orders: tuple[OrdersPlan, ...]
    lookups: tuple[LookupPlan, ...]
    visibilities: tuple[VisibilityPlan, ...]
    completions: tuple[CompletionPlan, ...]
    events: tuple[EventMethodPlan, ...]
    has_plain_numbers: bool  # a condition compares with a bare number, which ruff would have named


def plan_stored(operation: Operation, spec: FeatureSpec) -> StoredPlan | None:
    """The body of an operation on rows; None for one that has no rows."""
    if not operation.stored:
        return None
    template = f"macros/service_{_TEMPLATES.get(operation.action, 'change')}.jinja"
    match operation.action:
        case "create":
            step: CreateStep | GetStep | ListStep | ChangeStep = plan_create(operation, spec)
            finish = finish_create(operation, spec)
        case "get":
            step, finish = plan_get(operation, spec), ()
        case "list":
            step, finish = plan_list(operation, spec), ()
        case _:
            step, finish = plan_change(operation, spec), finish_change(operation, spec)
    return StoredPlan(template, step, finish, _result(operation, finish, spec))


def _result(operation: Operation, finish: tuple[str, ...], spec: FeatureSpec) -> str | None:
    if operation.response.kind == "none":
        return None
    entity = spec.entities[operation.entity or ""]
    if operation.action == "list":
        return f"{operation.response.model}(items=items, next_cursor=next_cursor)"
    if any(line.startswith("result = ") for line in finish):
        return "result"
    row = variable(entity)
    model = answer(operation, spec, row)
    return f"Versioned({model}, {row}.version)" if answers_version(operation, spec) else model


def plan_store(spec: FeatureSpec) -> StorePlan | None:
    """What the service needs besides its operations; None where nothing is stored."""
    if not stores(spec):
        return None
    operations = [operation for operation in spec.operations.values() if operation.stored]
    lookups = {found.name: lookup_plan(found, spec) for found in _lookups(spec)}
    completions = (completion_plan(operation, spec) for operation in operations)
    return StorePlan(
        orders=tuple(plan_orders(operation, spec) for operation in operations if operation.listing),
        lookups=tuple(lookups.values()),
        visibilities=tuple(
            visibility(entity)
            for entity in spec.entities.values()
            if any(_reads(entity.name, operation, spec) for operation in operations)
        ),
        completions=tuple({each.name: each for each in completions if each}.values()),
        events=plan_events(spec),
        has_plain_numbers=any(_compares_number(operation, spec) for operation in operations),
    )


def _compares_number(operation: Operation, spec: FeatureSpec) -> bool:
    call, reserve = operation.call, operation.reserve
    if call is not None and call.when and operation.entity is not None:
        return plain_constants(call.when, spec.entities[operation.entity])
    if reserve is None:
        return False
    when = reserve.when and plain_constants(reserve.when, spec.entities[reserve.entity])
    return bool(when) or _reaches_number(reserve, spec.entities[reserve.entity])


def _reaches_number(reserve: Reserve, entity: Entity) -> bool:
    """Whether a sum is compared with a bound that is written out."""
    whole = entity.field(reserve.field).type.kind == "int"
    return whole and bool(reserve.full) and reserve.up_to.isdecimal() and int(reserve.up_to) > 1


def _lookups(spec: FeatureSpec) -> Iterator[Lookup]:
    for operation in spec.operations.values():
        found = lookup(operation, spec)
        if found is not None:
            yield found
        if operation.stored and operation.action in {"create", "update"}:
            entity = spec.entities[operation.entity or ""]
            for _, referred in references_to_check(entity, operation, spec):
                yield referred


def _reads(name: str, operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the operation reads rows that a permission opens."""
    names = {operation.entity, operation.parent}
    names.update(found.entity.name for found in _lookups_of(operation, spec))
    return name in names and reads_as(spec.entities[name], operation) == "visible"


def _lookups_of(operation: Operation, spec: FeatureSpec) -> tuple[Lookup, ...]:
    if operation.action not in {"create", "update"}:
        return ()
    entity = spec.entities[operation.entity or ""]
    return tuple(found for _, found in references_to_check(entity, operation, spec))
