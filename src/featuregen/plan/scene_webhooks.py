"""What the tests of webhooks send: each event that changes a row, and what else may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import sample
from featuregen.plan.scene_makers import needed_rows
from featuregen.plan.scene_rows import right_state

if TYPE_CHECKING:
    from featuregen.spec.model import Event, FeatureSpec, Json, Transition, Webhook


class EventTest(NamedTuple):
    """An event that changes the state of a row."""

    name: str
    payload: str  # a dict display
    class_name: str
    needed: str  # the rows that the row refers to
    row: str  # makes the row, but for its state
    state: str
    right: str
    wrong: tuple[str, ...]
    to: str


class WebhookTest(NamedTuple):
    """The events of one sender."""

    name: str
    path: str
    secret: str
    sign: str  # the arguments of the signature, after the payload and the secret
    scheme: str
    age: int | None  # too old, where the scheme knows of age
    events: tuple[EventTest, ...]
    unknown: str  # an event of a type that nobody waits for


def plan_webhook_tests(spec: FeatureSpec) -> tuple[WebhookTest, ...]:
    """The tests of all webhooks with an event that changes a row."""
    tests = (_webhook(each, spec) for each in spec.webhooks.values())
    return tuple(test for test in tests if test.events)


def _webhook(webhook: Webhook, spec: FeatureSpec) -> WebhookTest:
    age = None if webhook.scheme == "hmac" else int(webhook.tolerance) + 60
    return WebhookTest(
        name=webhook.name,
        path=py_string(webhook.path),
        secret=f"settings.{webhook.secret}.get_secret_value()",
        sign=_sign(webhook),
        scheme=webhook.scheme,
        age=age,
        events=tuple(
            _event(event, event.transition, webhook, spec)
            for event in webhook.events
            if event.transition is not None and not event.is_async
        ),
        unknown=py_literal(_content(webhook, "nobody.waits.for.this")),
    )


def _sign(webhook: Webhook) -> str:
    match webhook.scheme:
        case "stripe":
            return f", header={py_string(webhook.header)}"
        case "hmac":
            header, algorithm = py_string(webhook.header), py_string(webhook.algorithm)
            return f", header={header}, algorithm={algorithm}"
        case _:
            return ""


def _event(event: Event, transition: Transition, webhook: Webhook, spec: FeatureSpec) -> EventTest:
    entity = spec.entities[transition.entity]
    state = entity.field(transition.field)
    content = _content(webhook, event.type)
    for name, path in transition.set:
        _put(content, path, sample(entity.field(name), spec))
    _put(content, transition.by, sample(entity.id, spec))
    return EventTest(
        name=snake(event.type.replace(".", "_").replace("-", "_")),
        payload=py_literal(content),
        class_name=entity.name,
        needed="".join(f"{row}, " for row in needed_rows(entity, spec)),
        row=f"make_{snake(entity.name)}",
        state=state.name,
        right=py_literal(right_state(transition, entity)),
        wrong=tuple(py_literal(each) for each in state.values if each not in transition.from_)
        if transition.from_
        else (),
        to=py_literal(transition.to),
    )


def _content(webhook: Webhook, type_: str) -> dict[str, Json]:
    content: dict[str, Json] = {}
    _put(content, webhook.id, "evt_1")
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
