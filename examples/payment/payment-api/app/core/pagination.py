"""Lists, page by page: what a page looks like, and the cursor that says where the next begins."""

import base64
from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, TypeAdapter
from pydantic_core import to_json

T = TypeVar("T")
CURSOR_PATTERN: Final = r"^[A-Za-z0-9_-]{1,4096}$"
_VALUES: Final = TypeAdapter(list[Any])


class Page(BaseModel, Generic[T]):
    """A part of a list, and where the next one begins."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Send it as `cursor` for the next page; null on the last one."
    )


def encode_cursor(values: Sequence[object]) -> str:
    """Return values, as JSON has them, as a text that fits a URL."""
    return base64.urlsafe_b64encode(to_json(values)).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """Return the values that a cursor was made of; a forged one is a 422."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return _VALUES.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:  # binascii's and pydantic's errors are ValueErrors
        raise invalid_cursor() from None


def invalid_cursor() -> RequestValidationError:
    """Return the error of a cursor that this list did not give: it names the field."""
    message = "Not a cursor of this list in this order"
    return RequestValidationError(
        [{"type": "invalid_cursor", "loc": ("query", "cursor"), "msg": message, "input": None}]
    )
