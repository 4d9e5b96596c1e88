"""What a client is told about a field that does not validate: never what it sent."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

_MAX_PROBLEMS = 100
_MAX_POINTER_PART = 100
# What pydantic may say about a bound of the schema. Anything else may quote the input.
_BOUNDS = frozenset(
    {
        "actual_length", "class_name", "decimal_places", "discriminator", "expected",
        "expected_schemes", "expected_tags", "expected_version", "field_type", "ge", "gt", "le",
        "lt", "max_digits", "max_length", "min_length", "multiple_of", "pattern", "whole_digits",
    }
)  # fmt: skip
# "Input should be a valid UUID, invalid character: found `x` at 1": only the first words are ours.
_OPENING = re.compile(r"(?:Input should be|value is not) [^,:]*")
_OBJECT_TYPES = frozenset({"dataclass_type", "dict_type", "model_attributes_type", "model_type"})


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(description="RFC 6901 pointer.", examples=["/body/name"])
    code: str = Field(description="Stable, machine-readable.", examples=["missing"])
    message: str = Field(examples=["Field required"])


def field_problems(errors: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """Turn pydantic's errors into ours, without its `input` and `ctx`."""
    return [
        FieldProblem(pointer=_pointer(error), code=error["type"], message=_message(error))
        for error in errors[:_MAX_PROBLEMS]
    ]


def _pointer(error: Mapping[str, Any]) -> str:
    parts = [str(part)[:_MAX_POINTER_PART] for part in error["loc"] if part != "[key]"]
    if error["type"] == "json_invalid":
        parts = parts[:1]  # FastAPI adds the offset
    escaped = [part.replace("~", "~0").replace("/", "~1") for part in parts]
    return "".join(f"/{part}" for part in escaped)


def _message(error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    cause = context.get("error")
    if error["type"] in _OBJECT_TYPES:
        is_raw_body = isinstance(error.get("input"), bytes)
        return "Send JSON, as application/json" if is_raw_body else "Input should be an object"
    if error["type"] == "json_invalid":
        return "Not valid JSON"
    if isinstance(cause, ValueError | AssertionError):  # raised by a validator of this app
        return str(cause)
    if context.keys() <= _BOUNDS:
        return str(error["msg"])
    opening = _OPENING.match(error["msg"])
    return opening.group() if opening else "Input is not valid"
