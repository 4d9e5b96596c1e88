"""The right side of `send`: as Python code, and as the JSON value that a sample request gives."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping as Values
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from featuregen.plan.names import snake
from featuregen.plan.quote import py_string
from featuregen.spec.model import FeatureSpec, Field, Json, Operation, Pipe, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

# The same table as the generated app/core/currency.py; a test keeps them equal.
CURRENCY_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
         "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """An expression. Where it may be None, `guard` is what makes `inner` safe to work on."""

    inner: str
    guard: str | None = None
    nullable: bool = False
    guarded: bool = False  # the guard must be written out: `inner` alone would fail

    @property
    def code(self) -> str:
        """The expression as it is written."""
        return f"{self.inner} if {self.guard} else None" if self.guarded else self.inner


@dataclass(frozen=True, slots=True)
class Scene:
    """The values that a sample request gives: what `send` reads from, by kind of source."""

    request: Values[str, Json]
    path: Values[str, Json]
    query: Values[str, Json]
    header: Values[str, Json]
    user: Values[str, Json]
    entity: Values[str, Json] = dataclasses.field(default_factory=dict)
    parent: Values[str, Json] = dataclasses.field(default_factory=dict)


def source_code(source: Source, operation: Operation, spec: FeatureSpec) -> Term:
    """The Python expression inside a client's method, pipes applied."""
    term = _plain_code(source, operation, spec)
    for pipe in source.pipes:
        term = _piped(term, pipe, operation, spec)
    return term


def _plain_code(source: Source, operation: Operation, spec: FeatureSpec) -> Term:
    match source.kind:
        case "literal":
            return Term(py_string(source.literal or ""))
        case "settings":
            return _setting_code(source.path[-1], spec)
        case "user":
            return _user_code(source.path[-1], optional=operation.auth == "optional")
        case "request":
            return _request_code(source.path, spec.models[operation.request or ""].fields, spec)
        case "entity" | "parent":
            return _row_code(source, operation, spec)
        case _:
            name = source.path[-1]
            return _maybe(name, nullable=parameter(operation, source.kind, name).nullable)


def row_value(source: Source, operation: Operation) -> str:
    """The name by which a client is given a value of a row: `payment_provider_id`."""
    entity = operation.entity if source.kind == "entity" else operation.parent
    return f"{snake(entity or '')}_{source.path[-1]}"


def _row_code(source: Source, operation: Operation, spec: FeatureSpec) -> Term:
    entity = operation.entity if source.kind == "entity" else operation.parent
    field = spec.entities[entity or ""].field(source.path[-1])
    in_path = operation.call is not None and "{" + ".".join((source.kind, *source.path)) + "}" in (
        operation.call.path
    )
    return _maybe(row_value(source, operation), nullable=field.nullable and not in_path)


def _maybe(code: str, *, nullable: bool) -> Term:
    return Term(code, f"{code} is not None" if nullable else None, nullable)


def _setting_code(name: str, spec: FeatureSpec) -> Term:
    setting = spec.settings[name]
    code = f"self._settings.{name}"
    if setting.type.kind == "secret":
        return Term(f"{code}.get_secret_value()", code, setting.nullable, guarded=setting.nullable)
    return _maybe(code, nullable=setting.nullable)


def _user_code(attribute: str, *, optional: bool) -> Term:
    code = f"user.{attribute}"
    if not optional:
        return _maybe(code, nullable=attribute == "email")
    guard = "user and user.email" if attribute == "email" else "user"
    return Term(code, guard, nullable=True, guarded=True)


def _request_code(path: Sequence[str], fields: Sequence[Field], spec: FeatureSpec) -> Term:
    code, guards, nullable = "data", [], False
    for position, part in enumerate(path):
        field = next(item for item in fields if item.name == part)
        code = f"{code}.{part}"
        rest = path[position + 1 :]
        nullable = field.nullable
        if not rest:
            break
        if field.nullable:
            guards.append(f"{code} is not None")
        if field.type.kind == "list" and field.type.of is not None:
            inner = _request_code(rest, spec.models[field.type.of.model or ""].fields, spec)
            code = f"[{inner.code.replace('data', 'item', 1)} for item in {code}]"
            nullable = False
            break
        fields = spec.models[field.type.model or ""].fields
    last = [f"{code} is not None"] if nullable else []
    guard = " and ".join([*guards, *last]) or None
    return Term(code, guard, nullable=bool(guard), guarded=bool(guards))


def parameter(operation: Operation, kind: str, name: str) -> Field:
    """The query, path or header field of that name."""
    fields = {"path": operation.path_params, "query": operation.query, "header": operation.headers}
    return next(field for field in fields[kind] if field.name == name)


def _piped(term: Term, pipe: Pipe, operation: Operation, spec: FeatureSpec) -> Term:
    inner, nullable = term.inner, term.nullable
    code = inner
    match pipe.name:
        case "lower" | "upper" | "isoformat":
            code = f"{inner}.{pipe.name}()"
        case "str":
            code = f"str({inner})"
        case "minor_units" | "from_minor_units":
            currency = argument_source(pipe.args[0], operation)
            code = f"{pipe.name}({inner}, {source_code(currency, operation, spec).code})"
        case "from_unix":
            code = f"datetime.fromtimestamp({inner}, UTC)"
        case "map":
            table, otherwise = split_table(pipe)
            entries = ", ".join(f"{py_string(key)}: {py_string(value)}" for key, value in table)
            rest = f", {py_string(otherwise)}" if otherwise is not None else ""
            code = f"{{{entries}}}.get({inner}{rest})"
            nullable = nullable or otherwise is None
    return Term(code, term.guard, nullable, guarded=term.guard is not None)


def split_table(pipe: Pipe) -> tuple[tuple[tuple[str, str], ...], str | None]:
    """The named entries of a `map`, and what `*` gives."""
    return (
        tuple(entry for entry in pipe.table if entry[0] != "*"),
        next((value for key, value in pipe.table if key == "*"), None),
    )


def argument_source(name: str, operation: Operation) -> Source:
    """A pipe's argument names a value of the request: a parameter, else a field of the body.

    Or it names one of a row, as `entity.currency`.
    """
    parts = tuple(name.split("."))
    if parts[0] == "entity" and operation.entity is not None:
        return Source("entity", parts[1:])
    if parts[0] == "parent" and operation.parent is not None:
        return Source("parent", parts[1:])
    for kind in ("path", "query", "header"):
        fields = {
            "path": operation.path_params,
            "query": operation.query,
            "header": operation.headers,
        }[kind]
        for field in fields:
            if name in {field.name, field.wire_name}:
                return Source(kind, (field.name,))
    return Source("request", parts)


def source_value(
    source: Source,
    scene: Scene,
    operation: Operation,
    spec: FeatureSpec,
    settings: Values[str, Json],
) -> Json:
    """What a sample request sends, as JSON: the counterpart of `source_code`."""
    value: Json
    match source.kind:
        case "literal":
            value = source.literal
        case "settings":
            value = settings.get(source.path[-1])
        case "request":
            value = pluck(dict(scene.request), wire_path(source.path, operation.request, spec))
        case "path" | "query" | "header" | "user" | "entity" | "parent":
            value = getattr(scene, source.kind).get(source.path[-1])
        case _:
            value = None
    for pipe in source.pipes:
        if value is None:
            return None
        value = _piped_value(value, pipe, scene, operation, spec, settings)
    return value


def _piped_value(
    value: Json,
    pipe: Pipe,
    scene: Scene,
    operation: Operation,
    spec: FeatureSpec,
    settings: Values[str, Json],
) -> Json:
    match pipe.name:
        case "lower":
            return str(value).lower()
        case "upper":
            return str(value).upper()
        case "isoformat":  # of a datetime: Python's own, which does not write Z
            return re.sub("Z$", "+00:00", str(value))
        case "str":
            return str(value)
        case "minor_units":
            currency = source_value(
                argument_source(pipe.args[0], operation), scene, operation, spec, settings
            )
            return to_minor_units(value, currency)
        case "map":
            table, otherwise = split_table(pipe)
            return dict(table).get(str(value), otherwise)
        case _:
            return value


def to_minor_units(value: Json, currency: Json) -> int:
    exponent = CURRENCY_EXPONENTS.get(str(currency).upper(), 2)
    return int(Decimal(str(value)).scaleb(exponent).to_integral_value(rounding=ROUND_HALF_EVEN))


def wire_path(path: Sequence[str], model: str | None, spec: FeatureSpec) -> tuple[str, ...]:
    """Field names of a request as they are spelled in JSON."""
    names: list[str] = []
    for part in path:
        field = next(item for item in spec.models[model or ""].fields if item.name == part)
        names.append(field.wire_name)
        model = field.type.model or (field.type.of.model if field.type.of else None)
    return tuple(names)


def pluck(value: Json, path: Sequence[str]) -> Json:
    """What stands at `path` of a JSON value; through a list it plucks."""
    for position, key in enumerate(path):
        if isinstance(value, list):
            return [pluck(item, path[position:]) for item in value]
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
