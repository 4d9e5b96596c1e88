"""The JSON Schema of the language, made from the grammar: editors complete and check with it."""

from __future__ import annotations

from typing import Any

from featuregen.spec.grammar import specification
from featuregen.spec.shapes import (
    Anything,
    Either,
    Flag,
    Listing,
    Names,
    Number,
    Record,
    Shape,
    Text,
    Variants,
    Whole,
)

SCHEMA_ID = "urn:featuregen:spec:1"
_SHARED = ("a field", "a model", "an error", "an upstream", "a call", "an operation", "a step",
           "a field of an entity", "an entity", "the crud")  # fmt: skip

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The whole language, draft 2020-12. Whether a name exists, for one, a schema leaves open."""
    writer = _Writer()
    root = writer.write(specification)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **root,
        "title": "Feature spec",
        "description": "A feature spec of featuregen, language version 1",
        "$defs": writer.definitions,
    }


class _Writer:
    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def write(self, shape: Shape) -> Schema:
        match shape:
            case Text():
                return _text(shape)
            case Flag():
                return {"type": "boolean"}
            case Whole():
                return {"type": "integer", "minimum": shape.least, "maximum": shape.most}
            case Number():
                return {
                    "type": "number",
                    **({} if shape.least is None else {"minimum": shape.least}),
                }
            case Anything():
                return {}
            case Either():
                return {"anyOf": [self.write(option) for option in shape.options]}
            case Variants():
                return {"anyOf": [self.write(record) for record in shape.records.values()]}
            case _:
                return self._collection(shape)

    def _collection(self, shape: Listing | Names | Record) -> Schema:
        match shape:
            case Listing():
                least = {"minItems": shape.least} if shape.least else {}
                return {"type": "array", "items": self.write(shape.item), **least}
            case Names():
                least = {"minProperties": shape.least} if shape.least else {}
                return {
                    "type": "object",
                    "propertyNames": {"pattern": shape.key.pattern},
                    "additionalProperties": self.write(shape.value),
                    **least,
                }
            case Record():
                return self._shared(shape) if shape.title in _SHARED else self._record(shape)

    def _shared(self, shape: Record) -> Schema:
        name = shape.title.split(" ", 1)[1].replace(" ", "_")
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self._record(shape)
        return {"$ref": f"#/$defs/{name}"}

    def _record(self, shape: Record) -> Schema:
        properties = {
            name: {**self.write(key.shape), "title": name, "description": key.about}
            for name, key in shape.keys.items()
        }
        required = [name for name, key in shape.keys.items() if key.required]
        return {
            "title": shape.title,
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **({"required": required} if required else {}),
            **(
                {"anyOf": [{"required": [name]} for name in shape.some_of]} if shape.some_of else {}
            ),
        }


def _text(shape: Text) -> Schema:
    if shape.choices:
        return {"enum": list(shape.choices)}
    return {"type": "string", **({"pattern": shape.pattern} if shape.pattern else {})}
