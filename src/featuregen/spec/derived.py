"""Models made from entities: `PaymentCreate`, `PaymentUpdate`, `PaymentRead`, `PaymentPage`.

They are ordinary models, so that whatever knows models (samples, boundaries, OpenAPI) knows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from featuregen.spec.entities import within_column
from featuregen.spec.model import Field, Model, TypeRef, compared
from featuregen.spec.plural import article, plural, snake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.model import Entity, Listing

    Kind = Literal["create", "update", "read"]

CURSOR_PATTERN = "^[A-Za-z0-9_-]{1,4096}$"  # as app/core/pagination.py has it
LONGEST_SEARCH = 100
MOST_ROWS, USUAL_ROWS = 100, 20
SUFFIXES = {"create": "Create", "update": "Update", "read": "Read", "page": "Page"}
ORDERED = frozenset({"int", "float", "decimal", "date", "datetime", "time", "duration"})
INEXACT = frozenset({"float", "datetime", "duration"})  # nobody asks for exactly this one


@dataclass(slots=True)
class Derived:
    """Makes each model when it is first asked for; `models` are those that were."""

    entities: Mapping[str, Entity]
    written: Mapping[str, Model]
    parents: Mapping[str, frozenset[str]]
    """The references of each entity that some path sets: no update changes them."""
    models: dict[str, Model] = field(default_factory=dict)

    def create(self, entity: Entity, parent_field: str | None) -> Model:
        """What a client sends for a new row; the reference to the parent stands in the path."""
        fields = tuple(
            _sent(one) for one in entity.fields if _is_given(one) and one.name != parent_field
        )
        name = f"{entity.name}Create"
        told = f"What makes a new {_title(entity)}."
        made = Model(name, fields, told, derived="create", entity=entity.name)
        if name in self.models and self.models[name].fields != fields:
            made = replace(made, name=f"{entity.name}CreateBelow")
        return self._kept(made) if fields else made

    def update(self, entity: Entity) -> Model:
        """What a client sends to change a row: what is absent stays, and null is a value."""
        fixed = self.parents.get(entity.name, frozenset())
        fields = tuple(
            _patched(one)
            for one in entity.fields
            if _is_given(one) and not one.immutable and one.name not in fixed
        )
        told = f"What changes in {article(_title(entity))}; what is left out stays."
        name = f"{entity.name}Update"
        return self._kept(Model(name, fields, told, derived="update", entity=entity.name))

    def read(self, entity: Entity) -> Model:
        """What is told of a row."""
        fields = tuple(_told(one) for one in entity.fields if not one.internal)
        told = entity.summary or f"{article(_title(entity)).capitalize()}."
        return self._kept(
            Model(
                f"{entity.name}Read",
                fields,
                told,
                entity.description,
                derived="read",
                entity=entity.name,
            )
        )

    def page(self, entity: Entity, item: str) -> Model:
        """A page of rows, each as `item` tells of it."""
        stem = entity.name if item == f"{entity.name}Read" else item
        fields = (
            Field("items", TypeRef("list", of=TypeRef("model", model=item))),
            Field("next_cursor", TypeRef("string"), required=False),
        )
        told = f"A page of {plural(snake(entity.name)).replace('_', ' ')}."
        return self._kept(Model(f"{stem}Page", fields, told, derived="page", entity=entity.name))

    def named(self, name: str) -> Model | None:
        """The model of that name, if one of an entity would be called so."""
        for entity in self.entities.values():
            match name.removeprefix(entity.name):
                case "Create":
                    return self.create(entity, None)
                case "Update":
                    return self.update(entity)
                case "Read":
                    return self.read(entity)
        return None

    def _kept(self, model: Model) -> Model:
        return self.models.setdefault(model.name, model)


def _title(entity: Entity) -> str:
    return snake(entity.name).replace("_", " ")


def as_patch(model: Model, entity: Entity) -> Model:
    """A written model of an update: what it may leave out stays, and null needs a column for it."""
    columns = {one.name: one for one in entity.fields}

    def patched(one: Field) -> Field:
        column = columns.get(one.name)
        if column is None or column.nullable or one.required or one.has_default:
            return one
        return replace(one, required=True, patch=True)

    return replace(model, fields=tuple(patched(one) for one in model.fields))


def _is_given(one: Field) -> bool:
    """Whether the client says it."""
    return one.generated is None and not one.internal


def _sent(one: Field) -> Field:
    return replace(one, immutable=False, internal=False, was=None, on_delete="restrict")


def _patched(one: Field) -> Field:
    return replace(
        _sent(one), patch=True, required=not one.nullable, has_default=False, default=None
    )


def _told(one: Field) -> Field:
    """A row may be older than today's bounds, so they do not hold for what is told of it."""
    return replace(
        _sent(one),
        generated=None,
        required=not one.nullable,
        has_default=False,
        default=None,
        gt=None,
        ge=None,
        lt=None,
        le=None,
        multiple_of=None,
        round=None,
        min_length=None,
        max_length=one.max_length if one.type.kind == "string" else None,  # the column's
        pattern=one.pattern if one.type.kind == "id" else None,
        unique=False,
        strip=False,
        lower=False,
        upper=False,
    )


def list_parameters(entity: Entity, listing: Listing) -> tuple[Field, ...]:
    """The query of a list: filters, ranges, `q`, `sort`, `limit`, `cursor`."""
    known = {one.name: one for one in entity.fields}
    parameters: list[Field] = []
    for name in listing.filters:
        if name in known:
            parameters += _filter(known[name])
    if listing.search:
        parameters.append(
            Field(
                "q", TypeRef("string"), required=False, min_length=1, max_length=LONGEST_SEARCH,
                description=f"Text in {' or '.join(listing.search)}",
            )
        )  # fmt: skip
    first = listing.sort[0] if listing.sort else ""
    return (
        *parameters,
        Field(
            "sort", TypeRef("enum"), values=listing.sort, required=False, has_default=True,
            default=first, description="The order; a minus turns it round",
        ),
        Field(
            "limit", TypeRef("int"), ge=1, le=MOST_ROWS, required=False, has_default=True,
            default=USUAL_ROWS, description="How many there are on a page",
        ),
        Field(
            "cursor", TypeRef("string"), required=False, pattern=CURSOR_PATTERN,
            description="Where the page begins: `next_cursor` of the one before",
        ),
    )  # fmt: skip


def _filter(one: Field) -> list[Field]:
    kind = one.type.kind
    plain = replace(
        _told(one), patch=False, required=False, has_example=False, example=None, sensitive=None
    )
    plain = replace(
        plain, pattern=one.pattern, max_length=one.max_length, references=None, prefix=None
    )
    if kind == "int":
        plain = within_column(plain)
    made = [] if kind in INEXACT else [plain]
    if kind in ORDERED:
        _, *names = compared(one.name)
        wires = [*compared(one.wire)][1:] if one.wire else (None, None)
        for name, wire, says in zip(names, wires, ("from here on", "up to here"), strict=True):
            told = f"`{one.wire_name}` {says}"
            made.append(replace(plain, name=name, wire=wire, description=told))
    return made
