"""Fields of an entity → columns: the class's attribute, and what a migration makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.python_values import plain_object, python_value, source_of
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.schema import Column

if TYPE_CHECKING:
    from featuregen.plan.pending import Pending
    from featuregen.spec.model import Field, Json, TypeRef

SQLALCHEMY = "sqlalchemy"
BASE = "app.db.base"
DIGITS = 18  # of a decimal that names none: what a BIGINT of SQLite holds
NEEDS = {
    "ExactDecimal": "stored_decimal",
    "JsonValue": "stored_json",
    "DurationValue": "stored_duration",
}
_ROW_ID = 64  # a prefix and 32 digits
_FOREIGN_ID = 255  # of a user, or of another system: as app/core checks them
_EMAIL = 320
_DOUBLE = 53  # bits: Python's own; `Double` says nothing of its type to pyright
_STEP = 16  # widths of enums: most new values need no wider column
_JSON = frozenset({"json", "list", "map", "model"})
_HOMES = {
    "Decimal": "decimal", "UUID": "uuid", "Literal": "typing", "date": "datetime",
    "datetime": "datetime", "time": "datetime", "timedelta": "datetime", "timezone": "datetime",
    "UTC": "datetime", "bool": "builtins", "bytes": "builtins", "dict": "builtins",
    "float": "builtins", "int": "builtins", "list": "builtins", "object": "builtins",
    "str": "builtins",
}  # fmt: skip
_NAMES = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\b[A-Za-z_]\w*\b(?!=)')
_PLAIN = {
    "string": "str", "email": "str", "url": "str", "id": "str", "int": "int", "float": "float",
    "decimal": "Decimal", "bool": "bool", "date": "date", "datetime": "datetime", "time": "time",
    "duration": "timedelta", "uuid": "UUID", "bytes": "bytes",
}  # fmt: skip
_SIMPLE = {
    "url": "Text", "int": "BigInteger", "bool": "Boolean", "date": "Date",
    "time": "Time", "uuid": "Uuid", "bytes": "LargeBinary",
}  # fmt: skip


class ColumnPlan(NamedTuple):
    """`name: annotation = declaration`, and the column as migrations know it."""

    name: str
    annotation: str  # "Mapped[str | None]"
    declaration: str  # 'mapped_column(String(100), default="…")'
    stored: Column


@dataclass(slots=True)
class Names:
    """The imports of a module with tables: what a class or a column is called too gets a `_`."""

    taken: frozenset[str]
    imports: set[tuple[str, str]] = dataclass_field(default_factory=set)

    def use(self, module: str, name: str) -> str:
        """The name as the module writes it."""
        if module != "builtins" or name in self.taken:
            self.imports.add((module, name))
        return f"{name}_" if name in self.taken else name

    def python(self, source: str) -> str:
        """Python of types and values, with what it names imported."""

        def known(found: re.Match[str]) -> str:
            home = _HOMES.get(found.group())
            return self.use(home, found.group()) if home else found.group()

        return _NAMES.sub(known, source)

    def lines(self) -> tuple[str, ...]:
        """The import statements."""
        return tuple(
            f"from {module} import {name}" + (f" as {name}_" if name in self.taken else "")
            for module, name in sorted(self.imports)
        )


def plan_column(
    field: Field, names: Names, keys: tuple[str, ...] = (), *, pending: Pending | None = None
) -> ColumnPlan:
    """One field. `keys` are further arguments: a foreign key, `unique`, `index`.

    `pending` marks the field whose first state rows wait in.
    """
    python = names.python(_python(field)) + (" | None" if field.nullable else "")
    arguments = [_type(field, names), *keys, *_defaults(field, names)]
    if pending is not None and pending.state == field.name:
        first, since = py_literal(pending.first), py_string(pending.since)
        arguments.append(f'info={{"pending": {first}, "pending_since": {since}}}')
    return ColumnPlan(
        name=field.name,
        annotation=f"{names.use('sqlalchemy.orm', 'Mapped')}[{python}]",
        declaration=f"{names.use('sqlalchemy.orm', 'mapped_column')}({', '.join(arguments)})",
        stored=Column(
            name=field.name,
            type=migration_type(field),
            nullable=field.nullable,
            fill=_fill(field),
            values=tuple(field.values),
            was=field.was,
        ),
    )


def migration_type(field: Field) -> str:
    """The type in a revision, which knows nothing of the app: `sa.String(100)`."""
    match field.type.kind:
        case "decimal":
            digits, places = _digits(field)
            return f'sa.Numeric({digits}, {places}).with_variant(sa.BigInteger(), "sqlite")'
        case "datetime":
            return "sa.DateTime(timezone=True)"
        case "duration":
            return "sa.BigInteger()"
        case kind if kind in _JSON:
            return "sa.JSON()"
        case _:
            name, argument = _plain_type(field)
            return f"sa.{name}({argument or ''})"


def _type(field: Field, names: Names) -> str:
    match field.type.kind:
        case "decimal":
            digits, places = _digits(field)
            return f"{names.use(BASE, 'ExactDecimal')}({digits}, {places})"
        case "datetime":
            return names.use(BASE, "UtcDateTime")
        case "duration":
            return names.use(BASE, "DurationValue")
        case kind if kind in _JSON:
            return names.use(BASE, "JsonValue")
        case _:
            name, argument = _plain_type(field)
            known = names.use(SQLALCHEMY, name)
            return known if argument is None else f"{known}({argument})"


def _plain_type(field: Field) -> tuple[str, int | None]:
    made = field.generated.kind if field.generated else None
    if made == "owner":
        return "String", _FOREIGN_ID
    match field.type.kind:
        case "string" if field.max_length is not None:
            return "String", field.max_length
        case "email":
            return "String", _EMAIL
        case "float":
            return "Float", _DOUBLE
        case "id" if field.references is not None or made == "id":
            return "String", _ROW_ID
        case "id":
            return "String", _FOREIGN_ID
        case "enum" if all(isinstance(value, int) for value in field.values):
            return "Integer", None
        case "enum":
            longest = max(len(str(value)) for value in field.values)
            return "String", -(-longest // _STEP) * _STEP
        case kind:
            return _SIMPLE.get(kind, "Text"), None


def _digits(field: Field) -> tuple[int, int]:
    return field.max_digits or DIGITS, field.decimal_places or 0


def _python(field: Field) -> str:
    type_ = field.type
    return _plain(type_, field) if type_.kind not in _JSON else _json(type_)


def _plain(type_: TypeRef, field: Field) -> str:
    if type_.kind == "enum":
        return f"Literal[{', '.join(py_literal(value) for value in field.values)}]"
    return _PLAIN[type_.kind]


def _json(type_: TypeRef) -> str:
    """JSON comes back as JSON: `object` where that is not what was put in."""
    if type_.of is not None:
        inner = _json(type_.of)
        return f"list[{inner}]" if type_.kind == "list" else f"dict[str, {inner}]"
    found = {"string": "str", "email": "str", "url": "str", "id": "str", "int": "int"}
    return {**found, "float": "float", "bool": "bool"}.get(type_.kind, "object")


def _defaults(field: Field, names: Names) -> list[str]:
    kind = field.generated.kind if field.generated else None
    match kind:
        case "id":
            made, part = names.use(BASE, "new_id"), names.use("functools", "partial")
            return [f"default={part}({made}, {py_string(field.prefix or '')})"]
        case "now":
            return [f"default={_moment(field, names)}"]
        case "on_update":
            moment = _moment(field, names)
            return [f"default={moment}", f"onupdate={moment}"]
        case _:
            literal = _literal(field)
            if literal is None:
                return []
            return [f"default={_made_anew(literal, names)}"]


def _made_anew(literal: str, names: Names) -> str:
    """A list or dict is each row's own."""
    if literal in {"[]", "{}"}:
        return names.python("list" if literal == "[]" else "dict")
    return f"lambda: {literal}" if literal[:1] in "[{" else names.python(literal)


def _moment(field: Field, names: Names) -> str:
    now = names.use(BASE, "utcnow")
    match field.type.kind:
        case "date":
            return f"lambda: {now}().date()"
        case "time":
            return f"lambda: {now}().time()"
        case _:
            return now


def _literal(field: Field) -> str | None:
    """The source of the value that a new row gets where nobody says one."""
    value = _value(field)
    if value is None:
        return None
    return py_literal(value) if field.type.kind in _JSON else python_value(value, field.type, field)


def _value(field: Field) -> Json:
    if field.generated is not None and field.generated.kind == "literal":
        return field.generated.value
    return field.default if field.has_default else None


def _fill(field: Field) -> str | None:
    """What rows of before get, as the database keeps it: a migration knows no types of ours."""
    from datetime import UTC, datetime, timedelta

    if field.generated is not None and field.generated.kind in {"now", "on_update"}:
        part = {"date": ".date()", "time": ".time()"}.get(field.type.kind, "")
        return f"datetime.now(UTC){part}"
    value = _value(field)
    if value is not None and field.type.kind in _JSON:
        return sql_json(value)
    if value is None or field.type.kind not in {"datetime", "duration"}:
        return _literal(field)
    match plain_object(value, field.type.kind):
        case datetime() as moment:
            return source_of(moment.astimezone(UTC))
        case timedelta() as duration:
            return str(duration // timedelta(microseconds=1))
        case other:
            return source_of(other)


def sql_json(value: Json) -> str:
    """JSON as SQL's own literal: SQLAlchemy writes none into a script (`alembic --sql`)."""
    import json

    text = json.dumps(value).replace("'", "''")
    return "sa.literal_column(" + py_string(f"'{text}'") + ")"
