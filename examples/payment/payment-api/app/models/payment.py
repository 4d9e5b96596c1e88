"""Models of the payment feature."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.decimals import DecimalRule
from app.core.moments import IsoDatetime
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
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="ISO 4217 currency code")
    payment_method_id: Annotated[
        str,
        Field(min_length=1, max_length=255, description="Payment method at the provider"),
        Text(),
        Sensitive(last4=True),
    ]
    description: Annotated[str, Field(max_length=500), Text()] | None = Field(
        default=None, description="Shown on the customer's statement"
    )


class PaymentResponse(BaseModel):
    """A payment as the provider knows it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "payment_id": "pay_1",
                    "status": "succeeded",
                    "amount": "99.99",
                    "currency": "USD",
                    "created_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    payment_id: Annotated[
        str, Field(min_length=1, max_length=255, description="Id at the provider"), Text()
    ]
    status: Literal["pending", "succeeded", "failed"]
    amount: Annotated[Decimal, DecimalRule(places=2)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    created_at: IsoDatetime
