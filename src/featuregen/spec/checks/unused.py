"""Definitions that nothing uses: a warning, because they may be on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.checks.cycles import model_in
from featuregen.spec.operations import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Call, FeatureSpec, Field, Upstream


_ONE = {"entities": "entity"}
_OF_ROWS = ("NotFoundError", "NotFound", "ConflictError", "Conflict")  # raised by these names


def check_unused(spec: FeatureSpec, draft: Draft) -> None:
    """Warn of every model, error, setting and upstream that is defined in vain."""
    if draft.findings.failed:
        return  # what is at fault may be what uses them
    calls = [operation.call for operation in spec.operations.values() if operation.call]
    used_upstreams = {call.upstream for call in calls}
    upstreams = [upstream for name, upstream in spec.upstreams.items() if name in used_upstreams]
    has_hooks = any(
        operation.hook or operation.before or operation.after
        for operation in spec.operations.values()
    ) or any(event.hook for webhook in spec.webhooks.values() for event in webhook.events)
    used = {
        "models": _used_models(spec),
        "errors": {name for operation in spec.operations.values() for name in operation.errors}
        | {name for upstream in spec.upstreams.values() for name in _errors_of(upstream)}
        | {f"{name}{end}" for name in spec.entities for end in _OF_ROWS},
        "entities": _used_entities(spec),
        "upstreams": used_upstreams,
        "settings": {name for upstream in upstreams for name in _settings_of(upstream)}
        | {webhook.secret for webhook in spec.webhooks.values()}
        | {name for call in calls for name in _settings_in(call)},
    }
    for section, names in used.items():
        if section in ("settings", "entities") and has_hooks:
            continue  # a hook may read any of them
        written = getattr(draft, section)
        for name in getattr(spec, section):
            if name in written and name not in names:
                draft.findings.add(
                    "FG801",
                    f"the {_ONE.get(section, section[:-1])} '{name}' is not used",
                    (section, name),
                    at="key",
                    severity="warning",
                )


def _used_models(spec: FeatureSpec) -> set[str]:
    waiting = [
        name
        for operation in spec.operations.values()
        for name in (operation.request, operation.response.model)
        if name is not None
    ]
    waiting += [name for entity in spec.entities.values() for name in _models_in(entity.fields)]
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in used and name in spec.models:
            used.add(name)
            waiting += _models_in(spec.models[name].fields)
    return used


def _used_entities(spec: FeatureSpec) -> set[str]:
    used: set[str | None] = set()
    for operation in spec.operations.values():
        bounded = operation.reserve.entity if operation.reserve else None
        used |= {operation.entity, operation.parent, bounded}
    used |= {field.references for entity in spec.entities.values() for field in entity.fields}
    for webhook in spec.webhooks.values():
        used |= {event.transition.entity for event in webhook.events if event.transition}
    return {name for name in used if name is not None}


def _models_in(fields: Iterable[Field]) -> list[str]:
    return [inner for field in fields if (inner := model_in(field.type))]


def _errors_of(upstream: Upstream) -> Iterable[str]:
    mapped = [*upstream.errors.values(), upstream.on_timeout, upstream.other]
    return [mapping.error for mapping in mapped if mapping is not None]


def _settings_of(upstream: Upstream) -> Iterable[str]:
    timeout = (upstream.timeout_setting,) if upstream.timeout_setting else ()
    return (upstream.base_url, *timeout, *upstream.auth.settings)


def _settings_in(call: Call) -> Iterable[str]:
    mappings = (*call.send, *call.send_query, *call.send_headers)
    named = [mapping.source.path[0] for mapping in mappings if mapping.source.kind == "settings"]
    in_path = [
        part[len("settings.") :] for part in placeholders(call.path) if part.startswith("settings.")
    ]
    return [*named, *in_path]
