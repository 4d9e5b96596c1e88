"""Text from outside: without control characters."""

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# Tab, line feed and carriage return are text; the others, NUL above all, break logs and databases.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TEXT_PATTERN: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


@dataclass(frozen=True)
class Text:
    """Annotates a `str`: `Annotated[str, Field(max_length=100), Text()]`."""

    def read(self, value: object) -> object:
        """Refuse control characters."""
        if isinstance(value, str) and _CONTROL.search(value):
            raise PydanticCustomError(
                "control_character", "String should have no control characters"
            )
        return value

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Run before the constraints."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe what is accepted, beside the field's own pattern."""
        return {**handler(schema), "allOf": [{"pattern": _TEXT_PATTERN}]}
