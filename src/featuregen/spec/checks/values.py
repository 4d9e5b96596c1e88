"""Whether a value of a spec (a default, an example) is one that its field takes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.spec.durations import seconds
from featuregen.spec.fields import BOUNDS, decimal_of, is_temporal
from featuregen.spec.model import Field
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.model import Bound, Json, Model, TypeRef

_DEEPEST = 8
_LONGEST_SHOWN = 40
_UUID = "[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
_SHAPES = {
    "uuid": _UUID,
    "email": r"[^@\s]+@[^@\s]+\.[^@\s.]+",
    "url": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/]\S*",
    "bytes": "[A-Za-z0-9+/_-]*={0,2}",
}
_SAYS = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}


def fault_of(value: Json, field: Field, models: Mapping[str, Model]) -> str | None:
    """Why the field does not take the value; None where it does."""
    if value is None:
        return (
            None if field.nullable or field.type.kind == "json" else "null is not one of its values"
        )
    fault = _type_fault(value, field.type, field, models)
    if fault is not None:
        return fault
    if isinstance(value, str) and field.type.kind in ("string", "secret"):
        return _text_fault(value, field)
    if isinstance(value, list) and field.type.kind == "list":
        return _list_fault(value, field)
    return _bounds_fault(value, field) or (
        _decimal_fault(value, field) if field.type.kind == "decimal" else None
    )


def _type_fault(  # noqa: C901 - one case for each type
    value: Json, type_: TypeRef, field: Field, models: Mapping[str, Model]
) -> str | None:
    match type_.kind:
        case "json":
            fits = True
        case "bool":
            fits = isinstance(value, bool)
        case "int":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "float":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        case "decimal":
            fits = isinstance(value, str) and decimal_of(value) is not None
        case "duration":
            fits = _is_duration(value)
        case "enum":
            if value in field.values and not isinstance(value, bool):
                return None
            return f"it is none of its values: {listed(field)}" if field.values else None
        case "list":
            return _items_fault(value, type_, models)
        case "map":
            return _entries_fault(value, type_, models)
        case "model":
            return _model_fault(value, models.get(type_.model or ""), models)
        case _:
            fits = isinstance(value, str) and _text_fits(value, type_.kind)
    return None if fits else f"it is no {type_name(type_)}"


def listed(field: Field) -> str:
    """The values of an enum, for a message."""
    return ", ".join(str(one) for one in field.values)


def _text_fits(value: str, kind: str) -> bool:
    if kind in _SHAPES:
        return re.fullmatch(_SHAPES[kind], value) is not None
    if kind in ("date", "time", "datetime"):
        return is_temporal(value, kind)
    return True


def _is_duration(value: Json) -> bool:
    if isinstance(value, str):
        return (
            seconds(value) is not None or re.fullmatch(r"P(?=.)[0-9DTHMSWY.,]+", value) is not None
        )
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _items_fault(value: Json, type_: TypeRef, models: Mapping[str, Model]) -> str | None:
    if not isinstance(value, list):
        return f"it is no {type_name(type_)}"
    item = Field("item", type_.of) if type_.of else None
    faults = (fault_of(one, item, models) for one in value) if item else iter(())
    return next((fault for fault in faults if fault), None)


def _entries_fault(value: Json, type_: TypeRef, models: Mapping[str, Model]) -> str | None:
    if not isinstance(value, dict):
        return f"it is no {type_name(type_)}"
    item = Field("item", type_.of) if type_.of else None
    faults = (fault_of(one, item, models) for one in value.values()) if item else iter(())
    return next((fault for fault in faults if fault), None)


def _model_fault(
    value: Json, model: Model | None, models: Mapping[str, Model], depth: int = 0
) -> str | None:
    if not isinstance(value, dict):
        return "it is no mapping of fields to values"
    if model is None or depth > _DEEPEST:
        return None
    for name, fault in model_faults(value, model, models).items():
        return f"'{name}': {fault}"
    return None


def model_faults(
    value: Mapping[str, Json], model: Model, models: Mapping[str, Model]
) -> dict[str, str]:
    """What is wrong with each field of an object, by the key as it is written."""
    faults: dict[str, str] = {}
    by_name = {field.name: field for field in model.fields} | {
        field.wire_name: field for field in model.fields
    }
    for key, given in value.items():
        if key in by_name:
            fault = fault_of(given, by_name[key], models)
            if fault is not None:
                faults[key] = fault
        elif not model.ignore_extra:
            faults[key] = f"{model.name} has no such field"
    for field in model.fields:
        if not field.optional and field.name not in value and field.wire_name not in value:
            faults[field.wire_name] = "it is required"
    return faults


def _text_fault(value: str, field: Field) -> str | None:
    value = value.strip() if field.strip else value
    value = value.lower() if field.lower else value.upper() if field.upper else value
    if field.min_length is not None and len(value) < field.min_length:
        return f"it is shorter than {field.min_length}"
    if field.max_length is not None and len(value) > field.max_length:
        return f"it is longer than {field.max_length}"
    if field.pattern is not None:
        try:
            matches = re.search(field.pattern.replace("\\z", "\\Z"), value) is not None
        except re.error:
            return None  # the pattern itself is reported
        if not matches or (value.endswith("\n") and field.pattern.endswith("$")):
            return f"it does not match {_short(field.pattern)}"
    return None


def _list_fault(value: list[Json], field: Field) -> str | None:
    if field.min_length is not None and len(value) < field.min_length:
        return f"it has fewer than {field.min_length} items"
    if field.max_length is not None and len(value) > field.max_length:
        return f"it has more than {field.max_length} items"
    if field.unique and len({repr(item) for item in value}) < len(value):
        return "an item occurs twice"
    return None


def _bounds_fault(value: Json, field: Field) -> str | None:
    given = comparable(value, field.type.kind)
    if given is None:
        return None
    for key in BOUNDS:
        bound = getattr(field, key)
        limit = comparable(bound, field.type.kind) if bound is not None else None
        if limit is not None and not holds(key, given, limit):
            return f"it is not {_SAYS[key]} {bound}"
    if field.multiple_of is not None and field.type.kind in ("int", "decimal"):
        step = Decimal(str(field.multiple_of))
        if step and Decimal(str(value)) % step:
            return f"it is no multiple of {field.multiple_of}"
    return None


def _decimal_fault(value: Json, field: Field) -> str | None:
    number = Decimal(str(value))
    exponent = number.as_tuple().exponent
    places = max(-exponent, 0) if isinstance(exponent, int) else 0
    if field.decimal_places is not None and field.round is None and places > field.decimal_places:
        return f"it has more than {field.decimal_places} decimal places"
    digits = max(len(number.as_tuple().digits), places)
    if field.max_digits is not None and digits > field.max_digits:
        return f"it has more than {field.max_digits} digits"
    return None


def comparable(value: object, kind: str) -> Bound | None:
    """A value or bound in a form that compares: Decimal, or moments as text of one time zone."""
    match kind:
        case "int" | "float" | "decimal":
            if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
                return None
            return Decimal(str(value))
        case "duration":
            given = seconds(value) if isinstance(value, str) else value
            return Decimal(str(given)) if isinstance(given, int | float) else None
        case "date" | "datetime" | "time":
            return _moment(value, kind)
        case _:
            return None


def _moment(value: object, kind: str) -> str | None:
    from datetime import UTC, date, datetime, time

    if not isinstance(value, str) or not is_temporal(value, kind):
        return None
    if kind == "date":
        return date.fromisoformat(value).isoformat()
    if kind == "time":
        return time.fromisoformat(value).isoformat("microseconds")
    return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")


def holds(key: str, value: Bound, limit: Bound) -> bool:
    """Whether `value` keeps the bound `key: limit`; both come from `comparable`."""
    match key:
        case "gt":
            return value > limit  # type: ignore[operator]  # both of one kind
        case "ge":
            return value >= limit  # type: ignore[operator]
        case "lt":
            return value < limit  # type: ignore[operator]
        case _:
            return value <= limit  # type: ignore[operator]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
