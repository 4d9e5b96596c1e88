"""What an operation does with rows: which action, which row its path names, what it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from featuregen.spec.definitions import duration_of, entries
from featuregen.spec.derived import list_parameters
from featuregen.spec.fields import typed_json
from featuregen.spec.model import (
    Cache,
    Field,
    Listing,
    Operation,
    Reserve,
    Response,
    Transition,
    TypeRef,
)
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.derived import Derived
    from featuregen.spec.document import Node
    from featuregen.spec.model import Entity, Json

    Action = Literal[
        "call", "hook", "create", "get", "update", "delete", "list", "transition", "reserve"
    ]

ACTIONS = ("create", "get", "update", "delete", "list", "transition", "reserve")
ON_ROW = frozenset({"get", "update", "delete", "transition", "reserve"})
_CHANGES = frozenset({"create", "update", "delete", "transition"})


def action_of(node: Node) -> Action:
    """The one thing that an operation does; `create` and `get` may be joined by others."""
    for action in (*ACTIONS, "hook"):
        if node.get(action) is not None:
            return cast("Action", action)
    return "call"


def entity_of(node: Node) -> str | None:
    """The name of the entity that an operation works on."""
    action = action_of(node)
    if action in ("transition", "reserve"):
        inner = node.get(action)
        return inner.str_of("entity") if inner is not None and inner.kind == "map" else None
    return node.str_of(action) if action in ACTIONS else None


def owned(tree: Node) -> frozenset[str]:
    """The entities whose rows need an owner, so that one is added where none is written.

    Rows of a public entity need none where a permission guards each change of them.
    """
    return frozenset(
        name for name, node in entries(tree.get("entities")) if _needs_owner(name, node, tree)
    )


def _needs_owner(name: str, node: Node, tree: Node) -> bool:
    operations = [each for _, each in entries(tree.get("operations"))]
    named = [each for each in operations if name in (entity_of(each), each.str_of("parent"))]
    asking = [each for each in named or operations if each.str_of("auth") in (None, "required")]
    if node.str_of("scope") != "public":
        return bool(asking)
    changes = [each for each in named if entity_of(each) == name and action_of(each) in _CHANGES]
    return any(each.str_of("permission") is None for each in changes) and all(
        each in asking for each in changes if action_of(each) == "create"
    )


# --- the row that the path names -----------------------------------------------------------------


def row_parameter(
    node: Node, names: list[str], entities: Mapping[str, Entity]
) -> tuple[str, Field] | None:
    """The parameter of the path that names a row, and what it is: `id` → `payment_id`."""
    action = action_of(node)
    parent = node.str_of("parent") if action in ("create", "list") else None
    name = parent or (entity_of(node) if action in ON_ROW else None)
    entity = entities.get(name or "")
    if entity is None:
        return None
    by = node.str_of("by") if parent is None else None
    if by is not None and by not in ("id", entity.id.name):
        known = {one.name: one for one in entity.fields}
        return (by, _as_parameter(known[by])) if by in names and by in known else None
    own = f"{snake(entity.name)}_id"
    wire = own if own in names else "id"
    if wire not in names:
        return None
    row = entity.id
    field = Field(
        own,
        TypeRef("id"),
        pattern=row.pattern,
        prefix=row.prefix,
        wire=None if wire == own else wire,
    )
    return wire, field


def _as_parameter(field: Field) -> Field:
    return replace(
        field, wire=None, required=True, has_default=False, default=None, generated=None,
        immutable=False, internal=False, was=None, references=None, sensitive=None,
    )  # fmt: skip


# --- parts ---------------------------------------------------------------------------------------


def read_cache(node: Node | None) -> Cache | None:
    """How long answers are kept."""
    if node is None or node.kind != "map":
        return None
    vary = node.get("vary")
    names = vary.strings() if vary is not None and vary.kind == "list" else ()
    return Cache(duration_of(node.get("ttl")) or 0.0, names, private="user" in names)


def read_listing(node: Node, entity: Entity | None) -> Listing:
    """What a list offers; without `sort`, the newest come first, or the order of the ids."""
    given = {key: node.get(key) for key in ("filter", "search", "sort")}
    filters, search, sort = (
        tuple(one for one in value.strings() if one) if value and value.kind == "list" else ()
        for value in given.values()
    )
    if not sort and entity is not None:
        has_date = any(
            field.name == "created_at" and field.type.kind == "datetime" for field in entity.fields
        )
        sort = ("-created_at",) if has_date else (entity.id.name,)
    return Listing(filters, search, sort)


def read_transition(node: Node, entity: Entity | None, name: str) -> Transition:
    """A change of state; of an event where `by` is there."""
    states, to, by, copied = (node.get(key) for key in ("from", "to", "by", "set"))
    return Transition(
        name,
        node.str_of("field") or _state_field(entity),
        from_=_states(states),
        to=_plain(to) if to is not None and to.kind != "broken" else "",
        by=tuple(by.text.strip().split(".")) if by is not None and by.kind == "string" else (),
        set=tuple(
            (key.text, tuple(value.text.strip().split(".")))
            for key, value in (copied.entries if copied is not None else ())
            if value.kind == "string"
        ),
    )


def _state_field(entity: Entity | None) -> str:
    """`status`, or the only enum that the service sets."""
    fields = entity.fields if entity is not None else ()
    enums = [field.name for field in fields if field.type.kind == "enum" and field.generated]
    return enums[0] if "status" not in enums and len(enums) == 1 else "status"


def _states(node: Node | None) -> tuple[str | int, ...]:
    if node is None or node.kind == "broken":
        return ()
    items = node.items if node.kind == "list" else [node]
    return tuple(_plain(item) for item in items if item.kind != "broken")


def _plain(node: Node) -> str | int:
    return node.value if isinstance(node.value, int) else node.text.strip()


def read_reserve(node: Node, entity: Entity | None, name: str, via: str | None) -> Reserve:
    """A bounded counter; `via` is the reference of the new row to the bounded one."""
    return Reserve(
        name,
        field=node.str_of("field") or "",
        by=_amount(node.get("by")),
        up_to=_amount(node.get("up_to")),
        via=node.str_of("via") or via,
        when=node.str_of("when"),
        full=literals(node.get("full"), entity),
    )


def _amount(node: Node | None) -> str:
    return node.text.strip() if node is not None and node.kind != "broken" else ""


def literals(node: Node | None, entity: Entity | None) -> tuple[tuple[str, Json], ...]:
    """`{status: failed}`, each value as its field holds it."""
    if node is None or node.kind != "map":
        return ()
    types = {field.name: field.type for field in entity.fields} if entity is not None else {}
    return tuple(
        (key.text, typed_json(value, types[key.text]) if key.text in types else value.json())
        for key, value in node.entries
        if value.kind != "broken"
    )


# --- an operation --------------------------------------------------------------------------------


def reference_to(entity: Entity, target: str, via: str | None) -> str | None:
    """The field of `entity` that names a row of `target`: `via`, or the only one."""
    fields = [field.name for field in entity.fields if field.references == target]
    if via is not None:
        return via if via in fields else None
    return fields[0] if len(fields) == 1 else None


def with_rows(
    operation: Operation, node: Node, entities: Mapping[str, Entity], derived: Derived
) -> Operation:
    """The operation with what it does to rows; where a name is unknown, as far as can be told."""
    action = action_of(node)
    name = entity_of(node)
    operation = replace(operation, action=action, entity=name)
    entity = entities.get(name or "")
    if entity is None:
        return operation
    parent = node.str_of("parent") if action in ("create", "list") else None
    parent_field = reference_to(entity, parent, node.str_of("via")) if parent else None
    by = node.str_of("by") if action in ON_ROW else None
    operation = replace(
        operation,
        parent=parent,
        parent_field=parent_field,
        by="id" if by is None or by == entity.id.name else by,
    )
    operation = _with_parts(operation, node, entities, entity)
    return _with_models(operation, node, entity, derived)


def _with_parts(
    operation: Operation, node: Node, entities: Mapping[str, Entity], entity: Entity
) -> Operation:
    change, reserve = node.get("transition"), node.get("reserve")
    if operation.action == "list":
        listing = read_listing(node, entity)
        query = (*list_parameters(entity, listing), *operation.query)
        return replace(operation, listing=listing, query=query)
    if operation.action == "transition" and change is not None and change.kind == "map":
        return replace(operation, transition=read_transition(change, entity, entity.name))
    if reserve is not None and reserve.kind == "map":
        name = reserve.str_of("entity") or ""
        via = None
        if operation.action == "create":
            above = operation.parent_field if operation.parent == name else None
            via = above or reference_to(entity, name, reserve.str_of("via"))
        read = read_reserve(reserve, entities.get(name), name, via)
        return replace(operation, reserve=read)
    return operation


def _with_models(operation: Operation, node: Node, entity: Entity, derived: Derived) -> Operation:
    request = operation.request
    if request is None and operation.action == "create":
        made = derived.create(entity, operation.parent_field)
        request = made.name if made.fields else None  # else the path says it all
    if request is None and operation.action == "update":
        request = derived.update(entity).name
    response = operation.response
    if operation.action == "delete" or (
        node.get("response") is not None and response.model is None
    ):
        return replace(operation, request=request)
    if operation.action == "list":
        item = response.model or derived.read(entity).name
        response = Response("model", derived.page(entity, item).name)
    elif response.model is None:
        response = Response("model", derived.read(entity).name)
    return replace(operation, request=request, response=response)
