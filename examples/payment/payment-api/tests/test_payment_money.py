"""What the payment feature does once, up to a bound, or not at all."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Delete, QueuePool, Select, Update, delete, event, make_url, update

from app.clients.provider import ProviderClient
from app.core.idempotency import LIFETIME
from app.core.resources import get_resource
from app.db.base import Base, utcnow
from app.db.session import Database
from app.tables.payment import Payment, PaymentIdempotencyKey, Refund
from tests.conftest import TokenFactory
from tests.fakes.upstream import FakeUpstream
from tests.payment_rows import (
    CREATE_REFUND_ID,
    GET_PAYMENT_ID,
    add,
    add_rows,
    make_payment,
    make_refund,
    stored,
)

pytestmark = pytest.mark.anyio

CREATE_PAYMENT: dict[str, Any] = {
    "amount": "99.99",
    "currency": "USD",
    "payment_method_id": "pm_123",
    "description": "Premium subscription",
}
CREATE_REFUND: dict[str, Any] = {"amount": "21.25", "reason": "fraudulent"}
SEEDS: tuple[str, ...] = (
    GET_PAYMENT_ID,
    CREATE_REFUND_ID,
)


@pytest.fixture(autouse=True)
async def _rows(database: Database) -> None:
    await add_rows(database)


@pytest.fixture
def keyed(auth: dict[str, str]) -> dict[str, str]:
    """The headers of every attempt at one operation."""
    return auth | {"Idempotency-Key": "key_1"}


@pytest.fixture
def fake_provider(fakes: dict[str, FakeUpstream]) -> FakeUpstream:
    return fakes["provider"]


async def made(database: Database, table: type[Base]) -> list[dict[str, Any]]:
    """Read the rows that a request has made."""
    return [row for row in await stored(database, table) if row["id"] not in SEEDS]


async def row_of(database: Database, table: type[Base], row_id: str) -> dict[str, Any]:
    [row] = [row for row in await stored(database, table) if row["id"] == row_id]
    return row


async def change(database: Database, statement: Update | Delete) -> None:
    """Change rows past the app, as an event or another worker would."""
    async with database.sessions.begin() as session:
        await session.execute(statement)


def connections(database: Database) -> int:
    """Count the connections that are in use."""
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def test_create_payment_is_done_once_for_its_key(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    before = await stored(database, Payment)
    second = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers.get("Content-Type") == first.headers.get("Content-Type")
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await stored(database, Payment) == before
    assert len(fake_provider.calls) == 1


async def test_create_payment_refuses_its_key_to_another_request(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    before = await stored(database, Payment)
    second = await client.post(
        "/api/v1/payments", json=CREATE_PAYMENT | {"amount": "0.01"}, headers=keyed
    )

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_reused")
    assert await stored(database, Payment) == before
    assert len(fake_provider.calls) == 1


async def test_create_payment_keeps_the_keys_of_two_owners_apart(
    client: httpx2.AsyncClient, keyed: dict[str, str], make_token: TokenFactory
) -> None:
    mine = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    keyed = keyed | {"Authorization": f"Bearer {make_token('user_2')}"}
    theirs = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert mine.status_code == 201
    assert "Idempotency-Replayed" not in theirs.headers
    assert theirs.json().get("payment_id") != mine.json()["payment_id"]


async def test_create_payment_is_under_way_once_for_its_key(
    client: httpx2.AsyncClient, keyed: dict[str, str], fake_provider: FakeUpstream
) -> None:
    answers: list[httpx2.Response] = []

    async def ask_again() -> None:
        answers.append(await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed))

    fake_provider.meanwhile(ask_again)
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    [second] = answers
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
    assert len(fake_provider.calls) == 1


@pytest.mark.parametrize("key", ["", "two words", "k" * 256])
async def test_create_payment_refuses_a_malformed_key(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
    key: str,
) -> None:
    before = await stored(database, Payment)
    keyed["Idempotency-Key"] = key
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/header/idempotency-key"]
    assert await stored(database, Payment) == before
    assert fake_provider.calls == []


async def test_create_payment_forgets_its_key_in_time(
    client: httpx2.AsyncClient, database: Database, keyed: dict[str, str]
) -> None:
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    past = utcnow() - LIFETIME
    await change(database, update(PaymentIdempotencyKey).values(created_at=past, locked_until=past))
    second = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert first.status_code == 201
    assert "Idempotency-Replayed" not in second.headers
    assert second.json().get("payment_id") != first.json()["payment_id"]


async def test_create_payment_is_stored_before_the_upstream_is_called(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    seen: list[dict[str, Any]] = []

    async def look() -> None:
        assert connections(database) == 0
        seen.extend(await made(database, Payment))

    fake_provider.meanwhile(look)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 201
    [waiting] = seen
    assert waiting == waiting | {"status": "pending", "provider_id": None}
    [row] = await made(database, Payment)
    assert row == row | {"provider_id": "Sample provider id", "status": "succeeded"} | {
        "id": waiting["id"]
    }


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        pytest.param(
            {"id": "Sample provider id", "status": "succeeded"},
            {"status": "succeeded"},
            id="status: succeeded",
        ),
        pytest.param(
            {"id": "Sample provider id", "status": "failed"},
            {"status": "failed"},
            id="status: failed",
        ),
        pytest.param(
            {"id": "Sample provider id", "status": "a word that nobody has heard of"},
            {"status": "pending"},
            id="status: a word that nobody has heard of",
        ),
    ],
)
async def test_create_payment_records_what_the_upstream_says(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    answer: dict[str, Any],
    values: dict[str, Any],
) -> None:
    fake_provider.answer(200, answer)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 201
    [row] = await made(database, Payment)
    assert row == row | values
    assert response.json()["status"] == row["status"]


async def test_create_payment_records_that_it_was_refused(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    fake_provider.answer(400, {})
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    second = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert first.status_code == 400
    [row] = await made(database, Payment)
    assert row == row | {"status": "failed"}
    same = {"request_id": ""}
    assert second.status_code == first.status_code
    assert second.json() | same == first.json() | same
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(fake_provider.calls) == 1


async def test_create_payment_does_not_undo_what_was_settled_before_a_refusal(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def settle() -> None:
        await change(
            database, update(Payment).where(Payment.id.not_in(SEEDS)).values(status="succeeded")
        )

    fake_provider.meanwhile(settle)
    fake_provider.answer(400, {})
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 400
    [row] = await made(database, Payment)
    assert row["status"] == "succeeded"


@pytest.mark.parametrize(
    ("upstream_status", "times", "status"),
    [
        (408, 1, 503),
        (409, 1, 503),
        (425, 1, 503),
        (429, 3, 503),
        (500, 1, 503),
        (503, 3, 503),
    ],
)
async def test_create_payment_of_unknown_outcome_stays_as_it_was_first_stored(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    upstream_status: int,
    times: int,
    status: int,
) -> None:
    fake_provider.answer(upstream_status, {}, times=times)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == status
    assert len(fake_provider.calls) == times
    [row] = await made(database, Payment)
    assert row == row | {"status": "pending", "provider_id": None}


async def test_create_payment_without_an_answer_in_time_stays_as_it_was_first_stored(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    get_resource(app, ProviderClient).timeout = 0.02
    fake_provider.hang()
    async with asyncio.timeout(5):
        response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 503
    [row] = await made(database, Payment)
    assert row == row | {"status": "pending", "provider_id": None}


async def test_create_payment_leaves_what_an_event_has_said_meanwhile(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def settle() -> None:
        await change(
            database, update(Payment).where(Payment.id.not_in(SEEDS)).values(status="failed")
        )

    fake_provider.meanwhile(settle)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 201
    assert response.json()["status"] == "failed"
    [row] = await made(database, Payment)
    assert row["status"] == "failed"


async def test_create_payment_does_not_find_its_row_when_that_has_gone_meanwhile(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def remove() -> None:
        await change(database, delete(Payment).where(Payment.id.not_in(SEEDS)))

    fake_provider.meanwhile(remove)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 404
    assert await made(database, Payment) == []


async def test_create_payment_of_unknown_outcome_is_settled_by_a_retry(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    fake_provider.answer(503, {}, times=3)
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    [waiting] = await made(database, Payment)
    second = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert (first.status_code, second.status_code) == (503, 201)
    [row] = await made(database, Payment)
    assert row == row | {"provider_id": "Sample provider id", "status": "succeeded"} | {
        "id": waiting["id"]
    }
    assert len(fake_provider.calls) == 4
    assert {call.headers["idempotency-key"] for call in fake_provider.calls} == {row["id"]}


async def test_create_payment_can_be_tried_again_after_a_crash(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def crash() -> None:
        raise asyncio.CancelledError  # nothing that the app does after this is done

    fake_provider.meanwhile(crash)
    with pytest.raises(asyncio.CancelledError):
        await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    [waiting] = await made(database, Payment)
    locked = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    await change(database, update(PaymentIdempotencyKey).values(locked_until=utcnow()))
    second = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert waiting == waiting | {"status": "pending", "provider_id": None}
    assert (locked.status_code, locked.json()["code"]) == (409, "idempotency_in_progress")
    assert second.status_code == 201
    [row] = await made(database, Payment)
    assert row == row | {"provider_id": "Sample provider id", "status": "succeeded"} | {
        "id": waiting["id"]
    }
    assert len(fake_provider.calls) == 2
    assert {call.headers["idempotency-key"] for call in fake_provider.calls} == {row["id"]}


async def test_create_payment_keeps_its_key_longer_than_the_upstream_may_take(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    left: list[timedelta] = []

    async def look() -> None:
        [key] = await stored(database, PaymentIdempotencyKey)
        left.append(key["locked_until"] - utcnow())

    fake_provider.meanwhile(look)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert response.status_code == 201
    assert left[0] > timedelta(seconds=get_resource(app, ProviderClient).timeout)


async def test_create_payment_whose_key_was_taken_over_writes_no_outcome(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def take_over() -> None:
        keys = PaymentIdempotencyKey
        await change(database, update(keys).values(attempts=keys.attempts + 1))

    fake_provider.meanwhile(take_over)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_progress")
    [row] = await made(database, Payment)
    assert row == row | {"status": "pending", "provider_id": None}


async def test_create_payment_whose_key_was_taken_over_records_no_refusal(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def take_over() -> None:
        keys = PaymentIdempotencyKey
        await change(database, update(keys).values(attempts=keys.attempts + 1))

    fake_provider.meanwhile(take_over)
    fake_provider.answer(400, {})
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_progress")
    [row] = await made(database, Payment)
    assert row == row | {"status": "pending", "provider_id": None}


async def test_create_payment_does_not_call_again_once_it_is_settled(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    fake_provider.answer(503, {}, times=3)
    first = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)
    await change(database, update(Payment).where(Payment.id.not_in(SEEDS)).values(status="failed"))
    second = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=keyed)

    assert (first.status_code, second.status_code) == (503, 201)
    assert second.json()["status"] == "failed"
    [row] = await made(database, Payment)
    assert row["status"] == "failed"
    assert len(fake_provider.calls) == 3


async def test_get_payment_holds_no_connection_while_the_upstream_is_asked(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def look() -> None:
        assert connections(database) == 0

    fake_provider.meanwhile(look)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == 200
    assert len(fake_provider.calls) == 1
    row = await row_of(database, Payment, GET_PAYMENT_ID)
    assert row == row | {"status": "succeeded"}


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        pytest.param({"status": "succeeded"}, {"status": "succeeded"}, id="status: succeeded"),
        pytest.param({"status": "failed"}, {"status": "failed"}, id="status: failed"),
        pytest.param(
            {"status": "a word that nobody has heard of"},
            {"status": "pending"},
            id="status: a word that nobody has heard of",
        ),
    ],
)
async def test_get_payment_records_what_the_upstream_says(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    answer: dict[str, Any],
    values: dict[str, Any],
) -> None:
    fake_provider.answer(200, answer)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == 200
    row = await row_of(database, Payment, GET_PAYMENT_ID)
    assert row == row | values
    assert response.json()["status"] == row["status"]


@pytest.mark.parametrize(
    "values",
    [{"status": "succeeded"}, {"status": "failed"}, {"status": "refunded"}, {"provider_id": None}],
)
async def test_get_payment_does_not_ask_about_a_row_that_needs_no_answer(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    values: dict[str, Any],
) -> None:
    await change(database, update(Payment).where(Payment.id == GET_PAYMENT_ID).values(values))
    before = await row_of(database, Payment, GET_PAYMENT_ID)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == 200
    assert fake_provider.calls == []
    assert await row_of(database, Payment, GET_PAYMENT_ID) == before


@pytest.mark.parametrize(
    ("upstream_status", "times", "status"),
    [
        (400, 1, 400),
        (408, 1, 503),
        (409, 1, 503),
        (425, 1, 503),
        (429, 3, 503),
        (500, 1, 503),
        (503, 3, 503),
    ],
)
async def test_get_payment_changes_nothing_without_an_answer(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    upstream_status: int,
    times: int,
    status: int,
) -> None:
    before = await row_of(database, Payment, GET_PAYMENT_ID)
    fake_provider.answer(upstream_status, {}, times=times)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == status
    assert len(fake_provider.calls) == times
    assert await row_of(database, Payment, GET_PAYMENT_ID) == before


async def test_get_payment_leaves_what_an_event_has_said_meanwhile(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def settle() -> None:
        await change(
            database, update(Payment).where(Payment.id == GET_PAYMENT_ID).values(status="failed")
        )

    fake_provider.meanwhile(settle)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == 200
    assert response.json()["status"] == "failed"
    row = await row_of(database, Payment, GET_PAYMENT_ID)
    assert row["status"] == "failed"


async def test_get_payment_does_not_find_its_row_when_that_has_gone_meanwhile(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def remove() -> None:
        await change(database, delete(Payment).where(Payment.id == GET_PAYMENT_ID))

    fake_provider.meanwhile(remove)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == 404


async def test_create_refund_is_done_once_for_its_key(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    before = await stored(database, Refund)
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers.get("Content-Type") == first.headers.get("Content-Type")
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await stored(database, Refund) == before
    assert len(fake_provider.calls) == 1


async def test_create_refund_refuses_its_key_to_another_request(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    before = await stored(database, Refund)
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds",
        json=CREATE_REFUND | {"amount": "0.01"},
        headers=keyed,
    )

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_reused")
    assert await stored(database, Refund) == before
    assert len(fake_provider.calls) == 1


async def test_create_refund_keeps_the_keys_of_two_owners_apart(
    client: httpx2.AsyncClient, keyed: dict[str, str], make_token: TokenFactory
) -> None:
    mine = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    keyed = keyed | {"Authorization": f"Bearer {make_token('user_2')}"}
    theirs = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert mine.status_code == 201
    assert "Idempotency-Replayed" not in theirs.headers
    assert theirs.json().get("refund_id") != mine.json()["refund_id"]


async def test_create_refund_is_under_way_once_for_its_key(
    client: httpx2.AsyncClient, keyed: dict[str, str], fake_provider: FakeUpstream
) -> None:
    answers: list[httpx2.Response] = []

    async def ask_again() -> None:
        answers.append(
            await client.post(
                f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
            )
        )

    fake_provider.meanwhile(ask_again)
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    [second] = answers
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
    assert len(fake_provider.calls) == 1


@pytest.mark.parametrize("key", ["", "two words", "k" * 256])
async def test_create_refund_refuses_a_malformed_key(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
    key: str,
) -> None:
    before = await stored(database, Refund)
    keyed["Idempotency-Key"] = key
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/header/idempotency-key"]
    assert await stored(database, Refund) == before
    assert fake_provider.calls == []


async def test_create_refund_forgets_its_key_in_time(
    client: httpx2.AsyncClient, database: Database, keyed: dict[str, str]
) -> None:
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    past = utcnow() - LIFETIME
    await change(database, update(PaymentIdempotencyKey).values(created_at=past, locked_until=past))
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert first.status_code == 201
    assert "Idempotency-Replayed" not in second.headers
    assert second.json().get("refund_id") != first.json()["refund_id"]


async def test_create_refund_is_stored_before_the_upstream_is_called(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    seen: list[dict[str, Any]] = []

    async def look() -> None:
        assert connections(database) == 0
        seen.extend(await made(database, Refund))

    fake_provider.meanwhile(look)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    [waiting] = seen
    assert waiting == waiting | {"status": "pending", "provider_id": None}
    [row] = await made(database, Refund)
    assert row == row | {"provider_id": "Sample provider id", "status": "succeeded"} | {
        "id": waiting["id"]
    }


@pytest.mark.parametrize("values", [{"provider_id": None}])
async def test_create_refund_does_not_call_about_a_row_that_the_upstream_does_not_know(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    values: dict[str, Any],
) -> None:
    await change(database, update(Payment).where(Payment.id == CREATE_REFUND_ID).values(values))
    before = await stored(database, Payment)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 409
    assert response.json()["detail"] == "The payment is not known upstream yet"
    assert fake_provider.calls == []
    assert await made(database, Refund) == []
    assert await stored(database, Payment) == before


async def test_create_refund_records_that_it_was_refused(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    fake_provider.answer(400, {})
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert first.status_code == 400
    [row] = await made(database, Refund)
    assert row == row | {"status": "failed"}
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"]
    same = {"request_id": ""}
    assert second.status_code == first.status_code
    assert second.json() | same == first.json() | same
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(fake_provider.calls) == 1


async def test_create_refund_does_not_undo_what_was_settled_before_a_refusal(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    before = await row_of(database, Payment, CREATE_REFUND_ID)

    async def settle() -> None:
        await change(
            database, update(Refund).where(Refund.id.not_in(SEEDS)).values(status="succeeded")
        )

    fake_provider.meanwhile(settle)
    fake_provider.answer(400, {})
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 400
    [row] = await made(database, Refund)
    assert row["status"] == "succeeded"
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"] + Decimal("21.25")


@pytest.mark.parametrize(
    ("upstream_status", "times", "status"),
    [
        (408, 1, 503),
        (409, 1, 503),
        (425, 1, 503),
        (429, 3, 503),
        (500, 1, 503),
        (503, 3, 503),
    ],
)
async def test_create_refund_of_unknown_outcome_stays_as_it_was_first_stored(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    upstream_status: int,
    times: int,
    status: int,
) -> None:
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("21.25")}),
    )
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    fake_provider.answer(upstream_status, {}, times=times)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == status
    assert len(fake_provider.calls) == times
    [row] = await made(database, Refund)
    assert row == row | {"status": "pending", "provider_id": None}
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"] + Decimal("21.25")
    assert after == after | {"status": "succeeded"}


async def test_create_refund_without_an_answer_in_time_stays_as_it_was_first_stored(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    get_resource(app, ProviderClient).timeout = 0.02
    fake_provider.hang()
    async with asyncio.timeout(5):
        response = await client.post(
            f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
        )

    assert response.status_code == 503
    [row] = await made(database, Refund)
    assert row == row | {"status": "pending", "provider_id": None}


async def test_create_refund_leaves_what_an_event_has_said_meanwhile(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def settle() -> None:
        await change(
            database, update(Refund).where(Refund.id.not_in(SEEDS)).values(status="failed")
        )

    fake_provider.meanwhile(settle)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    assert response.json()["status"] == "failed"
    [row] = await made(database, Refund)
    assert row["status"] == "failed"


async def test_create_refund_does_not_find_its_row_when_that_has_gone_meanwhile(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def remove() -> None:
        await change(database, delete(Refund).where(Refund.id.not_in(SEEDS)))

    fake_provider.meanwhile(remove)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 404
    assert await made(database, Refund) == []


async def test_create_refund_of_unknown_outcome_is_settled_by_a_retry(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    fake_provider.answer(503, {}, times=3)
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    [waiting] = await made(database, Refund)
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert (first.status_code, second.status_code) == (503, 201)
    [row] = await made(database, Refund)
    assert row == row | {"provider_id": "Sample provider id", "status": "succeeded"} | {
        "id": waiting["id"]
    }
    assert len(fake_provider.calls) == 4
    assert {call.headers["idempotency-key"] for call in fake_provider.calls} == {row["id"]}
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"] + Decimal("21.25")


async def test_create_refund_can_be_tried_again_after_a_crash(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def crash() -> None:
        raise asyncio.CancelledError  # nothing that the app does after this is done

    fake_provider.meanwhile(crash)
    with pytest.raises(asyncio.CancelledError):
        await client.post(
            f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
        )
    [waiting] = await made(database, Refund)
    locked = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    await change(database, update(PaymentIdempotencyKey).values(locked_until=utcnow()))
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert waiting == waiting | {"status": "pending", "provider_id": None}
    assert (locked.status_code, locked.json()["code"]) == (409, "idempotency_in_progress")
    assert second.status_code == 201
    [row] = await made(database, Refund)
    assert row == row | {"provider_id": "Sample provider id", "status": "succeeded"} | {
        "id": waiting["id"]
    }
    assert len(fake_provider.calls) == 2
    assert {call.headers["idempotency-key"] for call in fake_provider.calls} == {row["id"]}


async def test_create_refund_keeps_its_key_longer_than_the_upstream_may_take(
    app: FastAPI,
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    left: list[timedelta] = []

    async def look() -> None:
        [key] = await stored(database, PaymentIdempotencyKey)
        left.append(key["locked_until"] - utcnow())

    fake_provider.meanwhile(look)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert response.status_code == 201
    assert left[0] > timedelta(seconds=get_resource(app, ProviderClient).timeout)


async def test_create_refund_whose_key_was_taken_over_writes_no_outcome(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    async def take_over() -> None:
        keys = PaymentIdempotencyKey
        await change(database, update(keys).values(attempts=keys.attempts + 1))

    fake_provider.meanwhile(take_over)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_progress")
    [row] = await made(database, Refund)
    assert row == row | {"status": "pending", "provider_id": None}


async def test_create_refund_whose_key_was_taken_over_records_no_refusal(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    before = await row_of(database, Payment, CREATE_REFUND_ID)

    async def take_over() -> None:
        keys = PaymentIdempotencyKey
        await change(database, update(keys).values(attempts=keys.attempts + 1))

    fake_provider.meanwhile(take_over)
    fake_provider.answer(400, {})
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_progress")
    [row] = await made(database, Refund)
    assert row == row | {"status": "pending", "provider_id": None}
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"] + Decimal("21.25")


async def test_create_refund_does_not_call_again_once_it_is_settled(
    client: httpx2.AsyncClient,
    database: Database,
    keyed: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    fake_provider.answer(503, {}, times=3)
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    await change(database, update(Refund).where(Refund.id.not_in(SEEDS)).values(status="failed"))
    second = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    assert (first.status_code, second.status_code) == (503, 201)
    assert second.json()["status"] == "failed"
    [row] = await made(database, Refund)
    assert row["status"] == "failed"
    assert len(fake_provider.calls) == 3


async def test_create_refund_may_reach_the_bound(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("21.25")}),
    )
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"] + Decimal("21.25")
    assert after == after | {"status": "refunded"}


async def test_create_refund_may_not_pass_the_bound(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("21.24")}),
    )
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 409
    assert response.json()["detail"] == (
        "The payment is in no state for this, or less is left of its amount"
    )
    assert await row_of(database, Payment, CREATE_REFUND_ID) == before
    assert await made(database, Refund) == []
    assert fake_provider.calls == []


async def test_create_refund_just_below_the_bound_does_not_reach_it(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("21.26")}),
    )
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after == after | {"status": "succeeded"}


@pytest.mark.parametrize(
    "values", [{"status": "pending"}, {"status": "failed"}, {"status": "refunded"}]
)
async def test_create_refund_refuses_a_row_in_another_state(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    values: dict[str, Any],
) -> None:
    await change(database, update(Payment).where(Payment.id == CREATE_REFUND_ID).values(values))
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 409
    assert response.json()["detail"] == (
        "The payment is in no state for this, or less is left of its amount"
    )
    assert await row_of(database, Payment, CREATE_REFUND_ID) == before
    assert await made(database, Refund) == []
    assert fake_provider.calls == []


async def test_create_refund_never_passes_the_bound_however_many_ask_at_once(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("63.75")}),
    )
    before = await row_of(database, Payment, CREATE_REFUND_ID)
    answers = await asyncio.gather(
        *(
            client.post(
                f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
            )
            for _ in range(20)
        )
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [409] * 17
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after["refunded_amount"] == before["refunded_amount"] + 3 * Decimal("21.25")
    assert len(await made(database, Refund)) == 3
    assert len(fake_provider.calls) == 3


async def test_create_refund_may_reach_the_bound_while_another_row_waits(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await add(database, make_payment(id="pay_0000000000000000000000000000a87e"), make_refund())
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("21.25")}),
    )
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    after = await row_of(database, Payment, CREATE_REFUND_ID)
    assert after == after | {"status": "refunded"}


async def test_create_refund_locks_the_row_that_may_be_full_now(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    asked: list[str] = []
    dialect = make_url("postgresql+asyncpg://").get_dialect()()  # SQLite has no such locks

    def hear(_connection: object, clause: object, *_: object) -> None:
        if isinstance(clause, Select):
            asked.append(str(clause.compile(dialect=dialect)))

    event.listen(database.engine.sync_engine, "before_execute", hear)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    locks = [text for text in asked if text.endswith("FOR UPDATE")]
    assert [Payment.__tablename__ in text for text in locks] == [True]


async def test_create_refund_of_unknown_outcome_does_not_count_as_reaching_the_bound(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    keyed: dict[str, str],
) -> None:
    await change(
        database,
        update(Payment).where(Payment.id == CREATE_REFUND_ID).values({"amount": Decimal("42.50")}),
    )
    fake_provider.answer(503, {}, times=3)
    first = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )
    other = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )
    waiting = await row_of(database, Payment, CREATE_REFUND_ID)
    retry = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=keyed
    )

    statuses = (first.status_code, other.status_code, retry.status_code)
    assert statuses == (503, 201, 201)
    assert waiting == waiting | {"status": "succeeded"}
    settled = await row_of(database, Payment, CREATE_REFUND_ID)
    assert settled == settled | {"status": "refunded"}
