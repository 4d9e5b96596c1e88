"""Dates, times and durations as text: ISO 8601 and nothing that merely can be read as such.

pydantic alone would also take `0` or `"0"` for the first of January 1970.
"""

import re
from datetime import date, time, timedelta
from typing import Annotated, Any, LiteralString

from pydantic import AwareDatetime, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Written:
    """Annotates a moment with how its text must look; bounds stand before it in `Annotated`."""

    def __init__(self, shape: str, code: LiteralString, message: LiteralString) -> None:
        self.shape = shape
        self._pattern = re.compile(shape)
        self._error = PydanticCustomError(code, message)

    def check(self, value: object) -> object:
        """Let text of that shape pass, and what is a moment already."""
        fits = self._pattern.fullmatch(value) if isinstance(value, str) else None
        if fits or isinstance(value, date | time | timedelta):
            return value
        raise self._error

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Look at the text before pydantic reads it."""
        return core_schema.no_info_before_validator_function(self.check, handler(source))


ISO_DATETIME = Written(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?",
    "datetime_parsing",
    "Input should be a datetime in ISO 8601 with an offset",
)
IsoDatetime = Annotated[AwareDatetime, ISO_DATETIME]
