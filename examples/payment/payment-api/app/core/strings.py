"""Text from outside: without control characters."""

import re
from collections.abc import Sequence
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
        found = handler(schema)
        own = [found["pattern"]] if "pattern" in found else []
        return _with_patterns(found, [*own, _TEXT_PATTERN])


def _with_patterns(found: JsonSchemaValue, patterns: Sequence[str]) -> JsonSchemaValue:
    """Demand them all, the first by the plain keyword, where most tools look.

    Not so for the key of a map, which has no bound: pydantic would demand nothing of other keys.
    """
    first, *further = patterns
    described = dict(found)
    if described.keys() & {"maxLength", "pattern"}:
        described["pattern"] = first
    else:
        further = list(patterns)
    if further:
        described["allOf"] = [{"pattern": pattern} for pattern in further]
    return described
