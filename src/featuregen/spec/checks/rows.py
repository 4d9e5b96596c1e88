"""Operations on rows: methods that fit, paths that name a row, keys that have a meaning there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.spec.checks.conditions import check_condition
from featuregen.spec.checks.entities import unknown_entity
from featuregen.spec.checks.filled import check_filled, check_told
from featuregen.spec.checks.lists import check_list
from featuregen.spec.checks.place import Place
from featuregen.spec.checks.references import report_reference
from featuregen.spec.checks.repeats import check_repeats
from featuregen.spec.checks.reservations import check_reservation
from featuregen.spec.checks.states import check_literals, check_received, check_transition
from featuregen.spec.operations import placeholders
from featuregen.spec.stored import ON_ROW
from featuregen.spec.suggest import did_you_mean_or_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.document import Node
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Entity, FeatureSpec, Operation

_METHODS = {
    "create": ("POST", "PUT"),
    "get": ("GET",),
    "list": ("GET",),
    "update": ("PATCH",),
    "delete": ("DELETE",),
    "transition": ("POST", "PUT", "PATCH", "DELETE"),
    "reserve": ("POST", "PUT", "PATCH"),
}
_ONLY_FOR = {
    "by": ("get", "update", "delete", "transition", "reserve"),
    "parent": ("create", "list"),
    "via": ("create", "list"),
    "filter": ("list",),
    "search": ("list",),
    "sort": ("list",),
    "if_match": ("update", "delete"),
}
_NAMED_BY = frozenset({"string", "id", "email", "uuid", "int", "enum"})


def check_rows(spec: FeatureSpec, draft: Draft) -> None:
    """Report every operation that could not do with rows what it says."""
    for name, operation in spec.operations.items():
        node = draft.node("operations", name)
        if node is None:
            continue
        place = Place(draft, ("operations", name))
        _check_keys(operation, node, place)
        check_repeats(operation, place)
        if not operation.stored or _check_entities(operation, place):
            continue
        entity = spec.entities.get(operation.entity or "")
        parent = spec.entities.get(operation.parent or "")
        if entity is None or not draft.is_whole(entity) or (operation.parent and not parent):
            continue  # it is at fault itself
        _check_method(operation, node, place)
        _check_path(operation, entity, node, place)
        _check_owner(operation, entity, spec, place)
        _check_call(operation, entity, node, place)
        if operation.listing is not None:
            check_list(operation, operation.listing, entity, place)
        if operation.transition is not None:
            check_transition(operation.transition, entity, place.below("transition"))
        if operation.reserve is not None:
            check_reservation(operation, operation.reserve, spec, place)
        check_filled(operation, entity, spec, place)
        check_told(operation, entity, spec, place)


def _check_keys(operation: Operation, node: Node, place: Place) -> None:
    """Keys that belong to another kind of operation."""
    for key, actions in _ONLY_FOR.items():
        if node.get(key) is not None and operation.action not in actions:
            wanted = ", ".join(f"`{action}`" for action in actions)
            place.report("FG518", f"`{key}` is for {wanted}", key, key=True, hint="leave it out")
    if operation.parent is None and node.get("via") is not None and node.get("parent") is None:
        place.report("FG518", "`via` is for an operation with a `parent`", "via", key=True)
    call = node.get("call")
    if call is None or call.kind != "map":
        return
    for key, action in (("refused", "create"), ("when", "get")):
        if call.get(key) is not None and operation.action != action:
            place.report("FG518", f"`{key}` is for the call of a `{action}`", "call", key, key=True)


def _check_entities(operation: Operation, place: Place) -> bool:
    """Report unknown entities; whether any of those that matter is unknown."""
    action = operation.action
    where = (action, "entity") if action in ("transition", "reserve") else (action,)
    draft = place.draft
    unknown = unknown_entity(operation.entity or "", (*place.path, *where), draft)
    if operation.parent is not None:
        unknown = unknown_entity(operation.parent, (*place.path, "parent"), draft) or unknown
    if operation.reserve is not None and action == "create":
        name = operation.reserve.entity
        unknown = unknown_entity(name, (*place.path, "reserve", "entity"), draft) or unknown
    return unknown


def _check_method(operation: Operation, node: Node, place: Place) -> None:
    allowed = _METHODS[operation.action]
    if node.str_of("method") is not None and operation.method not in allowed:
        place.report(
            "FG513",
            f"`{operation.action}` is not done by {operation.method}",
            "method",
            hint=f"method: {allowed[0]}",
        )


# --- the row that the path names -----------------------------------------------------------------


def _check_path(operation: Operation, entity: Entity, node: Node, place: Place) -> None:
    if node.str_of("path") is None:
        return
    if (
        operation.action in ON_ROW
        and operation.by != "id"
        and not _check_by(operation, entity, place)
    ):
        return
    if operation.parent is not None:
        _check_parent(operation, entity, place)
    needed = operation.action in ON_ROW or operation.parent is not None
    if needed and operation.row_param is None:
        by = "id" if operation.by == "id" else operation.by
        whose = operation.parent or entity.name
        place.report(
            "FG514",
            f"the path does not say which {whose}",
            "path",
            hint=f"path: {re.sub(r'/({[^{}]*})?$', '', operation.path)}/{{{by}}}",
        )
        return
    _check_spare(operation, place)


def _check_by(operation: Operation, entity: Entity, place: Place) -> bool:
    """`by` names a field that no two rows of one caller share."""
    fields = {field.name: field for field in entity.fields}
    name = operation.by
    if name not in fields:
        place.report(
            "FG206",
            f"{entity.name} has no field '{name}'",
            "by",
            hint=did_you_mean_or_list(name, fields),
        )
        return False
    owner = entity.owner.name if entity.owner else name
    if not any(set(key) <= {name, owner} and name in key for key in entity.unique):
        place.report(
            "FG514",
            f"'{name}' may be the same in several rows",
            "by",
            hint=f"unique: [[{name}]] of {entity.name}",
        )
        return False
    if fields[name].type.kind not in _NAMED_BY or fields[name].sensitive:
        place.report("FG514", f"'{name}' cannot stand in a path", "by")
        return False
    return True


def _check_parent(operation: Operation, entity: Entity, place: Place) -> None:
    if operation.parent_field is not None:
        return
    if place.has("via"):
        fields = [one.name for one in entity.fields if one.references == operation.parent]
        place.report(
            "FG213",
            f"'{entity.name}' has no such reference to '{operation.parent}'",
            "via",
            hint=did_you_mean_or_list("", fields),
        )
    else:
        report_reference(entity, operation.parent or "", place, "parent")


def _check_spare(operation: Operation, place: Place) -> None:
    """A parameter of the path that is neither a row nor sent."""
    if operation.before or operation.after:
        return  # a hook may read it
    call = operation.call
    used = {operation.row_param}
    if call is not None:
        used |= set(placeholders(call.path))
        used |= {
            mapping.source.path[0]
            for mapping in (*call.send, *call.send_query, *call.send_headers)
            if mapping.source.kind == "path"
        }
    own = placeholders(operation.path)
    for field in operation.path_params:
        if field.wire_name in own and field.name not in used:
            hint = "a row below another one says `parent:`" if field.wire_name == "id" else None
            place.report("FG514", f"nothing reads '{{{field.wire_name}}}'", "path", hint=hint)


def _check_owner(operation: Operation, entity: Entity, spec: FeatureSpec, place: Place) -> None:
    """Rows that have owners are for callers that are known."""
    if operation.auth == "required":
        return
    parent = spec.entities.get(operation.parent or "")
    for one in (entity, parent):
        if one is None or one.owner is None:
            continue
        if one.scope != "public" or (one is entity and operation.action == "create"):
            place.report(
                "FG520",
                f"rows of '{one.name}' have owners, and nobody is known here",
                "auth",
                hint=f"auth: required, or scope: public of {one.name}",
            )
            return
    changes = operation.action in {"update", "delete", "transition"}
    if entity.owner is not None and changes and operation.auth == "optional":
        place.report(
            "FG520",
            f"rows of '{entity.name}' have owners, who alone change them",
            "auth",
            hint="auth: required",
        )
        return
    for name in _referred(operation, entity, spec):
        target = spec.entities.get(name)
        if target is not None and target.owner is not None and target.scope != "public":
            place.report(
                "FG520",
                f"a row of '{name}' is named, whose owner is not known here",
                "auth",
                hint=f"auth: required, or scope: public of {name}",
            )
            return


def _referred(operation: Operation, entity: Entity, spec: FeatureSpec) -> Iterator[str]:
    """The entities whose rows a request may name."""
    model = spec.models.get(operation.request or "")
    given = {field.name for field in model.fields} if model is not None else set()
    if operation.action in {"create", "update"}:
        for field in entity.fields:
            if field.references and field.name in given and field.name != operation.parent_field:
                yield field.references


# --- the call ------------------------------------------------------------------------------------


def _check_call(operation: Operation, entity: Entity, node: Node, place: Place) -> None:
    call, written = operation.call, node.get("call")
    if call is None or written is None:
        return
    below = place.below("call")
    check_received(call, entity, operation, below)
    check_literals(call.refused, entity, below.below("refused"))
    if call.when is not None and operation.action == "get":
        check_condition(call.when, entity, (*below.path, "when"), place.draft, sql=False)
    if operation.action == "get" and written.get("receive") is None and not written.broken:
        below.report(
            "FG508",
            "nothing of the answer goes into the row",
            key=True,
            hint="receive: {status: status}",
        )
    if operation.action != "create":
        return
    fields = {field.name: field for field in entity.fields}
    for name in placeholders(call.path):
        head, _, rest = name.partition(".")
        if head == "entity" and rest in fields and fields[rest].nullable:
            below.report(
                "FG507", f"'{rest}' may be empty before the call", "path",
                hint="send what the row has from the start, as entity.id",
            )  # fmt: skip
