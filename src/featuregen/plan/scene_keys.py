"""`Idempotency-Key` in tests: the same request again, and another one with the same key."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import pascal
from featuregen.plan.quote import py_string
from featuregen.plan.samples import inside, normalised_model, sample_model
from featuregen.plan.scene_cases import case_literal
from featuregen.plan.scene_requests import query_values, url_code

if TYPE_CHECKING:
    from featuregen.plan.scene_requests import RequestPlan
    from featuregen.spec.model import FeatureSpec, Operation

_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class KeyScene(NamedTuple):
    """An operation that is done once for its key; every `str` is Python source."""

    keys: str  # the class of the table
    other: str  # what `client` is given for another request
    shown_id: str | None  # where the answer holds the id of the row that was made


def key_scene(operation: Operation, request: RequestPlan, spec: FeatureSpec) -> KeyScene | None:
    """What is tested of an idempotent operation; a function of the user's answers what it likes."""
    if not operation.idempotent or operation.hook is not None or operation.method not in _CHANGES:
        return None
    return KeyScene(
        keys=f"{pascal(spec.feature)}IdempotencyKey",
        other=_other(operation, request, spec),
        shown_id=_shown_id(operation, spec),
    )


def _other(operation: Operation, request: RequestPlan, spec: FeatureSpec) -> str:
    """A valid request that differs in one field, or in a part of its URL that says nothing."""
    changed = _changed_body(operation, spec)
    if changed is not None:
        return request.send(body=f"{operation.name.upper()} | {changed}", headers="keyed")
    query = case_literal({**query_values(operation, spec), "another": "request"})
    return request.send(url=url_code(operation, spec), query=query, headers="keyed")


def _changed_body(operation: Operation, spec: FeatureSpec) -> str | None:
    model = spec.models[operation.request] if operation.request else None
    if model is None or model.rules:
        return None
    body = sample_model(model, spec)
    known = normalised_model(body, model, spec)
    for field in model.fields:
        for case in inside(field, spec):
            changed = normalised_model({**body, field.wire_name: case.value}, model, spec)
            if changed != known and field.references is None:
                return case_literal({field.wire_name: case.value})
    return None


def _shown_id(operation: Operation, spec: FeatureSpec) -> str | None:
    """The name in JSON of a new row's id."""
    if operation.action != "create" or operation.response.kind != "model":
        return None
    key = spec.entities[operation.entity or ""].id.name
    fields = spec.models[operation.response.model or ""].fields
    return next((py_string(field.wire_name) for field in fields if field.name == key), None)
