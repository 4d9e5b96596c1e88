"""The rows that the tests of a storing feature find: one for each operation that needs a row.

Each is in the state that its operation wants, and belongs to the user of the tests. The path of a
test's request names it, so that a stored operation is tested like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.plan.names import snake
from featuregen.plan.normal import json_of
from featuregen.plan.samples import sample, sample_model, violations
from featuregen.plan.scene_values import nth_other, varies
from featuregen.spec.model import Model, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Operation, Transition

OWNER = "user_1"


@dataclass(frozen=True, slots=True)
class Row:
    """A stored row: values as JSON, by the names of the entity's fields."""

    entity: Entity
    constant: str
    values: dict[str, Json]

    @property
    def id(self) -> str:
        return str(self.values[self.entity.id.name])


def row_of(operation: Operation, spec: FeatureSpec) -> Row | None:
    """The row that the path of the operation names."""
    return next((row for row in rows(spec) if row.constant == _constant(operation)), None)


def path_value(operation: Operation, field: Field, spec: FeatureSpec) -> Json:
    """What a test's path holds for a parameter."""
    row = row_of(operation, spec) if field.name == operation.row_param else None
    if row is None:
        return sample(field, spec)
    return row.values[_named_by(operation, row.entity)]


_latest: list[tuple[FeatureSpec, tuple[Row, ...]]] = []
"""The rows of the spec that is being planned: every test asks for them."""


def rows(spec: FeatureSpec) -> tuple[Row, ...]:
    """Every row, those of operations first, then those that they and bodies refer to."""
    if not _latest or _latest[0][0] is not spec:
        _latest[:] = [(spec, _rows(spec))]
    return _latest[0][1]


def _rows(spec: FeatureSpec) -> tuple[Row, ...]:
    found: dict[str, Row] = {}
    for operation in spec.operations.values():
        name = operation.parent or operation.entity
        if operation.row_param is not None and name is not None:
            entity = spec.entities[name]
            row = new_row(entity, _constant(operation), len(found) + 1, spec)
            state = wanted_state(operation, entity, row.values, spec)
            found[row.constant] = replace(row, values=row.values | state)
    for operation in spec.operations.values():
        for row in _named_in_body(operation, spec, found):
            known = found.get(row.constant)
            found[row.constant] = (
                row if known is None else replace(known, values=known.values | row.values)
            )
    pending = list(found.values())
    while pending:
        row = pending.pop()
        for field in row.entity.fields:
            if field.references and field.required and field.name not in row.values:
                target = spec.entities[field.references]
                constant = f"REFERRED_{snake(target.name).upper()}_ID"
                if field.name in only_by_reference(row.entity):
                    constant = f"{row.constant.removesuffix('_ID')}_{field.name.upper()}"
                if constant not in found:
                    found[constant] = new_row(target, constant, len(found) + 1, spec)
                    pending.append(found[constant])
                row.values[field.name] = found[constant].id
    return tuple(found.values())


def listed(operation: Operation, spec: FeatureSpec) -> tuple[Row, ...]:
    """The rows that a list shows its caller."""
    own = tuple(row for row in rows(spec) if row.entity.name == operation.entity)
    if own and (
        is_one_for_all(own[0].entity)
        or (is_one_for_each(own[0].entity) and own[0].entity.scope != "public")
    ):
        own = tuple(row for row in own if operation.name in asked_by(row, spec))
    parent = row_of(operation, spec)
    if operation.parent_field is None or parent is None:
        return own
    return tuple(row for row in own if row.values.get(operation.parent_field) == parent.id)


def _constant(operation: Operation) -> str:
    return f"{operation.name.upper()}_ID"


def _named_by(operation: Operation, entity: Entity) -> str:
    if operation.parent is not None or operation.by == "id":
        return entity.id.name
    return operation.by


def new_row(entity: Entity, constant: str, number: int, spec: FeatureSpec) -> Row:
    """A row unlike those of other numbers; the rows that it has to refer to are not there yet.

    One without a constant stands beside those that the tests find.
    """
    apart = f"{OWNER}_{number}"
    values: dict[str, Json] = {}
    for field in entity.fields:
        if field.references is not None:
            continue
        match field.generated.kind if field.generated else None:
            case "id":
                prefix = (field.pattern or "").removeprefix("^").partition("[")[0] or field.prefix
                values[field.name] = f"{prefix or ''}{number:032x}"
            case "owner":
                values[field.name] = OWNER if constant or not is_one_for_each(entity) else apart
            case "literal" if field.generated is not None:
                values[field.name] = field.generated.value
            case _:
                values[field.name] = sample(field, spec)
    return Row(entity, constant, values | _unlike_others(entity, constant, values, number, spec))


def _unlike_others(
    entity: Entity, constant: str, values: dict[str, Json], number: int, spec: FeatureSpec
) -> dict[str, Json]:
    """Values that no row of another number has, nor the body of a request.

    Where there are but a few, the rows beside those that the tests find have them in turn.
    """
    found: dict[str, Json] = {}
    in_turn = not constant and is_one_for_all(entity)
    for key in entity.unique:
        for field in map(entity.field, key):
            if field.name in values and field.generated is None and field.name not in found:
                held = values[field.name]
                few = len(field.values) - 1 if in_turn and field.type.kind == "enum" else 0
                value = nth_other(field, spec, held, (number % few + 1) if few else number)
                found |= {} if value is None else {field.name: value}
    return found


def only_by_reference(entity: Entity) -> frozenset[str]:
    """The references that alone keep rows of one owner apart in some unique key."""
    return frozenset(
        field.name for key in _narrow_keys(entity) for field in key if field.references is not None
    )


def is_one_for_each(entity: Entity) -> bool:
    """Whether some unique key lets an owner have one row, or one in each of a few states."""
    return any(entity.owner in key for key in _keys_of_few(entity))


def is_one_for_all(entity: Entity) -> bool:
    """Whether some unique key lets there be one row, or one for each of a few values, in all."""
    return any(entity.owner not in key for key in _keys_of_few(entity))


def are_few(entity: Entity) -> bool:
    """Whether there can be but a few rows, of one owner or in all."""
    return any(True for _ in _keys_of_few(entity))


def _keys_of_few(entity: Entity) -> Iterator[list[Field]]:
    """The unique keys that allow for but a few rows, of one owner or in all."""
    for key in _narrow_keys(entity):
        if not any(field.references for field in key):
            yield key


def _narrow_keys(entity: Entity) -> Iterator[list[Field]]:
    """The unique keys of which no field has a value of its own for each of many rows."""
    for key in entity.unique:
        fields = [entity.field(name) for name in key]
        if not any(map(varies, fields)):
            yield fields


def asked_by(row: Row, spec: FeatureSpec) -> tuple[str, ...]:
    """The operations whose request names the row, in its path or in its body, or which list it."""
    first = next(each for each in rows(spec) if each.entity.name == row.entity.name)
    return tuple(
        operation.name
        for operation in spec.operations.values()
        if row.constant == _constant(operation)
        or (operation.action == "list" and operation.entity == row.entity.name and row == first)
        or any(
            named.constant == row.constant
            for named in _named_in_body(operation, spec, {row.constant: row})
        )
    )


def wanted_state(
    operation: Operation, entity: Entity, values: dict[str, Json], spec: FeatureSpec
) -> dict[str, Json]:
    """What the operation wants of the row that its path names, other than these values."""
    state: dict[str, Json] = {}
    if operation.transition is not None:
        state[operation.transition.field] = right_state(operation.transition, entity)
    if operation.call is not None and operation.call.when and operation.parent is None:
        state |= kept_by(operation.call.when, entity, values | state, spec)
    if operation.reserve is not None and operation.reserve.entity == entity.name:
        state |= _with_room(operation, entity, values | state, spec)
    return state


def right_state(transition: Transition, entity: Entity) -> str | int:
    """A state that the transition starts from; without `from`, any but the one that it leads to."""
    if transition.from_:
        return transition.from_[0]
    values = entity.field(transition.field).values
    return next((value for value in values if value != transition.to), transition.to)


def _with_room(
    operation: Operation, entity: Entity, values: dict[str, Json], spec: FeatureSpec
) -> dict[str, Json]:
    reserve = operation.reserve
    if reserve is None:
        return {}
    state: dict[str, Json] = {}
    used = entity.field(reserve.field)
    state[reserve.field] = 0 if used.type.kind == "int" else "0.00"
    if used.generated is not None and used.generated.value is not None:
        state[reserve.field] = used.generated.value
    if reserve.up_to.isidentifier():
        bound = entity.field(reserve.up_to)
        places = bound.decimal_places or 0
        most = Decimal(10 ** (bound.max_digits or 9) - 1).scaleb(-places)  # all that it can hold
        if bound.le is not None:
            most = Decimal(str(bound.le)).quantize(Decimal(1).scaleb(-places))
        state[reserve.up_to] = int(most) if bound.type.kind == "int" else f"{most:f}"
    if reserve.when:
        state |= kept_by(reserve.when, entity, values | state, spec)
    return state


def kept_by(
    condition: str, entity: Entity, values: dict[str, Json], spec: FeatureSpec
) -> dict[str, Json]:
    """What has to be other than in these values for the condition to be true of the row."""
    return _settled(condition, entity, values, spec, breaks=False) or {}


def broken_by(
    condition: str, entity: Entity, values: dict[str, Json], spec: FeatureSpec
) -> dict[str, Json] | None:
    """What has to be other for the condition to be false; None where nothing was found."""
    return _settled(condition, entity, values, spec, breaks=True)


def _settled(
    condition: str, entity: Entity, values: dict[str, Json], spec: FeatureSpec, *, breaks: bool
) -> dict[str, Json] | None:
    """Found by the search that finds payloads for the rules of a model."""
    row = {field.wire_name: values.get(field.name) for field in entity.fields}
    model = Model(entity.name, entity.fields, rules=(Rule(condition, ""),), example=row)
    if breaks:
        found = next((payload for _, payload in violations(model, spec)), None)
        if found is None:
            return None
    else:
        found = sample_model(model, spec)
    return {
        field.name: _as_kept(field, found.get(field.wire_name))
        for field in entity.fields
        if found.get(field.wire_name) != row[field.wire_name]
    }


def _as_kept(field: Field, value: Json) -> Json:
    """A moment is kept, and told, in UTC."""
    if field.type.kind != "datetime" or not isinstance(value, str):
        return value
    return json_of(datetime.fromisoformat(value).astimezone(UTC))


def _named_in_body(operation: Operation, spec: FeatureSpec, found: dict[str, Row]) -> Iterator[Row]:
    """The rows that the sample body refers to, under the ids that it holds."""
    if operation.entity is None or operation.request is None:
        return
    model = spec.models[operation.request]
    body = sample_model(model, spec)
    names = {field.name: field.wire_name for field in model.fields}
    for field in spec.entities[operation.entity].fields:
        value = body.get(names.get(field.name, ""))
        if field.references is None or value is None:
            continue
        target = spec.entities[field.references]
        constant = _shared(field, target)
        number = [*found, constant].index(constant) + 1
        row = new_row(target, constant, number, spec)
        values = row.values | {target.id.name: value}
        reserve = operation.reserve
        if reserve is not None and reserve.entity == target.name and operation.parent is None:
            values |= _with_room(operation, target, values, spec)
        yield replace(row, values=values)


def _shared(field: Field, target: Entity) -> str:
    """Bodies that hold the same sample name the same row."""
    return f"{snake(target.name).upper()}_OF_{field.name.upper()}"
