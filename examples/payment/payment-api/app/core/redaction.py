"""Redaction of personal data and secrets in logs."""

import re
from collections.abc import Iterable, Mapping
from typing import cast

MASK = "[REDACTED]"
_MAX_DEPTH = 10
_PAN = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
_BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+")
_EMAIL = re.compile(r"\b([\w.%+-])[\w.%+-]*@([\w-]+(?:\.[\w-]+)+)\b")
# A pydantic error quotes the value that it refuses.
_REFUSED = re.compile(r"(?s)input_value=.*?(?=, input_type=)")

# What every text has that any of these could change: one look instead of four.
_SUSPECT = re.compile(r"@|[0-9](?:[ -]?[0-9]){12}|(?i:bearer)|input_value=")

_sensitive = {
    "access_token", "api_key", "authorization", "card_number", "client_secret", "cookie", "cvc",
    "cvv", "password", "refresh_token", "secret", "set_cookie", "token", "x_api_key",
}  # fmt: skip


def _key(name: str) -> str:
    return name.lower().replace("-", "_")


def register_sensitive(*names: str) -> None:
    """Mask, from now on, whatever is logged under one of `names`, in any case."""
    _sensitive.update(_key(name) for name in names)


def luhn_valid(digits: str) -> bool:
    """Tell whether `digits` carry a card number's check digit."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + index % 2)
        total += digit - 9 if digit > 9 else digit  # noqa: PLR2004
    return total % 10 == 0


def _mask_pan(match: re.Match[str]) -> str:
    digits = re.sub(r"[ -]", "", match.group())
    return f"****{digits[-4:]}" if luhn_valid(digits) else match.group()


def redact_text(text: str) -> str:
    """Mask card numbers (the last four digits stay), bearer tokens and e-mail addresses."""
    if _SUSPECT.search(text) is None:
        return text
    text = _REFUSED.sub(f"input_value={MASK}", _PAN.sub(_mask_pan, text))
    return _EMAIL.sub(r"\1***@\2", _BEARER.sub(f"Bearer {MASK}", text))


def redact(value: object, depth: int = 0) -> object:
    """Redact strings, mappings and sequences, however they are nested."""
    if depth > _MAX_DEPTH:
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return redact_mapping(cast("Mapping[object, object]", value), depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth + 1) for item in cast("Iterable[object]", value)]
    return value


def redact_mapping(value: Mapping[object, object], depth: int = 0) -> dict[str, object]:
    """Redact each value; under a sensitive key it goes whatever its type."""
    return {
        str(key): MASK if _key(str(key)) in _sensitive else redact(item, depth + 1)
        for key, item in value.items()
    }
