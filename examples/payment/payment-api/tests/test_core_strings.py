"""Text from outside: what is refused, how it is normalised, and that the schema says the same."""

import re
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from app.core.strings import Text

PLAIN: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(max_length=5), Text()])
PATTERN: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern="^.+$"), Text()])


def code(adapter: TypeAdapter[str], value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(value)
    return refused.value.errors()[0]["type"]


def further_pattern(adapter: TypeAdapter[str], index: int = 0) -> re.Pattern[str]:
    return re.compile(adapter.json_schema()["allOf"][index]["pattern"])


@pytest.mark.parametrize("control", ["\0", "\x08", "\x0b", "\x1b", "\x7f"])
def test_control_characters_are_refused(control: str) -> None:
    assert code(PLAIN, f"a{control}") == "control_character"
    assert not further_pattern(PLAIN).search(f"a{control}")


@pytest.mark.parametrize("text", ["", "a\tb", "a\r\n", "漢字 é"])
def test_other_text_is_taken_as_it_is(text: str) -> None:
    assert PLAIN.validate_python(text) == text
    assert further_pattern(PLAIN).search(text)


def test_what_is_no_string_is_refused() -> None:
    assert code(PLAIN, 5) == "string_type"


def test_a_pattern_of_its_own_is_documented_beside_that_of_all_text() -> None:
    assert PATTERN.json_schema()["pattern"] == "^.+$"
    assert PATTERN.json_schema()["allOf"] == PLAIN.json_schema()["allOf"]


def test_the_keys_of_a_map_are_text() -> None:
    names: TypeAdapter[Any] = TypeAdapter(dict[Annotated[str, Text()], int])
    assert names.json_schema()["propertyNames"]["allOf"] == PLAIN.json_schema()["allOf"]
    assert names.validate_python({"a": 1}) == {"a": 1}
    assert code(names, {"\0": 1}) == "control_character"
