"""A payment API as an engineer writes it who writes it once: the yardstick of the generated one.

The same behaviour on `POST /api/v1/payments`: token and permission, rate limit with its headers,
idempotency key claimed and committed, the intent committed before the provider is called, one
deadline over all attempts, the outcome committed with the answer of the key, a line of the service
and a line of the access log in JSON, redacted, metrics of requests, operations and calls, problems
for every error, body limit, security headers. The same libraries, the same pragmas of SQLite.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

import httpx2
import stamina
import structlog
from fastapi import Depends, FastAPI, Header, Request, Response
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator
from rows import Attempt, Base, Idempotency, Payment, create_engine
from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from web import (
    EdgeMiddleware,
    Problem,
    Resources,
    ResourcesDep,
    Settings,
    Telemetry,
    User,
    configure_logging,
    install_problems,
    permitted,
    rate_limit,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger("app.payments")

CENT = Decimal("0.01")
TRANSIENT = {429, 502, 503, 504}


class PaymentRequest(BaseModel):
    """A payment to be made."""

    model_config = ConfigDict(extra="forbid")

    amount: Decimal = Field(gt=0, le=10_000)
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    payment_method_id: str = Field(min_length=1, max_length=255, repr=False)
    description: str | None = Field(None, max_length=500)

    @field_validator("amount")
    @classmethod
    def quantized(cls, amount: Decimal) -> Decimal:
        rounded = amount.quantize(CENT, ROUND_HALF_EVEN)
        if not rounded:
            raise ValueError("must be at least 0.01")
        return rounded


class PaymentRead(BaseModel):
    """A payment as its owner sees it."""

    payment_id: str
    amount: Decimal
    currency: str
    description: str | None
    status: str
    refunded_amount: Decimal
    created_at: datetime

    @field_serializer("amount", "refunded_amount", when_used="json")
    def plain(self, value: Decimal) -> str:
        return f"{value:.2f}"

    @classmethod
    def of(cls, row: Payment) -> PaymentRead:
        return cls(
            payment_id=row.id,
            amount=Decimal(row.amount_cents) / 100,
            currency=row.currency,
            description=row.description,
            status=row.status,
            refunded_amount=Decimal(row.refunded_cents) / 100,
            created_at=row.created_at,
        )


class Charge(BaseModel):
    """What the provider answers."""

    id: str = Field(min_length=1, max_length=255)
    status: str


class TransientAnswer(Exception):  # noqa: N818 - a reason to try again
    """The provider is in trouble, and may not be in a moment."""


async def charge(resources: Resources, row: Payment, data: PaymentRequest, user: User) -> Charge:
    """Call the provider: three attempts, one deadline over all of them."""
    body = {
        "amount": str(data.amount),
        "currency": data.currency,
        "payment_method": data.payment_method_id,
        "reference": row.id,
        "metadata": {"user_id": user.id},
    }
    if data.description is not None:
        body["description"] = data.description
    started, outcome = time.perf_counter(), "broken"
    try:
        async with asyncio.timeout(resources.settings.payment_timeout):
            answer = await _send(resources.upstream, body, row.id)
        outcome = "ok" if answer.is_success else "refused"
        return _read(answer)
    except TimeoutError:
        outcome = "timeout"
        title = "Payment service is currently unavailable"
        raise Problem(503, "payment_service_unavailable", title) from None
    except (httpx2.HTTPError, TransientAnswer, ValueError):
        title = "Payment processing failed"
        raise Problem(503, "payment_service_unavailable", title) from None
    finally:
        labels = {"upstream": "provider", "outcome": outcome}
        resources.telemetry.upstream.record(time.perf_counter() - started, labels)


async def _send(client: httpx2.AsyncClient, body: dict[str, object], key: str) -> httpx2.Response:
    async for attempt in stamina.retry_context(
        on=(httpx2.TransportError, TransientAnswer), attempts=3, timeout=None, wait_initial=0.1
    ):
        with attempt:
            headers = {"Idempotency-Key": key}
            answer = await client.post("/payments", json=body, headers=headers)
            if answer.status_code in TRANSIENT:
                raise TransientAnswer
            return answer
    raise AssertionError


def _read(answer: httpx2.Response) -> Charge:
    match answer.status_code:
        case 200 | 201:
            return Charge.model_validate_json(answer.content)
        case 400:
            message = answer.json().get("error", {}).get("message", "")
            raise Problem(400, "invalid_payment", f"Invalid payment: {message[:300]}")
        case 402:
            raise Problem(402, "payment_declined", "Payment declined")
        case 404:
            raise Problem(404, "payment_not_found", "No such payment")
        case _:
            title = "Payment processing failed"
            raise Problem(503, "payment_service_unavailable", title)


class PaymentService:
    """What the API does, without HTTP."""

    def __init__(self, session: AsyncSession, resources: Resources) -> None:
        self.session, self.resources = session, resources

    async def create(self, data: PaymentRequest, user: User, attempt: Attempt) -> PaymentRead:
        """Commit the intent, charge, commit the outcome."""
        payment_id = f"pay_{attempt.operation_id}"
        row = await self.session.get(Payment, payment_id) if attempt.retried else None
        if row is None:
            row = Payment(
                id=payment_id,
                owner_id=user.id,
                amount_cents=int(data.amount * 100),
                refunded_cents=0,
                currency=data.currency,
                description=data.description,
                payment_method_id=data.payment_method_id,
            )
            self.session.add(row)
        await self.session.commit()
        if row.status == "pending":
            row = await self._settle(row, data, user)
        result = PaymentRead.of(row)
        attempt.settle(201, result.model_dump_json())
        await self.session.commit()
        log.info("create_payment")
        return result

    async def _settle(self, row: Payment, data: PaymentRequest, user: User) -> Payment:
        try:
            made = await charge(self.resources, row, data, user)
        except Problem as error:
            if error.refused:
                row.status = "failed"
                await self.session.commit()
            raise
        status = made.status if made.status in {"succeeded", "failed"} else "pending"
        statement = (
            update(Payment)
            .where(Payment.id == row.id)
            .values(
                provider_id=made.id,
                status=case((Payment.status == "pending", status), else_=Payment.status),
            )
            .returning(Payment)
        )
        options = {"synchronize_session": False, "populate_existing": True}
        return (await self.session.scalars(statement, execution_options=options)).one()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open what lives as long as the app does."""
    settings, storage = Settings(), MemoryStorage()  # type: ignore[call-arg]
    engine = create_engine(settings.database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    headers = {"Authorization": f"Bearer {settings.payment_api_key.get_secret_value()}"}
    async with httpx2.AsyncClient(
        base_url=settings.payment_api_url, headers=headers, timeout=None, trust_env=False
    ) as upstream:
        app.state.resources = Resources(
            settings,
            engine,
            async_sessionmaker(engine, expire_on_commit=False),
            upstream,
            SlidingWindowCounterRateLimiter(storage),
            storage,
            telemetry,
        )
        yield
    await engine.dispose()


async def get_session(resources: ResourcesDep) -> AsyncGenerator[AsyncSession]:
    async with resources.sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
Creator = Annotated[User, Depends(permitted("payments.create"))]


async def get_idempotency(
    request: Request,
    session: SessionDep,
    user: Creator,
    key: Annotated[
        str | None, Header(alias="Idempotency-Key", pattern=r"^[A-Za-z0-9_.:-]{1,255}$")
    ] = None,
) -> Idempotency:
    return Idempotency(session, request, user.id, "create_payment", key)


configure_logging()
telemetry = Telemetry()
app = FastAPI(
    docs_url=None,
    openapi_url=None,
    lifespan=lifespan,
    telemetry={"meter_provider": telemetry.provider, "logs": False, "operation_spans": False},
)
install_problems(app)
app.add_middleware(EdgeMiddleware, limit=65_536)


@app.post(
    "/api/v1/payments",
    status_code=201,
    response_model=PaymentRead,
    dependencies=[Depends(rate_limit("1000000/minute"))],
)
async def create_payment(
    data: PaymentRequest,
    user: Creator,
    session: SessionDep,
    resources: ResourcesDep,
    idempotency: Annotated[Idempotency, Depends(get_idempotency)],
) -> BaseModel | Response:
    """Make a payment."""
    service = PaymentService(session, resources)
    answer = await idempotency.run(data, lambda attempt: service.create(data, user, attempt))
    telemetry.operations.add(1, {"operation": "create_payment", "outcome": "ok"})
    return answer
