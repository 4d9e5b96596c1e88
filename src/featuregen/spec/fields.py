"""Nodes of fields → `Field`: types, bounds in their own terms, constraints that apply to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from featuregen.spec.durations import seconds
from featuregen.spec.model import Bound, Field, Json, Path, TypeRef
from featuregen.spec.types import UnknownTypeError, parse_type, type_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from featuregen.spec.document import Node
    from featuregen.spec.findings import Findings

_ORDERED = frozenset({"int", "float", "decimal", "date", "datetime", "time", "duration"})
_TEXT = frozenset({"string"})
_DECIMAL = frozenset({"decimal"})
BOUNDS = ("gt", "ge", "lt", "le")
APPLIES_TO: dict[str, frozenset[str]] = {
    **dict.fromkeys(BOUNDS, _ORDERED),
    "multiple_of": frozenset({"int", "float", "decimal"}),
    **dict.fromkeys(("decimal_places", "max_digits", "round"), _DECIMAL),
    **dict.fromkeys(("min_length", "max_length"), frozenset({"string", "list", "secret"})),
    **dict.fromkeys(("pattern", "strip", "lower", "upper"), _TEXT),
    "unique": frozenset({"list"}),
    "values": frozenset({"enum"}),
    **dict.fromkeys(("prefix", "references", "on_delete"), frozenset({"id"})),
}
_FLAGS = ("unique", "strip", "lower", "upper")
_TEMPORAL = {"date": "2026-01-31", "datetime": '"2026-01-31T12:00:00Z"', "time": '"12:00:00"'}


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading a field needs: where faults go, and which models there are."""

    findings: Findings
    models: Collection[str]

    def fields(self, node: Node | None, path: Path) -> tuple[Field, ...]:
        """Every field of a mapping that could be read."""
        if node is None or node.kind != "map":
            return ()
        read = (self.field(str(key.name), value, (*path, key.name)) for key, value in node.entries)
        return tuple(field for field in read if field is not None)

    def field(self, name: str, node: Node, path: Path) -> Field | None:
        """None where its type cannot be told."""
        if node.kind == "string":
            type_ = self._type(node.text, path)
            return Field(name, type_) if type_ else None
        type_node = node.get("type")
        if type_node is None or type_node.kind != "string":
            return None
        type_ = self._type(type_node.text, (*path, "type"))
        return self.long_form(name, type_, node, path) if type_ else None

    def _type(self, text: str, path: Path) -> TypeRef | None:
        try:
            return parse_type(text, self.models)
        except UnknownTypeError as error:
            self.findings.add(
                "FG103",
                error.message,
                path,
                hint=error.hint,
                within=(text, error.offset, error.length),
            )
            return None

    def long_form(self, name: str, type_: TypeRef, node: Node, path: Path) -> Field:
        """The field of a mapping whose type is known; what sets it is read in `entities`."""
        values: dict[str, Any] = {}
        for key_node, value in node.entries:
            key = key_node.text
            if value.kind == "broken" or key in ("type", "generated"):
                continue
            if key in APPLIES_TO and type_.kind not in APPLIES_TO[key]:
                kinds = ", ".join(sorted(APPLIES_TO[key]))
                hint = f"it applies to: {kinds}"
                if key == "unique" and path[0] == "entities":
                    hint = f"write it beside the fields of {path[1]}: unique: [[{name}]]"
                self.findings.add(
                    "FG301",
                    f"'{key}' does not apply to {type_name(type_)}",
                    (*path, key),
                    at="key",
                    hint=hint,
                )
                continue
            values |= self._value(key, value, type_, (*path, key))
        if type_.kind == "enum" and node.get("values") is None:
            self.findings.add(
                "FG305", "an enum needs `values`", (*path, "type"), hint="values: [first, second]"
            )
        return Field(name, type_, **values)

    def _value(self, key: str, node: Node, type_: TypeRef, path: Path) -> dict[str, Any]:
        match key:
            case "values":
                return {
                    "values": tuple(_plain(item) for item in node.items if item.kind != "broken")
                }
            case "default":
                return {"has_default": True, "default": typed_json(node, type_)}
            case "example":
                return {"has_example": True, "example": typed_json(node, type_)}
            case "gt" | "ge" | "lt" | "le" | "multiple_of":
                bound = self._bound(key, node, type_.kind, path)
                return {} if bound is None else {key: bound}
            case "sensitive":
                if node.kind == "bool":
                    return {"sensitive": "full" if node.value else None}
                return {"sensitive": "last4"}
            case "description":
                return {"description": node.text.strip()}
            case _:
                return {key: node.value}

    def _bound(self, key: str, node: Node, kind: str, path: Path) -> Bound | None:
        bound = read_bound(node, kind)
        if bound is None:
            example = _TEMPORAL.get(kind) or {"int": "a whole number", "duration": "30s"}.get(
                kind, "a number"
            )
            self.findings.add(
                "FG302",
                f"'{key}' of {_article(kind)} cannot be '{node.text or node.kind}'",
                path,
                hint=f"expected a bound such as {example}"
                if example[0].isdigit() or example[0] == '"'
                else f"expected {example}",
            )
        return bound


def read_bound(node: Node, kind: str) -> Bound | None:
    """A bound in the terms of the type: Decimal, ISO 8601 text, seconds. None: no bound of it."""
    match kind:
        case "int":
            return node.value if isinstance(node.value, int) and node.kind == "int" else None
        case "float":
            return node.value if isinstance(node.value, int | float) else None
        case "decimal":
            return decimal_of(node.text)
        case "duration":
            if isinstance(node.value, int | float):
                return float(node.value)
            return seconds(node.text)
        case _:
            return node.text if node.kind == "string" and is_temporal(node.text, kind) else None


def decimal_of(text: str) -> Decimal | None:
    """An exact, finite decimal without an exponent that could make it huge."""
    if not re.fullmatch(
        r"[-+]?[0-9]{0,60}(\.[0-9]{0,60})?([eE][-+]?[0-9]{1,2})?", text
    ) or not re.search("[0-9]", text):
        return None
    return Decimal(text)


def is_temporal(text: str, kind: str) -> bool:
    """Whether `text` is an ISO 8601 date, time, or datetime with a time zone."""
    from datetime import date, datetime, time

    try:
        match kind:
            case "date":
                date.fromisoformat(text)
            case "time":
                time.fromisoformat(text)
            case _:
                return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
    return True


def typed_json(node: Node, type_: TypeRef) -> Json:
    """The value as JSON; a decimal stays exact as text (`9.90` → `"9.90"`), also in a list."""
    if type_.kind == "decimal" and node.kind in ("int", "float"):
        exact = decimal_of(node.text)
        return node.value if exact is None else f"{exact:f}"
    if type_.of is not None and node.kind == "list" and type_.kind == "list":
        return [typed_json(item, type_.of) for item in node.items]
    if type_.of is not None and node.kind == "map" and type_.kind == "map":
        return {key.text: typed_json(value, type_.of) for key, value in node.entries}
    return node.json()


def _plain(node: Node) -> str | int:
    return node.value if isinstance(node.value, int) else node.text


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
