"""What a stored operation answers: the row's values; ids and times are known by their shape."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.plan.answers import answered_model, echoed, upstream_answer
from featuregen.plan.clients import received
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import normalised, normalised_model
from featuregen.plan.scene_rows import listed, path_value, row_of
from featuregen.plan.scene_upstream import NEW_ID, row_values

if TYPE_CHECKING:
    from featuregen.spec.model import Entity, FeatureSpec, Json, Operation


def stored_check(operation: Operation, spec: FeatureSpec, body: dict[str, Json]) -> str:
    """Statements about `response`; each but the first is indented."""
    entity = spec.entities[operation.entity or ""]
    model = spec.models[operation.response.model or ""]
    if operation.is_async or operation.response.kind != "model":
        return 'assert response.headers["content-type"].startswith("application/json")'
    if operation.action == "list":
        return _listed_check(operation, entity, spec)
    values = _values(operation, entity, spec, body)
    expected: dict[str, Json] = {}
    unknown: list[str] = []
    names = {field.name for field in entity.fields}
    for field in model.fields:
        if field.name not in names or (field.name not in values):
            unknown.append(field.wire_name)
        else:
            value = values[field.name]
            expected[field.wire_name] = None if value is None else normalised(field, value, spec)
    if not unknown:
        return f"assert response.json() == {py_literal(expected)}"
    keys = ", ".join(py_string(name) for name in unknown)
    return "\n    ".join(
        (
            "answer = response.json()",
            f"{model.name}.model_validate(answer)",
            f"assert answer == {py_literal(expected)} | {{key: answer[key] for key in ({keys},)}}",
        )
    )


def _listed_check(operation: Operation, entity: Entity, spec: FeatureSpec) -> str:
    page = spec.models[operation.response.model or ""]
    items = next(field for field in page.fields if field.name == "items")
    item = spec.models[(items.type.of and items.type.of.model) or ""]
    known = next((field for field in item.fields if field.name == entity.id.name), None)
    if known is None:
        return 'assert response.json()["next_cursor"] is None'
    ids = ", ".join(row.constant for row in listed(operation, spec))
    found = f'[item[{py_string(known.wire_name)}] for item in response.json()["items"]]'
    return f"assert sorted({found}) == sorted([{ids}])" if ids else f"assert {found} == []"


def _values(
    operation: Operation, entity: Entity, spec: FeatureSpec, body: dict[str, Json]
) -> dict[str, Json]:
    """The row after the operation; what the test cannot know is left out."""
    request = spec.models[operation.request] if operation.request else None
    asked = normalised_model(body, request, spec) if request else {}
    wires = {field.name: field.wire_name for field in request.fields} if request else {}
    row = row_of(operation, spec)
    if operation.action == "create":
        values = dict(row_values(operation, spec, body)["entity"])
        unknown = {"id", "now", "on_update"}
    else:
        values = dict(row.values) if row else {}
        unknown = {"on_update"}
    if operation.action == "update":
        values |= {name: asked[wire] for name, wire in wires.items() if wire in body}
    if operation.transition is not None:
        values[operation.transition.field] = operation.transition.to
    if operation.action == "reserve" and operation.reserve is not None:
        reserve = operation.reserve
        amount = asked[wires[reserve.by]] if reserve.by in wires else reserve.by  # or a number
        total = Decimal(str(values[reserve.field])) + Decimal(str(amount))
        whole = entity.field(reserve.field).type.kind == "int"
        values[reserve.field] = int(total) if whole else str(total)
    values |= _received(operation, spec, asked)
    for field in entity.fields:
        if field.generated is not None and field.generated.kind in unknown:
            values.pop(field.name, None)
    return {name: value for name, value in values.items() if value != NEW_ID}


def _received(operation: Operation, spec: FeatureSpec, asked: dict[str, Json]) -> dict[str, Json]:
    """What the upstream says of the row."""
    if operation.call is None or not operation.call.receive:
        return {}
    path = {field.name: path_value(operation, field, spec) for field in operation.path_params}
    told = echoed(upstream_answer(operation, spec), operation, spec, asked, path)
    model = answered_model(operation, spec)
    written = {mapping.target[0] for mapping in received(operation, spec)}
    return {
        field.name: told[field.wire_name]
        for field in model.fields
        if field.name in written and field.wire_name in told
    }
