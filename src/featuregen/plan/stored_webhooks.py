"""Webhooks: the router that receives events, and the service's methods that apply them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.clients import callers
from featuregen.plan.conflict_texts import one
from featuregen.plan.model import ReceivedPlan
from featuregen.plan.names import pascal, snake, words
from featuregen.plan.quote import docstring, py_string
from featuregen.plan.stored_completions import completion
from featuregen.plan.stored_reserve import releasing, reserving
from featuregen.plan.stored_rows import bumped, column, variable
from featuregen.plan.stored_statements import one_of, update_of, value_of
from featuregen.plan.types import annotate, plain_type
from featuregen.spec.model import TypeRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.plan.types import FieldPlan
    from featuregen.spec.model import (
        Entity,
        Event,
        FeatureSpec,
        Field,
        Transition,
        Webhook,
    )


_USUAL = 422

RECEIVER_ERRORS = {"SignatureError": 400, "ContentTooLargeError": 413, "EventFailedError": 500}
"""What a receiver answers of the runtime, and with which status; 500 has the event sent again."""


class EventMethodPlan(NamedTuple):
    """A method of the service that applies events of one type. `lines` are its body."""

    name: str
    signature: str
    docstring: str
    lines: tuple[str, ...]


class HandlerPlan(NamedTuple):
    """What the router does with one type of event."""

    type: str  # a literal
    name: str  # of its function
    parameters: tuple[str, str]
    docstring: str
    facts: str | None  # the model of what it says
    reading: str  # builds that model
    call: str


class WebhookPlan(NamedTuple):
    """One sender's events in the router."""

    name: str
    has_job: bool
    handlers: str  # the constant
    entries: tuple[HandlerPlan, ...]
    arguments: tuple[str, ...]  # of Webhook
    route_arguments: tuple[str, ...]
    docstring: str


class WebhooksPlan(NamedTuple):
    """`app/api/endpoints/<feature>_webhooks.py`."""

    docstring: str
    imports: tuple[str, ...]
    router_arguments: str
    facts: tuple[ReceivedPlan, ...]
    webhooks: tuple[WebhookPlan, ...]
    app: str  # the parameter, "_app" where no client is looked up
    service_arguments: str


def plan_webhooks(spec: FeatureSpec) -> WebhooksPlan | None:
    """The router of a feature's webhooks; None where it receives no events."""
    if not spec.webhooks:
        return None
    facts = {model.name: model for event in events(spec) if (model := _facts(event, spec))}
    clients = tuple(
        f"get_resource(app, {pascal(name)}Client)" for name in spec.upstreams if callers(name, spec)
    )
    return WebhooksPlan(
        docstring=docstring(f"{spec.title}: the events that it receives", indent=0),
        imports=tuple(_imports(spec)),
        router_arguments=f"tags=[{py_string(spec.title)}]",
        facts=tuple(facts.values()),
        webhooks=tuple(_webhook(webhook, spec) for webhook in spec.webhooks.values()),
        app="app" if clients else "_app",
        service_arguments=", ".join(["session", *clients]),
    )


def events(spec: FeatureSpec) -> Iterator[Event]:
    """Those of all webhooks."""
    for webhook in spec.webhooks.values():
        yield from webhook.events


def _imports(spec: FeatureSpec) -> Iterator[str]:
    feature, name = spec.feature, pascal(spec.feature)
    yield "from collections.abc import Awaitable, Callable, Mapping"
    yield "from functools import partial"
    yield "from fastapi import APIRouter, FastAPI, Request"
    yield "from pydantic import BaseModel"
    yield "from sqlalchemy.ext.asyncio import AsyncSession"
    yield "from app.core.errors import ContentTooLargeError, SignatureError, problems"
    yield "from app.core.resources import get_resource"
    yield "from app.core.sensitive import SensitiveModel"
    yield "from app.core.signatures import verify_hmac, verify_standard, verify_stripe"
    yield "from app.core.webhooks import WEBHOOKS, Event, EventFailedError, Outcome, Receipt"
    yield "from app.core.webhooks import Webhook"
    yield "from app.db.session import SessionDep"
    yield f"from app.services.{feature}_service import {name}Service"
    yield f"from app.services import {feature}_hooks"
    yield f"from app.tables.{feature} import {name}WebhookEvent"
    if any(event.is_async for event in events(spec)):
        yield "from app.core.jobs import JOBS"
        yield f"from app.tables.{feature} import {name}Job"
    for upstream in spec.upstreams:
        if callers(upstream, spec):
            yield f"from app.clients.{upstream} import {pascal(upstream)}Client"
    for plan in event_fields(spec):
        yield from (f"from {item.module} import {item.name}" for item in plan.imports)


def event_fields(spec: FeatureSpec) -> Iterator[FieldPlan]:
    """What is read of events, for its imports and needs."""
    for event in events(spec):
        for field in _fact_fields(event, spec):
            yield annotate(field, spec=spec, where="model")


# --- the router ----------------------------------------------------------------------------------


def webhook_summary(webhook: Webhook) -> str:
    """What its route says of itself in a line."""
    return webhook.summary or f"Receive {words(webhook.name)}"


def _webhook(webhook: Webhook, spec: FeatureSpec) -> WebhookPlan:
    handlers = f"{webhook.name.upper()}_HANDLERS"
    arguments = [
        f"feature={py_string(spec.feature)}",
        f"name={py_string(webhook.name)}",
        f"table={pascal(spec.feature)}WebhookEvent",
        f"types=frozenset({handlers})",
        f"verify={_verify(webhook)}",
        f"secret=lambda settings: settings.{webhook.secret}",
        f"apply=apply_{webhook.name}",
    ]
    if webhook.id != ("id",):
        arguments.append(f"id_at={_tuple(webhook.id)}")
    elif webhook.scheme == "standard":
        arguments.append('id_header="webhook-id"')  # the body has no name of the event
    arguments += [f"type_at={_tuple(webhook.type)}"] if webhook.type != ("type",) else []
    if webhook.scheme == "hmac":
        arguments.append("lifetime=None")  # its signature has no age: an old one is known by its id
    arguments += _later(webhook, spec)
    summary = webhook_summary(webhook)
    body = '{"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}'
    usual = spec.validation_status == _USUAL
    status = "" if usual else f", validation_status={spec.validation_status}"
    return WebhookPlan(
        name=webhook.name,
        has_job=any(event.is_async for event in webhook.events),
        handlers=handlers,
        entries=tuple(_handler(event, spec) for event in webhook.events),
        arguments=tuple(arguments),
        route_arguments=(
            py_string(webhook.path),
            f"summary={py_string(summary)}",
            f'openapi_extra={{"requestBody": {body}}}',
            f"responses=problems({', '.join(RECEIVER_ERRORS)}{status})",
        ),
        docstring=docstring(
            f"{summary.removesuffix('.')}: each is signed, and applied once", indent=4
        ),
    )


def _later(webhook: Webhook, spec: FeatureSpec) -> list[str]:
    """What workers do about its events."""
    hooks = [
        f"{py_string(event.type)}: {spec.feature}_hooks.{event.hook}"
        for event in webhook.events
        if event.is_async
    ]
    if not hooks:
        return []
    return [f"later={{{', '.join(hooks)}}}", f"jobs={pascal(spec.feature)}Job"]


def _at_once(event: Event) -> Event:
    """The part that is done in the transaction that records the event."""
    return replace(event, hook=None) if event.is_async else event


def _verify(webhook: Webhook) -> str:
    tolerance = f"tolerance={webhook.tolerance:g}"
    match webhook.scheme:
        case "stripe":
            usual = webhook.header in {"", "stripe-signature"}
            header = "" if usual else f"header={py_string(webhook.header)}, "
            return f"partial(verify_stripe, {header}{tolerance})"
        case "standard":
            return f"partial(verify_standard, {tolerance})"
        case "hmac":
            header = f"header={py_string(webhook.header)}"
            return f"partial(verify_hmac, {header}, algorithm={py_string(webhook.algorithm)})"


def _tuple(parts: tuple[str, ...]) -> str:
    inside = ", ".join(py_string(part) for part in parts)
    return f"({inside},)" if len(parts) == 1 else f"({inside})"


def _handler(event: Event, spec: FeatureSpec) -> HandlerPlan:
    event = _at_once(event)
    if event.transition is None and event.hook is None:
        return HandlerPlan(
            type=py_string(event.type),
            name=f"_apply_{_slug(event.type)}",
            parameters=("_service", "_event"),
            docstring=docstring(f"Apply {event.type}: a worker does all of it", indent=4),
            facts=None,
            reading="",
            call='"applied"',
        )
    facts = _facts(event, spec)
    given: list[str] = []
    if event.transition is not None:
        given = [f"{name}=facts.{field}" for name, field in _given(event.transition, spec)]
    if event.hook is not None:
        given.insert(0, "event")
    return HandlerPlan(
        type=py_string(event.type),
        name=f"_apply_{_slug(event.type)}",
        parameters=("service", "event"),
        docstring=docstring(f"Apply an event of the type {event.type}", indent=4),
        facts=facts.name if facts else None,
        reading=_reading(event.transition, spec) if event.transition else "",
        call=f"await service.{method_name(event)}({', '.join(given)})",
    )


def method_name(event: Event) -> str:
    """`payment.succeeded` → `on_payment_succeeded`."""
    return f"on_{_slug(event.type)}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", snake(text).lower()).strip("_")


# --- what an event says of a row -----------------------------------------------------------------


def _facts(event: Event, spec: FeatureSpec) -> ReceivedPlan | None:
    transition = event.transition
    if transition is None:
        return None
    entity = spec.entities[transition.entity]
    fields = _fact_fields(event, spec)
    return ReceivedPlan(
        name=_facts_name(event, transition, spec),
        base="SensitiveModel" if any(field.sensitive for field in fields) else "BaseModel",
        docstring=docstring(f"What an event says of {one(entity)}", indent=4),
        fields=tuple(annotate(field, spec=spec, where="model") for field in fields),
    )


def _facts_name(event: Event, transition: Transition, spec: FeatureSpec) -> str:
    """`PaymentFacts`, unless events say different things of one entity."""
    shapes = {
        (other.transition.by, other.transition.set)
        for other in events(spec)
        if other.transition and other.transition.entity == transition.entity
    }
    alone = len(shapes) == 1
    return f"{transition.entity if alone else pascal(_slug(event.type))}Facts"


def _fact_fields(event: Event, spec: FeatureSpec) -> tuple[Field, ...]:
    transition = event.transition
    if transition is None:
        return ()
    entity = spec.entities[transition.entity]
    # Any text: one that is no id of ours belongs to somebody else's row, and is ignored.
    key = replace(_bare(entity.id), type=TypeRef("string"), pattern=None, required=False)
    return (key, *(_bare(entity.field(name)) for name, _ in transition.set))


def _bare(field: Field) -> Field:
    return replace(
        field, wire=None, description=None, has_default=False, default=None, generated=None
    )


def _reading(transition: Transition, spec: FeatureSpec) -> str:
    """The values by field, each picked out of the event."""
    entity = spec.entities[transition.entity]
    places = ((entity.id.name, transition.by), *transition.set)
    entries = (
        f"{py_string(name)}: event.at({', '.join(py_string(part) for part in path)})"
        for name, path in places
    )
    return f"{{{', '.join(entries)}}}"


def _given(transition: Transition, spec: FeatureSpec) -> Iterator[tuple[str, str]]:
    """The arguments of the service's method, each with the field that it comes from."""
    entity = spec.entities[transition.entity]
    yield f"{snake(entity.name)}_{entity.id.name}", entity.id.name
    for name, _ in transition.set:
        yield name, name


# --- the service ---------------------------------------------------------------------------------


def plan_events(spec: FeatureSpec) -> tuple[EventMethodPlan, ...]:
    """The service's methods, one for each type of event."""
    now = (_at_once(event) for event in events(spec))
    plans = {
        method_name(event): _method(event, spec)
        for event in now
        if event.transition is not None or event.hook is not None
    }
    return tuple(plans.values())


def _method(event: Event, spec: FeatureSpec) -> EventMethodPlan:
    positional = ["event: Event"] if event.hook is not None else []
    named: list[str] = []
    lines: list[str] = []
    about = f"Hand an event of the type {event.type} to its function"
    if event.transition is not None:
        named = list(_parameters(event, event.transition, spec))
        lines += _applied(event.transition, spec)
        states = " or ".join(str(state) for state in event.transition.from_)
        about = f"Apply {event.type}: from {states}" if states else f"Apply {event.type}"
        about = f"{about} to {event.transition.to}; out of order, it is ignored"
    if event.hook is not None:
        lines.append(f"await {spec.feature}_hooks.{event.hook}(event, session=self._session)")
    plain = event.hook is None and any(line.startswith("if not await") for line in lines)
    if plain:
        changing = lines[0].removeprefix("if not ").removesuffix(":")
        lines = [f"applied = {changing}", 'return "applied" if applied else "ignored"']
    else:
        lines.append('return "applied"')
    return EventMethodPlan(
        name=method_name(event),
        signature=", ".join(["self", *positional, *(["*"] if named else []), *named]),
        docstring=docstring(about, indent=8),
        lines=tuple(lines),
    )


def _parameters(event: Event, transition: Transition, spec: FeatureSpec) -> Iterator[str]:
    fields = _fact_fields(event, spec)
    for (name, _), field in zip(_given(transition, spec), fields, strict=True):
        yield f"{name}: {plain_type(field, spec)}"


def _applied(transition: Transition, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines of a transition; a row that is not there, or in another state, is no error."""
    entity = spec.entities[transition.entity]
    [(key, field), *others] = _given(transition, spec)
    where = [f"{column(entity, field)} == {key}"]
    if transition.from_:
        where.append(one_of(entity, transition.field, transition.from_))
    values = [f"{transition.field}={value_of(entity, transition.field, transition.to)}"]
    values += [_copied(entity, name) for name, _ in others]
    after = _settles(transition, spec)
    if after:
        row = variable(entity)
        return (
            f"{row} = await self._session.scalar({update_of(entity, where, values, spec)})",
            f"if {row} is None:",
            '    return "ignored"',
            *after,
        )
    written = ", ".join(bumped(entity, values, spec))
    statement = f"update({entity.name}).where({', '.join(where)}).values({written})"
    return (
        f"if not await change(self._session, {statement}):",
        '    return "ignored"',
    )


def _copied(entity: Entity, name: str) -> str:
    """A further value of the event; where it has none, the row keeps its own."""
    field, own = entity.field(name), column(entity, name)
    if not field.nullable:
        return f"{name}={name}"
    if field.type.kind in {"string", "email", "url", "id"}:
        return f"{name}={name} or {own}"
    return f"{name}={own} if {name} is None else {name}"


def _settles(transition: Transition, spec: FeatureSpec) -> tuple[str, ...]:
    """What a row's outcome means for the row that it reserved on."""
    entity = spec.entities[transition.entity]
    operation = reserving(entity, entity.field(transition.field), spec)
    if operation is None or operation.reserve is None:
        return ()
    call, reserve = operation.call, operation.reserve
    if call is not None and (transition.field, transition.to) in call.refused:
        return (releasing(operation, reserve, spec),)
    return completion(operation, spec)
