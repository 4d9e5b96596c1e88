"""Type names of a spec: `decimal`, `list[Item]`, `map[string]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.grammar import SCALARS
from featuregen.spec.model import TypeRef
from featuregen.spec.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

_MOST_NESTED = 4
_OTHER_LANGUAGES = {
    "integer": "int",
    "number": "decimal",
    "double": "float",
    "boolean": "bool",
    "str": "string",
    "text": "string",
    "varchar": "string",
    "char": "string",
    "timestamp": "datetime",
    "date-time": "datetime",
    "object": "json",
    "dict": "map[string]",
    "array": "list[string]",
    "list": "list[string]",
    "map": "map[string]",
    "binary": "bytes",
    "money": "decimal",
    "uri": "url",
    "guid": "uuid",
    "timedelta": "duration",
    "password": "secret",
    "any": "json",
    "long": "int",
    "currency": "string",
}


class UnknownTypeError(Exception):
    """`text[offset : offset + length]` is no type."""

    def __init__(self, message: str, offset: int, length: int, hint: str | None) -> None:
        super().__init__(message)
        self.message, self.offset, self.length, self.hint = message, offset, length, hint


def parse_type(text: str, models: Collection[str], offset: int = 0, depth: int = 0) -> TypeRef:
    """The type that `text` names; raises `UnknownTypeError`."""
    name = text.strip()
    start = offset + len(text) - len(text.lstrip())
    for kind in ("list", "map"):
        if name.startswith(f"{kind}[") and name.endswith("]"):
            if depth == _MOST_NESTED:
                raise UnknownTypeError(
                    f"a type is nested at most {_MOST_NESTED} deep", start, len(name), None
                )
            inner = name[len(kind) + 1 : -1]
            item = parse_type(inner, models, start + len(kind) + 1, depth + 1)
            if item.kind == "enum":
                raise UnknownTypeError(
                    f"a {kind} of enum is not supported", start, len(name),
                    "put the enum into a model, or use list[string] with a rule",
                )  # fmt: skip
            return TypeRef(kind, of=item)
    if name in SCALARS or name == "enum":
        return TypeRef(name)
    if name in models:
        return TypeRef("model", model=name)
    raise UnknownTypeError(f"unknown type '{_short(name)}'", start, len(name), _hint(name, models))


def _hint(name: str, models: Collection[str]) -> str | None:
    if name.endswith("?"):
        return "an optional field says `required: false`"
    if name.endswith("[]"):
        return f"a list is written list[{name[:-2]}]"
    if name[:1].isupper() and name.lower() not in (*SCALARS, *_OTHER_LANGUAGES):
        return did_you_mean(name, models) or f"define it under `models:` as {name}"
    near = nearest(name, (*SCALARS, "enum", *models, *_OTHER_LANGUAGES))
    return f"did you mean '{_OTHER_LANGUAGES.get(near, near)}'?" if near else None


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"  # noqa: PLR2004 - fits a line


def type_name(type_: TypeRef) -> str:
    """As a spec writes it."""
    if type_.of is not None:
        return f"{type_.kind}[{type_name(type_.of)}]"
    return type_.model or type_.kind
