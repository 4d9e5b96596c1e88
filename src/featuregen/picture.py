"""What a feature is, for people: routes, settings, errors, traits, security measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.docs import CORE_ERRORS
from featuregen.plan.operations import answered_errors, route_path, summary, validates
from featuregen.plan.samples import sample
from featuregen.results import ErrorAnswer, FeaturePicture, Route, SettingNeeded

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Operation


def feature_picture(spec: FeatureSpec, hooks: tuple[tuple[str, str], ...] = ()) -> FeaturePicture:
    """`hooks` are the open ones: name, and file:line of the stub."""
    requirements = spec.requirements
    groups = (
        ("users", requirements.users),
        ("performance", requirements.performance),
        ("compliance", requirements.compliance),
        ("acceptance", requirements.acceptance),
        ("notes", requirements.notes),
    )
    return FeaturePicture(
        feature=spec.feature,
        title=spec.title,
        summary=spec.summary,
        routes=tuple(_route(operation, spec) for operation in spec.operations.values()),
        settings=tuple(
            SettingNeeded(
                name=field.name.upper(),
                required=field.required and not field.has_default,
                description=field.description or "",
                example=str(
                    field.default
                    if field.has_default
                    else field.example
                    if field.has_example
                    else sample(field, spec)
                ),
            )
            for field in spec.settings.values()
        ),
        errors=tuple(
            ErrorAnswer(error.name, error.status, error.code, error.title)
            for error in spec.errors.values()
        ),
        traits=tuple(_traits(spec)),
        security=tuple(_security(spec)),
        hooks=hooks,
        requirements=tuple((name, items) for name, items in groups if items),
    )


def _route(operation: Operation, spec: FeatureSpec) -> Route:
    access = {"none": "public", "optional": "user or anonymous"}.get(
        operation.auth, operation.permission or "any user"
    )
    statuses = {operation.status} | ({spec.validation_status} if validates(operation) else set())
    for name in answered_errors(operation, spec):
        statuses.add(spec.errors[name].status if name in spec.errors else CORE_ERRORS[name][0])
    return Route(
        method=operation.method,
        path=route_path(operation, spec),
        operation=operation.name,
        summary=summary(operation),
        access=access,
        limits=tuple(limit.text for limit in operation.rate_limits),
        statuses=tuple(sorted(statuses)),
    )


def _traits(spec: FeatureSpec) -> list[str]:
    found: list[str] = []
    for operation in spec.operations.values():
        route = f"{operation.method} {route_path(operation, spec)}"
        if operation.call is not None:
            upstream = spec.upstreams[operation.call.upstream]
            deadline = (
                upstream.timeout_setting.upper()
                if upstream.timeout_setting
                else f"{upstream.timeout_seconds:g} s"
            )
            found.append(
                f"{route} calls {upstream.name}: {operation.call.method} {operation.call.path}, "
                f"up to {upstream.retries + 1} attempts within {deadline}"
            )
        elif operation.hook is not None:
            found.append(f"{route} runs your own {operation.hook}()")
    found += [
        f"{model.name}: {rule.message}" for model in spec.models.values() for rule in model.rules
    ]
    return found


def _limits(operation: Operation) -> str:
    whose = "per client address" if operation.auth == "none" else "per user"
    return f"{', '.join(limit.text for limit in operation.rate_limits)} {whose}"


def _security(spec: FeatureSpec) -> list[str]:
    operations = spec.operations.values()
    found: list[str] = []
    guarded = [operation for operation in operations if operation.auth == "required"]
    if guarded:
        found.append(
            f"a bearer token is required by {len(guarded)} of {len(spec.operations)} operations"
        )
    found += [
        f"{operation.name} needs the permission {operation.permission}"
        for operation in operations
        if operation.permission
    ]
    found += [
        f"{operation.name} is limited to {_limits(operation)}"
        for operation in operations
        if operation.rate_limits
    ]
    sensitive = [
        f"{model.name}.{field.name}"
        for model in spec.models.values()
        for field in model.fields
        if field.sensitive
    ]
    if sensitive:
        found.append(f"never in a log, an error or a repr: {', '.join(sensitive)}")
    secrets = [
        field.name.upper() for field in spec.settings.values() if field.type.kind == "secret"
    ]
    if secrets:
        found.append(f"secrets come from the environment only: {', '.join(secrets)}")
    if any(operation.request for operation in operations):
        found.append(
            "request bodies are bounded, unknown fields refused, and errors never echo the input"
        )
    if any(operation.call and "{" in operation.call.path for operation in operations):
        found.append("values in an upstream's path are percent-encoded; dot segments are refused")
    return found
