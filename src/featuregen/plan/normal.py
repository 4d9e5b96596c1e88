"""What comes out in JSON for a value that went in: rounded, stripped, printed by pydantic."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.plan.python_values import iso_duration, python_object

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Field, Json, Model, TypeRef


def normalised(field: Field, value: Json, spec: FeatureSpec) -> Json:
    """Return an accepted value as a response prints it."""
    return _printed(value, field.type, field, spec)


def normalised_model(values: dict[str, Json], model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """Return an accepted object as a response prints it, with the defaults of what is left out."""
    result: dict[str, Json] = {}
    for field in model.fields:
        value = values.get(field.wire_name, field.default)
        result[field.wire_name] = None if value is None else normalised(field, value, spec)
    return result


def _printed(value: Json, type_: TypeRef, field: Field, spec: FeatureSpec) -> Json:
    if value is None:
        return None
    match type_.kind:
        case "list" if type_.of is not None and isinstance(value, list):
            return [_printed(item, type_.of, field, spec) for item in value]
        case "map" if type_.of is not None and isinstance(value, dict):
            return {key: _printed(item, type_.of, field, spec) for key, item in value.items()}
        case "model" if isinstance(value, dict):
            return normalised_model(value, spec.models[type_.model or ""], spec)
        case "json":
            return value
        case _:
            return json_of(python_object(value, type_, field))


def json_of(value: object) -> Json:
    """Return a Python value of a field as pydantic prints it."""
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return iso_duration(value)
        case bytes():
            import base64

            return base64.b64encode(value).decode()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
