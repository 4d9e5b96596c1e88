"""What the payment feature does with rows: whose they are, what changes, what stays."""

from typing import Any

import httpx2
import pytest

from app.db.session import Database
from app.tables.payment import Payment
from tests.conftest import TokenFactory
from tests.fakes.upstream import FakeUpstream
from tests.payment_rows import (
    add,
    make_payment,
    stored,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "field", ["payment_id", "status", "refunded_amount", "provider_id", "owner_id", "created_at"]
)
async def test_create_payment_takes_no_field_that_the_service_sets(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str], field: str
) -> None:
    await add(database, make_payment())
    before = await stored(database, Payment)
    body: dict[str, Any] = {
        "amount": "99.99",
        "currency": "USD",
        "payment_method_id": "pm_123",
        "description": "Premium subscription",
    }

    response = await client.request(
        "POST", "/api/v1/payments", headers=auth, json={**body, field: None}
    )

    assert response.status_code == 422
    assert await stored(database, Payment) == before


async def test_create_payment_stores_a_row_of_the_caller(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    response = await client.request(
        "POST",
        "/api/v1/payments",
        headers=auth,
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
    )

    assert response.status_code == 201
    assert [row["owner_id"] for row in await stored(database, Payment)] == ["user_1"]


async def test_create_payment_is_done_once_for_its_key(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
) -> None:
    headers = {**auth, "Idempotency-Key": "key_1"}
    first = await client.request(
        "POST",
        "/api/v1/payments",
        headers=headers,
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
    )
    again = await client.request(
        "POST",
        "/api/v1/payments",
        headers=headers,
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
    )

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await stored(database, Payment)) == 1
    assert len(fakes["provider"].calls) == 1


async def test_create_payment_is_settled_by_a_retry(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
) -> None:
    headers = {**auth, "Idempotency-Key": "key_1"}
    fakes["provider"].answer(503, {}, times=3)
    first = await client.request(
        "POST",
        "/api/v1/payments",
        headers=headers,
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
    )
    [waiting] = await stored(database, Payment)
    again = await client.request(
        "POST",
        "/api/v1/payments",
        headers=headers,
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
    )

    assert first.is_error
    assert again.status_code == 201
    [settled] = await stored(database, Payment)
    assert settled["id"] == waiting["id"]


async def test_get_payment_does_not_find_a_row_that_is_not_there(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await add(database, make_payment())
    before = await stored(database, Payment)

    response = await client.request(
        "GET", "/api/v1/payments/pay_00000000000000000000000000002680", headers=auth
    )

    assert response.status_code == 404
    assert await stored(database, Payment) == before


async def test_get_payment_does_not_find_the_row_of_another(
    client: httpx2.AsyncClient, database: Database, make_token: TokenFactory
) -> None:
    await add(database, make_payment())
    before = await stored(database, Payment)
    auth = {"Authorization": "Bearer " + make_token("user_2", ["payments.read"])}

    response = await client.request(
        "GET", "/api/v1/payments/pay_0000000000000000000000000000268a", headers=auth
    )

    assert response.status_code == 404
    assert await stored(database, Payment) == before


async def test_list_payments_shows_no_row_of_another(
    client: httpx2.AsyncClient, database: Database, make_token: TokenFactory
) -> None:
    await add(database, make_payment())
    auth = {"Authorization": "Bearer " + make_token("user_2", ["payments.read"])}

    response = await client.request("GET", "/api/v1/payments", headers=auth)

    assert response.json() == {"items": [], "next_cursor": None}


async def test_list_payments_has_pages_that_a_new_row_does_not_move(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await add(
        database,
        make_payment(id="pay_00000000000000000000000000002601"),
        make_payment(id="pay_00000000000000000000000000002602"),
        make_payment(id="pay_00000000000000000000000000002603"),
    )
    everything = (await client.get("/api/v1/payments", headers=auth)).json()["items"]

    first = (await client.get("/api/v1/payments", params={"limit": 2}, headers=auth)).json()
    await add(database, make_payment(id="pay_00000000000000000000000000002604"))
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await client.get("/api/v1/payments", params=query, headers=auth)).json()

    assert len(everything) == 3
    assert first["items"] == everything[:2]
    assert everything[2] in second["items"]
    assert not [item for item in second["items"] if item in everything[:2]]


async def test_list_payments_refuses_a_forged_cursor(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await add(database, make_payment())

    response = await client.get("/api/v1/payments", params={"cursor": "forged"}, headers=auth)

    assert response.status_code == 422


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"status": "pending"}, 1),
        ({"status": "failed"}, 0),
        ({"created_at_from": "2026-01-05T00:48:35Z"}, 1),
        ({"created_at_to": "2026-01-05T00:48:35Z"}, 1),
    ],
)
async def test_list_payments_shows_what_the_filter_lets_through(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    query: dict[str, str],
    shown: int,
) -> None:
    await add(database, make_payment())

    response = await client.get("/api/v1/payments", params=query, headers=auth)

    assert response.status_code == 200
    assert len(response.json()["items"]) == shown


async def test_create_refund_does_not_find_a_row_that_is_not_there(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    await add(database, make_payment())
    before = await stored(database, Payment)

    response = await client.request(
        "POST",
        "/api/v1/payments/pay_00000000000000000000000000002680/refunds",
        headers=auth,
        json={"amount": "21.25", "reason": "fraudulent"},
    )

    assert response.status_code == 404
    assert await stored(database, Payment) == before


async def test_create_refund_does_not_find_the_row_of_another(
    client: httpx2.AsyncClient, database: Database, make_token: TokenFactory
) -> None:
    await add(database, make_payment())
    before = await stored(database, Payment)
    auth = {"Authorization": "Bearer " + make_token("user_2", ["payments.refund"])}

    response = await client.request(
        "POST",
        "/api/v1/payments/pay_0000000000000000000000000000268a/refunds",
        headers=auth,
        json={"amount": "21.25", "reason": "fraudulent"},
    )

    assert response.status_code == 404
    assert await stored(database, Payment) == before


@pytest.mark.parametrize(
    "field", ["refund_id", "payment_id", "status", "provider_id", "created_at", "owner_id"]
)
async def test_create_refund_takes_no_field_that_the_service_sets(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str], field: str
) -> None:
    await add(database, make_payment())
    before = await stored(database, Payment)
    body: dict[str, Any] = {"amount": "21.25", "reason": "fraudulent"}

    response = await client.request(
        "POST",
        "/api/v1/payments/pay_0000000000000000000000000000268a/refunds",
        headers=auth,
        json={**body, field: None},
    )

    assert response.status_code == 422
    assert await stored(database, Payment) == before
