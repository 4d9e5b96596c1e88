"""Rows as the code of a service names them: variables, conditions, lookups, errors."""

from __future__ import annotations

import builtins
import keyword
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.attempts import is_attempted
from featuregen.plan.conflict_texts import clash_text, one, referred_text, title
from featuregen.plan.names import pascal, snake
from featuregen.plan.python_values import python_value
from featuregen.plan.quote import docstring, py_string, py_text
from featuregen.plan.tables import is_versioned

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Operation

_TAKEN = frozenset(
    ["and_", "attempt", "case", "change", "changed", "changes", "commit", "contains", "cursor",
     "data", "date", "datetime", "delete", "error", "exists", "flush", "func", "if_match", "limit",
     "log", "matching", "not_", "or_", "page", "q", "received", "result", "rows", "select", "self",
     "sort", "statement", "structlog", "time", "timedelta", "true", "update", "user", "utcnow"]
)  # fmt: skip


class LookupPlan(NamedTuple):
    """A private method that finds a row, or says that there is none."""

    name: str
    signature: str  # with self
    entity: str
    docstring: str
    condition: str  # arguments of `where`
    variable: str
    missing: str  # the error that is raised


class VisibilityPlan(NamedTuple):
    """A private method: which rows a caller sees where a permission opens those of others."""

    name: str
    docstring: str
    permission: str
    condition: str


def variable(entity: Entity) -> str:
    """`PaymentRefund` → `payment_refund`, unless the code needs that name for something else."""
    name = snake(entity.name)
    taken = name in _TAKEN or keyword.iskeyword(name) or hasattr(builtins, name)
    return f"{name}_row" if taken else name


def column(entity: Entity, name: str) -> str:
    return f"{entity.name}.{name}"


def value(field: Field, json: Json) -> str:
    """A literal of the field's type."""
    return "None" if json is None else python_value(json, field.type, field)


# --- whose rows ----------------------------------------------------------------------------------


def reads_as(entity: Entity, operation: Operation) -> str:
    """Which rows a read finds: `owned`, `visible` (a permission opens all), `existing` (any)."""
    if entity.owner is None or operation.auth == "none" or entity.scope == "public":
        return "existing"
    return "visible" if entity.scope == "permission" else "owned"


def writes_as(entity: Entity, operation: Operation) -> str:
    """Which rows a change finds: what others own is read by who may, and changed by nobody else."""
    return "existing" if entity.owner is None or operation.auth == "none" else "owned"


def scope(entity: Entity, kind: str) -> tuple[str, ...]:
    """The conditions that keep a statement to those rows."""
    match kind:
        case "owned" if entity.owner is not None:
            return (f"{column(entity, entity.owner.name)} == user.id",)
        case "visible":
            return (f"self._{snake(entity.name)}_visible_to(user)",)
        case _:
            return ()


def visibility(entity: Entity) -> VisibilityPlan:
    """The method behind the scope `visible`."""
    owner = entity.owner.name if entity.owner else ""
    permission = entity.scope_permission or ""
    return VisibilityPlan(
        name=f"_{snake(entity.name)}_visible_to",
        docstring=docstring(
            f"Own rows, and those of all owners for who holds {permission}", indent=8
        ),
        permission=py_string(permission),
        condition=f"{column(entity, owner)} == user.id",
    )


class Lookup(NamedTuple):
    """How an operation finds the row that its path names."""

    entity: Entity
    kind: str
    by: str
    parameter: str
    referred: bool = False  # by the body: what is not there is a conflict, as a broken key is

    @property
    def name(self) -> str:
        if self.referred:
            return f"_referred_{snake(self.entity.name)}"
        end = "" if self.by == self.entity.id.name else f"_by_{self.by}"
        return f"_{self.kind}_{snake(self.entity.name)}{end}"

    @property
    def call(self) -> str:
        """`await self._owned_payment(payment_id, user)`."""
        user = ", user" if self.needs_user else ""
        return f"await self.{self.name}({self.parameter}{user})"

    @property
    def needs_user(self) -> bool:
        return self.kind != "existing"

    @property
    def conditions(self) -> tuple[str, ...]:
        """That it is the row, and that the caller may have it."""
        named = f"{column(self.entity, self.by)} == {self.parameter}"
        return (named, *scope(self.entity, self.kind))


def lookup(operation: Operation, spec: FeatureSpec) -> Lookup | None:
    """How the row of the path is found: the operation's own, or its parent's."""
    if operation.row_param is None or operation.entity is None:
        return None
    if operation.parent is not None:
        entity = spec.entities[operation.parent]
        return Lookup(entity, reads_as(entity, operation), entity.id.name, operation.row_param)
    entity = spec.entities[operation.entity]
    finds = reads_as if operation.action in {"get", "reserve"} else writes_as
    kind = finds(entity, operation)
    by = entity.id.name if operation.by == "id" else operation.by
    return Lookup(entity, kind, by, operation.row_param)


def lookup_plan(found: Lookup, spec: FeatureSpec) -> LookupPlan:
    """The method behind `Lookup.call`."""
    entity = found.entity
    field = entity.field(found.by)
    own = f"{snake(entity.name)}_{found.by}"
    given = Lookup(entity, found.kind, found.by, own)
    match found.kind:
        case _ if found.referred:
            about = f"Return the {title(entity)} that a request refers to, if the caller may see it"
        case "owned":
            about = f"Return the caller's {title(entity)}; another's is not found"
        case "visible":
            about = f"Return {one(entity)} that the caller may see; others are not found"
        case _:
            about = f"Return the {title(entity)}"
    return LookupPlan(
        name=found.name,
        signature=", ".join(
            ["self", f"{own}: {plain(field, spec)}", *(["user: User"] if found.needs_user else [])]
        ),
        entity=entity.name,
        docstring=docstring(about, indent=8),
        condition=", ".join(given.conditions),
        variable=variable(entity),
        missing=error(conflict(entity, spec), referred_text(entity))
        if found.referred
        else not_found(entity, spec),
    )


def plain(field: Field, spec: FeatureSpec) -> str:
    """The type of a field's value where there is one."""
    from dataclasses import replace

    from featuregen.plan.types import plain_type

    return plain_type(replace(field, required=True, has_default=False), spec)


# --- what a request writes -----------------------------------------------------------------------


def request_fields(operation: Operation, spec: FeatureSpec) -> frozenset[str]:
    """The names of what the body holds."""
    if operation.request is None:
        return frozenset()
    return frozenset(field.name for field in spec.models[operation.request].fields)


def written_fields(operation: Operation, spec: FeatureSpec) -> frozenset[str]:
    """The fields of the entity that a request may write."""
    entity = spec.entities[operation.entity or ""]
    free = {field.name for field in entity.fields if field.generated is None}
    return frozenset(free & request_fields(operation, spec))


def references_to_check(
    entity: Entity, operation: Operation, spec: FeatureSpec
) -> tuple[tuple[Field, Lookup], ...]:
    """The references that a request holds to rows that have owners."""
    found: list[tuple[Field, Lookup]] = []
    for field in entity.fields:
        if field.references is None or field.name not in written_fields(operation, spec):
            continue
        target = spec.entities[field.references]
        kind = reads_as(target, operation)
        if field.name != operation.parent_field and kind != "existing":
            parameter = f"data.{field.name}"
            found.append((field, Lookup(target, kind, target.id.name, parameter, referred=True)))
    return tuple(found)


def needs_user(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the rows that an operation works on depend on who asks."""
    if operation.entity is None:
        return False
    entity, found = spec.entities[operation.entity], lookup(operation, spec)
    if found is not None and found.needs_user:
        return True
    if operation.action in {"create", "update"} and references_to_check(entity, operation, spec):
        return True
    match operation.action:
        case "create":
            return entity.owner is not None and operation.auth != "none"
        case "list":
            return reads_as(entity, operation) != "existing"
        case _:
            return False


def rows_of(operation: Operation, spec: FeatureSpec) -> tuple[Entity, ...]:
    """The entities whose row may be missing: that of the path, and one gone before it was written.

    What an upstream says of a row is written into it later, when it may have been deleted.
    """
    found = lookup(operation, spec)
    return (found.entity,) if found is not None else ()


def may_conflict(operation: Operation, spec: FeatureSpec) -> tuple[Entity, ...]:
    """The entities whose 409 an operation can answer."""
    if operation.entity is None:
        return ()
    entity = spec.entities[operation.entity]
    found: list[Entity] = []
    match operation.action:
        case "create" | "update":
            written = written_fields(operation, spec) | {operation.parent_field or ""}
            if operation.action == "create":
                written |= {entity.owner.name if entity.owner else ""}
            if may_clash(entity, written) or (
                operation.action == "create" and is_attempted(operation)
            ):
                found.append(entity)
            found += [each.entity for _, each in references_to_check(entity, operation, spec)]
        case "delete" if restricted(entity, spec):
            found.append(entity)
        case "transition":
            found.append(entity)
        case _:
            pass
    if operation.reserve is not None:
        found.append(spec.entities[operation.reserve.entity])
    return tuple(found)


def insert_may_clash(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether a new row can break a key; two attempts at one row may meet."""
    entity = spec.entities[operation.entity or ""]
    owner = entity.owner.name if entity.owner else ""
    written = written_fields(operation, spec) | {operation.parent_field or "", owner}
    return is_attempted(operation) or may_clash(entity, written)


def _parent_needed(operation: Operation, spec: FeatureSpec) -> list[Entity]:
    """The parent, where the upstream's path needs a value that it may lack."""
    call = operation.call
    if call is None or operation.parent is None:
        return []
    parent = spec.entities[operation.parent]
    needed = (f"{{parent.{field.name}}}" in call.path for field in parent.fields if field.nullable)
    return [parent] if any(needed) else []


def restricted(entity: Entity, spec: FeatureSpec) -> bool:
    """Whether rows that refer to it keep it from being deleted."""
    return any(
        field.references == entity.name and field.on_delete == "restrict"
        for other in spec.entities.values()
        for field in references(other)
    )


# --- errors --------------------------------------------------------------------------------------


def not_found(entity: Entity, spec: FeatureSpec) -> str:
    """The spec's own error for a row that is not there, or the general one."""
    return _own(entity, "NotFound", spec) or "NotFoundError"


def conflict(entity: Entity, spec: FeatureSpec) -> str:
    """The spec's own error for a clash, or the general one."""
    return _own(entity, "Conflict", spec) or "ConflictError"


def error(name: str, text: str) -> str:
    """The expression that builds an error; a long text is several literals."""
    literal = py_text(text, 60)
    return f"{name}{literal}" if literal.startswith("(") else f"{name}({literal})"


def _own(entity: Entity, end: str, spec: FeatureSpec) -> str | None:
    names = (f"{entity.name}{end}Error", f"{entity.name}{end}")
    return next((name for name in names if name in spec.errors), None)


def may_clash(entity: Entity, fields: Iterable[str]) -> bool:
    """Whether storing these fields can break a unique or a foreign key."""
    written = set(fields)
    return any(written & set(key) for key in entity.unique) or bool(
        written & {field.name for field in references(entity)}
    )


def references(entity: Entity) -> tuple[Field, ...]:
    """The fields that name other rows."""
    return tuple(field for field in entity.fields if field.references is not None)


def clash(entity: Entity, spec: FeatureSpec) -> str:
    """The error of a row that breaks a key."""
    return error(conflict(entity, spec), clash_text(entity))


# --- the answer ----------------------------------------------------------------------------------


def answers_version(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the answer carries an ETag: one row that counts its changes.

    The answer to a key is replayed later, and that of a job read later: the row may then have
    another version.
    """
    return (
        operation.entity is not None
        and operation.response.kind == "model"
        and operation.action in {"get", "create", "update", "transition", "reserve"}
        and not is_attempted(operation)
        and operation.cache is None
        and is_versioned(spec.entities[operation.entity], spec)
    )


def answer(operation: Operation, spec: FeatureSpec, row: str) -> str:
    """The model of a row."""
    return model_of(row, operation.response.model or "", operation, spec)


def settled(operation: Operation, spec: FeatureSpec, row: str) -> tuple[str, ...]:
    """The lines that store the answer of an idempotent operation with what it has changed."""
    if operation.response.kind == "none":
        return ("await attempt.settle(None)",)
    return (f"result = {answer(operation, spec, row)}", "await attempt.settle(result)")


def model_of(row: str, model: str, operation: Operation, spec: FeatureSpec) -> str:
    """`PaymentRead.model_validate(payment)`.

    By name alone where the name in JSON of one field is the name of another column.
    """
    entity = spec.entities[operation.entity or ""]
    fields = spec.models[model].fields
    names = {field.name for field in entity.fields}
    wires = {field.wire for field in fields if field.wire != field.name and field.name in names}
    by_name = ", by_alias=False, by_name=True" if wires & names else ""
    return f"{model}.model_validate({row}{by_name})"


def bumped(entity: Entity, values: Sequence[str], spec: FeatureSpec) -> tuple[str, ...]:
    """What an UPDATE writes, and that the row has changed."""
    if is_versioned(entity, spec):
        return (*values, f"version={column(entity, 'version')} + 1")
    return tuple(values)


def class_name(spec: FeatureSpec) -> str:
    return pascal(spec.feature)
