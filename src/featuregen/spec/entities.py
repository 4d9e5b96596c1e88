"""Nodes of `entities` → `Entity`: ids and owners added, what sets a field, references typed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from featuregen.spec.definitions import entries
from featuregen.spec.fields import typed_json
from featuregen.spec.model import Entity, Field, Generated, TypeRef
from featuregen.spec.plural import plural, snake

if TYPE_CHECKING:
    from collections.abc import Collection

    from featuregen.spec.document import Node
    from featuregen.spec.fields import Reader
    from featuregen.spec.model import Path

GENERATED = ("id", "now", "on_update", "owner")
OWNER_LENGTH = 255  # of the id of a user, which the project does not make
DIGITS = 18  # of a decimal: what a 64-bit integer holds, as SQLite stores them
SMALLEST, GREATEST = -(1 << 63), (1 << 63) - 1  # of a whole number, in every database
_PREFIX_LENGTH = 4
_IMPLIED = {"id": "id", "owner": "string", "now": "datetime", "on_update": "datetime"}


@dataclass(frozen=True, slots=True)
class EntityReader:
    """Reads entities; `owned` are those whose rows must have an owner (see `stored.owned`)."""

    reader: Reader
    feature: str
    plural: str
    owned: Collection[str]

    def read(self, node: Node | None) -> dict[str, Entity]:
        """Every entity that could be read; those with faults are there with what is left."""
        known = dict(entries(node))
        prefixes = {name: _prefix(name, value) for name, value in known.items()}
        return {name: self._entity(name, value, prefixes) for name, value in known.items()}

    def _entity(self, name: str, node: Node, prefixes: dict[str, str]) -> Entity:
        path: Path = ("entities", name, "fields")
        fields = tuple(
            _named(field, prefixes) for field in self._fields(node.get("fields"), path) if field
        )
        fields = _with_id(fields, prefixes[name])
        owned = any(_is(field, "owner") for field in fields) or "owner_id" in _written(node)
        if name in self.owned and not owned:
            fields = (*fields, OWNER)
        scope, _, permission = (node.str_of("scope") or "owner").partition(":")
        own = snake(name) == self.feature
        return Entity(
            name,
            node.str_of("table") or (self.plural if own else plural(snake(name))),
            fields,
            summary=node.str_of("summary"),
            description=node.str_of("description"),
            indexes=_keys(node.get("indexes")),
            unique=_keys(node.get("unique")),
            scope=cast("Literal['owner', 'public', 'permission']", scope),
            scope_permission=permission or None,
        )

    def _fields(self, node: Node | None, path: Path) -> list[Field | None]:
        if node is None or node.kind != "map":
            return []
        return [self._field(str(key.name), value, (*path, key.name)) for key, value in node.entries]

    def _field(self, name: str, node: Node, path: Path) -> Field | None:
        if node.kind != "map" or node.get("type") is not None:
            field = self.reader.field(name, node, path)
        elif (implied := _implied(name, node)) is not None:
            field = self.reader.long_form(name, TypeRef(implied), node, path)
        else:
            field = None
            if not node.broken:
                self.reader.findings.add(
                    "FG105",
                    "a field of an entity needs 'type': what the value is",
                    path,
                    at="key",
                    hint=f"{name}: string",
                )
        if field is None:
            return None
        return _generated(_bounded(field), node.get("generated") if node.kind == "map" else None)


def _implied(name: str, node: Node) -> str | None:
    """The type of a field that does not say it."""
    generated = node.get("generated")
    if generated is not None and generated.kind == "string":
        return _IMPLIED.get(generated.text)
    return "id" if name == "id" or node.get("references") is not None else None


def _generated(field: Field, node: Node | None) -> Field:
    if node is None or node.kind == "broken":
        return field
    if node.kind == "string" and node.text in GENERATED and node.text not in field.values:
        kind = cast("Literal['id', 'now', 'on_update', 'owner']", node.text)
        longest = OWNER_LENGTH if kind == "owner" and field.type.kind == "string" else None
        return replace(field, generated=Generated(kind), max_length=field.max_length or longest)
    return replace(field, generated=Generated("literal", typed_json(node, field.type)))


def _bounded(field: Field) -> Field:
    """A number is one that its column holds."""
    match field.type.kind:
        case "int":
            return within_column(field)
        case "decimal" if field.max_digits is None:
            return replace(field, max_digits=DIGITS)
        case _:
            return field


def within_column(field: Field) -> Field:
    """A whole number with both ends: those of the column, where the spec names none."""
    if field.gt is None and field.ge is None:
        field = replace(field, ge=SMALLEST)
    if field.lt is None and field.le is None:
        field = replace(field, le=GREATEST)
    return field


def _is(field: Field, kind: str) -> bool:
    return field.generated is not None and field.generated.kind == kind


def _named(field: Field, prefixes: dict[str, str]) -> Field:
    """A reference has the shape of the ids that it refers to."""
    prefix = prefixes.get(field.references or "")
    return field if prefix is None else replace(field, pattern=id_pattern(prefix))


def _with_id(fields: tuple[Field, ...], prefix: str) -> tuple[Field, ...]:
    """The id comes first where it is not written; it has its prefix and its shape."""
    made = Generated("id")
    if not any(field.generated == made for field in fields):
        written = any(field.name == "id" for field in fields)  # as something else: a check says so
        first = () if written else (Field("id", TypeRef("id")),)
        fields = tuple(
            replace(field, generated=made) if field.name == "id" else field
            for field in (*first, *fields)
        )
    return tuple(
        replace(field, prefix=prefix, pattern=id_pattern(prefix))
        if field.generated == made
        else field
        for field in fields
    )


def id_pattern(prefix: str) -> str:
    """What an id looks like: its prefix and 32 digits."""
    return f"^{prefix}[0-9a-f]{{32}}$"


OWNER = Field(
    "owner_id",
    TypeRef("string"),
    max_length=OWNER_LENGTH,
    internal=True,
    generated=Generated("owner"),
)


def _prefix(name: str, node: Node) -> str:
    """The prefix as written, or the name's first letters: `Product` → `prod_`."""
    fields = node.get("fields")
    for _, field in fields.entries if fields is not None and fields.kind == "map" else ():
        given = field.str_of("prefix") if field.kind == "map" else None
        if given and field.get("references") is None:
            return given
    words = snake(name).split("_")
    each = -(-_PREFIX_LENGTH // len(words))
    return "".join(word[:each] for word in words)[: 2 * _PREFIX_LENGTH] + "_"


def _written(node: Node) -> frozenset[str]:
    fields = node.get("fields")
    if fields is None or fields.kind != "map":
        return frozenset()
    return frozenset(key.text for key, _ in fields.entries)


def _keys(node: Node | None) -> tuple[tuple[str, ...], ...]:
    """`[[owner_id, created_at], name]`: a name alone is a list of one."""
    if node is None or node.kind != "list":
        return ()
    return tuple(item.strings() for item in node.items if item.kind in ("list", "string"))
