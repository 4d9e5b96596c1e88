"""Models of the payment feature: what they hold and what they show."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.models.payment import PaymentRead, PaymentRequest, RefundRead

PAYMENT_REQUEST: dict[str, Any] = {
    "amount": "99.99",
    "currency": "USD",
    "payment_method_id": "pm_123",
    "description": "Premium subscription",
}
PAYMENT_READ: dict[str, Any] = {
    "payment_id": "pay_0000000000000000000000000000268a",
    "amount": "21.25",
    "currency": "Sam",
    "description": "Sample description",
    "status": "pending",
    "refunded_amount": "60.86",
    "created_at": "2026-01-05T00:48:35Z",
}
REFUND_READ: dict[str, Any] = {
    "refund_id": "re_0000000000000000000000000000268a",
    "payment_id": "pay_0000000000000000000000000000a87e",
    "amount": "21.25",
    "reason": "fraudulent",
    "status": "pending",
    "created_at": "2026-01-05T00:48:35Z",
}


def test_payment_request_shows_the_last_four_characters_of_payment_method_id() -> None:
    shown = repr(
        PaymentRequest.model_validate(PAYMENT_REQUEST | {"payment_method_id": "1234567890123456"})
    )
    assert "payment_method_id='****3456'" in shown


def test_payment_read_says_in_json_what_it_was_given() -> None:
    read = PaymentRead.model_validate(PAYMENT_READ)
    assert read.model_dump(mode="json") == PAYMENT_READ


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"amount": "9999999999.99"}, id="amount: most digits"),
        pytest.param({"currency": "aaa"}, id="currency: longest"),
        pytest.param({"description": "a" * 500}, id="description: longest"),
        pytest.param({"refunded_amount": "9999999999.99"}, id="refunded_amount: most digits"),
    ],
)
def test_payment_read_has_room_for_all_that_a_row_may_hold(change: dict[str, Any]) -> None:
    read = PaymentRead.model_validate(PAYMENT_READ | change)
    assert read.model_dump(mode="json") == PAYMENT_READ | change


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param({"amount": "21.251"}, "amount", id="amount: one place too many"),
        pytest.param({"amount": "10000000000"}, "amount", id="amount: one digit too many"),
        pytest.param({"currency": "aaaa"}, "currency", id="currency: one too long"),
        pytest.param({"description": "a" * 501}, "description", id="description: one too long"),
        pytest.param(
            {"refunded_amount": "60.861"},
            "refunded_amount",
            id="refunded_amount: one place too many",
        ),
        pytest.param(
            {"refunded_amount": "10000000000"},
            "refunded_amount",
            id="refunded_amount: one digit too many",
        ),
    ],
)
def test_payment_read_promises_no_more_than_a_row_may_hold(
    change: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        PaymentRead.model_validate(PAYMENT_READ | change)
    assert [error["loc"] for error in refused.value.errors()] == [(name,)]


def test_refund_read_says_in_json_what_it_was_given() -> None:
    read = RefundRead.model_validate(REFUND_READ)
    assert read.model_dump(mode="json") == REFUND_READ


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"amount": "9999999999.99"}, id="amount: most digits"),
    ],
)
def test_refund_read_has_room_for_all_that_a_row_may_hold(change: dict[str, Any]) -> None:
    read = RefundRead.model_validate(REFUND_READ | change)
    assert read.model_dump(mode="json") == REFUND_READ | change


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param({"amount": "21.251"}, "amount", id="amount: one place too many"),
        pytest.param({"amount": "10000000000"}, "amount", id="amount: one digit too many"),
    ],
)
def test_refund_read_promises_no_more_than_a_row_may_hold(
    change: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        RefundRead.model_validate(REFUND_READ | change)
    assert [error["loc"] for error in refused.value.errors()] == [(name,)]
