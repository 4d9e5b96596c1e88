"""What an update leaves and changes, which version of a row it wants, and what a delete takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.conflict_texts import DETAIL, state_text
from featuregen.plan.names import snake
from featuregen.plan.normal import normalised
from featuregen.plan.quote import py_literal, py_string, py_text
from featuregen.plan.samples import sample
from featuregen.plan.scene_makers import another_id, another_row, stored_source
from featuregen.plan.scene_rows import right_state, row_of
from featuregen.plan.scene_values import nth_other
from featuregen.plan.scene_written import is_same
from featuregen.plan.stored_rows import answers_version
from featuregen.plan.tables import is_versioned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec, Field, Json, Model, Operation


_REFERRING = 30  # numbers of rows begin there


class Patch(NamedTuple):
    """An update of one field, with what has to go along; all literals."""

    label: str
    body: str
    expected: str  # a dict display: columns and their values


class UpdatedScene(NamedTuple):
    """The updates of one row."""

    patches: tuple[Patch, ...]
    nothing: str | None  # a body that changes nothing
    not_null: tuple[str, ...]  # names in JSON
    rest: str  # the body that `not_null` goes into
    still: tuple[str, ...]  # columns that every update changes


class VersionScene(NamedTuple):
    """`If-Match` and `ETag` of an operation."""

    required: bool
    answered: bool
    repeats: bool  # the row is there afterwards
    moves: bool  # but not where it was


class Referring(NamedTuple):
    """A row that refers to the one that is deleted."""

    name: str  # of the test
    table: str
    id_name: str
    id: str
    column: str
    rows: tuple[str, ...]
    on_delete: str


class TransitionScene(NamedTuple):
    """A change of state."""

    column: str
    right: str
    wrong: tuple[str, ...]
    detail: str  # what is told in those states
    to: str


def updated_scene(operation: Operation, spec: FeatureSpec) -> UpdatedScene | None:
    row = row_of(operation, spec)
    if operation.action != "update" or row is None or operation.request is None:
        return None
    model = spec.models[operation.request]
    if model.rules:  # which fields go together is not known
        return UpdatedScene((), None, (), "{}", ())
    needed = {field.wire_name: sample(field, spec) for field in model.fields if _is_needed(field)}
    return UpdatedScene(
        patches=tuple(_patches(model, needed, row.values, spec, operation)),
        nothing=None if needed else "{}",
        not_null=tuple(py_string(field.wire_name) for field in model.fields if not field.nullable),
        rest=py_literal(needed),
        still=tuple(
            py_string(field.name)
            for field in row.entity.fields
            if field.generated is not None and field.generated.kind == "on_update"
        ),
    )


def _is_needed(field: Field) -> bool:
    return field.required and not field.has_default and not field.patch


def _patches(
    model: Model,
    needed: dict[str, Json],
    held: dict[str, Json],
    spec: FeatureSpec,
    operation: Operation,
) -> Iterator[Patch]:
    entity = spec.entities[operation.entity or ""]
    free = {field.name for field in entity.fields if field.generated is None}
    stored = {field.name: field for field in model.fields if field.name in free}
    always = {
        name: normalised(field, needed[field.wire_name], spec)
        for name, field in stored.items()
        if field.wire_name in needed
    }
    for name, field in stored.items():
        column = entity.field(name)
        if column.references is None:
            value = _other(field, held.get(name), spec)
            if value is not None:
                expected = always | {name: normalised(field, value, spec)}
                yield Patch(
                    py_string(name),
                    py_literal(needed | {field.wire_name: value}),
                    _display(expected, operation, spec),
                )
        if field.nullable and held.get(name) is not None:
            yield Patch(
                py_string(f"{name}: null"),
                py_literal(needed | {field.wire_name: None}),
                _display(always | {name: None}, operation, spec),
            )


def _other(field: Field, held: Json, spec: FeatureSpec) -> Json:
    value = sample(field, spec)
    return nth_other(field, spec, value, 1) if is_same(value, held, field) else value


def _display(values: dict[str, Json], operation: Operation, spec: FeatureSpec) -> str:
    entity = spec.entities[operation.entity or ""]
    items = (
        f"{py_string(name)}: {stored_source(value, entity.field(name))}"
        for name, value in values.items()
    )
    return f"{{{', '.join(items)}}}"


def version_scene(operation: Operation, spec: FeatureSpec) -> VersionScene | None:
    entity = spec.entities[operation.entity or ""]
    changes = operation.action in {"update", "delete"}
    known = operation.row_param is not None or operation.action == "create"
    answered = answers_version(operation, spec) and known
    if not is_versioned(entity, spec) or not (changes or answered):
        return None
    return VersionScene(
        required=changes and operation.if_match == "required",
        answered=answered,
        repeats=operation.action == "update",
        moves=operation.action == "update" and _moves(operation, spec),
    )


def _moves(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the path no longer names the row once the update is made."""
    asked = spec.models[operation.request or ""].fields
    return any(field.name == operation.by for field in asked)


def referring_rows(operation: Operation, spec: FeatureSpec) -> Iterator[Referring]:
    """A row for each reference to the one that is deleted."""
    row = row_of(operation, spec)
    if operation.action != "delete" or row is None:
        return
    number = _REFERRING
    for other in spec.entities.values():
        for field in other.fields:
            if field.references == row.entity.name:
                number += 1
                yield Referring(
                    name=f"{snake(other.name)}_{field.name}",
                    table=other.name,
                    id_name=other.id.name,
                    id=py_string(another_id(other, spec, number)),
                    column=field.name,
                    rows=another_row(other, spec, number, {field.name: row.id}),
                    on_delete=field.on_delete,
                )


def transition_scene(operation: Operation, spec: FeatureSpec) -> TransitionScene | None:
    row, transition = row_of(operation, spec), operation.transition
    if transition is None or row is None:
        return None
    field = row.entity.field(transition.field)
    others = (value for value in field.values if transition.from_)
    return TransitionScene(
        column=field.name,
        right=py_literal(right_state(transition, row.entity)),
        wrong=tuple(py_literal(each) for each in others if each not in transition.from_),
        detail=py_text(state_text(row.entity, transition), DETAIL),
        to=py_literal(transition.to),
    )
