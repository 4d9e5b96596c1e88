"""A document on its way to a `FeatureSpec`: names it defines, and which parts are without fault."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from featuregen.spec.types import UnknownTypeError, parse_type

if TYPE_CHECKING:
    from featuregen.spec.document import Node
    from featuregen.spec.findings import Findings
    from featuregen.spec.model import Entity, TypeRef


@dataclass(frozen=True)
class Draft:
    """Names count as defined even where the definition is at fault: one fault, one diagnostic."""

    tree: Node
    findings: Findings
    from_crud: frozenset[str] = frozenset()  # the operations that `crud` stands for

    @cached_property
    def models(self) -> frozenset[str]:
        """Names under `models`."""
        return self._names("models")

    @cached_property
    def errors(self) -> frozenset[str]:
        """Names under `errors`."""
        return self._names("errors")

    @cached_property
    def settings(self) -> frozenset[str]:
        """Names under `settings`."""
        return self._names("settings")

    @cached_property
    def upstreams(self) -> frozenset[str]:
        """Names under `upstreams`."""
        return self._names("upstreams")

    @cached_property
    def operations(self) -> frozenset[str]:
        """Names under `operations`."""
        return self._names("operations")

    @cached_property
    def entities(self) -> frozenset[str]:
        """Names under `entities`."""
        return self._names("entities")

    @cached_property
    def whole_models(self) -> frozenset[str]:
        """Models of which every field can be known, and those of all models within."""
        held = {name: self._held(node) for name, node in self.entries("models")}
        whole = {name for name, inner in held.items() if inner is not None}
        while broken := {name for name in whole if not (held[name] or set()) <= whole}:
            whole -= broken
        return frozenset(whole)

    def _held(self, node: Node) -> set[str] | None:
        """The models in a model's fields; None where a field is at fault."""
        if _fields_at_fault(node):
            return None
        fields = node.get("fields")
        found: set[str] = set()
        for _, value in fields.entries if fields is not None else ():
            type_ = self._type(value)
            if type_ is None:
                return None
            while type_.of is not None:
                type_ = type_.of
            found |= {type_.model} if type_.model else set()
        return found

    def _type(self, field: Node) -> TypeRef | None:
        text = field if field.kind == "string" else field.get("type")
        try:
            return parse_type(text.text, self.models) if text and text.kind == "string" else None
        except UnknownTypeError:
            return None

    def is_whole(self, entity: Entity) -> bool:
        """Whether every field of the entity is known."""
        node = self.node("entities", entity.name)
        if node is None or _fields_at_fault(node):
            return False
        fields = node.get("fields")
        written = {key.text for key, _ in fields.entries} if fields is not None else set()
        return written <= {field.name for field in entity.fields}

    def entries(self, section: str) -> list[tuple[str, Node]]:
        """Definitions of a section that are mappings."""
        node = self.tree.get(section)
        if node is None or node.kind != "map":
            return []
        return [(key.text, value) for key, value in node.entries if value.kind == "map"]

    def node(self, section: str, name: str) -> Node | None:
        """One definition."""
        return dict(self.entries(section)).get(name)

    def _names(self, section: str) -> frozenset[str]:
        node = self.tree.get(section)
        if node is None or node.kind != "map":
            return frozenset()
        return frozenset(key.text for key, _ in node.entries)


def _fields_at_fault(node: Node) -> bool:
    fields = node.get("fields")
    return (
        fields is None
        or fields.kind != "map"
        or fields.broken
        or any(value.kind == "broken" for _, value in fields.entries)
    )
