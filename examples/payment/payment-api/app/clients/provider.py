"""Client of the provider API, for the payment feature."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx2
from fastapi import FastAPI

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
from app.core.telemetry import Telemetry
from app.core.upstream import (
    UpstreamClient,
    open_http_client,
    pick,
    present,
    segment,
)
from app.models.payment import PaymentRequest, PaymentResponse


def _read_payment_response(response: httpx2.Response) -> PaymentResponse:
    answer: object = response.json()
    return PaymentResponse.model_validate(
        present(
            {
                "payment_id": pick(answer, "id"),
                "status": pick(answer, "status"),
                "amount": pick(answer, "amount"),
                "currency": pick(answer, "currency"),
                "created_at": pick(answer, "created_at"),
            }
        )
    )


class ProviderClient(UpstreamClient):
    """Calls the upstream: 3 attempts, one deadline over all of them."""

    name = "provider"
    attempts = 3
    idempotency_header = "Idempotency-Key"
    error_message = ("error", "message")

    async def create_payment(self, data: PaymentRequest, *, user: User) -> PaymentResponse:
        """Call POST /payments."""
        return await self.call(
            "POST",
            "/payments",
            _read_payment_response,
            json={
                "amount": data.amount,
                "currency": data.currency,
                "payment_method": data.payment_method_id,
                "description": data.description,
                "metadata": {"user_id": user.id},
            },
            idempotency_key=uuid4().hex,
        )

    async def get_payment(self, *, payment_id: str) -> PaymentResponse:
        """Call GET /payments/{payment_id}."""
        return await self.call(
            "GET",
            f"/payments/{segment(payment_id)}",
            _read_payment_response,
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
