"""The tests of a feature: which requests are sent, and what has to come back.

Everything is taken from the spec: the sample of each model, the values just inside and just outside
each constraint, every error an upstream's status is mapped to, every example. The templates only
print it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from featuregen.plan.answers import echoed, upstream_answer
from featuregen.plan.clients import callers, needs_key
from featuregen.plan.docs import CORE_ERRORS
from featuregen.plan.fakes import bytes_literal, content_sample
from featuregen.plan.kept import admits
from featuregen.plan.locations import found_at, tells_location
from featuregen.plan.names import pascal, snake, words
from featuregen.plan.operations import answered_errors, route_path, validates
from featuregen.plan.python_values import VALUE_IMPORTS, python_value
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.samples import (
    minimal_model,
    normalised_model,
    sample,
    sample_model,
    violations,
)
from featuregen.plan.scene_answers import stored_check
from featuregen.plan.scene_cases import CaseGroup, body_cases, case_groups, parameter_cases
from featuregen.plan.scene_examples import ExamplePlan, plan_examples
from featuregen.plan.scene_makers import RowsPlan, plan_rows
from featuregen.plan.scene_requests import RequestPlan, request_plan, text
from featuregen.plan.scene_reserve import room_for
from featuregen.plan.scene_rows import path_value
from featuregen.plan.scene_secrets import secret_texts
from featuregen.plan.scene_taken import TakenScene, taken_scene
from featuregen.plan.scene_upstream import (
    FailurePlan,
    SentPlan,
    error_body,
    failures,
    sent_plan,
    unusable_answers,
)
from featuregen.plan.signatures import all_params, service_takes, stores, takes_attempt

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Json, Operation


class ConstantPlan(NamedTuple):
    """A constant at the top of a test module."""

    name: str
    value: str


class RulePlan(NamedTuple):
    """A rule over several fields, and a request that breaks it."""

    id: str
    body: str  # a request that breaks this rule
    message: str


class RatePlan(NamedTuple):
    """A rate limit, as its test counts it."""

    amount: int
    seconds: int
    policy: str  # how the limit shows in the RateLimit-Policy header
    by_user: bool


class OperationTests(NamedTuple):
    """Everything that the tests of one operation send and expect."""

    name: str
    pascal: str  # "CreatePayment"
    request_model: str | None
    client_class: str | None
    verb: str
    request: RequestPlan
    status: int
    check: str  # a statement about `response`
    upstream: str | None
    sent: SentPlan | None
    minimal: str | None  # a body with the required fields only
    minimal_sent: SentPlan | None
    accepted_groups: tuple[CaseGroup, ...]
    refused_groups: tuple[CaseGroup, ...]
    required: tuple[str, ...]  # names in JSON
    numbers: tuple[str, ...]  # names in JSON of fields that hold one
    refuses_unknown: bool
    rules: tuple[RulePlan, ...]
    validation_status: int
    auth: str
    permission: str | None
    other_permissions: str  # every permission but this one, as a list display
    rate: RatePlan | None
    failures: tuple[FailurePlan, ...]
    error_body: str  # the upstream's error body, as a literal
    unusable: tuple[str, ...]
    broken: FailurePlan | None  # drops and unusable answers
    timeout: FailurePlan | None
    attempts: int  # of a call that may be repeated, else 1
    key_header: str | None
    clashes: bool  # the same request makes no second row
    responses: str  # the set of documented statuses, as a literal
    defaults: str | None  # of parameters, as they are documented: a dict display
    openapi_path: str
    hook: str | None
    limits_tested: (
        bool  # a refused request carries no RateLimit headers, nor does an unwritten hook
    )
    service_call: str  # arguments of the service's method
    taken: TakenScene | None
    sensitive: tuple[str, ...]  # literals that must not show in a log
    is_async: bool = False
    located: LocatedPlan | None = None
    admitted_by: str | None = None  # the hook that is asked also where the answer is kept


class LocatedPlan(NamedTuple):
    """Where the answer says that the new row is found."""

    base: str  # the path but for the id, a literal
    id_name: str | None  # in the JSON of the answer and of what is found, where both tell
    is_readable: bool  # by who has made it


class TestsPlan(NamedTuple):
    """`tests/test_<feature>_api.py` and `tests/test_<feature>_service.py`."""

    api_docstring: str
    service_docstring: str
    api_imports: tuple[str, ...]
    service_imports: tuple[str, ...]
    constants: tuple[ConstantPlan, ...]
    rows: RowsPlan | None
    fakes: tuple[str, ...]
    operations: tuple[OperationTests, ...]
    examples: tuple[ExamplePlan, ...]
    service_arguments: str
    uses_user: bool
    has_auth: bool


def plan_tests(spec: FeatureSpec) -> TestsPlan:
    operations = tuple(_operation_tests(operation, spec) for operation in spec.operations.values())
    clients = [name for name in spec.upstreams if callers(name, spec)]
    title = words(spec.feature)
    row_plan = plan_rows(spec)
    constants = tuple(
        ConstantPlan(
            constant(operation), py_literal(sample_model(spec.models[operation.request], spec))
        )
        for operation in spec.operations.values()
        if operation.request
    )
    named = row_plan.ids if row_plan else ()
    shared = (
        *(f"from tests.{spec.feature}_rows import {row.name}" for row in named),
        *([f"from tests.{spec.feature}_rows import add_rows"] if named else []),
        *(["from app.db.session import Database"] if named else []),
        "from typing import Any, cast",
        "import pytest",
        "from fastapi import FastAPI",
        "from app.core.config import Settings",
        *(f"from app.models.{spec.feature} import {name}" for name in spec.models),
        "from tests.fakes.upstream import FakeUpstream",
    )
    return TestsPlan(
        api_docstring=docstring(f"The {title} endpoints, through the app", indent=0),
        service_docstring=docstring(
            f"The {title} service in front of its upstreams, without HTTP on our side", indent=0
        ),
        api_imports=(
            *shared,
            "from pydantic import TypeAdapter",
            "from app.core.jobs import JobRead",
            "from app.core.errors import NotFoundError",
            "import io",
            "import json",
            "import time",
            "from collections.abc import Callable",
            "import httpx2",
            f"from app.services import {spec.feature}_hooks",
        ),
        service_imports=(
            *shared,
            "import asyncio",
            *VALUE_IMPORTS,
            "from app.core.attempts import Attempt",
            "from app.core.auth import User",
            "from collections.abc import AsyncGenerator",
            *(
                [
                    "from app.db.session import Database",
                    *(f"from app.tables.{spec.feature} import {name}" for name in spec.entities),
                    *(
                        f"from tests.{spec.feature}_rows import {name}"
                        for name in ("add", "stored", *(f"make_{snake(x)}" for x in spec.entities))
                    ),
                ]
                if stores(spec)
                else []
            ),
            "from app.core.resources import get_resource",
            "from app.core.upstream import UpstreamFailedError",
            *(f"from app.core.errors import {name}" for name in ("ConflictError", *spec.errors)),
            *(f"from app.clients.{name} import {pascal(name)}Client" for name in clients),
            f"from app.services.{spec.feature}_service import {pascal(spec.feature)}Service",
        ),
        constants=constants,
        rows=row_plan,
        fakes=tuple(clients),
        operations=operations,
        examples=plan_examples(spec),
        service_arguments=", ".join(f"get_resource(app, {pascal(name)}Client)" for name in clients),
        uses_user=any(
            "user" in service_takes(operation, spec) for operation in spec.operations.values()
        ),
        has_auth=any(operation.auth != "none" for operation in spec.operations.values()),
    )


_NUMBERS = frozenset({"int", "float", "decimal"})
_MOST_REQUESTS = 100
"""Of a rate limit that a test exhausts."""


def constant(operation: Operation) -> str:
    return operation.name.upper()


def _operation_tests(operation: Operation, spec: FeatureSpec) -> OperationTests:
    tests = work_tests(operation, spec)
    if not operation.is_async:
        return tests
    return tests._replace(  # what a worker does is tested apart
        check=_ACCEPTED,
        sent=None,
        minimal_sent=None,
        accepted_groups=tuple(group.without_calls() for group in tests.accepted_groups),
        hook=None,
        limits_tested=True,
        is_async=True,
    )


_ACCEPTED = 'assert JobRead.model_validate(response.json()).status == "queued"'


def work_tests(operation: Operation, spec: FeatureSpec) -> OperationTests:
    model = spec.models[operation.request] if operation.request else None
    body = sample_model(model, spec) if model else {}
    least = minimal_model(model, spec) if model else None
    cases = body_cases(operation, spec) if model else ((), ())
    in_params = parameter_cases(operation, spec)
    upstream = spec.upstreams[operation.call.upstream] if operation.call else None
    repeatable = bool(
        upstream
        and operation.call
        and (
            operation.call.method in {"GET", "PUT", "DELETE", "HEAD"}
            or needs_key(operation.call, upstream)
        )
    )
    return OperationTests(
        name=operation.name,
        pascal=pascal(operation.name),
        request_model=operation.request,
        client_class=f"{pascal(upstream.name)}Client" if upstream else None,
        verb=operation.method.lower(),
        request=request_plan(operation, spec, body=constant(operation) if model else None),
        status=operation.status,
        check=answer_check(operation, spec, body),
        upstream=upstream.name if upstream else None,
        sent=sent_plan(operation, spec, body),
        minimal=py_literal(least) if least is not None and least != body else None,
        minimal_sent=sent_plan(operation, spec, least)
        if least is not None and least != body
        else None,
        accepted_groups=case_groups((*cases[0], *in_params[0]), operation),
        refused_groups=case_groups((*cases[1], *in_params[1]), operation),
        required=tuple(
            py_string(field.wire_name)
            for field in model.fields
            if field.required and not field.has_default and not field.patch
        )
        if model
        else (),
        numbers=tuple(
            py_string(field.wire_name)
            for field in (model.fields if model else ())
            if field.type.kind in _NUMBERS
        ),
        refuses_unknown=bool(model and not model.ignore_extra),
        rules=tuple(
            RulePlan(py_string(f"rule {number}"), py_literal(payload), py_string(rule.message))
            for number, (rule, payload) in enumerate(violations(model, spec), 1)
        )
        if model
        else (),
        validation_status=spec.validation_status,
        auth=operation.auth,
        permission=operation.permission,
        other_permissions=_other_permissions(operation, spec),
        rate=_rate(operation),
        failures=failures(operation, spec),
        error_body=error_body(operation, spec),
        unusable=unusable_answers(operation, spec),
        broken=_failure(operation, spec, "other"),
        timeout=_failure(operation, spec, "timeout"),
        attempts=upstream.retries + 1 if upstream and repeatable else 1,
        key_header=py_string(upstream.idempotency_header.lower())
        if upstream
        and upstream.idempotency_header
        and operation.call
        and needs_key(operation.call, upstream)
        else None,
        clashes=_clashes(operation, spec),
        responses=_responses(operation, spec),
        defaults=_defaults(operation),
        openapi_path=py_string(route_path(operation, spec)),
        hook=operation.hook,
        located=_located(operation, spec),
        admitted_by=operation.before if admits(operation) else None,
        limits_tested=operation.hook is None and not _runs_out(operation, spec),
        service_call=_service_call(operation, spec),
        taken=taken_scene(operation, spec),
        sensitive=tuple(map(py_literal, secret_texts(model, body))) if model else (),
    )


def _located(operation: Operation, spec: FeatureSpec) -> LocatedPlan | None:
    found = found_at(operation, spec)
    if found is None or not tells_location(operation, spec):
        return None
    base = found.path
    for field in operation.path_params:
        value = text(path_value(operation, field, spec))
        base = base.replace(f"{{{field.wire_name}}}", quote(value, safe=""))
    key = spec.entities[operation.entity or ""].id.name
    names = [
        {each.wire_name for each in spec.models[op.response.model].fields if each.name == key}
        for op in (operation, found.by)
        if op.response.kind == "model" and op.response.model
    ]
    shared = names[0] & names[1] if len(names) == _BOTH else set[str]()
    return LocatedPlan(
        base=py_string(base),
        id_name=next(iter(shared), None),
        is_readable=operation.auth != "none" or found.by.auth == "none",
    )


_BOTH = 2


def _failure(operation: Operation, spec: FeatureSpec, kind: str) -> FailurePlan | None:
    return next((item for item in failures(operation, spec, kinds=(kind,))), None)


def answer_check(operation: Operation, spec: FeatureSpec, body: dict[str, Json]) -> str:
    """What the answer must be: the fake's, mapped; for a hook, just one of the right kind."""
    kind, model = operation.response.kind, operation.response.model
    if kind == "none":
        return 'assert response.content == b""'
    if operation.hook is not None or operation.after is not None:
        match kind:
            case "model":
                return f"{model}.model_validate(response.json())"
            case "list":
                return f"TypeAdapter(list[{model}]).validate_python(response.json())"
            case _:
                return f'assert response.headers["content-type"].startswith({_media_type(kind)})'
    if operation.stored:
        return stored_check(operation, spec, body)
    if kind in {"text", "html", "bytes"}:
        return f"assert response.content == {bytes_literal(content_sample(operation))}"
    answer = upstream_answer(operation, spec)
    if kind == "list":
        return f"assert response.json() == [{py_literal(answer.expected)}]"
    request = spec.models[operation.request] if operation.request else None
    asked = normalised_model(body, request, spec) if request else {}
    path = {field.name: sample(field, spec) for field in operation.path_params}
    return f"assert response.json() == {py_literal(echoed(answer, operation, spec, asked, path))}"


def _media_type(kind: str) -> str:
    return py_string(
        {"text": "text/plain", "html": "text/html"}.get(kind, "application/octet-stream")
    )


def _other_permissions(operation: Operation, spec: FeatureSpec) -> str:
    known = {each.permission for each in spec.operations.values() if each.permission}
    others = sorted({*known, "another.permission"} - {operation.permission})
    return f"[{', '.join(py_string(name) for name in others)}]"


def _rate(operation: Operation) -> RatePlan | None:
    if not operation.rate_limits:
        return None
    tightest = min(operation.rate_limits, key=lambda limit: limit.amount)
    if tightest.amount > _MOST_REQUESTS:
        return None
    return RatePlan(
        tightest.amount,
        tightest.seconds,
        py_string(f"q={tightest.amount};w={tightest.seconds}"),
        operation.auth != "none",
    )


def _responses(operation: Operation, spec: FeatureSpec) -> str:
    statuses = {operation.status} | ({spec.validation_status} if validates(operation) else set())
    for name in answered_errors(operation, spec):
        own = spec.errors.get(name)
        statuses.add(own.status if own else CORE_ERRORS[name][0])
    return "{" + ", ".join(py_string(str(status)) for status in sorted(statuses)) + "}"


def _defaults(operation: Operation) -> str | None:
    """What a parameter is where a request leaves it out, of types that JSON has, too."""
    found: dict[str, Json] = {
        field.wire_name: field.default
        for field in operation.query
        if field.default is not None and field.type.kind in {"int", "bool", "string", "enum"}
    }
    return py_literal(found) if found else None


def _runs_out(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the same request cannot be done as often as its limit allows."""
    if operation.action in {"delete", "transition"}:
        return True
    rate = _rate(operation)
    if operation.reserve and rate and not room_for(operation, rate.amount, spec):
        return True
    return _clashes(operation, spec)


def _clashes(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the same request makes no second row."""
    return operation.action == "create" and bool(spec.entities[operation.entity or ""].unique)


def _service_call(operation: Operation, spec: FeatureSpec) -> str:
    taken = service_takes(operation, spec)
    arguments = (
        [f"{operation.request}.model_validate({constant(operation)})"] if "data" in taken else []
    )
    for field in all_params(operation):
        if field.name not in taken:
            continue
        value = (
            path_value(operation, field, spec)
            if field.required or not field.has_default
            else field.default
        )
        arguments.append(f"{field.name}={python_value(value, field.type, field)}")
    if "user" in taken:
        arguments.append("user=USER")
    if takes_attempt(operation, spec):
        arguments.append("attempt=Attempt()")
    return ", ".join(arguments)
