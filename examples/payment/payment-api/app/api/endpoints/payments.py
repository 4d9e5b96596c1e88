"""Payment API: the endpoints."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.clients.provider import ProviderClient, provider_lifespan
from app.core.auth import User, require_permission
from app.core.errors import (
    ContentTooLargeError,
    ForbiddenError,
    InvalidPaymentError,
    PaymentError,
    PaymentNotFoundError,
    PaymentServiceError,
    RateLimitedError,
    UnauthorizedError,
    problems,
)
from app.core.ratelimit import rate_limit
from app.core.resources import provide
from app.models.payment import PaymentRequest, PaymentResponse
from app.services.payment_service import PaymentService

router = APIRouter(prefix="/api/v1/payments", tags=["Payment API"], lifespan=provider_lifespan)


async def get_payment_service(
    provider: Annotated[ProviderClient, Depends(provide(ProviderClient))],
) -> PaymentService:
    """Build the service of one request."""
    return PaymentService(provider)


PaymentServiceDep = Annotated[PaymentService, Depends(get_payment_service)]


@router.post(
    "",
    status_code=201,
    summary="Create a payment",
    dependencies=[Depends(rate_limit("10/minute"))],
    responses=problems(
        InvalidPaymentError,
        UnauthorizedError,
        PaymentError,
        ForbiddenError,
        PaymentNotFoundError,
        ContentTooLargeError,
        RateLimitedError,
        PaymentServiceError,
    ),
)
async def create_payment(
    data: PaymentRequest,
    user: Annotated[User, Depends(require_permission("payments.create"))],
    service: PaymentServiceDep,
) -> PaymentResponse:
    """Create a payment."""
    return await service.create_payment(data, user=user)


@router.get(
    "/{payment_id}",
    summary="Get payment details",
    dependencies=[Depends(require_permission("payments.read"))],
    responses=problems(
        InvalidPaymentError,
        UnauthorizedError,
        PaymentError,
        ForbiddenError,
        PaymentNotFoundError,
        PaymentServiceError,
    ),
)
async def get_payment(
    payment_id: Annotated[
        str,
        Path(min_length=1, max_length=255, pattern="^[A-Za-z0-9_-]+$", examples=["payment_id_49"]),
    ],
    service: PaymentServiceDep,
) -> PaymentResponse:
    """Get payment details."""
    return await service.get_payment(payment_id=payment_id)
