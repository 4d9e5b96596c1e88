"""The payment service in front of its upstreams, without HTTP on our side."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from fastapi import FastAPI

from app.clients.provider import ProviderClient
from app.core.attempts import Attempt
from app.core.auth import User
from app.core.errors import (
    ConflictError,
    InvalidPaymentError,
    PaymentError,
    PaymentNotFoundError,
    PaymentServiceError,
)
from app.core.resources import get_resource
from app.db.session import Database
from app.models.payment import PaymentRequest, RefundRequest
from app.services.payment_service import PaymentService
from app.tables.payment import Payment, Refund
from tests.fakes.upstream import FakeUpstream
from tests.payment_rows import add, add_rows, make_payment, make_refund, stored

pytestmark = pytest.mark.anyio

CREATE_PAYMENT: dict[str, Any] = {
    "amount": "99.99",
    "currency": "USD",
    "payment_method_id": "pm_123",
    "description": "Premium subscription",
}
CREATE_REFUND: dict[str, Any] = {"amount": "21.25", "reason": "fraudulent"}
USER = User.model_validate({"sub": "user_1"})


@pytest.fixture(autouse=True)
async def _rows(database: Database) -> None:
    await add_rows(database)


@pytest.fixture
async def service(app: FastAPI, database: Database) -> AsyncGenerator[PaymentService]:
    async with database.sessions() as session:
        yield PaymentService(session, get_resource(app, ProviderClient))


@pytest.fixture
def fake_provider(fakes: dict[str, FakeUpstream]) -> FakeUpstream:
    return fakes["provider"]


@pytest.mark.parametrize(
    ("upstream_status", "error", "message", "attempts"),
    [
        pytest.param(400, InvalidPaymentError, "Invalid payment: because of this", 1, id="400"),
        pytest.param(402, PaymentError, "Payment declined", 1, id="402"),
        pytest.param(404, PaymentNotFoundError, "No such payment", 1, id="404"),
        pytest.param(
            418, PaymentServiceError, "Payment processing failed", 1, id="418, not mapped"
        ),
    ],
)
async def test_create_payment_raises_the_mapped_error(
    service: PaymentService,
    fake_provider: FakeUpstream,
    upstream_status: int,
    error: type[Exception],
    message: str,
    attempts: int,
) -> None:
    fake_provider.answer(upstream_status, {"error": {"message": "because of this"}}, times=attempts)
    with pytest.raises(error) as raised:
        await service.create_payment(
            PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=Attempt()
        )
    assert str(raised.value) == message
    assert len(fake_provider.calls) == attempts


async def test_create_payment_gives_up_when_the_upstream_cannot_be_reached(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    fake_provider.drop(times=3)
    with pytest.raises(PaymentServiceError) as raised:
        await service.create_payment(
            PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=Attempt()
        )
    assert str(raised.value) == "Payment processing failed"
    assert len(fake_provider.calls) == 3


async def test_create_payment_waits_no_longer_than_its_deadline(
    app: FastAPI, service: PaymentService, fake_provider: FakeUpstream
) -> None:
    get_resource(app, ProviderClient).timeout = 0.02
    fake_provider.hang()
    async with asyncio.timeout(5):
        with pytest.raises(PaymentServiceError) as raised:
            await service.create_payment(
                PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=Attempt()
            )
    assert str(raised.value) == "Payment service is currently unavailable"


async def test_create_payment_is_refused_where_another_attempt_has_made_its_row(
    service: PaymentService, database: Database, fake_provider: FakeUpstream
) -> None:
    await add(database, make_payment(id="pay_0000000000000000000000000000008c"))
    before = await stored(database, Payment)
    attempt = Attempt(operation_id="0000000000000000000000000000008c")
    with pytest.raises(ConflictError) as raised:
        await service.create_payment(
            PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=attempt
        )
    assert str(raised.value) == "There is such a payment already"
    assert await stored(database, Payment) == before
    assert fake_provider.calls == []


@pytest.mark.parametrize("content", [b"<html>", b"[[]", b"{}"])
async def test_create_payment_does_not_take_an_answer_that_makes_no_sense(
    service: PaymentService, fake_provider: FakeUpstream, content: bytes
) -> None:
    fake_provider.answer(200, content=content)
    with pytest.raises(PaymentServiceError) as raised:
        await service.create_payment(
            PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=Attempt()
        )
    assert str(raised.value) == "Payment processing failed"


async def test_create_payment_is_repeated_after_a_short_outage(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    fake_provider.answer(503, times=2)
    await service.create_payment(
        PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=Attempt()
    )
    assert len(fake_provider.calls) == 3
    assert len({call.headers["idempotency-key"] for call in fake_provider.calls}) == 1


async def test_create_payment_uses_another_idempotency_key_for_every_request(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    for _ in range(2):
        await service.create_payment(
            PaymentRequest.model_validate(CREATE_PAYMENT), user=USER, attempt=Attempt()
        )
    assert len({call.headers["idempotency-key"] for call in fake_provider.calls}) == 2


@pytest.mark.parametrize(
    ("upstream_status", "error", "message", "attempts"),
    [
        pytest.param(400, InvalidPaymentError, "Invalid payment: because of this", 1, id="400"),
        pytest.param(402, PaymentError, "Payment declined", 1, id="402"),
        pytest.param(404, PaymentNotFoundError, "No such payment", 1, id="404"),
        pytest.param(
            418, PaymentServiceError, "Payment processing failed", 1, id="418, not mapped"
        ),
    ],
)
async def test_get_payment_raises_the_mapped_error(
    service: PaymentService,
    fake_provider: FakeUpstream,
    upstream_status: int,
    error: type[Exception],
    message: str,
    attempts: int,
) -> None:
    fake_provider.answer(upstream_status, {"error": {"message": "because of this"}}, times=attempts)
    with pytest.raises(error) as raised:
        await service.get_payment(payment_id="pay_00000000000000000000000000000001", user=USER)
    assert str(raised.value) == message
    assert len(fake_provider.calls) == attempts


async def test_get_payment_gives_up_when_the_upstream_cannot_be_reached(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    fake_provider.drop(times=3)
    with pytest.raises(PaymentServiceError) as raised:
        await service.get_payment(payment_id="pay_00000000000000000000000000000001", user=USER)
    assert str(raised.value) == "Payment processing failed"
    assert len(fake_provider.calls) == 3


async def test_get_payment_waits_no_longer_than_its_deadline(
    app: FastAPI, service: PaymentService, fake_provider: FakeUpstream
) -> None:
    get_resource(app, ProviderClient).timeout = 0.02
    fake_provider.hang()
    async with asyncio.timeout(5):
        with pytest.raises(PaymentServiceError) as raised:
            await service.get_payment(payment_id="pay_00000000000000000000000000000001", user=USER)
    assert str(raised.value) == "Payment service is currently unavailable"


@pytest.mark.parametrize("content", [b"<html>", b"[[]", b"{}"])
async def test_get_payment_does_not_take_an_answer_that_makes_no_sense(
    service: PaymentService, fake_provider: FakeUpstream, content: bytes
) -> None:
    fake_provider.answer(200, content=content)
    with pytest.raises(PaymentServiceError) as raised:
        await service.get_payment(payment_id="pay_00000000000000000000000000000001", user=USER)
    assert str(raised.value) == "Payment processing failed"


async def test_get_payment_is_repeated_after_a_short_outage(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    fake_provider.answer(503, times=2)
    await service.get_payment(payment_id="pay_00000000000000000000000000000001", user=USER)
    assert len(fake_provider.calls) == 3


@pytest.mark.parametrize(
    ("upstream_status", "error", "message", "attempts"),
    [
        pytest.param(400, InvalidPaymentError, "Invalid payment: because of this", 1, id="400"),
        pytest.param(402, PaymentError, "Payment declined", 1, id="402"),
        pytest.param(404, PaymentNotFoundError, "No such payment", 1, id="404"),
        pytest.param(
            418, PaymentServiceError, "Payment processing failed", 1, id="418, not mapped"
        ),
    ],
)
async def test_create_refund_raises_the_mapped_error(
    service: PaymentService,
    fake_provider: FakeUpstream,
    upstream_status: int,
    error: type[Exception],
    message: str,
    attempts: int,
) -> None:
    fake_provider.answer(upstream_status, {"error": {"message": "because of this"}}, times=attempts)
    with pytest.raises(error) as raised:
        await service.create_refund(
            RefundRequest.model_validate(CREATE_REFUND),
            payment_id="pay_00000000000000000000000000000002",
            user=USER,
            attempt=Attempt(),
        )
    assert str(raised.value) == message
    assert len(fake_provider.calls) == attempts


async def test_create_refund_gives_up_when_the_upstream_cannot_be_reached(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    fake_provider.drop(times=3)
    with pytest.raises(PaymentServiceError) as raised:
        await service.create_refund(
            RefundRequest.model_validate(CREATE_REFUND),
            payment_id="pay_00000000000000000000000000000002",
            user=USER,
            attempt=Attempt(),
        )
    assert str(raised.value) == "Payment processing failed"
    assert len(fake_provider.calls) == 3


async def test_create_refund_waits_no_longer_than_its_deadline(
    app: FastAPI, service: PaymentService, fake_provider: FakeUpstream
) -> None:
    get_resource(app, ProviderClient).timeout = 0.02
    fake_provider.hang()
    async with asyncio.timeout(5):
        with pytest.raises(PaymentServiceError) as raised:
            await service.create_refund(
                RefundRequest.model_validate(CREATE_REFUND),
                payment_id="pay_00000000000000000000000000000002",
                user=USER,
                attempt=Attempt(),
            )
    assert str(raised.value) == "Payment service is currently unavailable"


async def test_create_refund_is_refused_where_another_attempt_has_made_its_row(
    service: PaymentService, database: Database, fake_provider: FakeUpstream
) -> None:
    await add(
        database,
        make_payment(id="pay_0000000000000000000000000000008d"),
        make_refund(
            id="re_0000000000000000000000000000008c",
            payment_id="pay_0000000000000000000000000000008d",
        ),
    )
    before = await stored(database, Refund)
    attempt = Attempt(operation_id="0000000000000000000000000000008c")
    with pytest.raises(ConflictError) as raised:
        await service.create_refund(
            RefundRequest.model_validate(CREATE_REFUND),
            payment_id="pay_00000000000000000000000000000002",
            user=USER,
            attempt=attempt,
        )
    assert str(raised.value) == "The refund refers to what is not there"
    assert await stored(database, Refund) == before
    assert fake_provider.calls == []


@pytest.mark.parametrize("content", [b"<html>", b"[[]"])
async def test_create_refund_does_not_take_an_answer_that_makes_no_sense(
    service: PaymentService, fake_provider: FakeUpstream, content: bytes
) -> None:
    fake_provider.answer(200, content=content)
    with pytest.raises(PaymentServiceError) as raised:
        await service.create_refund(
            RefundRequest.model_validate(CREATE_REFUND),
            payment_id="pay_00000000000000000000000000000002",
            user=USER,
            attempt=Attempt(),
        )
    assert str(raised.value) == "Payment processing failed"


async def test_create_refund_is_repeated_after_a_short_outage(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    fake_provider.answer(503, times=2)
    await service.create_refund(
        RefundRequest.model_validate(CREATE_REFUND),
        payment_id="pay_00000000000000000000000000000002",
        user=USER,
        attempt=Attempt(),
    )
    assert len(fake_provider.calls) == 3
    assert len({call.headers["idempotency-key"] for call in fake_provider.calls}) == 1


async def test_create_refund_uses_another_idempotency_key_for_every_request(
    service: PaymentService, fake_provider: FakeUpstream
) -> None:
    for _ in range(2):
        await service.create_refund(
            RefundRequest.model_validate(CREATE_REFUND),
            payment_id="pay_00000000000000000000000000000002",
            user=USER,
            attempt=Attempt(),
        )
    assert len({call.headers["idempotency-key"] for call in fake_provider.calls}) == 2
