"""What the name of a field says about its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.survey import words

if TYPE_CHECKING:
    from featuregen.spec.model import Field

_MONEY = frozenset({
    "amount", "price", "total", "subtotal", "cost", "fee", "balance", "salary", "revenue", "payout",
    "deposit",
})  # fmt: skip
_NO_MONEY = frozenset({
    "rate", "percent", "percentage", "ratio", "count", "id", "ids", "type", "currency", "status",
    "at",
})  # fmt: skip
_STATUS = frozenset({"status", "state", "phase", "stage"})


def is_money(name: str) -> bool:
    """`unit_price`, not `price_count`."""
    parts = frozenset(words(name))
    return bool(parts & _MONEY) and not parts & _NO_MONEY


def is_status(field: Field) -> bool:
    """Free text that says in which of a few states something is."""
    return field.type.kind == "string" and words(field.name)[-1] in _STATUS


def is_currency(field: Field) -> bool:
    """Free text that should be a currency's code."""
    is_text = field.type.kind == "string" and field.pattern is None
    return is_text and words(field.name)[-1] == "currency"
