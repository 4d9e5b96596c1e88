"""The smaller types of fields."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.core.durations import SettingDuration


def refused(adapter: TypeAdapter[Any], value: object) -> bool:
    with pytest.raises(ValidationError):
        adapter.validate_python(value)
    return True


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("500ms", 0.5),
        ("5m", 300),
        ("2h", 7_200),
        ("1d", 86_400),
        ("30", 30),
        ("PT30S", 30),
    ],
)
def test_a_duration_in_the_environment_has_a_unit_or_is_in_seconds(
    text: str, seconds: float
) -> None:
    adapter: TypeAdapter[timedelta] = TypeAdapter(SettingDuration)
    assert adapter.validate_python(text) == timedelta(seconds=seconds)


def test_a_duration_in_the_environment_has_a_unit_that_is_known() -> None:
    assert refused(TypeAdapter(SettingDuration), "30 lightyears")
