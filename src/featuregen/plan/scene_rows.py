"""The rows that the tests of a storing feature find: one for each operation that needs a row.

Each is in the state that its operation wants, and belongs to the user of the tests. The path of a
test's request names it, so that a stored operation is tested like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.plan.names import snake
from featuregen.plan.samples import sample, sample_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Operation, Transition

OWNER = "user_1"
_EQUALS = re.compile(
    r"(?:^|\band\b)\s*(\w+)\s*==\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s*(?=$|\band\b)"
)


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


def rows(spec: FeatureSpec) -> tuple[Row, ...]:
    """Every row, those of operations first, then those that they and bodies refer to."""
    found: dict[str, Row] = {}
    for operation in spec.operations.values():
        name = operation.parent or operation.entity
        if operation.row_param is not None and name is not None:
            entity = spec.entities[name]
            row = _new(entity, _constant(operation), len(found) + 1, spec)
            found[row.constant] = replace(row, values=row.values | _state(operation, entity))
    for operation in spec.operations.values():
        for row in _named_in_body(operation, spec):
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
                if constant not in found:
                    found[constant] = _new(target, constant, len(found) + 1, spec)
                    pending.append(found[constant])
                row.values[field.name] = found[constant].id
    return tuple(found.values())


def listed(operation: Operation, spec: FeatureSpec) -> tuple[Row, ...]:
    """The rows that a list shows its caller."""
    own = tuple(row for row in rows(spec) if row.entity.name == operation.entity)
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


def _new(entity: Entity, constant: str, number: int, spec: FeatureSpec) -> Row:
    values: dict[str, Json] = {}
    for field in entity.fields:
        if field.references is not None:
            continue
        match field.generated.kind if field.generated else None:
            case "id":
                prefix = (field.pattern or "").removeprefix("^").partition("[")[0] or field.prefix
                values[field.name] = f"{prefix or ''}{number:032x}"
            case "owner":
                values[field.name] = OWNER
            case "literal" if field.generated is not None:
                values[field.name] = field.generated.value
            case _:
                values[field.name] = sample(field, spec)
    for key in entity.unique:
        for name in key:
            field = entity.field(name)
            if name in values and (field.generated is None):
                values[name] = _different(field, values[name], number)
    return Row(entity, constant, values)


def _different(field: Field, value: Json, number: int) -> Json:
    """A value that no other row has, nor the body of a request."""
    match field.type.kind:
        case "string" if field.pattern is not None:
            from featuregen.plan.regex_sample import matching

            found = matching(
                field.pattern,
                index=number + 5,
                shortest=field.min_length or 0,
                longest=field.max_length,
            )
            return value if found is None else found
        case "string":
            text = f"{number} {value}"[: field.max_length]
            return text.upper() if field.upper else text.lower() if field.lower else text.strip()
        case "email" | "id":
            return f"{number}{value}"
        case "int" if isinstance(value, int):
            return value + number
        case "decimal":
            return str(Decimal(str(value)) + number)
        case "uuid":
            return f"{number:08x}{str(value)[8:]}"
        case _:
            return value


def _state(operation: Operation, entity: Entity) -> dict[str, Json]:
    """What the operation wants of the row."""
    state: dict[str, Json] = {}
    if operation.transition is not None:
        state[operation.transition.field] = right_state(operation.transition, entity)
    if operation.call is not None and operation.call.when and operation.parent is None:
        state |= _true_of(operation.call.when)
    if operation.reserve is not None and operation.reserve.entity == entity.name:
        state |= _with_room(operation, entity)
    return state


def right_state(transition: Transition, entity: Entity) -> str | int:
    """A state that the transition starts from; without `from`, any but the one that it leads to."""
    if transition.from_:
        return transition.from_[0]
    values = entity.field(transition.field).values
    return next((value for value in values if value != transition.to), transition.to)


def _with_room(operation: Operation, entity: Entity) -> dict[str, Json]:
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
        most = 10 ** ((bound.max_digits or 9) - (bound.decimal_places or 0)) - 1
        if bound.le is not None:
            most = int(Decimal(str(bound.le)))
        state[reserve.up_to] = most if bound.type.kind == "int" else f"{most}.00"
    return state | (_true_of(reserve.when) if reserve.when else {})


def _true_of(condition: str) -> dict[str, Json]:
    """Values that make `status == 'open' and kind == 'card'` true; of more it knows nothing."""
    found: dict[str, Json] = {}
    for name, single, double, number in _EQUALS.findall(condition):
        found[name] = int(number) if number else single or double
    return found


def _named_in_body(operation: Operation, spec: FeatureSpec) -> Iterator[Row]:
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
        row = _new(target, f"{operation.name.upper()}_{field.name.upper()}", 0, spec)
        values = row.values | {target.id.name: value}
        reserve = operation.reserve
        if reserve is not None and reserve.entity == target.name and operation.parent is None:
            values |= _with_room(operation, target)
        yield replace(row, constant=_shared(field, target), values=values)


def _shared(field: Field, target: Entity) -> str:
    """Bodies that hold the same sample name the same row."""
    return f"{snake(target.name).upper()}_OF_{field.name.upper()}"
