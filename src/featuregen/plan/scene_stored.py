"""What the tests do with rows: which ones they make, what they ask, and what has to be there after.

Each test makes its own rows, so that none depends on an operation that it does not test. The
caller is `user_1`; whoever else asks is `user_2`, with the permission of the operation alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake
from featuregen.plan.operations import route_path
from featuregen.plan.python_values import python_value
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import sample, sample_model
from featuregen.plan.scene_makers import needed_rows, plan_rows, stored_sample
from featuregen.plan.scene_rows import right_state
from featuregen.plan.tables import VERSION_COLUMN, is_versioned

if TYPE_CHECKING:
    from featuregen.plan.scene_makers import MakerPlan
    from featuregen.spec.model import Entity, FeatureSpec, Field, Json, Operation

CALLER = "user_1"
_BY_ROW = frozenset({"get", "update", "delete", "transition", "reserve"})


class PatchPlan(NamedTuple):
    """One field of an update: what is sent, and what is stored then."""

    label: str
    body: str
    field: str
    value: str


class StoredTest(NamedTuple):
    """What is tested of one stored operation; a part that does not apply is None or empty."""

    name: str
    action: str
    verb: str
    path: str
    unknown_path: str | None
    body: str | None
    headers: str
    status: int
    class_name: str
    row: str
    rows: str  # what has to be there: those that the row refers to, then it
    before: str  # without the row itself
    id_name: str
    owner: str | None  # the column that says whose the row is
    owned: bool
    stranger: str | None  # the arguments of make_token for who asks for another's row
    versioned: bool
    if_match: bool
    patches: tuple[PatchPlan, ...]
    not_null: tuple[str, ...]
    refused: tuple[str, ...]
    validation_status: int
    creates: bool
    keyed: str | None  # the upstream of a create that is done once for its key
    attempts: int
    deletes: bool
    updates: bool
    lists: bool
    pages: tuple[str, ...]  # rows that a list shows, by their ids' order
    newcomer: str | None
    filters: tuple[tuple[str, str], ...]
    state: str | None  # of a transition: its field
    right: str | None
    wrong: tuple[str, ...]
    to: str | None


class StoredTests(NamedTuple):
    """`tests/test_<feature>_stored.py`."""

    rows: tuple[MakerPlan, ...]
    tests: tuple[StoredTest, ...]
    imports: tuple[str, ...]


def plan_stored_tests(spec: FeatureSpec) -> StoredTests | None:
    """The tests of a feature's rows; None where it keeps none."""
    tests = tuple(_test(each, spec) for each in spec.operations.values() if _is_tested(each))
    module = plan_rows(spec)
    if module is None:
        return None
    return StoredTests(
        rows=module.makers,
        tests=tests,
        imports=(f"from app.tables.{spec.feature} import {', '.join(sorted(spec.entities))}",),
    )


def _is_tested(operation: Operation) -> bool:
    """A hook around it may refuse or change anything, and a job answers later."""
    around = operation.before or operation.after or operation.is_async
    return operation.entity is not None and not around


def _is_keyed(operation: Operation) -> bool:
    alone = operation.parent is None and operation.reserve is None
    return operation.action == "create" and operation.idempotent and alone


def _test(operation: Operation, spec: FeatureSpec) -> StoredTest:
    entity = spec.entities[operation.parent or operation.entity or ""]
    action = operation.action
    by_row = operation.row_param is not None
    owned = entity.scope != "public" and entity.owner is not None and operation.auth == "required"
    pages = tuple(_numbered(entity, number, spec) for number in (1, 2, 3))
    needed = needed_rows(entity, spec)
    transition = operation.transition
    state = entity.field(transition.field) if transition else None
    patches = _patches(operation, entity, spec) if action == "update" else ()
    return StoredTest(
        name=operation.name,
        action=action,
        verb=operation.method.lower(),
        path=py_string(_path(operation, entity, spec, 0)),
        unknown_path=py_string(_path(operation, entity, spec, 1)) if by_row else None,
        body=_body(operation, spec),
        headers=_headers(operation),
        status=operation.status,
        class_name=entity.name,
        row=f"make_{snake(entity.name)}()",
        rows=", ".join((*needed, f"make_{snake(entity.name)}()")),
        before=", ".join(needed),
        id_name=entity.id.name,
        owner=entity.owner.name if entity.owner else None,
        owned=owned,
        stranger=_stranger(operation) if owned else None,
        versioned=is_versioned(entity, spec),
        if_match=action in {"update", "delete"},
        patches=patches,
        not_null=_not_null(operation, spec) if action == "update" else (),
        refused=_refused(operation, spec) if action in {"create", "update"} else (),
        validation_status=spec.validation_status,
        creates=action == "create" and not by_row and operation.auth == "required",
        keyed=operation.call.upstream if _is_keyed(operation) and operation.call else None,
        attempts=spec.upstreams[operation.call.upstream].retries + 1 if operation.call else 1,
        deletes=action == "delete",
        updates=action == "update",
        lists=action == "list" and not by_row,
        pages=pages,
        newcomer=_numbered(entity, 4, spec) if action == "list" else None,
        filters=_filters(operation, spec.entities[operation.entity or ""], spec),
        state=state.name if state else None,
        right=py_literal(right_state(transition, entity)) if transition else None,
        wrong=tuple(py_literal(each) for each in state.values if each not in transition.from_)
        if state and transition and transition.from_
        else (),
        to=py_literal(transition.to) if transition else None,
    )


def _path(operation: Operation, entity: Entity, spec: FeatureSpec, other: int) -> str:
    path = route_path(operation, spec)
    for field in operation.path_params:
        value = sample(field, spec)
        if field.name == operation.row_param:
            value = sample(entity.field(_key(operation, entity)), spec)
            if other:
                value = _unknown(value)
        path = path.replace(f"{{{field.wire_name}}}", str(value))
    return path


def _key(operation: Operation, entity: Entity) -> str:
    return entity.id.name if operation.parent or operation.by == "id" else operation.by


def _unknown(value: Json) -> Json:
    """Another value of the same form."""
    if isinstance(value, str):
        last = value[-1]
        return value[:-1] + ("0" if last != "0" else "1")
    return int(str(value)) + 1


def _body(operation: Operation, spec: FeatureSpec) -> str | None:
    if operation.request is None:
        return None
    return py_literal(sample_model(spec.models[operation.request], spec))


def _headers(operation: Operation) -> str:
    """What goes along with the token: the version, where the operation insists on it."""
    required = operation.if_match == "required" and operation.action in {"update", "delete"}
    match = '"If-Match": \'"1"\'' if required else ""
    if operation.auth == "none":
        return f"{{{match}}}"
    return f"{{**auth, {match}}}" if match else "auth"


def _stranger(operation: Operation) -> str:
    held = f"[{py_string(operation.permission)}]" if operation.permission else "[]"
    return f'"user_2", {held}'


def _patches(operation: Operation, entity: Entity, spec: FeatureSpec) -> tuple[PatchPlan, ...]:
    model = spec.models[operation.request or ""]
    if model.derived != "update" or model.rules:
        return ()
    found: list[PatchPlan] = []
    for field in model.fields:
        stored = entity.field(field.name)
        if stored.references is not None:
            continue
        value = _other_sample(stored, spec)
        if value == stored_sample(stored, spec):
            continue
        source = python_value(value, stored.type, stored)
        body = py_literal({field.wire_name: value})
        found.append(PatchPlan(py_string(field.name), body, py_string(field.name), source))
    return tuple(found)


def _other_sample(field: Field, spec: FeatureSpec, number: int = 1) -> Json:
    """A valid value that differs from the row's, where the type has another one."""
    from dataclasses import replace

    first = stored_sample(field, spec)
    if field.type.kind == "bool":
        return not first
    if field.type.kind == "enum":
        others = [value for value in field.values if value != first]
        return others[number % len(others)] if others else first
    name = f"{field.name}_{number}"
    return sample(replace(field, name=name, has_example=False, example=None), spec)


def _not_null(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    model = spec.models[operation.request or ""]
    return tuple(py_string(each.wire_name) for each in model.fields if not each.nullable)


def _refused(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """Fields of the row that are no field of the request: a body with one is refused."""
    model = spec.models[operation.request] if operation.request else None
    if model is None or model.ignore_extra:
        return ()
    known = {field.wire_name for field in model.fields}
    entity = spec.entities[operation.entity or ""]
    names = [field.wire_name for field in entity.fields if field.wire_name not in known]
    if is_versioned(entity, spec) and VERSION_COLUMN not in known:
        names.append(VERSION_COLUMN)
    return tuple(py_string(name) for name in names)


def _numbered(entity: Entity, number: int, spec: FeatureSpec) -> str:
    """A row that clashes with none of another number."""
    first = str(sample(entity.id, spec))
    changes = [f"{entity.id.name}={py_string(first[:-2] + f'{number:02x}')}"]
    unique = {name for names in entity.unique for name in names}
    for field in entity.fields:
        if field.name in unique and field.generated is None and field.references is None:
            value = python_value(_other_sample(field, spec, number), field.type, field)
            changes.append(f"{field.name}={value}")
    return f"make_{snake(entity.name)}({', '.join(changes)})"


def _filters(
    operation: Operation, entity: Entity, spec: FeatureSpec
) -> tuple[tuple[str, str], ...]:
    """Queries, and how many rows they show."""
    if operation.listing is None:
        return ()
    found: list[tuple[str, str]] = []
    for field in operation.query:
        if field.name not in operation.listing.filters:
            continue
        stored = entity.field(field.name)
        if stored.type.kind in {"list", "map", "model", "json"}:
            continue
        same, other = stored_sample(stored, spec), _other_sample(stored, spec)
        found.append((py_literal({field.wire_name: _text(same)}), "1"))
        if other != same:
            found.append((py_literal({field.wire_name: _text(other)}), "0"))
    for name in operation.listing.filters:
        query = {field.name: field.wire_name for field in operation.query}
        if f"{name}_from" in query:
            value = _text(stored_sample(entity.field(name), spec))
            found.append((py_literal({query[f"{name}_from"]: value}), "1"))
            found.append((py_literal({query[f"{name}_to"]: value}), "1"))
    return tuple(found)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
