"""Models of the payment feature."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.decimals import DecimalRule
from app.core.moments import IsoDatetime
from app.core.pagination import Page
from app.core.sensitive import Sensitive, SensitiveModel
from app.core.strings import Text


class PaymentRequest(SensitiveModel):
    """Request model for creating a payment."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "amount": "99.99",
                    "currency": "USD",
                    "payment_method_id": "pm_123",
                    "description": "Premium subscription",
                }
            ]
        },
    )

    amount: Annotated[
        Decimal,
        Field(description="Payment amount"),
        DecimalRule(gt=Decimal(0), le=Decimal(10000), places=2, rounding=ROUND_HALF_EVEN),
    ]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    payment_method_id: Annotated[
        str, Field(min_length=1, max_length=255), Text(), Sensitive(last4=True)
    ]
    description: Annotated[str, Field(max_length=500), Text()] | None = None


class RefundRequest(BaseModel):
    """Refund request."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"amount": "21.25", "reason": "fraudulent"}]},
    )

    amount: Annotated[Decimal, DecimalRule(gt=Decimal(0), le=Decimal(10000), places=2)]
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


class PaymentRead(BaseModel):
    """A payment."""

    model_config = ConfigDict(
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "payment_id": "pay_0000000000000000000000000000268a",
                    "amount": "99.99",
                    "currency": "USD",
                    "description": "Premium subscription",
                    "status": "pending",
                    "refunded_amount": "0.00",
                    "created_at": "2026-01-05T00:48:35Z",
                }
            ]
        },
    )

    id: Annotated[str, Field(pattern="^pay_[0-9a-f]{32}$", alias="payment_id")]
    amount: Annotated[Decimal, DecimalRule(places=2, max_digits=12)]
    currency: Annotated[str, Field(max_length=3), Text()]
    description: Annotated[str, Field(max_length=500), Text()] | None = None
    status: Literal["pending", "succeeded", "failed", "refunded"]
    refunded_amount: Annotated[Decimal, DecimalRule(places=2, max_digits=12)]
    created_at: IsoDatetime


class PaymentPage(Page[PaymentRead]):
    """A page of payments."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "payment_id": "pay_0000000000000000000000000000268a",
                            "amount": "99.99",
                            "currency": "USD",
                            "description": "Premium subscription",
                            "status": "pending",
                            "refunded_amount": "0.00",
                            "created_at": "2026-01-05T00:48:35Z",
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )


class RefundRead(BaseModel):
    """A refund."""

    model_config = ConfigDict(
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "refund_id": "re_0000000000000000000000000000268a",
                    "payment_id": "pay_0000000000000000000000000000a87e",
                    "amount": "21.25",
                    "reason": "fraudulent",
                    "status": "pending",
                    "created_at": "2026-01-05T00:48:35Z",
                }
            ]
        },
    )

    id: Annotated[str, Field(pattern="^re_[0-9a-f]{32}$", alias="refund_id")]
    payment_id: Annotated[str, Field(pattern="^pay_[0-9a-f]{32}$")]
    amount: Annotated[Decimal, DecimalRule(places=2, max_digits=12)]
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    status: Literal["pending", "succeeded", "failed"]
    created_at: IsoDatetime
