"""JSON Schema, as OpenAPI 3.0 and 3.1 have it → fields and models of a spec."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from featuregen.importing import names

if TYPE_CHECKING:
    from featuregen.importing.imported import Notes, Tree
    from featuregen.importing.reading import References, Schema

Way = Literal["in", "out"]
_FORMATS = {
    "date": "date", "date-time": "datetime", "time": "time", "duration": "duration", "uuid": "uuid",
    "email": "email", "idn-email": "email", "uri": "url", "url": "url", "byte": "bytes",
    "binary": "bytes", "base64": "bytes", "decimal": "decimal", "password": "string",
}  # fmt: skip
_SAID_ELSEWHERE = frozenset(
    {"int32", "int64", "float", "double", "uri-reference", "hostname", "ipv4", "ipv6", "regex"}
)
_NOT_CARRIED = (
    "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentRequired",
    "dependentSchemas", "contains", "prefixItems", "minProperties", "maxProperties",
    "discriminator", "contentEncoding", "xml", "unevaluatedProperties",
)  # fmt: skip
_BOUNDS = (
    ("minimum", "ge", "gt", "exclusiveMinimum"),
    ("maximum", "le", "lt", "exclusiveMaximum"),
)
_ITEM_KEYS = frozenset({"type", "description", "example"})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_LONGEST_SUMMARY = 100
_LONGEST_DESCRIPTION = 2000
_DEEPEST = 12


class Schemas:
    """Reads schemas; the models that they need are collected in `models`."""

    def __init__(self, references: References, feature: str, notes: Notes) -> None:
        self.references, self.feature, self.notes = references, feature, notes
        self.models: Tree = {}
        self._names: dict[tuple[str, Way], str] = {}

    def field(self, schema: Any, where: str, hint: str, way: Way, depth: int = 0) -> Tree:  # noqa: ANN401
        """The keys of a field, `type` among them; `hint` names a model that has no name."""
        if not isinstance(schema, dict):
            self.notes.add(where, "a schema that says nothing: any JSON")
            return {"type": "json"}
        if depth > _DEEPEST:
            self.notes.add(where, f"nested deeper than {_DEEPEST} levels: any JSON")
            return {"type": "json"}
        whole, reference = self._whole(schema, where)
        whole, nullable = self._without_null(whole, where)
        if "$ref" in whole:
            return self.field({**whole}, where, hint, way, depth + 1) | _null(nullable)
        self._note_the_rest(whole, where)
        described = _described(schema, whole)
        keys = self._typed(whole, reference, where, hint, way, depth)
        keys |= described | _null(nullable)
        keys |= _values(whole, keys)
        return keys

    def _whole(self, schema: Schema, where: str) -> tuple[Schema, str | None]:
        """References followed, `allOf` merged. A lone reference keeps its name."""
        found, reference = self.references.resolve(schema, where)
        parts = found.get("allOf")
        if not isinstance(parts, list) or not parts:
            return found, reference
        resolved = [
            self._whole(part, f"{where}/allOf")[0] for part in parts if isinstance(part, dict)
        ]
        around = {key: value for key, value in found.items() if key != "allOf"}
        only = [part for part in parts if isinstance(part, dict) and "$ref" in part]
        if reference is None and len(parts) == 1 and only and not around.get("properties"):
            inner, reference = self._whole(parts[0], where)
            return {**inner, **around}, reference
        return self._merged([*resolved, around], where), reference

    def _merged(self, parts: list[Schema], where: str) -> Schema:
        merged: Schema = {}
        properties: Schema = {}
        required: list[str] = []
        for part in parts:
            for key, value in part.items():
                if key == "properties" and isinstance(value, dict):
                    properties |= value
                elif key == "required" and isinstance(value, list):
                    required += value
                elif key in ("oneOf", "anyOf") and key in merged:
                    self.notes.add(where, f"a second `{key}` within `allOf`")
                else:
                    merged[key] = value
        if properties:
            merged |= {"properties": properties, "type": "object"}
        return merged | ({"required": required} if required else {})

    def _without_null(self, schema: Schema, where: str) -> tuple[Schema, bool]:
        nullable = schema.get("nullable") is True
        kinds = schema.get("type")
        if isinstance(kinds, list):
            left = [one for one in kinds if one != "null"]
            nullable = nullable or "null" in kinds
            if len(left) > 1 and set(left) != {"integer", "number"}:
                self.notes.add(where, f"one of several types ({', '.join(left)}): any JSON")
                return {"description": schema.get("description")}, nullable
            schema = {**schema, "type": "number" if len(left) > 1 else (left or [None])[0]}
        for key in ("oneOf", "anyOf"):
            parts = schema.get(key)
            if isinstance(parts, list):
                schema, null = self._one_of(schema, key, parts)
                nullable = nullable or null
        if isinstance(schema.get("enum"), list) and None in schema["enum"]:
            nullable = True
            schema = {**schema, "enum": [one for one in schema["enum"] if one is not None]}
        return schema, nullable

    def _one_of(self, schema: Schema, key: str, parts: list[Any]) -> tuple[Schema, bool]:
        left = [one for one in parts if not (isinstance(one, dict) and one.get("type") == "null")]
        around = {name: value for name, value in schema.items() if name != key}
        null = len(left) < len(parts)
        if len(left) == 1 and isinstance(left[0], dict):
            return {**around, **left[0]}, null
        constants = [self._constants(one) for one in left]
        if left and all(constants):
            return {**around, "enum": [value for found in constants for value in found]}, null
        number = _exact(left)
        return ({**around, **number} if number is not None else schema), null

    def _constants(self, schema: Any) -> list[Any]:  # noqa: ANN401
        whole, _ = self.references.resolve(schema, "")
        if "const" in whole:
            return [whole["const"]]
        found = whole.get("enum")
        return found if isinstance(found, list) else []

    def _note_the_rest(self, schema: Schema, where: str) -> None:
        for key in _NOT_CARRIED:
            if key in schema:
                self.notes.add(where, f"`{key}` is not carried over")

    def _typed(
        self,
        schema: Schema,
        reference: str | None,
        where: str,
        hint: str,
        way: Way,
        depth: int,
    ) -> Tree:
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(values, list) and values:
            return self._enum(values, where)
        if "oneOf" in schema or "anyOf" in schema:
            self.notes.add(where, "one of several schemas: any JSON")
            return {"type": "json"}
        kind = schema.get("type")
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema, reference, where, hint, way, depth)
        match kind:
            case "string":
                return self._string(schema, where)
            case "integer":
                return {"type": "int"} | self._bounds(schema, where)
            case "number":
                if schema.get("format") == "decimal":
                    exact: Tree = {"type": "decimal"}
                    return _in_places(exact | self._bounds(schema, where))
                return {"type": "float"} | self._bounds(schema, where)
            case "boolean":
                return {"type": "bool"}
            case "array":
                return self._array(schema, where, hint, way, depth)
        return {"type": "json"}

    def _enum(self, values: list[Any], where: str) -> Tree:
        if all(isinstance(one, str) and one for one in values) or all(
            isinstance(one, int) and not isinstance(one, bool) for one in values
        ):
            return {"type": "enum", "values": list(dict.fromkeys(values))}
        if set(map(type, values)) == {bool}:
            return {"type": "bool"}
        self.notes.add(where, "an enum of neither texts nor whole numbers: any JSON")
        return {"type": "json"}

    def _string(self, schema: Schema, where: str) -> Tree:
        form = schema.get("format")
        kind = _FORMATS.get(str(form), "string")
        if form is not None and kind == "string" and form != "password":
            self.notes.add(where, f"the format '{form}' is not checked")
        keys: Tree = {"type": kind}
        if kind == "string":
            lengths = {"min_length": "minLength", "max_length": "maxLength"}
            keys |= {
                ours: schema[key] for ours, key in lengths.items() if _is_whole(schema.get(key))
            }
            if isinstance(schema.get("pattern"), str):
                keys["pattern"] = schema["pattern"]
            if form == "password":
                keys["sensitive"] = True
        else:
            for key in ("minLength", "maxLength", "pattern"):
                if key in schema:
                    self.notes.add(where, f"`{key}` of a {kind} is not carried over")
        return keys

    def _bounds(self, schema: Schema, where: str) -> Tree:
        keys: Tree = {}
        for key, ours, strict, exclusive in _BOUNDS:
            bound, is_strict = schema.get(key), schema.get(exclusive)
            if isinstance(is_strict, int | float) and not isinstance(is_strict, bool):
                keys[strict] = is_strict
            elif isinstance(bound, int | float):
                keys[strict if is_strict is True else ours] = bound
        step = schema.get("multipleOf")
        if isinstance(step, int | float) and step > 0:
            keys["multiple_of"] = step
        if schema.get("type") == "integer":
            for name, value in list(keys.items()):
                if isinstance(value, float):
                    keys[name] = int(value)
                    if not value.is_integer():
                        self.notes.add(
                            where, f"`{name}: {value}` of an integer became {int(value)}"
                        )
        return keys

    def _array(self, schema: Schema, where: str, hint: str, way: Way, depth: int) -> Tree:
        item = self.field(schema.get("items", {}), f"{where}/items", f"{hint}Item", way, depth + 1)
        kind = str(item["type"])
        if kind == "enum":
            kind = "int" if isinstance(_first(item.get("values")), int) else "string"
            self.notes.add(f"{where}/items", f"the values of a list's items: list[{kind}]")
        elif set(item) - {"type", "description", "example"}:
            lost = ", ".join(
                sorted(str(key) for key in set(item) - {"type", "description", "example"})
            )
            self.notes.add(f"{where}/items", f"what a list's items must keep ({lost})")
        keys: Tree = {"type": f"list[{kind}]"}
        for ours, key in {"min_length": "minItems", "max_length": "maxItems"}.items():
            if _is_whole(schema.get(key)):
                keys[ours] = schema[key]
        if schema.get("uniqueItems") is True:
            keys["unique"] = True
        return keys

    def _object(
        self,
        schema: Schema,
        reference: str | None,
        where: str,
        hint: str,
        way: Way,
        depth: int,
    ) -> Tree:
        properties = schema.get("properties")
        if isinstance(properties, dict) and properties:
            if isinstance(schema.get("additionalProperties"), dict):
                self.notes.add(where, "`additionalProperties` beside properties")
            return {"type": self._model(schema, reference, where, hint, way, depth)}
        values = schema.get("additionalProperties")
        if isinstance(values, dict) and values:
            item = self.field(
                values, f"{where}/additionalProperties", f"{hint}Value", way, depth + 1
            )
            kind = "string" if item["type"] == "enum" else item["type"]
            return {"type": f"map[{kind}]"}
        return {"type": "json"}

    def _model(
        self,
        schema: Schema,
        reference: str | None,
        where: str,
        hint: str,
        way: Way,
        depth: int,
    ) -> str:
        told_apart = self._differs(schema, set())
        key = (reference or where, way if told_apart else "out")
        if key not in self._names:
            base = reference.rsplit("/", 1)[-1] if reference else hint
            self._define(key, schema, base, way, depth)
        name = self._names[key]
        model = self.models.get(name)
        if (
            way == "in"
            and isinstance(model, dict)
            and schema.get("additionalProperties") is not False
        ):
            model["extra"] = "ignore"
        return name

    def _define(
        self, key: tuple[str, Way], schema: Schema, stem: str, way: Way, depth: int
    ) -> None:
        where = key[0]
        base = f"{stem}Input" if key[1] == "in" else stem
        name = names.model_name(base, self.feature, [str(one) for one in self.models])
        self._names[key] = name
        model: Tree = {}
        self.models[name] = model
        if isinstance(schema.get("title"), str) and schema["title"].strip():
            model["summary"] = " ".join(schema["title"].split())
        if text := _text(schema.get("description")):
            model[
                "description" if "summary" in model or len(text) > _LONGEST_SUMMARY else "summary"
            ] = text
        fields = self._fields(schema, where, stem, way, depth)
        if fields:
            model["fields"] = fields
            return
        self.notes.add(where, "no field of it is left: any JSON")
        del self.models[name]
        self._names[key] = "json"

    def _differs(self, schema: Schema, seen: set[str]) -> bool:
        """Whether a request and an answer hold different fields of it, at any depth."""
        if schema.get("readOnly") or schema.get("writeOnly"):
            return True
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference in seen:
                return False
            seen.add(reference)
            schema, _ = self.references.resolve(schema, reference)
        inner = [*(schema.get("properties") or {}).values(), *(schema.get("allOf") or ())]
        inner += [schema.get("items"), *(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
        return any(isinstance(one, dict) and self._differs(one, seen) for one in inner)

    def _fields(self, schema: Schema, where: str, model: str, way: Way, depth: int) -> Tree:
        required = schema.get("required") if isinstance(schema.get("required"), list) else []
        fields: Tree = {}
        for wire, inner in schema["properties"].items():
            if isinstance(inner, dict) and inner.get("readOnly" if way == "in" else "writeOnly"):
                continue
            at = f"{where}/properties/{wire}"
            keys = self.field(inner, at, f"{model}{names.pascal(wire)}", way, depth + 1)
            if wire not in (required or []):
                keys["required"] = False
            elif keys.get("required") is False:
                self.notes.add(at, "required and nullable: it may also be left out")
            name = names.field_name(wire, [str(one) for one in fields])
            if re.fullmatch(r"[^\s\x00-\x1f]{1,100}", wire) is None:
                self.notes.add(at, "its name holds white space, or is too long")
                continue
            if name != wire:
                keys["wire"] = wire
            fields[name] = short(keys)
        return fields


def _exact(parts: list[Any]) -> Schema | None:
    """A number that may also be written as text is a decimal: so do pydantic and others say it."""
    kinds = {one.get("type"): one for one in parts if isinstance(one, dict)}
    if len(parts) != 2 or set(kinds) != {"number", "string"} or "format" in kinds["string"]:  # noqa: PLR2004
        return None
    return {**kinds["number"], "format": "decimal"}


def _in_places(keys: Tree) -> Tree:
    """Multiples of 0.01 are numbers with two decimal places."""
    found = re.fullmatch(r"0\.(0*)1|1e-0?([1-9])", str(keys.get("multiple_of", "")))
    if found is not None:
        del keys["multiple_of"]
        keys["decimal_places"] = int(found[2]) if found[2] else len(found[1]) + 1
    return keys


def short(keys: Tree) -> Tree | str:
    """`{type: string}` → `string`; `required: true` goes without saying."""
    ordered: Tree = {"type": keys["type"]}
    ordered |= {key: value for key, value in keys.items() if key not in ("description", "wire")}
    ordered |= {key: keys[key] for key in ("wire", "description") if key in keys}
    if "default" in ordered and ordered["default"] is not None:
        ordered.pop("required", None)
    return str(ordered["type"]) if list(ordered) == ["type"] else ordered


def _null(nullable: bool) -> Tree:  # noqa: FBT001 - the answer to one question
    return {"required": False} if nullable else {}


def _described(schema: Schema, whole: Schema) -> Tree:
    text = _text(schema.get("description") or whole.get("description"))
    is_model = whole.get("properties") and not schema.get("description")
    return {"description": text} if text and not is_model else {}


def _text(value: Any) -> str | None:  # noqa: ANN401
    """On one line, without what a spec refuses."""
    if not isinstance(value, str):
        return None
    text = " ".join(_CONTROL.sub(" ", value).split())
    return text[:_LONGEST_DESCRIPTION] or None


def _values(schema: Schema, keys: Tree) -> Tree:
    found: Tree = {}
    if schema.get("default") is not None and keys["type"] != "bytes":
        found["default"] = schema["default"]
    examples = schema.get("examples")
    example = schema.get(
        "example", examples[0] if isinstance(examples, list) and examples else None
    )
    is_plain = "[" not in str(keys["type"]) and str(keys["type"])[0].islower()
    if example is not None and is_plain and isinstance(example, str | int | float):
        found["example"] = example
    return found


def _is_whole(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _first(values: Any) -> Any:  # noqa: ANN401
    return values[0] if isinstance(values, list) and values else None
