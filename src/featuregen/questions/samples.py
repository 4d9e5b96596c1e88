"""A valid value for a field or a request, where the spec says enough to know one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.spec.checks.values import fault_of
from featuregen.spec.entities import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.model import Field, Json, Model

_TEXTS = {
    "string": "text", "date": "2026-01-31", "datetime": "2026-01-31T12:00:00Z", "time": "12:00:00",
    "duration": "30s", "uuid": "0190a5b0-1c2d-7e3f-8a4b-5c6d7e8f9a0b", "email": "ada@example.com",
    "url": "https://example.com/a", "bytes": "aGVsbG8=", "id": "id_1",
}  # fmt: skip
_DEEPEST = 6


class NoSampleError(Exception):
    """The spec does not say enough to make up a value."""


def request(model: Model, models: Mapping[str, Model]) -> dict[str, Json]:
    """A body: the model's own example, else every required field. Raises `NoSampleError`."""
    if model.example is not None:
        names = {field.name: field.wire_name for field in model.fields}
        return {names.get(key, key): value for key, value in model.example.items()}
    if model.rules:
        raise NoSampleError
    return _body(model, models, 0)


def _body(model: Model, models: Mapping[str, Model], depth: int) -> dict[str, Json]:
    if depth > _DEEPEST:
        raise NoSampleError
    needed = (field for field in model.fields if not field.optional)
    return {field.wire_name: value(field, models, depth) for field in needed}


def value(field: Field, models: Mapping[str, Model], depth: int = 0) -> Json:
    """A value that the field takes. Raises `NoSampleError`."""
    for known, given in ((field.has_example, field.example), (field.has_default, field.default)):
        if known and given is not None:
            return given
    made = _made(field, models, depth)
    if fault_of(made, field, models) is not None:
        raise NoSampleError
    return made


def _made(field: Field, models: Mapping[str, Model], depth: int) -> Json:
    match field.type.kind:
        case "enum":
            return field.values[0]
        case "bool":
            return True
        case "int" | "float":
            return int(_number(field))
        case "decimal":
            return f"{_number(field):f}"
        case "list":
            return [] if not field.min_length else _refuse()
        case "map" | "json":
            return {}
        case "model":
            inner = models.get(field.type.model or "")
            return _body(inner, models, depth + 1) if inner is not None else _refuse()
        case kind:
            text = _TEXTS.get(kind)
            return _fitted(text, field) if text is not None else _refuse()


def _number(field: Field) -> Decimal:
    low = field.gt if field.gt is not None else field.ge
    if low is not None and low != SMALLEST:
        return Decimal(int(Decimal(str(low)))) + (1 if field.gt is not None else 0)
    high = field.lt if field.lt is not None else field.le
    return Decimal(1) if high is None else Decimal(int(Decimal(str(high)))) - 1


def _fitted(text: str, field: Field) -> str:
    if field.type.kind == "string":
        text = text.ljust(field.min_length or 0, "x")[: field.max_length]
    return text


def _refuse() -> Json:
    raise NoSampleError
