"""Values of a document → the same in the language's own order, as a person would write them.

A program that hands a spec over as JSON has no order in mind, quotes statuses, and says `null`
where it means nothing. What is no spec at all passes through: the parser says what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.grammar import specification
from featuregen.spec.shapes import Anything, Either, Listing, Names, Record, Variants

if TYPE_CHECKING:
    from featuregen.spec.shapes import Shape
    from featuregen.spec.yaml_text import Plain

SECTIONS = (
    "featuregen", "feature", "title", "summary", "plural", "base_path", "wire", "requirements",
    "waive", "settings", "errors", "upstreams", "models", "entities", "crud", "operations",
    "webhooks", "examples", "allow",
)  # fmt: skip
"""The order of the top level: what later parts name comes before them."""


def canonical(document: dict[str | int, Plain]) -> dict[str | int, Plain]:
    """The document in order; what is not of the language stays, at the end."""
    ordered = _record(document, specification)
    places = {name: place for place, name in enumerate(SECTIONS)}
    return dict(sorted(ordered.items(), key=lambda one: places.get(str(one[0]), len(places))))


def _value(value: Plain, shape: Shape) -> Plain:
    match shape:
        case Either():
            return _either(value, shape)
        case Variants() if isinstance(value, dict):
            found = next((one for key, one in shape.records.items() if key in value), None)
            return _record(value, found) if found is not None else value
        case Record() if isinstance(value, dict):
            return _record(value, shape)
        case Names() if isinstance(value, dict):
            return {_key(key, shape): _value(one, shape.value) for key, one in value.items()}
        case Listing() if isinstance(value, list):
            return [_value(one, shape.item) for one in value]
    return value


def _either(value: Plain, shape: Either) -> Plain:
    for option in shape.options:
        match option:
            case Record() if isinstance(value, dict):
                return _short(_record(value, option))
            case Names() | Variants() if isinstance(value, dict):
                return _value(value, option)
            case Listing() if isinstance(value, list):
                return _value(value, option)
    return value


def _short(field: dict[str | int, Plain]) -> Plain:
    """`{type: string}` is written `string`."""
    return field["type"] if list(field) == ["type"] else field


def _record(value: dict[str | int, Plain], shape: Record) -> dict[str | int, Plain]:
    known: dict[str | int, Plain] = {
        name: _value(value[name], key.shape)
        for name, key in shape.keys.items()
        if name in value and (value[name] is not None or isinstance(key.shape, Anything))
    }
    return known | {key: one for key, one in value.items() if key not in shape.keys}


def _key(key: str | int, shape: Names) -> str | int:
    numeric = shape.numbers and isinstance(key, str) and key.isascii() and key.isdigit()
    return int(key) if numeric else key
