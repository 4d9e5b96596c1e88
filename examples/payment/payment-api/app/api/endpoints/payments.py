"""Payment API: the endpoints."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from app.clients.provider import ProviderClient, provider_lifespan
from app.core.auth import User, require_permission
from app.core.errors import (
    ConflictError,
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
from app.core.idempotency import (
    Idempotency,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    idempotency,
)
from app.core.locations import located
from app.core.moments import IsoDatetime
from app.core.ratelimit import rate_limit
from app.core.resources import provide
from app.db.session import SessionDep
from app.models.payment import PaymentPage, PaymentRead, PaymentRequest, RefundRead, RefundRequest
from app.services.payment_service import PaymentService
from app.tables.payment import PaymentIdempotencyKey

router = APIRouter(prefix="/api/v1/payments", tags=["Payment API"], lifespan=provider_lifespan)


async def get_payment_service(
    session: SessionDep, provider: Annotated[ProviderClient, Depends(provide(ProviderClient))]
) -> PaymentService:
    """Build the service of one request."""
    return PaymentService(session, provider)


PaymentServiceDep = Annotated[PaymentService, Depends(get_payment_service)]


@router.post(
    "",
    status_code=201,
    summary="Create a payment",
    response_model=PaymentRead,
    dependencies=[Depends(rate_limit("10/minute"))],
    responses={
        **located(),
        **problems(
            InvalidPaymentError,
            UnauthorizedError,
            PaymentError,
            ForbiddenError,
            PaymentNotFoundError,
            ConflictError,
            IdempotencyInProgressError,
            IdempotencyKeyReusedError,
            ContentTooLargeError,
            RateLimitedError,
            PaymentServiceError,
        ),
    },
)
async def create_payment(
    data: PaymentRequest,
    user: Annotated[User, Depends(require_permission("payments.create"))],
    key: Annotated[
        Idempotency,
        Depends(
            idempotency(
                PaymentIdempotencyKey,
                "create_payment",
                deadline=lambda settings: settings.payment_timeout,
            )
        ),
    ],
    service: PaymentServiceDep,
) -> PaymentRead | Response:
    """Create a payment."""
    return await key.run(
        data,
        lambda attempt: service.create_payment(data, user=user, attempt=attempt),
        location="/api/v1/payments/pay_",
    )


@router.get(
    "",
    summary="Payment history, newest first",
    responses=problems(UnauthorizedError, ForbiddenError),
)
async def list_payments(
    user: Annotated[User, Depends(require_permission("payments.read"))],
    service: PaymentServiceDep,
    *,
    status: Annotated[Literal["pending", "succeeded", "failed", "refunded"] | None, Query()] = None,
    created_at_from: Annotated[
        IsoDatetime | None, Query(description="`created_at` from here on")
    ] = None,
    created_at_to: Annotated[
        IsoDatetime | None, Query(description="`created_at` up to here")
    ] = None,
    sort: Annotated[
        Literal["-created_at"], Query(description="The order; a minus turns it round")
    ] = "-created_at",
    limit: Annotated[int, Query(ge=1, le=100, description="How many there are on a page")] = 20,
    cursor: Annotated[
        Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,4096}$")] | None,
        Query(description="Where the page begins: `next_cursor` of the one before"),
    ] = None,
) -> PaymentPage:
    """Payment history, newest first."""
    return await service.list_payments(
        status=status,
        created_at_from=created_at_from,
        created_at_to=created_at_to,
        sort=sort,
        limit=limit,
        cursor=cursor,
        user=user,
    )


@router.get(
    "/{id}",
    summary="Get payment details",
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
        Path(
            pattern="^pay_[0-9a-f]{32}$",
            examples=["pay_0000000000000000000000000000a87e"],
            alias="id",
        ),
    ],
    user: Annotated[User, Depends(require_permission("payments.read"))],
    service: PaymentServiceDep,
) -> PaymentRead:
    """Get payment details."""
    return await service.get_payment(payment_id=payment_id, user=user)


@router.post(
    "/{id}/refunds",
    status_code=201,
    summary="Refund a payment, in full or in part",
    response_model=RefundRead,
    dependencies=[Depends(rate_limit("10/minute"))],
    responses=problems(
        InvalidPaymentError,
        UnauthorizedError,
        PaymentError,
        ForbiddenError,
        PaymentNotFoundError,
        ConflictError,
        IdempotencyInProgressError,
        IdempotencyKeyReusedError,
        ContentTooLargeError,
        RateLimitedError,
        PaymentServiceError,
    ),
)
async def create_refund(
    data: RefundRequest,
    payment_id: Annotated[
        str,
        Path(
            pattern="^pay_[0-9a-f]{32}$",
            examples=["pay_0000000000000000000000000000a87e"],
            alias="id",
        ),
    ],
    user: Annotated[User, Depends(require_permission("payments.refund"))],
    key: Annotated[
        Idempotency,
        Depends(
            idempotency(
                PaymentIdempotencyKey,
                "create_refund",
                deadline=lambda settings: settings.payment_timeout,
            )
        ),
    ],
    service: PaymentServiceDep,
) -> RefundRead | Response:
    """Refund a payment, in full or in part."""
    return await key.run(
        data,
        lambda attempt: service.create_refund(
            data, payment_id=payment_id, user=user, attempt=attempt
        ),
    )
