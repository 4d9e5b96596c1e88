"""What the feature adds to the files that it shares with others."""

from __future__ import annotations

import builtins
import json
import re
from typing import TYPE_CHECKING

from featuregen.plan.clients import callers
from featuregen.plan.contribution import (
    Contribution,
    ErrorEntry,
    FakeEntry,
    RouterEntry,
    SettingEntry,
)
from featuregen.plan.jobs import STATUS_PATH, jobs_module, later_operations
from featuregen.plan.locations import whole_path
from featuregen.plan.names import pascal, sentence
from featuregen.plan.operations import raised_errors, route_path
from featuregen.plan.quote import docstring, env_comment, env_value, md_cell, md_text, py_string
from featuregen.plan.samples import setting_sample
from featuregen.plan.signatures import all_params
from featuregen.plan.stored_needs import stored_needs
from featuregen.plan.types import annotate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.plan.models import ModelsPlan
    from featuregen.plan.tables import TablesPlan
    from featuregen.spec.model import ErrorType, FeatureSpec, Field, Json


def plan_contribution(spec: FeatureSpec, models: ModelsPlan, tables: TablesPlan) -> Contribution:
    """Everything but the README section, which `render` makes from its own template."""
    return Contribution(
        feature=spec.feature,
        title=md_text(spec.title),
        routers=tuple(RouterEntry(module) for module in router_modules(spec)),
        settings=tuple(_setting(field, spec) for field in spec.settings.values()),
        errors=tuple(_error(error) for error in spec.errors.values()),
        fakes=tuple(
            FakeEntry(name, f"Fake{pascal(name)}") for name in spec.upstreams if callers(name, spec)
        ),
        needs=tuple(sorted(_needs(spec, models) | tables.needs)),
        permissions=tuple(sorted(_permissions(spec))),
        routes=tuple(_routes(spec)),
        readme="",
        tables=tuple(table.stored for table in tables.tables),
    )


def _routes(spec: FeatureSpec) -> Iterator[str]:
    for operation in spec.operations.values():
        yield f"{operation.method} {_unnamed(route_path(operation, spec))}"
    if later_operations(spec):
        yield f"GET {_unnamed(whole_path(STATUS_PATH, spec))}"


def _unnamed(path: str) -> str:
    return re.sub(r"{[^{}]*}", "{}", path)


def _permissions(spec: FeatureSpec) -> set[str]:
    """What operations ask for, and what opens the rows of all owners."""
    asked = {operation.permission for operation in spec.operations.values()}
    opening = {entity.scope_permission for entity in spec.entities.values()}
    return {name for name in asked | opening if name}


def router_modules(spec: FeatureSpec) -> tuple[str, ...]:
    """The modules of app/api/endpoints that the app includes."""
    jobs = (jobs_module(spec),) if later_operations(spec) else ()
    own = (spec.plural,) if spec.operations else ()
    webhooks = (f"{spec.feature}_webhooks",) if spec.webhooks else ()
    return (*jobs, *own, *webhooks)  # `/jobs/{job_id}` before what might be `/{id}/{other_id}`


def _setting(field: Field, spec: FeatureSpec) -> SettingEntry:
    plan = annotate(field, spec=spec, where="setting")
    required = plan.default is None
    value = (
        ""
        if field.has_default and field.default is None
        else _env_text(field.default if field.has_default else setting_sample(field))
    )
    return SettingEntry(
        name=field.name,
        declaration=plan.annotation if required else f"{plan.annotation} = {plan.default}",
        imports=plan.imports,
        env_comment=env_comment(sentence(field.description)) if field.description else (),
        env_value=env_value(value),
        env_active=not field.has_default and field.required,
        readme_row=_row(
            f"`{field.name.upper()}`",
            "yes" if required else "no",
            _default_cell(field),
            md_cell(field.description or ""),
        ),
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _default_cell(field: Field) -> str:
    return (
        f"`{md_cell(_env_text(field.default))}`"
        if field.has_default and field.default is not None
        else ""
    )


def _env_text(value: Json) -> str:
    """A value as pydantic-settings reads it from the environment: lists and maps are JSON."""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _error(error: ErrorType) -> ErrorEntry:
    return ErrorEntry(
        name=error.name,
        status=error.status,
        code=py_string(error.code),
        title=py_string(error.title),
        docstring=docstring(error.description or error.title, indent=4),
        retry_after=None if error.retry_after is None else max(1, round(error.retry_after)),
    )


def _needs(spec: FeatureSpec, models: ModelsPlan) -> set[str]:
    needs: set[str] = set(models.needs)
    operations = spec.operations.values()
    for operation in operations:
        for where, fields in (
            ("path", operation.path_params),
            ("query", operation.query),
            ("header", operation.headers),
        ):
            for field in fields:
                needs |= annotate(field, spec=spec, where=where).needs  # type: ignore[arg-type]
    for field in spec.settings.values():
        needs |= annotate(field, spec=spec, where="setting").needs
    called = [spec.upstreams[operation.call.upstream] for operation in operations if operation.call]
    pipes = {
        pipe.name
        for operation in operations
        if operation.call
        for mapping in (
            *operation.call.send,
            *operation.call.send_query,
            *operation.call.send_headers,
            *operation.call.receive,
        )
        for pipe in mapping.source.pipes
    }
    read = {
        pipe.name
        for operation in operations
        if operation.call
        for mapping in operation.call.receive
        for pipe in mapping.source.pipes
    }
    raised = {name for operation in operations for name in raised_errors(operation, spec)}
    conditions = {
        "auth": any(operation.auth != "none" for operation in operations),
        "rate_limit": any(operation.rate_limits for operation in operations),
        "upstream": bool(called),
        "metrics": bool(called),
        "form": any(upstream.encoding == "form" for upstream in called),
        "upstream_list": any(
            operation.call and operation.response.kind == "list" for operation in operations
        ),
        "upstream_failed": "UpstreamFailedError" in raised,
        "from_unix": "from_unix" in read,
        "choose": "map" in read,
        "to_lower": "lower" in read,
        "to_upper": "upper" in read,
        "to_text": bool(read & {"str", "isoformat"}),
        "currency": bool(pipes & {"minor_units", "from_minor_units"}),
        "shadowing": any(
            hasattr(builtins, field.name)
            for operation in operations
            for field in all_params(operation)
        ),
        "hooks": any(
            operation.hook or operation.before or operation.after for operation in operations
        )
        or any(event.hook for webhook in spec.webhooks.values() for event in webhook.events),
    }
    needs.update(name for name, wanted in conditions.items() if wanted)
    return needs | stored_needs(spec, raised)
