"""`Location`: where what a request has made is found."""

from http import HTTPStatus
from typing import Any


def located() -> dict[int | str, dict[str, Any]]:
    """Document the header of a 201."""
    header = {"description": "Where what was made is found.", "schema": {"type": "string"}}
    return {HTTPStatus.CREATED.value: {"headers": {"Location": header}}}
