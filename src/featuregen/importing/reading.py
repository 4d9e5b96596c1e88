"""An OpenAPI document as data: JSON or YAML 1.2, references within it resolved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from featuregen.errors import FeaturegenError
from featuregen.spec.scalars import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.importing.imported import Notes

MAX_BYTES = 30_000_000
_MOST_REFERENCES = 20
_DEEPEST = 100

Schema = dict[str, Any]


def read(path: Path) -> Schema:
    """The document of a file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise FeaturegenError(f"{path}: {reason}", exit_code=2) from error
    if len(data) > MAX_BYTES:
        raise FeaturegenError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FeaturegenError(f"{path} is not UTF-8 text") from error


def parse(text: str) -> Schema:
    """The document in `text`, if it is OpenAPI 3."""
    document = _json(text) if text.lstrip()[:1] == "{" else _yaml(text)
    version = document.get("openapi") if isinstance(document, dict) else None
    if isinstance(document, dict) and "swagger" in document:
        raise FeaturegenError(
            "this is Swagger 2, not OpenAPI 3",
            hint="convert it first: https://converter.swagger.io",
        )
    if not isinstance(document, dict) or not str(version).startswith("3."):
        raise FeaturegenError(
            "this is not an OpenAPI 3 document", hint="it begins with openapi: 3.x"
        )
    return document


def _json(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _yaml(text)  # YAML in braces


def _yaml(text: str) -> Any:  # noqa: ANN401 - YAML
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Values().of(yaml.compose(text, Loader=loader), 0)
    except yaml.YAMLError as error:
        raise FeaturegenError(f"this is neither JSON nor YAML: {error}") from error
    except RecursionError as error:
        raise FeaturegenError("the document is nested too deeply") from error


class _Values:
    """Nodes → data; each anchor once, so that aliases cost nothing."""

    def __init__(self) -> None:
        self.known: dict[int, Any] = {}

    def of(self, node: Any, depth: int) -> Any:  # noqa: ANN401
        if node is None:
            return None
        if depth > _DEEPEST:
            raise FeaturegenError(f"the document is nested deeper than {_DEEPEST} levels")
        if id(node) in self.known:
            return self.known[id(node)]
        if node.id == "scalar":
            plain = not node.style
            return resolve(node.value)[1] if plain else node.value
        made: Any
        if node.id == "sequence":
            made = self.known[id(node)] = []
            made += [self.of(one, depth + 1) for one in node.value]
        else:
            made = self.known[id(node)] = {}
            for key, value in node.value:
                made[str(key.value)] = self.of(value, depth + 1)
        return made


class References:
    """`$ref`s of one document."""

    def __init__(self, document: Schema, notes: Notes) -> None:
        self.document, self.notes = document, notes

    def resolve(self, value: Any, where: str) -> tuple[Schema, str | None]:  # noqa: ANN401
        """What a value refers to in the end, and the last reference on the way there."""
        reference = None
        for _ in range(_MOST_REFERENCES):
            target = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(target, str):
                return (value if isinstance(value, dict) else {}), reference
            reference = target
            value = self._find(target, where)
        self.notes.add(where, f"'{reference}' refers to itself")
        return {}, reference

    def _find(self, reference: str, where: str) -> Any:  # noqa: ANN401
        if not reference.startswith("#/"):
            self.notes.add(where, f"a reference to another file: {reference}")
            return {}
        found: Any = self.document
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                found = found[key]
            else:
                self.notes.add(where, f"nothing stands at '{reference}'")
                return {}
        return found
