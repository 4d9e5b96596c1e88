"""What the rules look at: a spec, and which of its models come in or go out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from featuregen.errors import Position
from featuregen.spec.entities import GREATEST, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.spec.model import (
        Call,
        Entity,
        FeatureSpec,
        Field,
        Json,
        Model,
        Operation,
        Path,
        TypeRef,
        Upstream,
    )

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Place:
    """A field, and where it stands; `model` where it is a field of one."""

    path: Path
    field: Field
    model: Model | None = None

    def key(self, name: str) -> Path:
        """Path of one of the field's keys."""
        return (*self.path, name)

    def known_values(self) -> list[Json]:
        """What the field must go on taking: its default, its example, the model's example."""
        found = [self.field.default] if self.field.has_default else []
        found += [self.field.example] if self.field.has_example else []
        example = self.model.example if self.model is not None else None
        for name in {self.field.name, self.field.wire_name}:
            if example is not None and name in example:
                found.append(example[name])
        return [value for value in found if value is not None]


@dataclass(frozen=True)
class Survey:
    """One spec, as the rules see it."""

    spec: FeatureSpec

    def has(self, *path: str | int) -> bool:
        """Whether the document writes this out; a default does not count."""
        return path in self.spec.source.keys or path in self.spec.source.values

    def position(self, path: Path) -> Position:
        """The nearest place that is written; for what concerns the whole spec, its `feature`."""
        found = self.spec.source.at(*path)
        return self.spec.source.at("feature") if found == Position(1, 1) else found

    def waived(self, question: str, at: str) -> bool:
        """Whether an entry of `waive` covers the question at this path, or at what contains it."""
        return any(
            one.question == question and (at == one.at or at.startswith(f"{one.at}."))
            for one in self.spec.waivers
        )

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Models that a client sends, also within another one."""
        return self._reach(operation.request for operation in self.spec.operations.values())

    @cached_property
    def outputs(self) -> frozenset[str]:
        """Models that a client gets."""
        return self._reach(one.response.model for one in self.spec.operations.values())

    @cached_property
    def calls(self) -> tuple[tuple[Operation, Call], ...]:
        """Every operation that calls an upstream."""
        every = self.spec.operations.values()
        return tuple((one, one.call) for one in every if one.call is not None)

    def calls_of(self, upstream: Upstream) -> list[tuple[Operation, Call]]:
        """The operations that call this upstream."""
        return [(one, call) for one, call in self.calls if call.upstream == upstream.name]

    @cached_property
    def mapped_errors(self) -> frozenset[str]:
        """Errors that an upstream's answer can become."""
        return frozenset(
            mapping.error
            for upstream in self.spec.upstreams.values()
            for mapping in (*upstream.errors.values(), upstream.on_timeout, upstream.other)
            if mapping is not None
        )

    def fields(self, models: Iterable[str]) -> Iterator[Place]:
        """Fields of these models, in the order of the spec, each once.

        A model that is made from an entity is not written: its fields stand in the entity.
        """
        wanted = frozenset(models)
        seen: set[Path] = set()
        for model in self.spec.models.values():
            if model.name not in wanted or model.derived == "page":
                continue
            for field in model.fields:
                path: Path = ("models", model.name, "fields", field.name)
                if model.derived is not None and model.entity is not None:
                    path = ("entities", model.entity, "fields", field.name)
                if path not in seen and self.has(*path):
                    seen.add(path)
                    yield Place(path, _as_written(field), model)

    def stored(self) -> Iterator[Place]:
        """Fields of rows, as far as the spec declares them."""
        for entity in self.spec.entities.values():
            for field in entity.fields:
                path: Path = ("entities", entity.name, "fields", field.name)
                if self.has(*path):
                    yield Place(path, _as_written(field))

    def on(self, entity: Entity) -> list[Operation]:
        """The operations that work on rows of this entity."""
        return [one for one in self.spec.operations.values() if one.entity == entity.name]

    def crud(self, entity: Entity) -> tuple[Path, bool] | None:
        """Where `crud` names the entity, and whether that is a mapping."""
        places: list[Path] = [("crud",)]
        places += [("crud", index) for index in range(len(self.spec.entities) + 1)]
        for path in places:
            if self.has(*path, "entity"):
                if self._written((*path, "entity")) == entity.name:
                    return path, True
            elif self._written(path) == entity.name:
                return path, False
        return None

    def _written(self, path: Path) -> str | None:
        position = self.spec.source.values.get(path)
        if position is None:
            return None
        line = re.split(r"\r\n|\n|\r", self.spec.source.text)[position.line - 1]
        return line[position.column - 1 :][: position.length].strip("\"'")

    def parameters(self) -> Iterator[Place]:
        """Parameters of path, query and header, as far as the spec declares them."""
        for operation in self.spec.operations.values():
            groups = (
                ("path_params", operation.path_params),
                ("query", operation.query),
                ("headers", operation.headers),
            )
            for group, fields in groups:
                for field in fields:
                    path = ("operations", operation.name, group, field.name)
                    if self.has(*path):
                        yield Place(path, field)

    def sent(self) -> Iterator[Place]:
        """Everything that a client may send."""
        yield from self.fields(self.inputs)
        yield from self.parameters()

    def seen(self) -> Iterator[Place]:
        """Everything that a client sends or gets, and everything that is stored."""
        found: set[Path] = set()
        for place in (*self.fields(self.inputs | self.outputs), *self.stored()):
            if place.path not in found:
                found.add(place.path)
                yield place
        yield from self.parameters()

    def error_with(self, *statuses: int) -> str | None:
        """An error that the spec has already, by the first of these statuses that one has."""
        for status in statuses:
            for error in self.spec.errors.values():
                if error.status == status:
                    return error.name
        return None

    def free_error_name(self, stem: str) -> str:
        """`PaymentNotFoundError`, or with a number where that is taken."""
        base = "".join(word.capitalize() for word in self.spec.feature.split("_")) + stem
        name, number = f"{base}Error", 2
        while name in self.spec.errors:
            name, number = f"{base}{number}Error", number + 1
        return name

    def _reach(self, roots: Iterable[str | None]) -> frozenset[str]:
        waiting = [name for name in roots if name is not None]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.spec.models:
                found.add(name)
                waiting += [
                    inner
                    for field in self.spec.models[name].fields
                    if (inner := model_of(field.type)) is not None
                ]
        return frozenset(found)


def _as_written(field: Field) -> Field:
    """Without the bounds that a column has anyway."""
    if field.ge == SMALLEST:
        field = replace(field, ge=None)
    return replace(field, le=None) if field.le == GREATEST else field


def model_of(type_: TypeRef) -> str | None:
    """The model that a type holds, also in a list or a map."""
    while type_.of is not None:
        type_ = type_.of
    return type_.model


def words(name: str) -> tuple[str, ...]:
    """`card_number` → `("card", "number")`."""
    return tuple(name.split("_"))


def spoken(name: str) -> str:
    """`payment_method` → `payment method`."""
    return name.replace("_", " ")
