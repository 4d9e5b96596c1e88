"""Sensitive fields show in no repr, no error and no log."""

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from app.core.redaction import MASK, redact
from app.core.sensitive import Sensitive, SensitiveModel


class Card(SensitiveModel):
    """A model of these tests."""

    number: Annotated[str, Field(alias="cardNumber"), Sensitive(last4=True)]
    code: Annotated[str, Field(max_length=4), Sensitive()]
    note: Annotated[str | None, Sensitive()] = None
    holder: str = "Ann"


def test_a_repr_masks_what_is_sensitive() -> None:
    card = Card.model_validate({"cardNumber": "pm_1234567890", "code": "1234"})
    assert repr(card) == f"Card(number='****7890', code='{MASK}', note=None, holder='Ann')"
    assert "1234" not in str(card)


def test_a_short_value_shows_no_part_of_itself() -> None:
    assert Sensitive(last4=True).mask("1234567") == MASK
    assert Sensitive(last4=True).mask("12345678") == "****5678"


def test_an_error_does_not_quote_the_input() -> None:
    with pytest.raises(ValidationError) as refused:
        Card.model_validate({"cardNumber": "pm_1", "code": "too-long-and-secret"})
    assert "too-long-and-secret" not in str(refused.value)


def test_logs_know_the_names() -> None:
    logged = redact({"cardNumber": "pm_1", "number": "pm_1", "holder": "Ann"})
    assert logged == {"cardNumber": MASK, "number": MASK, "holder": "Ann"}
