"""Durations in the environment: `30s`, `500ms`, or a plain number of seconds."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

_SHAPE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)?")
_UNITS: Final = {
    "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days",
}  # fmt: skip


def read_duration(value: object) -> object:
    """Turn `30s` or `30` into a `timedelta`; leave the rest, ISO 8601 as well, to pydantic."""
    if isinstance(value, str) and (found := _SHAPE.fullmatch(value.strip())):
        return timedelta(**{_UNITS[found[2] or "s"]: float(found[1])})
    return value


SettingDuration = Annotated[timedelta, BeforeValidator(read_duration)]
