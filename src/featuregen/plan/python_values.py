"""JSON values of a spec as the Python values that a validated field holds, and as their source."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.plan.quote import py_literal, py_moment, py_string

if TYPE_CHECKING:
    from featuregen.spec.model import Field, Json, TypeRef

VALUE_IMPORTS = (
    "from datetime import UTC, date, datetime, time, timedelta, timezone",
    "from decimal import Decimal",
    "from uuid import UUID",
)
"""What the source of a value may name; ruff takes out of a module what it does not."""

_SPEC_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_ISO_DURATION = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?"
)
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MODES = {"half_even": "ROUND_HALF_EVEN", "half_up": "ROUND_HALF_UP", "down": "ROUND_DOWN"}
ROUND_DIGITS = 500


def python_object(value: Json, type_: TypeRef, field: Field) -> object:
    """Return what a valid JSON value becomes: a `Decimal`, a `datetime`, stripped text, …"""
    if value is None:
        return None
    match type_.kind:
        case "list" if type_.of is not None and isinstance(value, list):
            return [python_object(item, type_.of, field) for item in value]
        case "map" if type_.of is not None and isinstance(value, dict):
            return {key: python_object(item, type_.of, field) for key, item in value.items()}
        case "decimal":
            return decimal_of(value, field)
        case "string":
            return normalised_text(str(value), field)
        case "email":
            return email_of(normalised_text(str(value), field))
        case "float" if isinstance(value, int | float):
            return float(value)
        case kind:
            return plain_object(value, kind)


def plain_object(value: object, kind: str) -> object:
    """Return the Python value of what needs no field to be read."""
    match kind:
        case "date":
            return date.fromisoformat(str(value))
        case "datetime":
            return datetime.fromisoformat(str(value).upper().replace(" ", "T"))
        case "time":
            return time.fromisoformat(str(value))
        case "duration":
            return duration_of(value)
        case "bytes":
            import base64

            return base64.b64decode(str(value))
        case "uuid":
            from uuid import UUID

            return UUID(str(value))
        case _:
            return value


def decimal_of(value: object, field: Field) -> Decimal:
    """Return the number, rounded as the field says, with all of its places."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if field.decimal_places is None:
        return number
    from decimal import Context

    step = Decimal(1).scaleb(-field.decimal_places)
    mode = _MODES[field.round or "half_even"]
    return number.quantize(step, mode, Context(prec=ROUND_DIGITS))


def normalised_text(text: str, field: Field) -> str:
    """Return the text after `strip`, `lower` and `upper`."""
    text = text.strip() if field.strip else text
    if field.lower:
        return text.lower()
    return text.upper() if field.upper else text


def email_of(text: str) -> str:
    """Return the address as email-validator keeps it: the domain in lower case."""
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def duration_of(value: object) -> timedelta:
    """Return the duration that `30s`, `PT30S` or a number of seconds means."""
    if isinstance(value, int | float):
        return timedelta(seconds=value)
    text = str(value)
    if found := _SPEC_DURATION.fullmatch(text):
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    if found := _ISO_DURATION.fullmatch(text):
        years, weeks, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        days += 365 * years
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    raise ValueError(f"not a duration: {text}")


def iso_duration(value: timedelta) -> str:
    """Return the duration as pydantic prints it: ISO 8601, where a year has 365 days."""
    micro = value // timedelta(microseconds=1)
    seconds, micro = divmod(micro, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    years, days = divmod(days, 365)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{micro:06}".rstrip("0") if micro else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction or not (years or days or clock):
        clock += f"{seconds}{fraction}S"
    calendar = (f"{years}Y" if years else "") + (f"{days}D" if days else "")
    return f"P{calendar}{f'T{clock}' if clock else ''}"


def python_value(value: Json, type_: TypeRef, field: Field) -> str:
    """Return the source of the Python value that a valid JSON value becomes."""
    if type_.kind == "model":
        return f"{type_.model}.model_validate({py_literal(value)})"
    return source_of(python_object(value, type_, field))


def source_of(value: object) -> str:
    """Return the source of a Python value of a field."""
    match value:
        case list():
            return f"[{', '.join(source_of(item) for item in value)}]"
        case dict():
            items = (f"{py_string(str(key))}: {source_of(item)}" for key, item in value.items())
            return f"{{{', '.join(items)}}}"
        case date() | time() | timedelta():
            return py_moment(value)
        case bytes():
            return repr(value) if b'"' in value else f'b"{repr(value)[2:-1]}"'
        case None | bool() | int() | float() | str() | Decimal():
            return py_literal(value)
        case _:
            return f"{type(value).__name__}({py_string(str(value))})"
