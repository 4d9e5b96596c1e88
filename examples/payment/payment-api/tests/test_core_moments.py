"""Dates, times and durations: one way to write each, and no number in the place of one."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.core.moments import IsoDatetime


def refused(adapter: TypeAdapter[Any], value: object) -> bool:
    with pytest.raises(ValidationError):
        adapter.validate_python(value)
    return True


def test_a_datetime_has_an_offset() -> None:
    adapter: TypeAdapter[datetime] = TypeAdapter(IsoDatetime)
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for same in ("2026-01-31T12:00:00Z", "2026-01-31 14:00+02:00", noon):
        assert adapter.validate_python(same) == noon
    assert adapter.json_schema() == {"type": "string", "format": "date-time"}
    for value in (0, "0", "2026-01-31T12:00:00", "2026-01-31", "2026-01-31T25:00:00Z", None):
        assert refused(adapter, value)
