"""Annotations and defaults of Python → the keys of a field."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.importing.python_values import UnknownValueError, keywords, name, text, value

if TYPE_CHECKING:
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.sources import Sources

_SCALARS = {
    "str": "string", "int": "int", "float": "float", "bool": "bool", "bytes": "bytes",
    "Decimal": "decimal", "date": "date", "datetime": "datetime", "time": "time",
    "timedelta": "duration", "UUID": "uuid", "UUID4": "uuid", "UUID1": "uuid", "EmailStr": "email",
    "HttpUrl": "url", "AnyUrl": "url", "AnyHttpUrl": "url", "AwareDatetime": "datetime",
    "NaiveDatetime": "datetime", "PastDatetime": "datetime", "FutureDatetime": "datetime",
    "PastDate": "date", "FutureDate": "date", "IsoDatetime": "datetime", "IsoDate": "date",
    "IsoTime": "time", "IsoDuration": "duration", "LocalTime": "time", "WebUrl": "url",
    "Base64": "bytes", "AnyJson": "json", "SettingDuration": "duration", "StrictStr": "string",
    "StrictInt": "int", "StrictBool": "bool", "StrictFloat": "float", "Any": "json",
    "object": "json", "Json": "json", "dict": "json",
}  # fmt: skip
_SIGNED: dict[str, Tree] = {
    "PositiveInt": {"type": "int", "gt": 0}, "NonNegativeInt": {"type": "int", "ge": 0},
    "NegativeInt": {"type": "int", "lt": 0}, "PositiveFloat": {"type": "float", "gt": 0},
    "NonNegativeFloat": {"type": "float", "ge": 0},
    "SecretStr": {"type": "string", "sensitive": True},
}  # fmt: skip
_CONSTRAINED = {"constr": "str", "conint": "int", "confloat": "float", "condecimal": "Decimal"}
_LISTS = frozenset({"list", "List", "Sequence", "set", "Set", "frozenset", "tuple", "Iterable"})
_MAPS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_KEYS = {
    "gt": "gt", "ge": "ge", "lt": "lt", "le": "le", "multiple_of": "multiple_of",
    "min_length": "min_length", "max_length": "max_length", "min_items": "min_length",
    "max_items": "max_length", "pattern": "pattern", "regex": "pattern",
    "decimal_places": "decimal_places", "places": "decimal_places", "max_digits": "max_digits",
    "rounding": "round", "description": "description", "alias": "wire", "example": "example",
    "serialization_alias": "wire", "validation_alias": "wire", "strip_whitespace": "strip",
    "to_lower": "lower", "to_upper": "upper", "strip": "strip", "lower": "lower", "upper": "upper",
}  # fmt: skip
_HARMLESS = frozenset(
    {"title", "repr", "examples", "default", "default_factory", "json_schema_extra", "kw_only",
     "include_in_schema", "deprecated", "strict", "frozen", "exclude", "last4", "max_digits",
     "allow_inf_nan"}
)  # fmt: skip
METADATA = frozenset(
    {"Field", "Query", "Path", "Header", "Body", "Text", "DecimalRule", "StringConstraints",
     "Form", "Cookie", "File"}
)  # fmt: skip
_MARKERS = frozenset(
    {"JSON_INT", "ISO_DATE", "ISO_DATETIME", "LOCAL_TIME", "ISO_DURATION"}
)  # how generated code reads JSON
_ENUMS: tuple[set[type], ...] = ({str}, {int})
_DEEPEST = 20


class Fields:
    """Reads annotations; `models` and `enums` are the classes that are known."""

    def __init__(self, sources: Sources, models: dict[str, str], enums: dict[str, list[str | int]],
                 notes: Notes) -> None:  # fmt: skip
        self.sources, self.models, self.enums, self.notes = sources, models, enums, notes

    def read(self, annotation: ast.expr | None, default: ast.expr | None, where: str) -> Tree:
        """The keys of a field, `type` among them; `required: false` where it may be left out."""
        keys: Tree = {"type": "json"}
        if annotation is not None:
            keys = self.typed(annotation, where)
        if default is None:
            return keys
        if isinstance(default, ast.Call) and name(default.func) in METADATA:
            return self._metadata(default, keys, where)
        return keys | self._default(default, where)

    def typed(self, node: ast.expr, where: str, depth: int = 0) -> Tree:
        """What a type says."""
        if depth > _DEEPEST:
            return {"type": "json"}
        match node:
            case ast.Constant(value=str(source)):
                return self._quoted(source, where, depth)
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Name() | ast.Attribute():
                return self._named(name(node), where, depth)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._either([left, right], where, depth)
            case ast.Subscript(value=outer, slice=inner):
                return self._subscript(name(outer), inner, where, depth)
            case ast.Call(func=function) if name(function) in _CONSTRAINED:
                base = ast.Name(_CONSTRAINED[name(function)])
                return self._metadata(node, self.typed(base, where, depth + 1), where)
        return self._unknown(ast.unparse(node), where)

    def _quoted(self, source: str, where: str, depth: int) -> Tree:
        try:
            return self.typed(ast.parse(source, mode="eval").body, where, depth + 1)
        except (SyntaxError, ValueError):
            return self._unknown(source, where)

    def _named(self, found: str, where: str, depth: int) -> Tree:
        if found in self.models:
            return {"type": self.models[found]}
        if found in self.enums:
            return {"type": "enum", "values": [*self.enums[found]]}
        if found in _SIGNED:
            return dict(_SIGNED[found])
        if found in _SCALARS:
            return {"type": _SCALARS[found]}
        if found in _LISTS:
            return {"type": "list[json]"}
        if found in self.sources.aliases:
            return self.typed(self.sources.aliases[found], where, depth + 1)
        return self._unknown(found, where)

    def _unknown(self, found: str, where: str) -> Tree:
        self.notes.add(where, f"the type `{found}` is not known: any JSON")
        return {"type": "json"}

    def _subscript(self, outer: str, inner: ast.expr, where: str, depth: int) -> Tree:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer == "Annotated":
            keys = self.typed(parts[0], where, depth + 1)
            for one in parts[1:]:
                keys = self._annotated(one, keys, where)
            return keys
        if outer in ("Optional", "Union"):
            none = [ast.Constant(None)] if outer == "Optional" else []
            return self._either([*parts, *none], where, depth)
        if outer == "NotNull":  # of a generated update: left out, it stays
            return {**self.typed(parts[0], where, depth + 1), "required": False}
        if outer == "Literal":
            return self._literal(parts, where)
        if outer in _LISTS:
            return self._list(outer, parts[0], where, depth)
        if outer in _MAPS and len(parts) > 1:
            item = str(self.typed(parts[1], where, depth + 1)["type"])
            return {"type": "json" if item == "json" else f"map[{_plain(item)}]"}
        return self._unknown(f"{outer}[…]", where)

    def _list(self, outer: str, item: ast.expr, where: str, depth: int) -> Tree:
        inner = self.typed(item, where, depth + 1)
        if set(inner) - {"type", "description"}:
            self.notes.add(where, "what the items of the list must keep")
        unique: Tree = {"unique": True} if outer in ("set", "Set", "frozenset") else {}
        return {"type": f"list[{_plain(str(inner['type']))}]"} | unique

    def _literal(self, parts: list[ast.expr], where: str) -> Tree:
        values = [one.value for one in parts if isinstance(one, ast.Constant)]
        of_one_type = len(values) == len(parts) and {type(one) for one in values} in _ENUMS
        if of_one_type:
            known = [one for one in values if isinstance(one, str | int)]
            return {"type": "enum", "values": [*known]}
        return self._unknown("Literal[…]", where)

    def _either(self, parts: list[ast.expr], where: str, depth: int) -> Tree:
        read = [self.typed(one, where, depth + 1) for one in parts]
        left = [one for one in read if one["type"] != "null"]
        keys: Tree = left[0] if left else {"type": "json"}
        if len(left) > 1:
            self.notes.add(where, "one of several types: any JSON")
            keys = {"type": "json"}
        optional: Tree = {"required": False} if len(left) < len(read) else {}
        return keys | optional

    def _annotated(self, node: ast.expr, keys: Tree, where: str) -> Tree:
        called = name(node.func) if isinstance(node, ast.Call) else name(node)
        if called == "Sensitive":
            last4 = isinstance(node, ast.Call) and "last4" in keywords(node)
            return keys | {"sensitive": "last4" if last4 else True}
        if called == "BeforeValidator" and "whole_number" in ast.unparse(node):
            return keys  # of an enum of numbers
        if isinstance(node, ast.Call) and called in METADATA:
            return self._metadata(node, keys, where)
        if called == "Unique":
            return keys | {"unique": True}
        if called in METADATA or called in _MARKERS:
            return keys
        self.notes.add(where, f"`{called or ast.unparse(node)}` of the annotation")
        return keys

    def _metadata(self, node: ast.Call, keys: Tree, where: str) -> Tree:
        given = keywords(node)
        keys = dict(keys)
        for key, expression in given.items():
            if key in _KEYS:
                keys |= self._keyed(_KEYS[key], expression, where)
            elif key not in _HARMLESS:
                self.notes.add(where, f"`{key}` of {name(node.func)}")
        if "examples" in given:
            keys |= self._first_example(given["examples"], keys)
        default = given.get("default") or (node.args[0] if node.args else None)
        if default is not None and name(node.func) not in ("Text", "DecimalRule"):
            keys |= self._default(default, where)
        factory = given.get("default_factory")
        made = name(factory.value if isinstance(factory, ast.Subscript) else factory)
        if made in ("list", "dict"):
            keys["default"] = [] if made == "list" else {}
        elif isinstance(factory, ast.Lambda):
            keys |= self._default(factory.body, where)
        elif "default_factory" in given:
            self.notes.add(where, "a default that is computed")
            keys["required"] = False
        return keys

    def _keyed(self, key: str, node: ast.expr, where: str) -> Tree:
        if isinstance(node, ast.Name | ast.Attribute):  # a constant of the project
            node = self.sources.aliases.get(name(node), node)
        try:
            found = value(node)
        except UnknownValueError:
            self.notes.add(where, f"`{key}` is computed: {ast.unparse(node)[:60]}")
            return {}
        return {} if found is None or found is False else {key: found}

    def _first_example(self, node: ast.expr, keys: Tree) -> Tree:
        if isinstance(node, ast.List) and node.elts and "[" not in str(keys["type"]):
            try:
                found = value(node.elts[0])
            except UnknownValueError:
                return {}
            if isinstance(found, str | int | float):
                return {"example": found}
        return {}

    def _default(self, node: ast.expr, where: str) -> Tree:
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return {}
        if isinstance(node, ast.Attribute) and name(node.value) in self.enums:
            member = node.attr.lower()
            known = {str(one).lower(): one for one in self.enums[name(node.value)]}
            if member in known:
                return {"default": known[member]}
        try:
            found = value(node)
        except UnknownValueError:
            self.notes.add(where, f"a default that is computed: {ast.unparse(node)[:60]}")
            return {"required": False}
        return {"required": False} if found is None else {"default": found}


def _plain(kind: str) -> str:
    return {"enum": "string", "null": "json"}.get(kind, kind)


def first_line(node: ast.AsyncFunctionDef | ast.FunctionDef | ast.ClassDef) -> str | None:
    """The docstring's first line, without its full stop where it is one short sentence."""
    found = ast.get_docstring(node)
    return found.strip().splitlines()[0].strip() if found and found.strip() else None


__all__ = ["METADATA", "Fields", "first_line", "text"]
