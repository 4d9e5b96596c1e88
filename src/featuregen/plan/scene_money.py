"""Operations that must not happen twice, too often, or half: what their tests do.

The seeded rows of `scene_makers` are there; each operation has its own, in the state that it wants.
What else a test needs it changes past the app. While the fake upstream holds a call, tests look at
what is stored, ask again, or settle the row as an event would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.clients import callers
from featuregen.plan.names import pascal, snake, words
from featuregen.plan.python_values import VALUE_IMPORTS
from featuregen.plan.quote import docstring, py_literal
from featuregen.plan.samples import sample_model
from featuregen.plan.scene_charges import charge_scene, refresh_scene
from featuregen.plan.scene_guards import doubled, guard_scene
from featuregen.plan.scene_keys import key_scene
from featuregen.plan.scene_makers import stored_source
from featuregen.plan.scene_requests import request_plan
from featuregen.plan.scene_reserve import reserve_scene
from featuregen.plan.scene_rows import row_of, rows

if TYPE_CHECKING:
    from featuregen.plan.scene_charges import ChargeScene, RefreshScene
    from featuregen.plan.scene_guards import GuardScene
    from featuregen.plan.scene_keys import KeyScene
    from featuregen.plan.scene_requests import RequestPlan
    from featuregen.plan.scene_reserve import ReserveScene
    from featuregen.spec.model import FeatureSpec, Operation


_DONE = 200  # what tests call the status of a job that is done


class TransitionScene(NamedTuple):
    """A change of state; every `str` but the field is Python source."""

    table: str
    id: str  # the constant of the row's id
    field: str
    states: tuple[str, ...]  # those that it starts from
    to: str


class MoneyTest(NamedTuple):
    """What is tested of one operation; a part that does not apply is None."""

    name: str
    verb: str
    request: RequestPlan
    constant: str | None
    body: str | None
    status: int
    auth: bool
    validation_status: int
    table: str | None  # the rows that it makes, or changes
    upstream: str | None
    creates: bool
    is_async: bool
    keyed: KeyScene | None
    charge: ChargeScene | None
    refresh: RefreshScene | None
    reserve: ReserveScene | None
    transition: TransitionScene | None
    guard: GuardScene | None

    def asking(self, headers: str | None, body: str | None = None) -> str:
        """What a test awaits for the operation's answer, be it now or by a worker."""
        asked = f"client.{self.verb}({self.request.send(headers=headers, body=body)})"
        if not self.is_async:
            return asked
        return f"finish(client, queue, {asked}{f', {headers}' if headers else ''})"


class MoneyTests(NamedTuple):
    """`tests/test_<feature>_money.py`."""

    docstring: str
    imports: tuple[str, ...]
    fakes: tuple[str, ...]
    seeds: tuple[str, ...]  # constants
    operations: tuple[MoneyTest, ...]
    doubled: tuple[str, ...]  # functions of the user's, in whose place the tests put their own
    tables: tuple[str, ...]  # classes
    looks_at_rows: bool  # at seeded ones
    calls: bool  # while an upstream is called, the database is looked at


def plan_money_tests(spec: FeatureSpec) -> MoneyTests | None:
    """The tests of a feature's operations that are done once, or up to a bound; None without."""
    planned = {operation.name: _test(operation, spec) for operation in spec.operations.values()}
    tests = tuple(test for test in planned.values() if _has_scenes(test))
    if not tests:
        return None
    upstreams = {test.upstream for test in tests}
    seeds = tuple(row.constant for row in rows(spec))
    return MoneyTests(
        docstring=docstring(
            f"What the {words(spec.feature)} feature does once, up to a bound, or not at all",
            _body(spec, has_guards=any(test.guard for test in tests)),
            indent=0,
        ),
        imports=tuple(_imports(spec, seeds)),
        fakes=tuple(name for name in spec.upstreams if name in upstreams),
        seeds=seeds,
        operations=tests,
        doubled=doubled(spec.operations[test.name] for test in tests),
        tables=tuple(spec.entities),
        looks_at_rows=any(test.refresh or test.reserve or test.transition for test in tests),
        calls=any(test.charge or test.refresh for test in tests),
    )


def _body(spec: FeatureSpec, *, has_guards: bool) -> str | None:
    """What the tests do about functions of the user's, and what they cannot know of them."""
    said: list[str] = []
    if has_guards:
        said.append(
            "In place of your functions around operations stand some that refuse, or that change "
            "nothing."
        )
    own = [
        operation.name
        for operation in spec.operations.values()
        if operation.idempotent and operation.hook and not operation.is_async
    ]
    if own:
        said.append(
            f"Not here: {', '.join(own)}. What is done there once is a function of yours, and "
            "yours to test; test_core_idempotency.py shows what its key is good for."
        )
    return "\n\n".join(said) or None


def _has_scenes(test: MoneyTest) -> bool:
    parts = (test.keyed, test.charge, test.refresh, test.reserve, test.transition, test.guard)
    return any(parts)


def _imports(spec: FeatureSpec, seeds: tuple[str, ...]) -> list[str]:
    feature = spec.feature
    made = (
        *seeds,
        *(["add_rows"] if seeds else []),
        *("add", "stored"),
        *(f"make_{snake(name)}" for name in spec.entities),
    )
    return [
        "import asyncio",
        *VALUE_IMPORTS,
        "from collections.abc import Awaitable",
        "from typing import Any, NamedTuple",
        "import httpx2",
        "import pytest",
        "from fastapi import FastAPI",
        "from sqlalchemy import Delete, QueuePool, Select, Update",
        "from sqlalchemy import delete, event, make_url, update",
        "from pydantic import TypeAdapter",
        "from app.core.errors import AppError",
        "from app.core.idempotency import LIFETIME",
        "from app.core.jobs import JobQueue",
        "from app.core.resources import get_resource",
        "from app.db.base import Base, utcnow",
        "from app.db.session import Database",
        f"from app.services import {feature}_hooks",
        *(f"from app.models.{feature} import {name}" for name in spec.models),
        f"from app.tables.{feature} import {pascal(feature)}IdempotencyKey",
        *(f"from app.tables.{feature} import {name}" for name in spec.entities),
        *(
            f"from app.clients.{name} import {pascal(name)}Client"
            for name in spec.upstreams
            if callers(name, spec)
        ),
        "from tests.conftest import TokenFactory",
        "from tests.fakes.upstream import FakeUpstream",
        *(f"from tests.{feature}_rows import {name}" for name in made),
    ]


def _test(operation: Operation, spec: FeatureSpec) -> MoneyTest:
    model = spec.models[operation.request] if operation.request else None
    constant = operation.name.upper() if model else None
    request = _matching(request_plan(operation, spec, body=constant), operation)
    return MoneyTest(
        name=operation.name,
        verb=operation.method.lower(),
        request=request,
        constant=constant,
        body=py_literal(sample_model(model, spec)) if model else None,
        status=_DONE if operation.is_async else operation.status,
        auth=operation.auth != "none",
        validation_status=spec.validation_status,
        table=operation.entity,
        upstream=operation.call.upstream if operation.call else None,
        creates=operation.action == "create",
        is_async=operation.is_async,
        keyed=None if operation.is_async else key_scene(operation, request, spec),
        charge=charge_scene(operation, spec),
        refresh=refresh_scene(operation, spec),
        reserve=reserve_scene(operation, spec),
        transition=_transition(operation, spec),
        guard=guard_scene(operation, spec) if spec.entities else None,  # looks at rows
    )


def _matching(request: RequestPlan, operation: Operation) -> RequestPlan:
    """With the condition that an update may insist on: any version of the row will do."""
    if operation.if_match != "required" or operation.action not in {"update", "delete"}:
        return request
    match = '{"If-Match": "*"}'
    return request._replace(headers=f"{request.headers} | {match}" if request.headers else match)


def _transition(operation: Operation, spec: FeatureSpec) -> TransitionScene | None:
    transition, row = operation.transition, row_of(operation, spec)
    if transition is None or row is None:
        return None
    field = row.entity.field(transition.field)
    states = transition.from_ or tuple(value for value in field.values if value != transition.to)
    return TransitionScene(
        table=row.entity.name,
        id=row.constant,
        field=field.name,
        states=tuple(stored_source(state, field) for state in states),
        to=stored_source(transition.to, field),
    )
