"""What the tests of jobs send and expect: done, refused, tried again, taken over from the dead."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from featuregen.plan.fakes import bytes_literal, content_sample
from featuregen.plan.jobs import later_operations, may_repeat
from featuregen.plan.names import pascal, snake, words
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.samples import normalised_model, sample, sample_model
from featuregen.plan.scene_makers import make, needed_rows, plan_rows
from featuregen.plan.scene_rows import right_state
from featuregen.plan.scene_upstream import failures
from featuregen.plan.scenes import ConstantPlan, answer_check, constant, work_tests
from featuregen.plan.signatures import returns
from featuregen.plan.stored_calls import may_repeat as may_repeat_call
from featuregen.plan.stored_calls import state_field
from featuregen.plan.stored_webhooks import method_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.plan.scene_upstream import FailurePlan
    from featuregen.plan.scenes import OperationTests
    from featuregen.spec.model import Event, FeatureSpec, Json, Operation, Webhook

_UNDECIDED = frozenset({408, 409, 425, 429})
_OF_CLIENTS = range(400, 500)


class JobTest(NamedTuple):
    """An operation that is done later. Every `str` is Python."""

    tests: OperationTests
    kind: str  # a literal: "report.order_report"
    send: str  # arguments of the test client
    resend: str  # with `key`, the headers of an idempotent request
    headers: str  # those that ask for the job
    check: tuple[str, ...]  # statements about `done`
    entity: str | None  # the class of the row that it makes
    decided: str | None  # values of the row once its outcome is known
    written: str | None  # what a function of the user's might answer
    written_json: str
    refusal: FailurePlan | None
    is_tried_again: bool  # after an outage of the upstream
    is_repeatable: bool
    is_idempotent: bool
    sensitive: tuple[str, ...]


class EventJobTest(NamedTuple):
    """An event whose function is called later. Every `str` is Python."""

    name: str
    hook: str
    path: str
    secret: str
    sign: str  # the function
    arguments: str
    payload: str
    rows: tuple[str, ...]  # those that it changes


class JobsTests(NamedTuple):
    """`tests/test_<feature>_jobs.py`."""

    docstring: str
    imports: tuple[str, ...]
    constants: tuple[ConstantPlan, ...]
    table: str
    operations: tuple[JobTest, ...]
    events: tuple[EventJobTest, ...]
    fakes: tuple[str, ...]
    needs_token: bool  # who asks for a job
    has_rows: bool  # that the endpoints need


def plan_jobs_tests(spec: FeatureSpec) -> JobsTests | None:
    """The tests of what workers do; None where they do nothing."""
    operations = later_operations(spec)
    events = tuple(_events(spec))
    if not operations and not events:
        return None
    tests = tuple(_operation(operation, spec) for operation in operations)
    return JobsTests(
        docstring=docstring(f"What the {words(spec.feature)} feature does later", indent=0),
        imports=tuple(_imports(spec)),
        constants=tuple(
            ConstantPlan(constant(each), py_literal(sample_model(spec.models[each.request], spec)))
            for each in operations
            if each.request
        ),
        table=f"{pascal(spec.feature)}Job",
        operations=tests,
        events=events,
        fakes=tuple(dict.fromkeys(test.tests.upstream for test in tests if test.tests.upstream)),
        needs_token={operation.auth for operation in operations} == {"required"},
        has_rows=bool((row_plan := plan_rows(spec)) and row_plan.ids),
    )


def _imports(spec: FeatureSpec) -> Iterator[str]:
    yield "import asyncio"
    yield "import json"
    yield "from collections.abc import Callable"
    yield "from contextlib import suppress"
    yield "from datetime import timedelta"
    yield "from typing import Any"
    yield "import httpx2"
    yield "import pytest"
    yield "from fastapi import FastAPI"
    yield "from pydantic import TypeAdapter"
    yield "from sqlalchemy import select, update"
    yield "from app.core.config import Settings"
    yield "from app.core.jobs import JobQueue"
    yield "from app.core.resources import get_resource, set_resource"
    yield "from app.db.base import utcnow"
    yield "from app.db.session import Database"
    yield f"from app.services import {spec.feature}_hooks"
    yield f"from app.tables.{spec.feature} import {pascal(spec.feature)}Job"
    yield "from tests.conftest import Logs"
    yield "from tests.fakes.upstream import FakeUpstream"
    for name in spec.models:
        yield f"from app.models.{spec.feature} import {name}"
    for name in spec.entities:
        yield f"from app.tables.{spec.feature} import {name}"
    if spec.entities:
        yield f"from tests.{spec.feature}_rows import add, add_rows, stored"
        yield from (
            f"from tests.{spec.feature}_rows import make_{snake(name)}" for name in spec.entities
        )
    row_plan = plan_rows(spec)
    yield from (
        f"from tests.{spec.feature}_rows import {row.name}"
        for row in (row_plan.ids if row_plan else ())
    )
    for scheme in sorted({webhook.scheme for webhook in spec.webhooks.values()}):
        yield f"from tests.signing import sign_{scheme}"


def _operation(operation: Operation, spec: FeatureSpec) -> JobTest:
    tests = work_tests(operation, spec)
    asked = "auth" if operation.auth != "none" else None
    found = failures(operation, spec)
    repeatable = may_repeat(operation, spec)
    return JobTest(
        tests=tests,
        kind=py_string(f"{spec.feature}.{operation.name}"),
        send=tests.request.send(headers=asked),
        resend=tests.request.send(headers="auth | key"),
        headers=f", headers={asked}" if asked else "",
        check=_check(operation, spec),
        entity=operation.entity,
        decided=_decided(operation, spec),
        written=_written(operation) if operation.hook is not None else None,
        written_json=py_literal(_answer(operation, spec)),
        refusal=next((each for each in found if _is_refusal(each)), None),
        is_tried_again=repeatable and tests.broken is not None,
        is_repeatable=repeatable,
        is_idempotent=operation.idempotent,
        sensitive=tests.sensitive,
    )


def _is_refusal(failure: FailurePlan) -> bool:
    """Whether the upstream has definitely done nothing."""
    return failure.upstream_status in _OF_CLIENTS and failure.upstream_status not in _UNDECIDED


def _decided(operation: Operation, spec: FeatureSpec) -> str | None:
    """How a row that waits for its call looks once an event has settled it."""
    if operation.call is None or operation.action != "create":
        return None
    entity = spec.entities[operation.entity or ""]
    state = state_field(entity, operation.call)
    if state is None or not may_repeat_call(operation, operation.call, spec):
        return None
    first = state.generated.value if state.generated else None
    other = next(value for value in state.values if value != first)
    return f"{entity.name}.{state.name}: {py_literal(other)}"


def _answer(operation: Operation, spec: FeatureSpec) -> Json:
    """What the operation might answer, as JSON."""
    kind = operation.response.kind
    if kind == "none":
        return None
    if kind in {"text", "html", "bytes"}:
        content = content_sample(operation)
        return base64.b64encode(content).decode() if kind == "bytes" else content.decode()
    model = spec.models[operation.response.model or ""]
    one = normalised_model(sample_model(model, spec), model, spec)
    return [one] if kind == "list" else one


def _written(operation: Operation) -> str:
    """That answer as the function returns it; `ANSWER` is its JSON."""
    match operation.response.kind:
        case "none":
            return "None"
        case "bytes":
            return bytes_literal(content_sample(operation))
        case "text" | "html":
            return "answer"
        case _:
            return f"TypeAdapter({returns(operation)}).validate_python(answer)"


def _check(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    kind = operation.response.kind
    if kind == "none":
        return ('assert done["result"] is None',)
    own = operation.hook is not None or operation.after is not None
    if kind in {"text", "html", "bytes"}:
        content = content_sample(operation)
        text = base64.b64encode(content).decode() if kind == "bytes" else content.decode()
        known = 'isinstance(done["result"], str)' if own else f'done["result"] == {py_string(text)}'
        return (f"assert {known}",)
    model = spec.models[operation.request] if operation.request else None
    body = sample_model(model, spec) if model else {}
    check = answer_check(replace(operation, is_async=False), spec, body)
    return tuple(line.strip() for line in _of_job(check).splitlines())


def _of_job(check: str) -> str:
    return check.replace("response.json()", 'done["result"]')


def _events(spec: FeatureSpec) -> Iterator[EventJobTest]:
    for webhook in spec.webhooks.values():
        for event in webhook.events:
            if event.is_async and event.hook is not None:
                yield EventJobTest(
                    name=method_name(event).removeprefix("on_"),
                    hook=event.hook,
                    path=py_string(webhook.path),
                    secret=f"settings.{webhook.secret}.get_secret_value()",
                    sign=f"sign_{webhook.scheme}",
                    arguments=_sign_arguments(webhook),
                    payload=py_literal(_payload(event, webhook, spec)),
                    rows=_changed_row(event, spec),
                )


def _sign_arguments(webhook: Webhook) -> str:
    """What the signature takes after the payload and the secret."""
    header = f", header={py_string(webhook.header)}"
    match webhook.scheme:
        case "stripe":
            return header
        case "hmac":
            return f"{header}, algorithm={py_string(webhook.algorithm)}"
        case _:
            return ""


def _payload(event: Event, webhook: Webhook, spec: FeatureSpec) -> dict[str, Json]:
    """What the sender says: which event it is, and of which row."""
    placed: dict[tuple[str, ...], Json] = {webhook.id: "evt_1", webhook.type: event.type}
    if event.transition is not None:
        entity = spec.entities[event.transition.entity]
        placed |= {path: sample(entity.field(name), spec) for name, path in event.transition.set}
        placed[event.transition.by] = sample(entity.id, spec)
    content: dict[str, Json] = {}
    for path, value in placed.items():
        inner: Any = content
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    return content


def _changed_row(event: Event, spec: FeatureSpec) -> tuple[str, ...]:
    """The rows that the event needs: one in the right state, below those that it refers to."""
    if event.transition is None:
        return ()
    entity = spec.entities[event.transition.entity]
    state = {event.transition.field: right_state(event.transition, entity)}
    return (*needed_rows(entity, spec, beside_seeds=True), make(entity, spec, state))
