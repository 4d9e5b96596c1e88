"""What the tests of webhooks send: each event with what it changes, and what changes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import pascal, snake
from featuregen.plan.python_values import VALUE_IMPORTS
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import sample, sample_model
from featuregen.plan.scene_cases import case_literal
from featuregen.plan.scene_charges import charge_scene, row_display
from featuregen.plan.scene_guards import doubled
from featuregen.plan.scene_makers import made_values, needed_rows
from featuregen.plan.scene_models import edges
from featuregen.plan.scene_requests import request_plan
from featuregen.plan.scene_rows import right_state, rows
from featuregen.plan.scene_settled import BoundedScene, bounded_scene

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.plan.scene_charges import FaultScene
    from featuregen.spec.model import Entity, Event, FeatureSpec, Json, Transition, Webhook

EVENT_ID = "evt_1"


class UnknownScene(NamedTuple):
    """A request that makes such a row, and whose outcome stays unknown; Python source."""

    operation: str
    verb: str
    request: str  # what `client` is given
    auth: bool
    upstream: str
    fault: FaultScene
    event: str  # the event about that row, whose id is `waiting["id"]`
    doubled: tuple[str, ...]  # functions of the user's, in whose place the tests put their own


class EdgeScene(NamedTuple):
    """An event whose value is at the edge of what its row holds, or beyond; Python source."""

    label: str
    event: str  # a dict display
    values: str  # what the row holds then, a dict display


class RowScene(NamedTuple):
    """The row that an event changes; every `str` but the names is Python source."""

    class_name: str
    needed: str  # the rows that the row refers to
    maker: str  # the function that makes it
    blank: str  # further arguments: it has nothing yet of what the event sets
    state: str  # the field's name
    right: str
    wrong: tuple[str, ...]
    to: str
    values: str  # what the event writes, a dict display
    bare: str | None  # the event without what it may leave out, a dict display
    kept: tuple[str, ...]  # the fields that are left as they were then
    repeats: bool  # a second event of the type is applied, too
    longest: tuple[EdgeScene, ...]  # what the row has just room for
    longer: tuple[EdgeScene, ...]  # what it has no room for
    bounded: BoundedScene | None
    unknown: UnknownScene | None


class EventTest(NamedTuple):
    """An event of one type: it changes a row, is handed to a function, or both."""

    name: str
    constant: str
    payload: str  # a dict display
    row: RowScene | None
    hook: str | None


class WebhookTest(NamedTuple):
    """The events of one sender."""

    name: str
    path: str
    setting: str
    signature: str  # what signs, after the payload and the secret
    scheme: str
    named: str  # the event with another id; as it is where a header names it
    age: int | None  # too old, where the scheme knows of age
    events: tuple[EventTest, ...]
    unknown: str  # an event of a type that nobody waits for
    responses: str  # the documented statuses, a set display


class WebhookTests(NamedTuple):
    """`tests/test_<feature>_webhooks.py`."""

    imports: tuple[str, ...]
    events: str  # the class of the table
    hooks: tuple[str, ...]  # functions of the user's
    doubled: tuple[str, ...]  # others of the user's, in whose place the tests put their own
    has_seeds: bool
    webhooks: tuple[WebhookTest, ...]


def plan_webhook_tests(spec: FeatureSpec) -> WebhookTests | None:
    """The tests of all webhooks; None where there is no event to test them with."""
    tests = tuple(_webhook(each, spec) for each in spec.webhooks.values())
    webhooks = tuple(test for test in tests if test.events)
    if not webhooks:
        return None
    seeds = tuple(row.constant for row in rows(spec))
    schemes = sorted({test.scheme for test in webhooks})
    hooks = (event.hook for test in webhooks for event in test.events if event.hook)
    events = f"{pascal(spec.feature)}WebhookEvent"
    return WebhookTests(
        imports=(
            "import asyncio",
            "import json",
            "from collections.abc import Callable",
            *VALUE_IMPORTS,
            "from typing import Any",
            "import httpx2",
            "import pytest",
            "from fastapi import FastAPI",
            "from pydantic import SecretStr",
            "from app.core.config import Settings",
            "from app.core.webhooks import Event",
            "from app.db.session import Database",
            f"from app.services import {spec.feature}_hooks",
            f"from app.tables.{spec.feature} import {events}",
            *(f"from app.tables.{spec.feature} import {name}" for name in spec.entities),
            *(f"from tests.signing import sign_{scheme}" for scheme in schemes),
            *(
                f"from tests.{spec.feature}_rows import {name}"
                for name in (
                    "add",
                    "stored",
                    *(f"make_{snake(name)}" for name in spec.entities),
                    *(["add_rows"] if seeds else []),
                    *seeds,
                )
            ),
            "from tests.fakes.upstream import FakeUpstream",
        ),
        events=events,
        has_seeds=bool(seeds),
        hooks=tuple(dict.fromkeys(hooks)),
        doubled=tuple(dict.fromkeys(_doubled(webhooks))),
        webhooks=webhooks,
    )


def _doubled(webhooks: Iterable[WebhookTest]) -> Iterator[str]:
    for webhook in webhooks:
        for event in webhook.events:
            if event.row is not None and event.row.unknown is not None:
                yield from event.row.unknown.doubled


def _webhook(webhook: Webhook, spec: FeatureSpec) -> WebhookTest:
    by_header = webhook.scheme == "standard" and webhook.id == ("id",)
    return WebhookTest(
        name=webhook.name,
        path=py_string(webhook.path),
        setting=webhook.secret,
        signature=_signature(webhook, by_header=by_header),
        scheme=webhook.scheme,
        named="event" if by_header else _named(webhook.id, "event", "event_id"),
        age=None if webhook.scheme == "hmac" else int(webhook.tolerance) + 60,
        events=tuple(_event(event, webhook, spec) for event in webhook.events if _is_tested(event)),
        unknown=py_literal(_content(webhook, "nobody.waits.for.this")),
        responses=_responses(spec),
    )


def _responses(spec: FeatureSpec) -> str:
    found = {200, 400, 413, spec.validation_status, 500}
    return f"{{{', '.join(py_string(str(status)) for status in sorted(found))}}}"


def _named(path: tuple[str, ...], event: str, name: str) -> str:
    """A dict display: the event with another value where the path leads."""
    key, *rest = path
    inner = _named(tuple(rest), f"{event}[{py_string(key)}]", name) if rest else name
    return f"{{**{event}, {py_string(key)}: {inner}}}"


def _is_tested(event: Event) -> bool:
    """Whether something is done about it at once; a worker has tests of its own."""
    return event.transition is not None or not event.is_async


def _signature(webhook: Webhook, *, by_header: bool) -> str:
    match webhook.scheme:
        case "stripe":
            usual = webhook.header in {"", "stripe-signature"}
            return "" if usual else f", header={py_string(webhook.header)}"
        case "hmac":
            header, algorithm = py_string(webhook.header), py_string(webhook.algorithm)
            usual = webhook.algorithm == "sha256"
            return f", header={header}" + ("" if usual else f", algorithm={algorithm}")
        case _:
            return ", event_id=event_id" if by_header else ""


def _event(event: Event, webhook: Webhook, spec: FeatureSpec) -> EventTest:
    content = _content(webhook, event.type)
    name = re.sub(r"[^a-z0-9]+", "_", snake(event.type).lower()).strip("_")
    constant = f"{webhook.name}_{name}".upper()
    row = None
    if event.transition is not None:
        row = _row(event.transition, content, spec)
        row = row._replace(
            unknown=_unknown(event.transition, constant, spec),
            longest=tuple(_edges(event.transition, constant, spec, beyond=False)),
            longer=tuple(_edges(event.transition, constant, spec, beyond=True)),
        )
        for field, path in event.transition.set:
            entity = spec.entities[event.transition.entity]
            _put(content, path, sample(entity.field(field), spec))
    return EventTest(
        name=name,
        constant=constant,
        payload=py_literal(content),
        row=row,
        hook=None if event.is_async else event.hook,
    )


def _row(transition: Transition, content: dict[str, Json], spec: FeatureSpec) -> RowScene:
    """The row of the event; where its id stands is written into the event's content."""
    entity = spec.entities[transition.entity]
    state = entity.field(transition.field)
    _put(content, transition.by, made_values(entity, spec)[entity.id.name])
    optional = all(entity.field(name).nullable for name, _ in transition.set)
    bounded = bounded_scene(transition, spec)
    return RowScene(
        class_name=entity.name,
        needed=_needed(entity, bounded, spec),
        maker=f"make_{snake(entity.name)}",
        blank="".join(f", {name}=None" for name, _ in transition.set if _may_lack(entity, name)),
        state=state.name,
        right=py_literal(right_state(transition, entity)),
        wrong=tuple(py_literal(each) for each in state.values if each not in transition.from_)
        if transition.from_
        else (),
        to=py_literal(transition.to),
        values=_written(transition, entity, spec),
        bare=py_literal(content) if transition.set and optional else None,
        kept=tuple(name for name, _ in transition.set),
        repeats=not transition.from_ or transition.to in transition.from_,
        longest=(),
        longer=(),
        bounded=bounded,
        unknown=None,
    )


def _edges(
    transition: Transition, event: str, spec: FeatureSpec, *, beyond: bool
) -> Iterator[EdgeScene]:
    """The values that the event sets, one after the other at the edge of its column."""
    entity = spec.entities[transition.entity]
    for name, path in transition.set:
        field = entity.field(name)
        for case in edges(field, spec, beyond=beyond):
            yield EdgeScene(
                label=py_string(f"{name}: {case.label}"),
                event=_named(path, event, case_literal(case.value)),
                values=row_display({name: case.value}, entity) if not beyond else "{}",
            )


def _unknown(transition: Transition, event: str, spec: FeatureSpec) -> UnknownScene | None:
    """The create whose outcome the event may tell."""
    for operation in spec.operations.values():
        charge = charge_scene(operation, spec)
        if charge is None or operation.is_async or operation.entity != transition.entity:
            continue
        entity = spec.entities[operation.entity]
        born = entity.field(transition.field).generated
        if charge.call.state != transition.field or born is None:
            continue
        if transition.from_ and born.value not in transition.from_:
            continue
        model = spec.models[operation.request] if operation.request else None
        body = py_literal(sample_model(model, spec)) if model else None
        auth = operation.auth != "none"
        request = request_plan(operation, spec, body=body)
        return UnknownScene(
            doubled=doubled([operation]),
            operation=operation.name,
            verb=operation.method.lower(),
            request=request.send(headers="auth" if auth else None),
            auth=auth,
            upstream=charge.call.upstream,
            fault=charge.call.unknown[-1],
            event=_named(transition.by, event, 'waiting["id"]'),
        )
    return None


def _may_lack(entity: Entity, name: str) -> bool:
    return entity.field(name).nullable


def _needed(entity: Entity, bounded: BoundedScene | None, spec: FeatureSpec) -> str:
    """The rows that the row refers to; the bounded one is used up to its bound."""
    rows = needed_rows(entity, spec)
    if bounded is not None:
        rows = tuple(bounded.row if row == bounded.plain else row for row in rows)
    return "".join(f"{row}, " for row in rows)


def _written(transition: Transition, entity: Entity, spec: FeatureSpec) -> str:
    values: dict[str, Json] = {transition.field: transition.to}
    for name, _ in transition.set:
        values[name] = sample(entity.field(name), spec)
    return row_display(values, entity)


def _content(webhook: Webhook, type_: str) -> dict[str, Json]:
    content: dict[str, Json] = {}
    _put(content, webhook.id, EVENT_ID)
    _put(content, webhook.type, type_)
    return content


def _put(content: dict[str, Json], path: tuple[str, ...], value: Json) -> None:
    """Write a value where the path leads."""
    for key in path[:-1]:
        inner = content.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        content = inner
    content[path[-1]] = value
