"""References: every model, error, setting and operation that is named exists and fits its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.suggest import did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from featuregen.spec.checks.place import Place
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import (
        Auth,
        Entity,
        ErrorMapping,
        FeatureSpec,
        Operation,
        Path,
        Upstream,
    )

_CODES = {"model": "FG201", "error": "FG202", "setting": "FG203", "operation": "FG205"}


def check_references(spec: FeatureSpec, draft: Draft) -> None:
    """Report every name that is not defined."""
    for operation in spec.operations.values():
        _check_operation(operation, spec, draft)
    for upstream in spec.upstreams.values():
        _check_upstream(upstream, spec, draft)
    for webhook in spec.webhooks.values():
        path: Path = ("webhooks", webhook.name, "secret")
        _setting(webhook.secret, ("secret",), path, spec, draft)


def _check_operation(operation: Operation, spec: FeatureSpec, draft: Draft) -> None:
    path: Path = ("operations", operation.name)
    models = draft.models | spec.models.keys()
    if operation.request is not None:
        _known("model", operation.request, models, (*path, "request"), draft)
    if operation.response.model is not None:
        written = _item_of(operation.response.model, spec)
        text = f"list[{written}]" if operation.response.kind == "list" else written
        _known("model", written, models, (*path, "response"), draft, text=text)
    for index, name in enumerate(operation.errors):
        _known("error", name, draft.errors, (*path, "errors", index), draft)


def _item_of(model: str, spec: FeatureSpec) -> str:
    """What the author has named: of a list of rows, the model of each."""
    found = spec.models.get(model)
    if found is None or found.derived != "page" or found.fields[0].type.of is None:
        return model
    return found.fields[0].type.of.model or model


def _check_upstream(upstream: Upstream, spec: FeatureSpec, draft: Draft) -> None:
    path: Path = ("upstreams", upstream.name)
    if upstream.base_url:
        _setting(upstream.base_url, ("url",), (*path, "base_url"), spec, draft)
    if upstream.timeout_setting is not None:
        _setting(upstream.timeout_setting, ("duration",), (*path, "timeout"), spec, draft)
    _check_auth(upstream.auth, (*path, "auth"), spec, draft)
    mapped: dict[int | str, ErrorMapping | None] = dict(upstream.errors.items())
    mapped |= {"timeout": upstream.on_timeout, "other": upstream.other}
    for status, mapping in mapped.items():
        if mapping is not None and mapping.error:
            written = draft.findings.source.keys
            key = status if (*path, "errors", status) in written else str(status)
            _known("error", mapping.error, draft.errors, (*path, "errors", key, "raise"), draft)


def _check_auth(auth: Auth, path: Path, spec: FeatureSpec, draft: Draft) -> None:
    allowed = ("secret", "string", "id", "uuid", "email") if auth.kind == "basic" else ("secret",)
    for index, name in enumerate(auth.settings):
        match auth.kind:
            case "basic":
                kinds = allowed if index == 0 else ("secret",)
                _setting(name, kinds, (*path, "basic", index), spec, draft)
            case "bearer":
                _setting(name, allowed, (*path, "bearer"), spec, draft)
            case _:
                _setting(name, allowed, (*path, "value"), spec, draft)


def report_reference(entity: Entity, target: str, place: Place, where: str) -> None:
    """Report that an entity does not refer to another by exactly one field."""
    fields = [one.name for one in entity.fields if one.references == target]
    if fields:
        said = f"'{entity.name}' refers to '{target}' by {' and '.join(fields)}"
        place.report("FG213", said, where, hint=f"via: {fields[0]}")
    else:
        said = f"'{entity.name}' does not refer to '{target}'"
        hint = f"give it a field: {{type: id, references: {target}}}"
        place.report("FG213", said, where, hint=hint)


def _setting(
    name: str, kinds: tuple[str, ...], path: Path, spec: FeatureSpec, draft: Draft
) -> None:
    if not name or not _known("setting", name, draft.settings, path, draft):
        return
    setting = spec.settings.get(name)
    if setting is None:
        return
    if setting.type.kind not in kinds:
        found = type_name(setting.type)
        draft.findings.add(
            "FG210",
            f"the setting '{name}' is {found}, and this needs {kinds[0]}",
            path,
            hint=f"{name}: {{type: {kinds[0]}}}",
        )
    elif setting.nullable:
        draft.findings.add(
            "FG210",
            f"the setting '{name}' may be absent, and this needs it",
            path,
            hint=f"leave `required: false` of '{name}' out, or give it a default",
        )


def _known(
    what: str,
    name: str,
    defined: Collection[str],
    path: Path,
    draft: Draft,
    *,
    text: str | None = None,
) -> bool:
    if name in defined:
        return True
    hint = did_you_mean_or_list(name, defined) or f"define it under `{what}s:`"
    text = text or name
    within = (text, text.rfind(name), len(name))
    draft.findings.add(_CODES[what], f"unknown {what} '{name}'", path, hint=hint, within=within)
    return False
