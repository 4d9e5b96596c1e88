"""A row and the upstream: what the client is given of it, and how an outcome is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.conflict_texts import unknown_text
from featuregen.plan.signatures import (
    all_params,
    call_uses,
    key_name,
    keyed_by_row,
    row_values,
)
from featuregen.plan.sources import split_table
from featuregen.plan.stored_rows import (
    bumped,
    column,
    conflict,
    error,
    not_found,
    value,
    variable,
)
from featuregen.plan.stored_statements import changed, chosen, literals, update_of

if TYPE_CHECKING:
    from featuregen.spec.model import Call, Entity, FeatureSpec, Field, Json, Operation, Source

_FASTER = "# An event may have been faster: what it says stays."
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


def client_call(operation: Operation, call: Call, spec: FeatureSpec) -> str:
    """`received = await self._provider.create_payment(data, payment_id=payment.id, user=user)`."""
    used = call_uses(operation)
    given = ["data"] if "data" in used else []
    named = {field.name: field.name for field in all_params(operation) if field.name in used}
    for row in row_values(operation):
        named[row.name] = f"{variable(spec.entities[row.entity])}.{row.field}"
    if keyed_by_row(operation, spec.upstreams[call.upstream]):
        entity = spec.entities[operation.entity or ""]
        named[key_name(operation)] = f"{variable(entity)}.{entity.id.name}"
    if "user" in used:
        named["user"] = "user"
    given += [f"{name}={code}" for name, code in named.items()]
    kept = "received = " if call.receive else ""
    return f"{kept}await self._{call.upstream}.{operation.name}({', '.join(given)})"


def may_repeat(operation: Operation, call: Call, spec: FeatureSpec) -> bool:
    """Whether a second attempt at the call does nothing twice."""
    upstream = spec.upstreams[call.upstream]
    return call.method in _REPEATABLE or keyed_by_row(operation, upstream)


def state_field(entity: Entity, call: Call) -> Field | None:
    """The enum whose first value means that the outcome is not known."""
    written = {mapping.target[0] for mapping in call.receive} | {name for name, _ in call.refused}
    for field in entity.fields:
        first = field.generated is not None and field.generated.kind == "literal"
        if first and field.type.kind == "enum" and field.name in written:
            return field
    return None


def first_state(field: Field) -> str:
    """The literal that the row is born with."""
    return value(field, field.generated.value if field.generated else None)


def undecided(entity: Entity, field: Field) -> str:
    """`Payment.status == "pending"`."""
    return f"{column(entity, field.name)} == {first_state(field)}"


def is_decided(entity: Entity, call: Call) -> str | None:
    """The condition that an outcome is in the row, where the row can tell."""
    row, state = variable(entity), state_field(entity, call)
    if state is not None:
        return f"{row}.{state.name} != {first_state(state)}"
    for mapping in call.receive:
        if entity.field(mapping.target[0]).nullable:
            return f"{row}.{mapping.target[0]} is not None"
    return None


def outcome(operation: Operation, call: Call, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines that write what was received; an event may have settled the state before."""
    entity = spec.entities[operation.entity or ""]
    row, state = variable(entity), state_field(entity, call)
    values: list[str] = []
    for name in dict.fromkeys(mapping.target[0] for mapping in call.receive):
        if state is not None and name == state.name:
            values.append(chosen(entity, name, undecided(entity, state), f"received.{name}"))
        else:
            values.append(f"{name}=received.{name}")
    if not values:
        return ()
    statement = update_of(entity, (is_row(entity, row),), values, spec)
    return (
        *((_FASTER,) if any("=case(" in text for text in values) else ()),
        f"{row} = {changed(statement, f'{not_found(entity, spec)}()')}",
    )


def refusal(operation: Operation, call: Call, spec: FeatureSpec) -> str:
    """The statement for a definite refusal: what `refused` says, or the row goes."""
    entity = spec.entities[operation.entity or ""]
    if not call.refused:
        return f"delete({entity.name}).where({is_row(entity, variable(entity))})"
    row, state = variable(entity), state_field(entity, call)
    where = [is_row(entity, row)]
    if state is not None:
        where.append(undecided(entity, state))
    written = ", ".join(bumped(entity, literals(entity, call.refused), spec))
    return f"update({entity.name}).where({', '.join(where)}).values({written})"


def refused_state(entity: Entity, call: Call) -> tuple[Field, Json] | None:
    """The state of a row whose call was refused, where `refused` names one."""
    state = state_field(entity, call)
    written = dict(call.refused)
    return (state, written[state.name]) if state is not None and state.name in written else None


def may_tell(call: Call, state: Field, refused: Json) -> bool:
    """Whether a good answer, too, may say that the upstream has refused."""
    sources = (each.source for each in call.receive if each.target[0] == state.name)
    return any(refused in _words(source, state) for source in sources)


def _words(source: Source, state: Field) -> list[Json]:
    """What a state can be read as."""
    if source.kind == "literal":
        return [source.literal]
    tables = [pipe for pipe in source.pipes if pipe.name == "map"]
    if not tables:
        return list(state.values)
    known, default = split_table(tables[-1])
    return [*(value for _, value in known), default]


def is_row(entity: Entity, row: str) -> str:
    return f"{column(entity, entity.id.name)} == {row}.{entity.id.name}"


def needed_of_parent(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines that refuse a parent which lacks what the upstream's path needs."""
    if operation.parent is None:
        return ()
    parent = spec.entities[operation.parent]
    row = variable(parent)
    lines: list[str] = []
    for each in row_values(operation):
        if each.in_path and each.entity == parent.name and parent.field(each.field).nullable:
            refusing = error(conflict(parent, spec), unknown_text(parent))
            lines += [
                f"if {row}.{each.field} is None:",
                f"    raise {refusing}",
            ]
    return tuple(lines)


def needed_of_row(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The conditions that the row has what the upstream's path needs."""
    entity = spec.entities[operation.entity or ""]
    return tuple(
        f"{variable(entity)}.{each.field} is not None"
        for each in row_values(operation)
        if each.in_path and each.entity == entity.name and entity.field(each.field).nullable
    )
