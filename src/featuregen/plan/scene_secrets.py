"""The texts of a request that no log may show: those that cannot stand there by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Field, Json, Model, TypeRef

_TEXTS = frozenset({"string", "email", "url", "uuid", "id", "bytes"})
_LEAST = 4  # characters


def secret_texts(model: Model, body: dict[str, Json]) -> tuple[str, ...]:
    """The sensitive texts of a body, also within lists and maps.

    A number, a moment or a few letters may be part of a log's own time or words.
    """
    found = (
        text
        for field in model.fields
        if field.sensitive and _holds_text(field)
        for text in _texts(body.get(field.wire_name))
        if len(text) >= _LEAST and any(letter.isalpha() for letter in text)
    )
    return tuple(dict.fromkeys(found))


def _holds_text(field: Field) -> bool:
    kind: TypeRef = field.type
    while kind.of is not None:
        kind = kind.of
    return kind.kind in _TEXTS


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)
        case _:
            return
