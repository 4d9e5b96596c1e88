"""The endpoints: the service's methods, the router's functions and the hooks behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.plan.attempts import settles_itself
from featuregen.plan.cached import MEDIA_TYPES, cached_parameter, forgetting
from featuregen.plan.clients import callers
from featuregen.plan.jobs import accepting, job_imports, later_body
from featuregen.plan.kept import admits, kept
from featuregen.plan.locations import keyed_location, location_of, tells_location, whole_path
from featuregen.plan.model import (
    AdmitPlan,
    HookPlan,
    OperationPlan,
    RouterPlan,
    ServicePlan,
    UsedClientPlan,
)
from featuregen.plan.names import pascal, sentence, words
from featuregen.plan.quote import docstring, py_string
from featuregen.plan.signatures import (
    all_params,
    arguments,
    call_uses,
    hook_arguments,
    hook_parameters,
    parameters,
    returns,
    service_arguments,
    service_parameters,
    service_uses,
    stores,
    takes_attempt,
    takes_if_match,
    uses_user,
)
from featuregen.plan.stored import plan_store, plan_stored
from featuregen.plan.stored_imports import hook_imports, router_imports, service_imports
from featuregen.plan.stored_rows import answers_version, conflict, may_conflict, not_found, rows_of
from featuregen.plan.stored_webhooks import events
from featuregen.plan.types import annotate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec, Operation, Upstream

_ELSEWHERE = {
    "UpstreamFailedError": "upstream",
    "IdempotencyInProgressError": "idempotency",
    "IdempotencyKeyReusedError": "idempotency",
}
"""Errors that stand in another module of app/core than errors.py."""
_USUAL = 200
_VALIDATION = 422
_BODILESS = frozenset({204, 205, 304})


def summary(operation: Operation) -> str:
    """The one-line text of an operation, for OpenAPI and docstrings."""
    return operation.summary or words(operation.name).capitalize()


def raised_errors(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """Every error class that the operation can end with, in the order of their status."""
    return _in_order(_of_requests(operation) | _of_work(operation, spec))


def answered_errors(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """Those that the endpoint itself can answer with: what goes wrong later, its job tells."""
    if not operation.is_async:
        return raised_errors(operation, spec)
    return _in_order(_of_requests(operation))


def _in_order(names: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (names[name], name)))


def _of_requests(operation: Operation) -> dict[str, int]:
    """What is wrong with a request before any work is done."""
    names: dict[str, int] = {}
    if operation.auth != "none":
        names["UnauthorizedError"] = 401
    if operation.permission:
        names["ForbiddenError"] = 403
    if operation.idempotent:
        names |= {"IdempotencyInProgressError": 409, "IdempotencyKeyReusedError": 409}
    if operation.request:
        names["ContentTooLargeError"] = 413
    if operation.rate_limits:
        names["RateLimitedError"] = 429
    return names


def _of_work(operation: Operation, spec: FeatureSpec) -> dict[str, int]:
    """What the work can come to."""
    names: dict[str, int] = {}
    if operation.hook is not None:
        names["NotImplementedYetError"] = 501
    names.update((name, spec.errors[name].status) for name in operation.errors)
    if operation.call is not None:
        upstream = spec.upstreams[operation.call.upstream]
        mapped = [*upstream.errors.values(), upstream.on_timeout, upstream.other]
        names.update((item.error, spec.errors[item.error].status) for item in mapped if item)
        if upstream.other is None:
            names["UpstreamFailedError"] = 502
        if "{" in operation.call.path and _may_be_refused(operation):
            names["NotFoundError"] = 404
    return names | _of_rows(operation, spec)


def _of_rows(operation: Operation, spec: FeatureSpec) -> dict[str, int]:
    """The errors of rows and of their versions."""
    names: dict[str, int] = {}
    for entity in rows_of(operation, spec):
        error = not_found(entity, spec)
        names[error] = spec.errors[error].status if error in spec.errors else 404
    for entity in may_conflict(operation, spec):
        error = conflict(entity, spec)
        names[error] = spec.errors[error].status if error in spec.errors else 409
    if takes_if_match(operation, spec):
        names["PreconditionFailedError"] = 412
        if operation.if_match == "required":
            names["PreconditionRequiredError"] = 428
    return names


def _may_be_refused(operation: Operation) -> bool:
    """A free string in an upstream's path may be a dot segment, which `segment` refuses."""
    return any(
        field.type.kind == "string" and field.pattern is None for field in operation.path_params
    )


def validates(operation: Operation) -> bool:
    return bool(operation.request or all_params(operation) or operation.idempotent)


def plan_operations(spec: FeatureSpec) -> tuple[OperationPlan, ...]:
    return tuple(_operation(operation, spec) for operation in _fixed_first(spec))


def _fixed_first(spec: FeatureSpec) -> tuple[Operation, ...]:
    """As in the spec; but `/lost` stands before `/{id}`, which would be asked in its place."""
    ordered: list[Operation] = []
    for operation in spec.operations.values():
        places = (
            place
            for place, earlier in enumerate(ordered)
            if earlier.method == operation.method and _hides(earlier.path, operation.path)
        )
        ordered.insert(next(places, len(ordered)), operation)
    return tuple(ordered)


def _hides(path: str, other: str) -> bool:
    """Whether every request for the other path is one for the first, which has parameters."""
    parts, others = path.split("/"), other.split("/")
    return len(parts) == len(others) and all(
        part == there or (part.startswith("{") and not there.startswith("{"))
        for part, there in zip(parts, others, strict=True)
    )


def _operation(operation: Operation, spec: FeatureSpec) -> OperationPlan:
    given = hook_arguments(operation, spec)
    hooks = f"{spec.feature}_hooks"
    stored = plan_stored(operation, spec)
    admitting = admits(operation)
    before = f"{hooks}.{operation.before}({given})" if operation.before else None
    hooked = bool(operation.hook or (before and not admitting) or operation.after)
    return OperationPlan(
        name=operation.name,
        verb=operation.method.lower(),
        returns=service_returns(operation, spec),
        service_signature=", ".join(["self", *service_parameters(operation, spec)]),
        service_docstring=docstring(summary(operation), _service_body(operation), indent=8),
        is_hook=operation.hook is not None,
        work=_work(operation, spec),
        before=None if admitting else before,
        admit=_admit(operation, before, spec) if admitting and before else None,
        after=_after(operation, given, spec) if operation.after else None,
        commits=_commits(operation, spec) if stores(spec) and hooked else (),
        stored=stored,
        inner=_inner(operation) if stored and hooked else None,
        inner_signature=", ".join(["self", *service_parameters(operation, spec, inner=True)]),
        route_arguments=_route_arguments(operation, spec),
        endpoint_parameters=_endpoint_parameters(operation, spec),
        endpoint_returns=_endpoint_returns(operation),
        endpoint_docstring=docstring(operation.description or summary(operation), indent=4),
        endpoint_body=_endpoint_body(operation, spec),
    )


_INTENT = (
    "The row is committed before the upstream is called: a crash or a timeout leaves it as it was "
    "first committed, for a retry or an event to settle. A refusal is recorded."
)


def _service_body(operation: Operation) -> str | None:
    intent = operation.action == "create" and operation.call is not None
    parts = [operation.description, _INTENT if intent else None]
    return "\n\n".join(part for part in parts if part) or None


def service_returns(operation: Operation, spec: FeatureSpec) -> str:
    """What the service returns: with the row's version where the answer has an ETag."""
    plain = returns(operation)
    return f"Versioned[{plain}]" if answers_version(operation, spec) else plain


def _work(operation: Operation, spec: FeatureSpec) -> str:
    """What is awaited between the hooks."""
    if operation.hook is not None:
        return f"{spec.feature}_hooks.{operation.hook}({hook_arguments(operation, spec)})"
    if operation.stored:
        return f"self.{_inner(operation)}({service_arguments(operation, spec, inner=True)})"
    upstream = operation.call.upstream if operation.call else ""
    given = arguments(operation, call_uses(operation))
    if takes_attempt(operation, spec):
        given += f'{", " if given else ""}idempotency_key=attempt.id("")'
    return f"self._{upstream}.{operation.name}({given})"


def _admit(operation: Operation, before: str, spec: FeatureSpec) -> AdmitPlan:
    """What stands before an operation whose answers are kept: it runs for those, too."""
    lines = [f"await {before}", *(["await self._session.commit()"] if stores(spec) else [])]
    about = f"Run what stands before {words(operation.name)}, also where its answer is kept"
    given = parameters(operation, spec, service_uses(operation, spec))
    return AdmitPlan(
        name=f"admit_{operation.name}",
        signature=", ".join(["self", *given]),
        docstring=docstring(about, indent=8),
        lines=tuple(lines),
    )


def _commits(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """What hooks have left in the session, and with it the answer that a retry is to get."""
    if operation.stored and settles_itself(operation):
        return ()
    answer = "None" if returns(operation) == "None" else "result"
    settle = (f"await attempt.settle({answer})",) if takes_attempt(operation, spec) else ()
    return (*settle, "await self._session.commit()")


def _inner(operation: Operation) -> str:
    """The method that does the work where hooks stand around it."""
    return f"_{operation.name}"


def _after(operation: Operation, given: str, spec: FeatureSpec) -> str:
    hook = f"{spec.feature}_hooks.{operation.after}"
    versioned = answers_version(operation, spec)
    result = "" if returns(operation) == "None" else "result.value" if versioned else "result"
    called = f"await {hook}({', '.join(part for part in (result, given) if part)})"
    return f"Versioned({called}, result.version)" if versioned else called


def route_path(operation: Operation, spec: FeatureSpec) -> str:
    """The whole path, as clients call it: `/api/v1/payments/{payment_id}`."""
    return whole_path(operation.path, spec)


def _router_path(operation: Operation, spec: FeatureSpec) -> str:
    whole = route_path(operation, spec)
    return whole if spec.base_path == "/" else whole.removeprefix(spec.base_path)


_RESPONSE_CLASSES = {"text": "PlainTextResponse", "html": "HTMLResponse", "bytes": "Response"}


def _route_arguments(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    problems = list(answered_errors(operation, spec))
    if not validates(operation):
        problems.append("validation=False")
    elif spec.validation_status != _VALIDATION:
        problems.append(f"validation_status={spec.validation_status}")
    arguments = [py_string(_router_path(operation, spec))]
    if operation.status != _USUAL:
        arguments.append(f"status_code={operation.status}")
    arguments.append(f"summary={py_string(summary(operation))}")
    if operation.is_async:
        arguments += ["response_model=JobRead"] if operation.idempotent else []
    else:
        arguments += _answer_arguments(operation)
    dependencies = _dependencies(operation, spec)
    if dependencies:
        arguments.append(f"dependencies=[{', '.join(dependencies)}]")
    if operation.deprecated:
        arguments.append("deprecated=True")
    arguments.append(f"responses={_responses(operation, problems, spec)}")
    return tuple(arguments)


def _answer_arguments(operation: Operation) -> list[str]:
    """How the answer is written, where FastAPI cannot tell from its type."""
    arguments: list[str] = []
    if operation.response.kind in _RESPONSE_CLASSES:
        arguments.append(f"response_class={_RESPONSE_CLASSES[operation.response.kind]}")
    if operation.response.kind == "none":  # else FastAPI would say that nothing is JSON
        arguments.append("response_class=Response")
        if operation.status not in _BODILESS or operation.idempotent:  # or a stored answer
            arguments.append("response_model=None")
    is_json = operation.response.kind not in {"none", *MEDIA_TYPES}
    if is_json and (operation.idempotent or kept(operation)):
        arguments.append(f"response_model={returns(operation)}")
    return arguments


def _responses(operation: Operation, problems: list[str], spec: FeatureSpec) -> str:
    documented = f"problems({', '.join(problems)})"
    if tells_location(operation, spec):
        return f"{{**located(), **{documented}}}"
    if operation.is_async:
        return f"{{**{accepting(spec)}, **{documented}}}"
    if operation.response.kind == "bytes":
        content = '{"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}'
        return f'{{{operation.status}: {{"content": {content}}}, **{documented}}}'
    return documented


def _dependencies(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    found: list[str] = []
    if operation.rate_limits:
        function = "rate_limit_by_address" if operation.auth == "none" else "rate_limit"
        limits = ", ".join(py_string(limit.text) for limit in operation.rate_limits)
        found.append(f"Depends({function}({limits}))")
    if not _asks_who(operation, spec):
        if operation.permission:
            found.append(f"Depends(require_permission({py_string(operation.permission)}))")
        elif operation.auth == "required":
            found.append("Depends(get_current_user)")
        elif operation.auth == "optional":
            found.append("Depends(get_optional_user)")
    ends = forgetting(operation, spec)
    if ends is not None:
        found.append(ends)
    return tuple(found)


def _asks_who(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the endpoint is told the caller: a job has an owner."""
    return uses_user(operation, spec) or (operation.is_async and operation.auth != "none")


def _endpoint_parameters(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    required: list[str] = []
    optional: list[str] = []
    if operation.request:
        required.append(f"data: {operation.request}")
    for where, fields in (
        ("path", operation.path_params),
        ("query", operation.query),
        ("header", operation.headers),
    ):
        for field in fields:
            plan = annotate(field, spec=spec, where=where)  # type: ignore[arg-type]
            if plan.default is None:
                required.append(f"{plan.name}: {plan.annotation}")
            else:
                optional.append(f"{plan.name}: {plan.annotation} = {plan.default}")
    if _asks_who(operation, spec):
        required.append(f"user: {_user_annotation(operation)}")
    if takes_if_match(operation, spec):
        kind = "RequiredIfMatch" if operation.if_match == "required" else "IfMatch"
        required.append(f"if_match: {kind}")
    if operation.idempotent:
        required.append(f"key: {_key_annotation(operation, spec)}")
    required += _providers(operation, spec)
    cache = kept(operation)
    if cache is not None:
        required.append(cached_parameter(operation, cache, spec))
    return (*required, "*", *optional) if optional else tuple(required)


def _providers(operation: Operation, spec: FeatureSpec) -> list[str]:
    """What does the work, and the answer's headers where it sets some."""
    located = not operation.idempotent and (operation.is_async or tells_location(operation, spec))
    sets = answers_version(operation, spec) or located or _sets_headers(operation)
    response = ["response: Response"] if sets else []
    if operation.is_async:
        return [*response, "session: SessionDep", "queue: JobQueueDep"]
    return [*response, f"service: {pascal(spec.feature)}ServiceDep"]


def _sets_headers(operation: Operation) -> bool:
    """Whether the headers of its limits have to be carried over: FastAPI does for models alone."""
    is_plain = not (operation.is_async or operation.idempotent or kept(operation))
    return is_plain and operation.response.kind == "bytes" and bool(operation.rate_limits)


def _key_annotation(operation: Operation, spec: FeatureSpec) -> str:
    """The dependency; its lock outlives the deadline of the upstream that is called."""
    given = [f"{pascal(spec.feature)}IdempotencyKey", py_string(operation.name)]
    if operation.call is not None and not operation.is_async:
        given.append(f"deadline={_deadline(spec.upstreams[operation.call.upstream])}")
    return f"Annotated[Idempotency, Depends(idempotency({', '.join(given)}))]"


def _deadline(upstream: Upstream) -> str:
    if upstream.timeout_setting is not None:
        return f"lambda settings: settings.{upstream.timeout_setting}"
    return f"lambda _: timedelta(seconds={upstream.timeout_seconds:g})"


def _user_annotation(operation: Operation) -> str:
    if operation.permission:
        return f"Annotated[User, Depends(require_permission({py_string(operation.permission)}))]"
    return "OptionalUser" if operation.auth == "optional" else "CurrentUser"


def _endpoint_returns(operation: Operation) -> str:
    if kept(operation) is not None:
        return "Response"
    if operation.is_async:
        return "JobRead | Response" if operation.idempotent else "JobRead"
    match operation.response.kind:
        case "bytes":
            return "Response"
        case kind if operation.idempotent and kind in MEDIA_TYPES:
            return "Response"
        case _ if operation.idempotent:
            plain = returns(operation)
            return "Response | None" if plain == "None" else f"{plain} | Response"
        case _:
            return returns(operation)


def _endpoint_body(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    body = _endpoint_work(operation, spec)
    names = ["data"] if operation.request else []
    names += [field.name for field in all_params(operation)]
    looked_at = " ".join(body)
    unused = [name for name in names if not re.search(rf"\b{name}\b", looked_at)]
    if not unused:
        return body
    return (f"del {', '.join(unused)}  # checked, and needed no further", *body)


def _endpoint_work(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    if operation.is_async:
        return later_body(operation, spec)
    given = service_arguments(operation, spec)
    plain = f"service.{operation.name}({given})"
    call = f"await {plain}"
    if kept(operation) is not None:
        load = f"lambda: {plain}" if given else f"service.{operation.name}"
        admitting = admits(operation)
        asked = arguments(operation, service_uses(operation, spec))
        first = (f"await service.{admitting}({asked})",) if admitting else ()
        return (*first, f"return await cached.get({load})")
    if operation.idempotent:
        attempt = "attempt" if takes_attempt(operation, spec) else "_attempt"
        data = "data" if operation.request else "None"
        place = keyed_location(operation, spec)
        location = f", location={place}" if place else ""
        if operation.response.kind in MEDIA_TYPES:
            media = py_string(MEDIA_TYPES[operation.response.kind])
            return (f"return await key.send({data}, lambda {attempt}: {plain}, {media})",)
        return (f"return await key.run({data}, lambda {attempt}: {plain}{location})",)
    versioned = answers_version(operation, spec)
    result = "result.value" if versioned else "result"
    place = location_of(operation, result, spec)
    if versioned or place:
        return (
            f"result = {call}",
            *(('response.headers["ETag"] = etag_of(result.version)',) if versioned else ()),
            *((f'response.headers["Location"] = {place}',) if place else ()),
            f"return {result}",
        )
    match operation.response.kind:
        case "bytes":
            media = f"media_type={py_string(MEDIA_TYPES['bytes'])}"
            if not _sets_headers(operation):
                return (f"return Response({call}, {operation.status}, {media})",)
            return (
                f"content = {call}",
                f"return Response(content, {operation.status}, response.headers, {media})",
            )
        case "none":
            return (call,)
        case _:
            return (f"return {call}",)


def plan_service(spec: FeatureSpec) -> ServicePlan:
    clients = tuple(
        UsedClientPlan(name, f"{pascal(name)}Client")
        for name in spec.upstreams
        if callers(name, spec)
    )
    title = words(spec.feature)
    class_name = f"{pascal(spec.feature)}Service"
    models = tuple(f"from app.models.{spec.feature} import {name}" for name in spec.models)
    plain = (
        "from collections.abc import Mapping",
        "from datetime import date, datetime, time, timedelta",
        "from decimal import Decimal",
        "from typing import Any, Literal",
        "from uuid import UUID",
    )
    return ServicePlan(
        class_name=class_name,
        docstring=docstring(
            f"What the {title} feature does, without HTTP: errors are its own, results are models",
            indent=0,
        ),
        class_docstring=docstring(
            spec.summary or f"The operations of the {title} feature", indent=4
        ),
        imports=(
            *plain,
            "import structlog",
            "from app.core.auth import User",
            *(f"from app.clients.{client.name} import {client.class_name}" for client in clients),
            *models,
            f"from app.services import {spec.feature}_hooks",
            *service_imports(spec),
        ),
        clients=clients,
        store=plan_store(spec),
        init_parameters=", ".join(
            [
                "self",
                *(["session: AsyncSession"] if stores(spec) else []),
                *(f"{client.name}: {client.class_name}" for client in clients),
            ]
        ),
        provided_parameters=", ".join(
            [
                *(["session: SessionDep"] if stores(spec) else []),
                *(
                    f"{client.name}: Annotated[{client.class_name}, "
                    f"Depends(provide({client.class_name}))]"
                    for client in clients
                ),
            ]
        ),
        provided_arguments=", ".join(
            [*(["session"] if stores(spec) else []), *(client.name for client in clients)]
        ),
        hooks_docstring=docstring(
            f"The {title} feature's own functions: yours to write",
            "featuregen made this file once and never changes it again. "
            "Until the function of an operation is written, its endpoint answers 501.",
            indent=0,
        ),
        hook_imports=(
            *plain,
            "from app.core.auth import User",
            "from app.core.errors import NotImplementedYetError",
            *(f"from app.core.errors import {name}" for name in spec.errors),
            *models,
            *hook_imports(spec),
        ),
    )


_ONE_TRANSACTION = "Both are committed together: where it raises an error, nothing is changed."


def plan_hooks(spec: FeatureSpec) -> tuple[HookPlan, ...]:
    """The user's functions: what does an operation, and what stands around a call.

    One that does an operation answers 501 until it is written; one around a call lets it pass.
    """
    hooks: list[HookPlan] = []
    for operation in spec.operations.values():
        given = hook_parameters(operation, spec)
        result = returns(operation)
        title = words(operation.name)
        if operation.hook is not None:
            text = docstring(summary(operation), _hook_body(operation, spec), indent=4)
            stub = f'raise NotImplementedYetError("{operation.hook}")'
            hooks.append(HookPlan(operation.hook, ", ".join(given), result, text, stub))
        if operation.before is not None:
            text = docstring(f"Run before {title}; raise one of its errors to refuse it", indent=4)
            hooks.append(HookPlan(operation.before, ", ".join(given), "None", text, None))
        if operation.after is not None:
            about = _ONE_TRANSACTION if operation.stored and operation.call is None else None
            text = docstring(f"Run after {title}, with what it answers", about, indent=4)
            first = [] if result == "None" else [f"result: {result}"]
            stub_or_none = None if result == "None" else "return result"
            signature = ", ".join([*first, *given])
            hooks.append(HookPlan(operation.after, signature, result, text, stub_or_none))
    return (*hooks, *_event_hooks(spec))


_EVENT_HOOK = (
    "What it changes in the session is committed with the event. What it raises is kept with the "
    "event, which is tried again."
)
_LATER_HOOK = (
    "What it changes in the session is committed once. What it does elsewhere may be done again: "
    "after an error it is tried a few times more, after a crash as well."
)


def _event_hooks(spec: FeatureSpec) -> Iterator[HookPlan]:
    for event in events(spec):
        if event.hook is not None:
            when, about = ("by a worker", _LATER_HOOK) if event.is_async else ("once", _EVENT_HOOK)
            text = docstring(f"Run for each {event.type}, {when}", about, indent=4)
            given = "event: Event, *, session: AsyncSession"
            stub = f'raise NotImplementedYetError("{event.hook}")'
            yield HookPlan(event.hook, given, "None", text, stub)


def _hook_body(operation: Operation, spec: FeatureSpec) -> str | None:
    """What it is for, what it may refuse, and what the ticket and the examples ask of it."""
    parts = [sentence(operation.description)] if operation.description else []
    if operation.errors:
        raises = ", ".join(f"{name} ({spec.errors[name].status})" for name in operation.errors)
        parts.append(f"Raise {raises} of app.core.errors where the request cannot be met.")
    examples = [example.name for example in spec.examples if example.step.do == operation.name]
    asked = [" ".join(one.split()) for one in (*spec.requirements.acceptance, *examples)]
    items = {one.lower(): f"- {one}" for one in reversed(asked)}  # a criterion before its example
    if items:
        parts.append("\n".join(["Accepted when:", *reversed(items.values())]))
    return "\n\n".join(parts) or None


def plan_router(spec: FeatureSpec) -> RouterPlan:
    clients = [name for name in spec.upstreams if callers(name, spec)]
    errors = sorted(
        {name for each in spec.operations.values() for name in answered_errors(each, spec)}
    )
    lifespans = ", ".join(f"{name}_lifespan(app)" for name in clients)
    arguments = [] if spec.base_path == "/" else [f"prefix={py_string(spec.base_path)}"]
    arguments.append(f"tags=[{py_string(spec.title)}]")
    if len(clients) == 1:
        arguments.append(f"lifespan={clients[0]}_lifespan")
    elif clients:
        arguments.append("lifespan=lifespan")
    models = (name for name in spec.models)
    return RouterPlan(
        docstring=docstring(f"{spec.title}: the endpoints", indent=0),
        imports=(
            "from collections.abc import AsyncGenerator",
            "from contextlib import asynccontextmanager",
            "from datetime import date, datetime, time, timedelta",
            "from decimal import Decimal",
            "from typing import Annotated, Any, Literal",
            "from uuid import UUID",
            "from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Response",
            "from fastapi.responses import HTMLResponse, PlainTextResponse",
            *_parameter_imports(spec),
            "from app.core.auth import CurrentUser, OptionalUser, User",
            "from app.core.auth import get_current_user, get_optional_user, require_permission",
            "from app.core.ratelimit import rate_limit, rate_limit_by_address",
            "from app.core.resources import provide",
            "from app.core.errors import problems",
            *(f"from app.core.{_ELSEWHERE.get(name, 'errors')} import {name}" for name in errors),
            *router_imports(spec),
            *job_imports(spec),
            *(
                f"from app.clients.{name} import {pascal(name)}Client, {name}_lifespan"
                for name in clients
            ),
            *(f"from app.models.{spec.feature} import {name}" for name in models),
            f"from app.services.{spec.feature}_service import {pascal(spec.feature)}Service",
        ),
        arguments=", ".join(arguments),
        combines_lifespans=len(clients) > 1,
        lifespans=lifespans,
    )


def _parameter_imports(spec: FeatureSpec) -> tuple[str, ...]:
    lines: set[str] = set()
    for operation in spec.operations.values():
        for where, fields in (
            ("path", operation.path_params),
            ("query", operation.query),
            ("header", operation.headers),
        ):
            for field in fields:
                plan = annotate(field, spec=spec, where=where)  # type: ignore[arg-type]
                lines.update(f"from {item.module} import {item.name}" for item in plan.imports)
    return tuple(sorted(lines))
