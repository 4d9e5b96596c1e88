"""Fields of a spec → annotations of Python: what pydantic or FastAPI checks, and what it documents.

The decisions, where the language leaves them open:

- In a model a JSON type is what it says: `"1"` and `true` are no int, `1` is no bool. In a query,
  path or header, where all is text, pydantic reads the text.
- Strings have no control characters. Times of day have no zone, datetimes always have one.
- A `url` of a model is a `str` as written; one in a setting is pydantic's `HttpUrl`.
- A duration is ISO 8601 in JSON; in the environment `30s` as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Literal

from featuregen.plan.contribution import Import
from featuregen.plan.python_values import plain_object, python_value, source_of
from featuregen.plan.quote import py_decimal, py_literal, py_string, py_text
from featuregen.plan.regex_sample import admits_controls

if TYPE_CHECKING:
    from decimal import Decimal

    from featuregen.spec.model import Bound, FeatureSpec, Field, Json, TypeRef

Where = Literal["model", "query", "path", "header", "setting"]

_DATETIME = ("date", "datetime", "time", "timedelta", "timezone")
_ID_PATTERN = "^[A-Za-z0-9_-]{1,255}$"


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """`name: annotation = default`; `default` is None where the field is required."""

    name: str
    annotation: str
    default: str | None
    imports: tuple[Import, ...]
    needs: frozenset[str]
    exact: bool = True
    """The JSON Schema takes exactly what the field takes."""

    @property
    def declaration(self) -> str:
        """What stands right of the name and its colon."""
        return self.annotation if self.default is None else f"{self.annotation} = {self.default}"


@dataclass(slots=True)
class _Parts:
    """An annotation in the making."""

    base: str
    arguments: dict[str, str] = dataclass_field(default_factory=dict)  # of Field, Query, …
    markers: list[str] = dataclass_field(default_factory=list)
    imports: set[tuple[str, str]] = dataclass_field(default_factory=set)
    needs: set[str] = dataclass_field(default_factory=set)
    exact: bool = True

    def use(self, module: str, *names: str) -> None:
        self.imports.update((module, name) for name in names)

    def core(self, need: str, module: str, *names: str) -> None:
        self.needs.add(need)
        self.use(f"app.core.{module}", *names)


def annotate(field: Field, *, spec: FeatureSpec, where: Where) -> FieldPlan:
    """Return the declaration of a field in a model, in the settings, or as a parameter."""
    parts = _setting_type(field) if where == "setting" else _type(field, where)
    if where in {"model", "setting"}:
        annotation, default = _declared(field, parts, where)
    else:
        annotation, default = _parameter(field, parts, where, spec)
    if default is not None and kind_inside(field.type) in _BUILT:
        _import_default(default, parts)
    return FieldPlan(
        name=field.name,
        annotation=annotation,
        default=default,
        imports=tuple(Import(module, name) for module, name in sorted(parts.imports)),
        needs=frozenset(parts.needs),
        exact=parts.exact and all(spec_exact(field, spec)),
    )


_BUILT = frozenset({"date", "datetime", "time", "duration", "decimal", "uuid"})


def kind_inside(type_: TypeRef) -> str:
    """Return the kind of what a field holds, inside its lists and maps."""
    while type_.of is not None:
        type_ = type_.of
    return type_.kind


def spec_exact(field: Field, spec: FeatureSpec) -> list[bool]:
    """Tell for the model that a field holds whether JSON Schema says all of it: rules it cannot."""
    type_ = field.type
    while type_.of is not None:
        type_ = type_.of
    model = spec.models.get(type_.model or "")
    if model is None:
        return []
    inner = [annotate(item, spec=spec, where="model").exact for item in model.fields]
    return [not model.rules, *inner]


def plain_type(field: Field, spec: FeatureSpec) -> str:
    """Return the type of a value that has been validated: for signatures behind the endpoint."""
    del spec  # a model goes by its own name
    name = _plain(field.type, field)
    return f"{name} | None" if field.nullable and field.type.kind != "json" else name


def _plain(type_: TypeRef, field: Field) -> str:
    match type_.kind:
        case "list" | "map" if type_.of is not None:
            inner = _plain(type_.of, field)
            return f"list[{inner}]" if type_.kind == "list" else f"dict[str, {inner}]"
        case "model":
            return str(type_.model)
        case "enum":
            return _literal(field)
        case other:
            return _PLAIN[other]


_PLAIN = {
    "string": "str", "email": "str", "url": "str", "id": "str", "int": "int", "float": "float",
    "bool": "bool",
    "decimal": "Decimal", "date": "date", "datetime": "datetime", "time": "time",
    "duration": "timedelta",
    "uuid": "UUID", "json": "object", "bytes": "bytes", "secret": "SecretStr",
}  # fmt: skip


def _literal(field: Field) -> str:
    return f"Literal[{', '.join(py_literal(value) for value in field.values)}]"


# --- types ---------------------------------------------------------------------------------------


def _type(field: Field, where: Where) -> _Parts:
    """Return type and constraints of a field that a client fills."""
    strict = where == "model"
    kind = field.type.kind
    match kind:
        case "string":
            return _string(field)
        case "id":
            return _Parts("str", {"pattern": py_string(field.pattern or _ID_PATTERN)})
        case "int" | "float":
            return _number(field, strict=strict)
        case "decimal":
            return _decimal(field)
        case "enum":
            return _enum(field, where)
        case "list" | "map":
            return _container(field, where)
        case "model":
            return _Parts(str(field.type.model))
        case "date" | "datetime" | "time" | "duration" if _bounds(field):
            return _bounded_moment(field)
        case _:
            parts = _scalar(kind, strict=strict)
            _add_bounds(field, parts)
            _add_lengths(field, parts)
            return parts


def _scalar(kind: str, *, strict: bool) -> _Parts:
    if kind == "bool":
        parts = _Parts("StrictBool" if strict else "bool")
        if strict:
            parts.use("pydantic", "StrictBool")
        return parts
    if kind == "uuid":
        parts = _Parts("UUID")
        parts.use("uuid", "UUID")
        return parts
    if kind == "email":
        parts = _Parts("EmailStr", needs={"email"}, exact=False)
        parts.use("pydantic", "EmailStr")
        return parts
    name, module = _CORE_TYPES[kind]
    parts = _Parts(name, exact=kind not in {"url", "json"})
    parts.core(kind, module, name)
    return parts


_MOMENTS = {
    "date": ("date", "ISO_DATE"),
    "datetime": ("AwareDatetime", "ISO_DATETIME"),
    "time": ("time", "LOCAL_TIME"),
    "duration": ("timedelta", "ISO_DURATION"),
}


def _bounded_moment(field: Field) -> _Parts:
    """Return a moment with its marker behind its bounds: only there does pydantic see both."""
    base, marker = _MOMENTS[field.type.kind]
    parts = _Parts(base, markers=[marker])
    parts.use("pydantic" if base == "AwareDatetime" else "datetime", base)
    parts.core(field.type.kind, "moments", marker)
    _add_bounds(field, parts)
    return parts


_CORE_TYPES = {
    "date": ("IsoDate", "moments"), "datetime": ("IsoDatetime", "moments"),
    "time": ("LocalTime", "moments"),
    "duration": ("IsoDuration", "moments"), "url": ("WebUrl", "urls"),
    "bytes": ("Base64", "binary"),
    "json": ("AnyJson", "json_values"),
}  # fmt: skip


def _string(field: Field) -> _Parts:
    parts = _Parts("str")
    _add_lengths(field, parts)
    if field.pattern is not None:
        parts.arguments["pattern"] = _raw(field.pattern)
    changed = [name for name in ("strip", "lower", "upper") if getattr(field, name)]
    if changed or field.pattern is None or admits_controls(field.pattern):
        parts.markers.append(f"Text({', '.join(f'{name}=True' for name in changed)})")
        parts.core("strings", "strings", "Text")
    if changed:
        parts.needs.add("normalised")
    parts.exact = not (changed and field.pattern)
    return parts


def _raw(pattern: str) -> str:
    r"""Return `r"^\d$"` where a raw literal can hold the pattern."""
    plain = py_string(pattern)
    raw = f'r"{pattern}"'
    fits = '"' not in pattern and not pattern.endswith("\\") and pattern.isprintable()
    return raw if "\\" in plain and fits else plain


def _number(field: Field, *, strict: bool) -> _Parts:
    if field.type.kind == "int":
        parts = _Parts("int")
        if strict:
            parts.markers.append("JSON_INT")
            parts.core("int", "numbers", "JSON_INT")
    else:
        parts = _Parts("float", {"strict": "True"} if strict else {})
        parts.arguments["allow_inf_nan"] = "False"
    _add_bounds(field, parts)
    if field.multiple_of is not None and field.type.kind == "float":
        parts.exact = False  # two readers of a schema do not agree on multiples of 0.1
    return parts


def _decimal(field: Field) -> _Parts:
    parts = _Parts("Decimal")
    arguments = [f"{name}={py_decimal(_as_decimal(bound))}" for name, bound in _bounds(field)]
    if field.decimal_places is not None:
        arguments.append(f"places={field.decimal_places}")
    if field.max_digits is not None:
        arguments.append(f"max_digits={field.max_digits}")
    if field.round is not None:
        arguments.append(f"rounding=ROUND_{field.round.upper()}")
        parts.use("decimal", f"ROUND_{field.round.upper()}")
    parts.markers.append(f"DecimalRule({', '.join(arguments)})")
    parts.use("decimal", "Decimal")
    parts.core("decimal", "decimals", "DecimalRule")
    parts.exact = field.multiple_of is None and (
        field.max_digits is None or field.decimal_places is not None
    )
    return parts


def _enum(field: Field, where: Where) -> _Parts:
    parts = _Parts(_literal(field))
    parts.use("typing", "Literal")
    if all(isinstance(value, int) for value in field.values):
        parts.markers.append("BeforeValidator(whole_number)")
        parts.use("pydantic", "BeforeValidator")
        parts.core("int_enum", "numbers", "whole_number")
        parts.exact = where == "model"
    return parts


def _container(field: Field, where: Where) -> _Parts:
    inner_type = field.type.of
    assert inner_type is not None  # noqa: S101 - a list or map has an inner type
    from featuregen.spec.model import Field as SpecField

    item = SpecField(field.name, inner_type, values=field.values)
    inner = _type(item, where)
    written = _annotated(inner.base, inner, "Field")
    if field.type.kind == "list":
        parts = _Parts(f"list[{written}]")
    else:
        parts = _Parts(f"dict[Annotated[str, Text()], {written}]", exact=False)
        parts.use("typing", "Annotated")
        parts.core("strings", "strings", "Text")
    parts.imports |= inner.imports
    parts.needs |= inner.needs
    parts.exact = parts.exact and inner.exact
    _add_lengths(field, parts)
    if field.unique:
        parts.markers.append("Unique()")
        parts.core("unique", "lists", "Unique")
        parts.exact = False  # 1 and 1.0 are equal in Python, "A" and "a" once lowered
    return parts


def _add_lengths(field: Field, parts: _Parts) -> None:
    for name in ("min_length", "max_length"):
        length = getattr(field, name)
        if length is not None:
            parts.arguments[name] = str(length)
            if field.type.kind in {"url", "bytes", "email"}:
                parts.exact = False


def _add_bounds(field: Field, parts: _Parts) -> None:
    for name, bound in _bounds(field):
        parts.arguments[name] = bound_literal(bound, field.type.kind)
        _import_default(parts.arguments[name], parts)
        if field.type.kind not in {"int", "float"}:
            parts.exact = False  # JSON Schema compares numbers only


def _bounds(field: Field) -> list[tuple[str, Bound]]:
    names = ("gt", "ge", "lt", "le", "multiple_of")
    return [(name, bound) for name in names if (bound := getattr(field, name)) is not None]


def bound_literal(bound: Bound, kind: str) -> str:
    """Return a bound as Python: `date(2026, 1, 31)`, `timedelta(minutes=5)`, `0`."""
    match kind:
        case "int":
            return str(int(bound))
        case "float":
            number = float(bound)
            return str(int(number)) if number.is_integer() else repr(number)
        case "decimal":
            return py_decimal(_as_decimal(bound))
        case _:
            return source_of(plain_object(bound if isinstance(bound, str) else float(bound), kind))


def _as_decimal(bound: Bound) -> Decimal:
    from decimal import Decimal

    return bound if isinstance(bound, Decimal) else Decimal(str(bound))


# --- settings ------------------------------------------------------------------------------------


def _setting_type(field: Field) -> _Parts:
    """Return type and constraints of a setting, which pydantic-settings reads out of text."""
    match field.type.kind:
        case "secret":
            parts = _Parts("SecretStr", {"min_length": str(field.min_length or 1)})
            parts.use("pydantic", "SecretStr")
            if field.max_length is not None:
                parts.arguments["max_length"] = str(field.max_length)
            return parts
        case "url":
            parts = _Parts("HttpUrl")
            parts.use("pydantic", "HttpUrl")
            return parts
        case "duration":
            parts = _Parts("SettingDuration")
            parts.core("setting_duration", "durations", "SettingDuration")
            _add_bounds(field, parts)
            return parts
        case "string":
            parts = _Parts("str")
            _add_lengths(field, parts)
            if field.pattern is not None:
                parts.arguments["pattern"] = _raw(field.pattern)
            return parts
        case _:
            return _type(field, "query")


# --- declarations --------------------------------------------------------------------------------


def _declared(field: Field, parts: _Parts, where: Where) -> tuple[str, str | None]:
    """Return annotation and default of a field of a class.

    What is said of the type stands in `Annotated`. What is said of the field joins it there, or
    stands in `= Field(default=…)` where there is a default. An alias always stands in `Annotated`:
    type checkers would take one in the default for the name of the constructor's argument.
    """
    about = _about(field, where)
    outer = [marker] if where == "model" and (marker := _sensitive(field, parts)) else []
    default = _default(field, where)
    union = field.nullable and field.type.kind != "json"
    named = {"alias": alias} if (alias := about.pop("alias", None)) else {}
    if field.patch and not field.nullable:
        return _patched(parts, outer, named, about)
    if field.type.kind == "json" and isinstance(field.default, list | dict):
        # Out of the type checkers' sight: to them, `dict[str, list[int]]` is no JSON.
        about, default = {"default_factory": f"lambda: {default}"} | about, None
    if default is None:
        parts.arguments |= named | about
        return _annotated(parts.base, parts, "Field", outer), None
    if not union and not parts.markers and not outer and not named and about:
        about = parts.arguments | about
        parts.arguments = {}
    if union:
        base = f"{_annotated(parts.base, parts, 'Field')} | None"
        annotation = _annotated(base, _Parts(base, named, imports=parts.imports), "Field", outer)
    else:
        parts.arguments |= named
        annotation = _annotated(parts.base, parts, "Field", outer)
    if field.default is not None and field.type.kind in {"model", "list", "map"}:
        made = parts.base if default in {"[]", "{}"} else f"lambda: {default}"
        about = {"default_factory": made} | about
    elif about:
        about = {"default": default} | about
    if not about:
        return annotation, default
    parts.use("pydantic", "Field")
    return annotation, f"Field({_call(about)})"


def _patched(
    parts: _Parts, outer: list[str], named: dict[str, str], about: dict[str, str]
) -> tuple[str, str]:
    """A field that an update may leave out, and that is never null."""
    parts.core("patch", "patches", "NotNull")
    inner = _annotated(parts.base, parts, "Field")
    wrapped = _Parts(f"NotNull[{inner}]", named, imports=parts.imports)
    annotation = _annotated(wrapped.base, wrapped, "Field", outer)
    if not about:
        return annotation, "None"
    parts.use("pydantic", "Field")
    return annotation, f"Field({_call({'default': 'None'} | about)})"


def _about(field: Field, where: Where) -> dict[str, str]:
    """Return what is said of the field itself, as arguments of `Field`."""
    about: dict[str, str] = {}
    if where in {"model", "path", "query", "header"} and field.wire is not None:
        about["alias"] = py_string(field.wire)
    if where == "setting" and not field.has_default and field.required:
        from featuregen.plan.samples import setting_sample

        about["examples"] = f"[{py_literal(setting_sample(field))}]"
    elif field.has_example and field.type.kind != "secret" and where != "setting":
        about["examples"] = f"[{py_literal(field.example)}]"
    if field.description:
        about["description"] = py_text(" ".join(field.description.split()))
    return about


def _sensitive(field: Field, parts: _Parts) -> str | None:
    if field.sensitive is None:
        return None
    parts.core("sensitive", "sensitive", "Sensitive")
    return "Sensitive(last4=True)" if field.sensitive == "last4" else "Sensitive()"


def _factory(default: str) -> str:
    return "list" if default == "[]" else f"lambda: {default}"


def _sample(field: Field, spec: FeatureSpec) -> Json:
    from featuregen.plan.samples import sample

    return sample(field, spec)


def _parameter(
    field: Field, parts: _Parts, where: Where, spec: FeatureSpec
) -> tuple[str, str | None]:
    """Return annotation and default of a parameter of an endpoint."""
    function = where.capitalize()
    about = _about(field, where)
    default = _default(field, where)
    if default is None and "examples" not in about:
        about = {"examples": f"[{py_literal(_sample(field, spec))}]", **about}
    parts.use("fastapi", function)
    if field.type.kind == "list" and default is not None and default != "None":
        about["default_factory"], default = (
            _factory(default),
            None,
        )
    if field.nullable or (field.type.kind in _MOMENTS and parts.arguments):
        # FastAPI types the bounds of a `Query` as numbers; pydantic's `Field` takes dates as well.
        base = _annotated(parts.base, parts, "Field") + (" | None" if field.nullable else "")
        wrapped = _Parts(base, about, [], parts.imports)
        return _annotated(base, wrapped, function, always=True), default
    parts.arguments.update(about)
    return _annotated(parts.base, parts, function, always=True), default


def _annotated(
    base: str,
    parts: _Parts,
    function: str,
    outer: list[str] | None = None,
    *,
    always: bool = False,
) -> str:
    metadata: list[str] = []
    if parts.arguments or always:
        metadata.append(f"{function}({_call(parts.arguments)})")
        if function == "Field":
            parts.use("pydantic", "Field")
    metadata += [*parts.markers, *(outer or [])]
    if not metadata:
        return base
    parts.use("typing", "Annotated")
    return f"Annotated[{', '.join([base, *metadata])}]"


def _call(arguments: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def _default(field: Field, where: Where) -> str | None:
    if not field.optional:
        return None
    if not field.has_default or field.default is None:
        return "None"
    kind = field.type.kind
    value: Json = field.default
    if where == "setting" and kind == "url":
        return f"HttpUrl({py_literal(value)})"
    return python_value(value, field.type, field)


def _import_default(code: str, parts: _Parts) -> None:
    """Import what a default or a bound is built of."""
    for name in _DATETIME:
        if re.search(rf"\b{name}\(", code):
            parts.use("datetime", name)
    if "tzinfo=UTC" in code:
        parts.use("datetime", "UTC")
    if "Decimal(" in code:
        parts.use("decimal", "Decimal")
    if "UUID(" in code:
        parts.use("uuid", "UUID")
