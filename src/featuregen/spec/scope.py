"""What a name means within one operation: a request field, a parameter, the user, a setting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from featuregen.spec.model import Entity, Field, Model, TypeRef
from featuregen.spec.suggest import did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_USER = ("id", "email")
_STRING = TypeRef("string")
_ANYTHING = TypeRef("json")
SourceKind = Literal[
    "request", "path", "query", "header", "user", "settings", "literal", "upstream",
    "entity", "parent",
]  # fmt: skip


class UnknownNameError(Exception):
    """A name that means nothing here."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that sources of one operation may use; a parameter goes before a field of the body.

    `whole` is False where a definition is itself at fault, so that not every name can be known.
    """

    models: Mapping[str, Model]
    settings: Mapping[str, Field]
    known_settings: frozenset[str]
    request: Model | None
    path: tuple[Field, ...]
    query: tuple[Field, ...]
    headers: tuple[Field, ...]
    auth: str
    whole: bool
    rows: Mapping[str, Entity | None] = field(default_factory=dict)
    """`entity` and `parent` where the operation has them; None for one that is not defined."""

    def find(self, parts: tuple[str, ...]) -> tuple[SourceKind, tuple[str, ...], TypeRef]:
        """Kind, path within it and type; raises `UnknownNameError`."""
        head, rest = parts[0], parts[1:]
        if head == "user" and rest:
            return self._user(rest)
        if head == "settings" and rest:
            return self._setting(rest)
        if head in ("entity", "parent") and rest:
            return self._row("entity" if head == "entity" else "parent", rest)
        for kind, fields in self._fields():
            for one in fields:
                if head == one.name or (kind == "path" and head == one.wire):
                    return kind, (one.name, *rest), self._reached(one.type, rest, head)
        if not self.whole:
            return "request", parts, _ANYTHING
        raise UnknownNameError("FG206", f"unknown source '{head}'", self._hint(head))

    def _reached(self, type_: TypeRef, rest: tuple[str, ...], head: str) -> TypeRef:
        try:
            return field_type(type_, rest, self.models, head)
        except UnknownNameError:
            if self.whole:
                raise
            return _ANYTHING

    def _fields(self) -> tuple[tuple[SourceKind, tuple[Field, ...]], ...]:
        body = self.request.fields if self.request else ()
        return (
            ("path", self.path),
            ("query", self.query),
            ("header", self.headers),
            ("request", body),
        )

    def _user(self, rest: tuple[str, ...]) -> tuple[SourceKind, tuple[str, ...], TypeRef]:
        if self.auth == "none":
            raise UnknownNameError(
                "FG505", "an operation with `auth: none` has no user", "use `auth: required`"
            )
        if len(rest) != 1 or rest[0] not in _USER:
            raise UnknownNameError(
                "FG206", f"a user has no '{'.'.join(rest)}'", "there are user.id and user.email"
            )
        return "user", rest, _STRING

    def _row(
        self, head: Literal["entity", "parent"], rest: tuple[str, ...]
    ) -> tuple[SourceKind, tuple[str, ...], TypeRef]:
        if head not in self.rows:
            hint = "`parent:` names it" if head == "parent" else "`create:` or `get:` names it"
            raise UnknownNameError("FG206", f"the operation has no {head}", hint)
        entity = self.rows[head]
        if entity is None:
            return head, rest, _ANYTHING
        fields = {one.name: one for one in entity.fields}
        if rest[0] not in fields:
            raise UnknownNameError(
                "FG206",
                f"{entity.name} has no field '{rest[0]}'",
                did_you_mean_or_list(rest[0], fields),
            )
        return head, rest, field_type(fields[rest[0]].type, rest[1:], self.models, rest[0])

    def _setting(self, rest: tuple[str, ...]) -> tuple[SourceKind, tuple[str, ...], TypeRef]:
        if len(rest) != 1 or rest[0] not in self.known_settings:
            hint = did_you_mean_or_list(rest[0], self.known_settings)
            raise UnknownNameError("FG203", f"unknown setting '{'.'.join(rest)}'", hint)
        setting = self.settings.get(rest[0])
        return "settings", rest, setting.type if setting else _ANYTHING

    def _hint(self, name: str) -> str | None:
        names = {one.name for one in (*self.path, *self.query, *self.headers)}
        names |= {one.name for one in self.request.fields} if self.request else set()
        wire = {one.wire_name: one.name for one in (self.request.fields if self.request else ())}
        if name in wire:
            return f"did you mean '{wire[name]}'?"
        hint = did_you_mean_or_list(name, names | {"user.id", "user.email"})
        return hint or f'text that stands for itself is written "={name}"'


def field_type(
    type_: TypeRef, rest: tuple[str, ...], models: Mapping[str, Model], inside: str
) -> TypeRef:
    """The type that `rest` reaches from a value of `type_`; through a list it plucks."""
    if not rest:
        return type_
    if type_.kind == "list" and type_.of is not None:
        return TypeRef("list", of=field_type(type_.of, rest, models, inside))
    if type_.kind != "model":
        raise UnknownNameError(
            "FG206", f"'{inside}' is {type_name(type_)}: it has no fields to reach into"
        )
    model = models.get(type_.model or "")
    if model is None:
        return _ANYTHING  # it is at fault itself
    fields = {field.name: field for field in model.fields}
    if rest[0] not in fields:
        raise UnknownNameError(
            "FG206", f"'{inside}' has no field '{rest[0]}'", did_you_mean_or_list(rest[0], fields)
        )
    return field_type(fields[rest[0]].type, rest[1:], models, f"{inside}.{rest[0]}")
