"""The security measures of a feature, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Model, Operation, Webhook


def security_measures(spec: FeatureSpec) -> Iterator[str]:
    """Who may do what, and what keeps everyone else from it."""
    yield from _access(spec)
    yield from _rows(spec)
    yield from (_signed(webhook) for webhook in spec.webhooks.values())
    yield from _secrets(spec)
    operations = spec.operations.values()
    if any(operation.request for operation in operations):
        yield "request bodies are bounded, unknown fields refused, and errors never echo the input"
    if any(operation.call and "{" in operation.call.path for operation in operations):
        yield "values in an upstream's path are percent-encoded; dot segments are refused"


def _access(spec: FeatureSpec) -> Iterator[str]:
    operations = spec.operations.values()
    guarded = [operation for operation in operations if operation.auth == "required"]
    if guarded:
        yield f"a bearer token is required by {len(guarded)} of {len(operations)} operations"
    for operation in operations:
        if operation.permission:
            yield f"{operation.name} needs the permission {operation.permission}"
    for operation in operations:
        if operation.rate_limits:
            yield f"{operation.name} is limited to {_limits(operation)}"


def _limits(operation: Operation) -> str:
    whose = "per client address" if operation.auth == "none" else "per user"
    return f"{', '.join(limit.text for limit in operation.rate_limits)} {whose}"


def _rows(spec: FeatureSpec) -> Iterator[str]:
    for entity in spec.entities.values():
        if entity.owner is not None and entity.scope != "public":
            yield f"a row of {entity.name} is found by {_who(entity)}; for others it is a 404"
    keyed = [operation.name for operation in spec.operations.values() if operation.idempotent]
    if keyed:
        yield f"one result for each Idempotency-Key of a caller: {', '.join(keyed)}"
    demanding = [
        operation.name
        for operation in spec.operations.values()
        if operation.stored and operation.if_match == "required"
    ]
    if demanding:
        yield f"no change without the version that was read (If-Match): {', '.join(demanding)}"


def _who(entity: Entity) -> str:
    if entity.scope_permission:
        return f"its owner, and by who holds {entity.scope_permission}"
    return "its owner only"


def _signed(webhook: Webhook) -> str:
    # Plain HMAC signs no time.
    age = "" if webhook.scheme == "hmac" else f", at most {webhook.tolerance:g} s old"
    return (
        f"{webhook.name} takes events signed with {webhook.secret.upper()} only{age}; "
        "each is applied once"
    )


def _secrets(spec: FeatureSpec) -> Iterator[str]:
    models: tuple[Model | Entity, ...] = (*spec.models.values(), *spec.entities.values())
    sensitive = [
        f"{model.name}.{field.name}"
        for model in models
        for field in model.fields
        if field.sensitive
    ]
    if sensitive:
        yield f"never in a log, an error or a repr: {', '.join(sensitive)}"
    secrets = [
        field.name.upper() for field in spec.settings.values() if field.type.kind == "secret"
    ]
    if secrets:
        yield f"secrets come from the environment only: {', '.join(secrets)}"
