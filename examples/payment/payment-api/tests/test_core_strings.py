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


def patterns(adapter: TypeAdapter[str]) -> list[re.Pattern[str]]:
    schema = adapter.json_schema()
    further = [part["pattern"] for part in schema.get("allOf", [])]
    plain = [schema["pattern"]] if "pattern" in schema else []
    return [re.compile(pattern) for pattern in (*plain, *further)]


@pytest.mark.parametrize("control", ["\0", "\x08", "\x0b", "\x1b", "\x7f"])
def test_control_characters_are_refused(control: str) -> None:
    assert code(PLAIN, f"a{control}") == "control_character"
    assert not patterns(PLAIN)[0].search(f"a{control}")


@pytest.mark.parametrize("text", ["", "a\tb", "a\r\n", "漢字 é"])
def test_other_text_is_taken_as_it_is(text: str) -> None:
    assert PLAIN.validate_python(text) == text
    assert patterns(PLAIN)[0].search(text)


def test_what_is_no_string_is_refused() -> None:
    assert code(PLAIN, 5) == "string_type"


def test_a_pattern_of_its_own_is_documented_beside_that_of_all_text() -> None:
    assert patterns(PATTERN) == [re.compile("^.+$"), *patterns(PLAIN)]
    assert "allOf" not in PLAIN.json_schema()


def test_the_keys_of_a_map_are_text() -> None:
    names: TypeAdapter[Any] = TypeAdapter(dict[Annotated[str, Text()], int])
    further = names.json_schema()["propertyNames"]["allOf"]
    assert further == [{"pattern": PLAIN.json_schema()["pattern"]}]
    assert names.validate_python({"a": 1}) == {"a": 1}
    assert code(names, {"\0": 1}) == "control_character"
