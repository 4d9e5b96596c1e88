"""Client of the provider API, for the payment feature."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import httpx2
from fastapi import FastAPI
from pydantic import BaseModel, Field

from app.core.answers import choose
from app.core.auth import User
from app.core.config import Settings
from app.core.errors import (
    AppError,
    InvalidPaymentError,
    PaymentError,
    PaymentNotFoundError,
    PaymentServiceError,
)
from app.core.resources import get_resource, set_resource
from app.core.strings import Text
from app.core.telemetry import Telemetry
from app.core.upstream import (
    UpstreamClient,
    open_http_client,
    pick,
    present,
    segment,
)
from app.models.payment import PaymentRequest, RefundRequest


class CreatePaymentReceived(BaseModel):
    """What the upstream's answer says of a payment."""

    provider_id: Annotated[str, Field(max_length=255), Text()] | None = None
    status: Literal["pending", "succeeded", "failed", "refunded"]


class GetPaymentReceived(BaseModel):
    """What the upstream's answer says of a payment."""

    status: Literal["pending", "succeeded", "failed", "refunded"]


class CreateRefundReceived(BaseModel):
    """What the upstream's answer says of a refund."""

    provider_id: Annotated[str, Field(max_length=255), Text()] | None = None
    status: Literal["pending", "succeeded", "failed"]


def _read_create_payment(response: httpx2.Response) -> CreatePaymentReceived:
    answer: object = response.json()
    return CreatePaymentReceived.model_validate(
        present(
            {
                "provider_id": pick(answer, "id"),
                "status": choose(
                    pick(answer, "status"),
                    {"succeeded": "succeeded", "failed": "failed"},
                    "pending",
                ),
            }
        )
    )


def _read_get_payment(response: httpx2.Response) -> GetPaymentReceived:
    answer: object = response.json()
    return GetPaymentReceived.model_validate(
        present(
            {
                "status": choose(
                    pick(answer, "status"),
                    {"succeeded": "succeeded", "failed": "failed"},
                    "pending",
                )
            }
        )
    )


def _read_create_refund(response: httpx2.Response) -> CreateRefundReceived:
    answer: object = response.json()
    return CreateRefundReceived.model_validate(
        present({"provider_id": pick(answer, "id"), "status": "succeeded"})
    )


class ProviderClient(UpstreamClient):
    """Calls the upstream: 3 attempts, one deadline over all of them."""

    name = "provider"
    attempts = 3
    idempotency_header = "Idempotency-Key"
    error_message = ("error", "message")

    async def create_payment(
        self, data: PaymentRequest, *, payment_id: str, user: User
    ) -> CreatePaymentReceived:
        """Call POST /payments."""
        return await self.call(
            "POST",
            "/payments",
            _read_create_payment,
            json={
                "amount": data.amount,
                "currency": data.currency,
                "payment_method": data.payment_method_id,
                "description": data.description,
                "reference": payment_id,
                "metadata": {"user_id": user.id},
            },
            idempotency_key=payment_id,
        )

    async def get_payment(self, *, payment_provider_id: str) -> GetPaymentReceived:
        """Call GET /payments/{entity.provider_id}."""
        return await self.call(
            "GET",
            f"/payments/{segment(payment_provider_id)}",
            _read_get_payment,
        )

    async def create_refund(
        self, data: RefundRequest, *, payment_provider_id: str, refund_id: str
    ) -> CreateRefundReceived:
        """Call POST /payments/{parent.provider_id}/refunds."""
        return await self.call(
            "POST",
            f"/payments/{segment(payment_provider_id)}/refunds",
            _read_create_refund,
            json={"amount": data.amount, "reason": data.reason},
            idempotency_key=refund_id,
        )

    def refusal(self, status: int, message: str, /) -> AppError:
        match status:
            case 400:
                return InvalidPaymentError(f"Invalid payment: {message}")
            case 402:
                return PaymentError("Payment declined")
            case 404:
                return PaymentNotFoundError("No such payment")
            case _:
                return PaymentServiceError("Payment processing failed")

    def timed_out(self) -> AppError:
        return PaymentServiceError("Payment service is currently unavailable")

    def broken(self) -> AppError:
        return PaymentServiceError("Payment processing failed")


@asynccontextmanager
async def provider_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Hold the pooled client open for as long as the app lives."""
    settings = get_resource(app, Settings)
    async with open_http_client(
        app,
        "provider",
        str(settings.payment_api_url),
        headers={"Authorization": f"Bearer {settings.payment_api_key.get_secret_value()}"},
    ) as http:
        client = ProviderClient(
            http,
            timeout=settings.payment_timeout.total_seconds(),
            telemetry=get_resource(app, Telemetry),
        )
        set_resource(app, client)
        yield
