"""What a request may write into a row: what the service sets, keys that are taken, references."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.conflict_texts import DETAIL, clash_text, referred_text
from featuregen.plan.normal import normalised_model
from featuregen.plan.python_values import python_object
from featuregen.plan.quote import py_literal, py_string, py_text
from featuregen.plan.samples import sample_model
from featuregen.plan.scene_found import FAR, STRANGER
from featuregen.plan.scene_makers import another_id, another_row, stored_sample, stored_source
from featuregen.plan.scene_rows import OWNER, row_of
from featuregen.plan.scene_values import nth_other
from featuregen.plan.stored_rows import references_to_check
from featuregen.plan.tables import VERSION_COLUMN, is_versioned
from featuregen.spec.model import Generated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Model, Operation

_VERSION = 7  # that no row has
_REFERRED = 10  # numbers of rows that a body refers to


class ServerSet(NamedTuple):
    """A field that the service sets, and what a client would like it to be."""

    wire: str  # a literal, as the others
    value: str
    column: str
    stored: str  # what must not be stored


class Clash(NamedTuple):
    """A key that another row has taken."""

    label: str
    rows: tuple[str, ...]  # the row that has it, behind those that it needs
    secrets: tuple[str, ...]  # what the answer does not tell of it
    apart: tuple[str, ...]  # of another owner: no clash, where the key holds the owner


class BrokenReference(NamedTuple):
    """A reference to what is not there for the caller."""

    label: str
    body: str  # a dict display that changes the sample
    detail: str  # what is told
    rows: tuple[str, ...]


class WrittenScene(NamedTuple):
    """What a request may write."""

    server_set: tuple[ServerSet, ...]
    ignores: bool  # what it does not know; else it refuses it
    clashes: tuple[Clash, ...]
    clash_detail: str  # what is told of them
    references: tuple[BrokenReference, ...]


def written_scene(operation: Operation, spec: FeatureSpec) -> WrittenScene | None:
    if operation.action not in {"create", "update"} or operation.request is None:
        return None
    model = spec.models[operation.request]
    return WrittenScene(
        server_set=tuple(_server_set(operation, model, spec)),
        ignores=model.ignore_extra,
        clashes=tuple(_clashes(operation, model, spec)),
        clash_detail=py_text(clash_text(spec.entities[operation.entity or ""]), DETAIL),
        references=tuple(_broken_references(operation, model, spec)),
    )


def _server_set(operation: Operation, model: Model, spec: FeatureSpec) -> Iterator[ServerSet]:
    """Fields of the row that are none of the request, with values that they could have."""
    entity = spec.entities[operation.entity or ""]
    known = {field.wire_name for field in model.fields} | {field.name for field in model.fields}
    for field in entity.fields:
        if field.wire_name in known or field.name in known:
            continue
        held = stored_sample(field, spec)
        number = FAR if field == entity.id else 1
        wished = STRANGER if held == OWNER else nth_other(field, spec, held, number)
        if wished is not None and field.type.kind not in {"list", "map", "model", "json"}:
            yield ServerSet(
                py_string(field.wire_name),
                py_literal(wished),
                py_string(field.name),
                stored_source(wished, field),
            )
    if is_versioned(entity, spec) and VERSION_COLUMN not in known:
        name, wished = py_string(VERSION_COLUMN), py_literal(_VERSION)
        yield ServerSet(name, wished, name, wished)


def _clashes(operation: Operation, model: Model, spec: FeatureSpec) -> Iterator[Clash]:
    entity = spec.entities[operation.entity or ""]
    written = written_values(operation, model, spec)
    sent = {field.name for field in model.fields}
    for number, key in enumerate(entity.unique, 1):
        if not set(key) <= written.keys() or any(written[name] is None for name in key):
            continue
        if operation.action == "update" and not _stays(key, sent, entity):
            continue
        values = {name: written[name] for name in key}
        row = row_of(operation, spec)
        if operation.action == "update" and row and values.items() <= row.values.items():
            continue  # it has this key already
        owner = entity.owner.name if entity.owner else ""
        apart: tuple[str, ...] = ()
        if owner in key:
            apart = another_row(entity, spec, number, values | {owner: STRANGER})
        elif owner:  # whoever has it
            values[owner] = STRANGER
        yield Clash(
            label=py_string(", ".join(name for name in key)),
            rows=another_row(entity, spec, number, values),
            secrets=tuple(_secrets(entity, key, values)),
            apart=apart,
        )


def _stays(key: tuple[str, ...], sent: set[str], entity: Entity) -> bool:
    """Whether a change may bring the key, and nothing but what is sent is other than before."""
    generated = (entity.field(name).generated for name in key)
    return bool(set(key) & sent) and Generated("on_update") not in generated


def _secrets(entity: Entity, key: tuple[str, ...], values: dict[str, Json]) -> Iterator[str]:
    for name in key:
        field = entity.field(name)
        if field.references is None and isinstance(values[name], str) and field.type.kind != "enum":
            yield py_literal(values[name])


def written_values(operation: Operation, model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """The row's values by the time that it is written, as far as they are known."""
    entity = spec.entities[operation.entity or ""]
    body = normalised_model(sample_model(model, spec), model, spec)
    row = row_of(operation, spec)
    values: dict[str, Json] = {}
    if operation.action == "update":
        values = dict(row.values) if row else {}
    else:
        for field in entity.fields:
            if field.generated is not None and field.generated.kind == "literal":
                values[field.name] = field.generated.value
            elif field.generated is None and field.has_default:
                values[field.name] = field.default
        if entity.owner is not None:
            values[entity.owner.name] = OWNER
        if operation.parent_field is not None and row is not None:
            values[operation.parent_field] = row.id
    names = {field.name for field in entity.fields if field.generated is None}
    return values | {
        field.name: body[field.wire_name] for field in model.fields if field.name in names
    }


def _broken_references(
    operation: Operation, model: Model, spec: FeatureSpec
) -> Iterator[BrokenReference]:
    entity = spec.entities[operation.entity or ""]
    wires = {field.name: field.wire_name for field in model.fields}
    checked = {field.name for field, _ in references_to_check(entity, operation, spec)}
    for number, field in enumerate(entity.fields, _REFERRED):
        if field.references is None or field.name not in wires:
            continue
        if field.name == operation.parent_field or field.generated is not None:
            continue
        target, wire = spec.entities[field.references], wires[field.name]
        there = another_id(target, spec, number)
        body = py_literal({wire: there})
        looked_up = field.name in checked
        detail = py_text(referred_text(target) if looked_up else clash_text(entity), DETAIL)
        yield BrokenReference(py_string(f"{field.name}: nobody's"), body, detail, ())
        if looked_up and target.owner is not None and not _is_open(target, spec):
            rows = another_row(target, spec, number, {target.owner.name: STRANGER})
            yield BrokenReference(py_string(f"{field.name}: another's"), body, detail, rows)


def _is_open(entity: Entity, spec: FeatureSpec) -> bool:
    """Whether the caller of the tests, who holds what operations ask for, sees the rows of all."""
    asked = {operation.permission for operation in spec.operations.values()}
    return entity.scope == "permission" and entity.scope_permission in asked


def is_same(value: Json, other: Json, field: Field) -> bool:
    """Whether they are stored as one and the same."""
    if value is None or other is None:
        return value is other
    return python_object(value, field.type, field) == python_object(other, field.type, field)
