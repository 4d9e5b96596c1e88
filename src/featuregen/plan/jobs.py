"""Operations that are done later: what their jobs are given, and where their outcome is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.clients import callers, needs_key
from featuregen.plan.locations import located, whole_path
from featuregen.plan.names import pascal
from featuregen.plan.quote import docstring, py_string
from featuregen.plan.signatures import (
    parameters,
    returns,
    service_takes,
    stores,
    takes_attempt,
)
from featuregen.plan.types import annotate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec, Field, Json, Operation

_REPEATABLE = frozenset({"PUT", "DELETE"})
STATUS_PATH = "/jobs/{job_id}"


class JobPlan(NamedTuple):
    """One operation's work: what it is given, what does it, and the name for both together."""

    name: str  # the operation's, and the variable's
    given: str  # the model
    docstring: str
    fields: tuple[str, ...]
    parameters: str
    returns: str
    work_docstring: str
    work: str
    arguments: tuple[str, ...]  # of Job


class ServiceOfJobs(NamedTuple):
    """The function that builds the service of a job, where that takes more than a session."""

    class_name: str
    parameters: str
    arguments: str


class JobsPlan(NamedTuple):
    """`app/api/endpoints/<feature>_jobs.py`."""

    docstring: str
    imports: tuple[str, ...]
    router_arguments: str
    service: ServiceOfJobs | None
    jobs: tuple[JobPlan, ...]
    route_arguments: tuple[str, ...]
    name: str  # of the endpoint
    parameters: tuple[str, ...]
    endpoint_docstring: str
    body: tuple[str, ...]


def plan_jobs(spec: FeatureSpec) -> JobsPlan | None:
    """The jobs of a feature, and the resource that tells of them; None where it has none."""
    operations = later_operations(spec)
    if not operations:
        return None
    base = _base_params(operations[0], spec)
    prefix = [] if spec.base_path == "/" else [f"prefix={py_string(spec.base_path)}"]
    reader, problem = _reader(operations)
    errors = ", ".join([*problem, "NotFoundError"])
    usual = spec.validation_status == _USUAL
    status = "" if usual else f", validation_status={spec.validation_status}"
    given = [f"{plan.name}: {plan.annotation}" for plan in _annotated(base, spec)]
    read = f"read_job(session, {_table(spec)}, job_id, owner_id={_owner(operations)})"
    return JobsPlan(
        docstring=docstring(f"{spec.title}: what is done later, and how far it has come", indent=0),
        imports=tuple(_imports(spec, base)),
        router_arguments=", ".join([*prefix, f"tags=[{py_string(spec.title)}]"]),
        service=_service_of_jobs(spec),
        jobs=tuple(_job(operation, spec) for operation in operations),
        route_arguments=(
            py_string(STATUS_PATH),
            'summary="Get a job"',
            f"responses=problems({errors}{status})",
        ),
        name=_status_name(spec),
        parameters=("job_id: JobId", *given, *reader, "session: SessionDep"),
        endpoint_docstring=docstring(
            "Tell how far a job has come, and what came of it: its result, or the problem that "
            "the operation would have answered with",
            indent=4,
        ),
        body=(
            *(f"del {field.name}  # the job's own name is enough" for field in base),
            f"return await {read}",
        ),
    )


def later_operations(spec: FeatureSpec) -> tuple[Operation, ...]:
    """Those that answer 202."""
    return tuple(operation for operation in spec.operations.values() if operation.is_async)


_USUAL = 422


def _status_name(spec: FeatureSpec) -> str:
    return f"get_{spec.feature}_job"


def _table(spec: FeatureSpec) -> str:
    return f"{pascal(spec.feature)}Job"


def jobs_module(spec: FeatureSpec) -> str:
    """The module in `app.api.endpoints`."""
    return f"{spec.feature}_jobs"


def _base_params(operation: Operation, spec: FeatureSpec) -> tuple[Field, ...]:
    """Those that stand in the base path: all operations have them."""
    names = re.findall(r"\{([^{}]*)\}", spec.base_path)
    return tuple(field for field in operation.path_params if field.wire_name in names)


def _annotated(fields: tuple[Field, ...], spec: FeatureSpec) -> Iterator[_Annotation]:
    for field in fields:
        plan = annotate(field, spec=spec, where="path")
        imports = tuple(f"from {item.module} import {item.name}" for item in plan.imports)
        yield _Annotation(plan.name, plan.annotation, imports)


class _Annotation(NamedTuple):
    name: str
    annotation: str
    imports: tuple[str, ...]


def _reader(operations: tuple[Operation, ...]) -> tuple[list[str], list[str]]:
    """The parameter that tells who reads a job, and what is raised where it does not."""
    kinds = {operation.auth for operation in operations}
    if kinds == {"none"}:
        return [], []
    if kinds == {"required"}:
        return ["user: CurrentUser"], ["UnauthorizedError"]
    return ["user: OptionalUser"], ["UnauthorizedError"]


def _owner(operations: tuple[Operation, ...]) -> str:
    """Whose the jobs are. Who has not signed in owns nothing: such a job is its finder's."""
    kinds = {operation.auth for operation in operations}
    if kinds == {"none"}:
        return "NOBODY"
    return "user.id" if kinds == {"required"} else "user.id if user else NOBODY"


def _imports(spec: FeatureSpec, base: tuple[Field, ...]) -> Iterator[str]:
    yield "from datetime import date, datetime, time, timedelta"
    yield "from decimal import Decimal"
    yield "from typing import Annotated, Any, Literal"
    yield "from uuid import UUID"
    yield "from fastapi import APIRouter, FastAPI, Path"
    yield "from pydantic import BaseModel"
    yield "from sqlalchemy.ext.asyncio import AsyncSession"
    yield "from app.core.attempts import Attempt"
    yield "from app.core.auth import CurrentUser, OptionalUser, User"
    yield "from app.core.errors import NotFoundError, UnauthorizedError, problems"
    yield "from app.core.jobs import JOBS, NOBODY, Job, JobId, JobRead, read_job"
    yield "from app.core.resources import get_resource"
    yield "from app.db.session import SessionDep"
    for name in spec.upstreams:
        if callers(name, spec):
            yield f"from app.clients.{name} import {pascal(name)}Client"
    for name in spec.models:
        yield f"from app.models.{spec.feature} import {name}"
    yield f"from app.services.{spec.feature}_service import {pascal(spec.feature)}Service"
    yield f"from app.tables.{spec.feature} import {_table(spec)}"
    for plan in _annotated(base, spec):
        yield from plan.imports


# --- one operation -------------------------------------------------------------------------------


def _job(operation: Operation, spec: FeatureSpec) -> JobPlan:
    fields = _fields(operation, spec)
    service = _service(spec)
    attempt = "attempt" if takes_attempt(operation, spec) else "_attempt"
    given = "given" if fields else "_given"
    session = "session" if stores(spec) else "_session"
    app = "app" if "(app" in service else "_app"
    arguments = [
        py_string(f"{spec.feature}.{operation.name}"),
        _table(spec),
        _given(operation),
        f"_{operation.name}",
    ]
    if not may_repeat(operation, spec):
        arguments.append("is_repeatable=False")
    return JobPlan(
        name=operation.name,
        given=_given(operation),
        docstring=docstring(f"What {operation.name} was asked for", indent=4),
        fields=fields,
        parameters=", ".join(
            (
                f"{app}: FastAPI",
                f"{session}: AsyncSession",
                f"{given}: {_given(operation)}",
                f"{attempt}: Attempt",
            )
        ),
        returns=returns(operation),
        work_docstring=docstring(f"Do what {operation.name} has accepted", indent=4),
        work=f"{'' if returns(operation) == 'None' else 'return '}"
        f"await {service}.{operation.name}({_arguments(operation, spec)})",
        arguments=tuple(arguments),
    )


def _given(operation: Operation) -> str:
    return f"{pascal(operation.name)}Given"


def _fields(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The service's parameters."""
    return tuple(
        each for each in parameters(operation, spec, service_takes(operation, spec)) if each != "*"
    )


def _names(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    return tuple(field.partition(":")[0] for field in _fields(operation, spec))


def _arguments(operation: Operation, spec: FeatureSpec) -> str:
    parts = [
        "given.data" if name == "data" else f"{name}=given.{name}"
        for name in _names(operation, spec)
    ]
    parts += ["attempt=attempt"] if takes_attempt(operation, spec) else []
    return ", ".join(parts)


def _service(spec: FeatureSpec) -> str:
    built = _service_of_jobs(spec)
    if built is not None:
        return "_service(app, session)" if stores(spec) else "_service(app)"
    return f"{pascal(spec.feature)}Service({'session' if stores(spec) else ''})"


def _service_of_jobs(spec: FeatureSpec) -> ServiceOfJobs | None:
    clients = [
        f"get_resource(app, {pascal(name)}Client)" for name in spec.upstreams if callers(name, spec)
    ]
    if not clients:
        return None
    session = stores(spec)
    return ServiceOfJobs(
        class_name=f"{pascal(spec.feature)}Service",
        parameters="app: FastAPI" + (", session: AsyncSession" if session else ""),
        arguments=", ".join([*(["session"] if session else []), *clients]),
    )


def may_repeat(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether a second worker may do what a first may have done already.

    Rows are found again, by their id; a function of the user's is told of it. An upstream that
    knows no key may be asked once.
    """
    call = operation.call
    if call is None or operation.stored:
        return True
    upstream = spec.upstreams[call.upstream]
    return call.method in _REPEATABLE | {"GET"} or needs_key(call, upstream)


def job_sample(operation: Operation, spec: FeatureSpec) -> Json:
    """What a client is told of a job that has been taken."""
    return {
        "job_id": "job_018f3c5e9a7b7d2e8c4f1a2b3c4d5e6f",
        "operation": f"{spec.feature}.{operation.name}",
        "status": "queued",
        "result": None,
        "error": None,
        "created_at": "2026-01-31T12:00:00Z",
    }


# --- its endpoint --------------------------------------------------------------------------------


def job_imports(spec: FeatureSpec) -> tuple[str, ...]:
    """What the router of the operations imports for those that are done later."""
    if not later_operations(spec):
        return ()
    return (
        f"from app.api.endpoints import {jobs_module(spec)}",
        "from app.core.jobs import NOBODY, JobQueueDep, JobRead, accepted",
        "from app.db.session import SessionDep",
        "from urllib.parse import quote",
    )


def accepting(spec: FeatureSpec) -> str:
    """The call that documents the answer: where the job is found."""
    path = whole_path(STATUS_PATH, spec)
    operation_id = re.sub(r"\W", "_", f"{_status_name(spec)}{path}") + "_get"
    names = re.findall(r"\{([^{}]*)\}", spec.base_path)
    return f"accepted({', '.join(py_string(name) for name in (operation_id, *names))})"


def later_body(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The endpoint's lines: the job is stored, and told of."""
    module = jobs_module(spec)
    names = _names(operation, spec)
    owner = {"none": "NOBODY", "required": "user.id"}.get(
        operation.auth, "user.id if user else NOBODY"
    )
    given = f"{module}.{_given(operation)}({', '.join(f'{name}={name}' for name in names)})"
    put = f"queue.put(session, {module}.{operation.name}, given, owner_id={owner}"
    if operation.idempotent:
        data = "data" if operation.request else "None"
        found = located(whole_path("/jobs/job_", spec), operation)
        run = f"key.run({data}, lambda attempt: {put}, attempt=attempt), location={found})"
        return (f"given = {given}", f"return await {run}")
    return (
        f"given = {given}",
        f"job = await {put})",
        f'response.headers["Location"] = {_status_location(operation, spec)}',
        "return job",
    )


def _status_location(operation: Operation, spec: FeatureSpec) -> str:
    return located(whole_path(STATUS_PATH, spec), operation, job_id="{job.job_id}")
