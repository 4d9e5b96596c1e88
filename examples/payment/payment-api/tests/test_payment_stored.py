"""Rows of the payment feature: whose they are, what changes, what stays."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from app.db.session import Database
from app.tables.payment import Payment, Refund
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


@pytest.fixture(autouse=True)
async def _rows(database: Database) -> None:
    await add_rows(database)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_create_payment_stores_a_row_of_the_caller(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    before = await stored(database, Payment, owner_id="user_1")

    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 201
    after = await stored(database, Payment, owner_id="user_1")
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("field", "wished"),
    [
        ("payment_id", "pay_000000000000000000000000000003e7"),
        ("status", "succeeded"),
        ("refunded_amount", "0.01"),
        ("provider_id", "Sample provider id001"),
        ("owner_id", "user_2"),
        ("created_at", "2026-08-20T19:07:12Z"),
    ],
)
async def test_create_payment_takes_no_field_that_the_service_sets(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
    field: str,
    wished: object,
) -> None:
    before = await stored(database, Payment)

    response = await client.post(
        "/api/v1/payments", json=CREATE_PAYMENT | {field: wished}, headers=auth
    )

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/body/{field}"]
    assert await stored(database, Payment) == before
    assert fakes["provider"].calls == []


@pytest.mark.parametrize("is_refused", [False, True])
async def test_create_payment_leaves_all_other_rows_as_they_were(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
    *,
    is_refused: bool,
) -> None:
    await add(database, make_payment(id="pay_00000000000000000000000000000078"))
    before = {table: await stored(database, table) for table in (Payment,)}
    if is_refused:
        fakes["provider"].answer(400, {}, times=1)

    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == (400 if is_refused else 201)
    after = {table: await stored(database, table) for table in (Payment,)}
    changed = [row for table, rows in before.items() for row in rows if row not in after[table]]
    assert changed == []


async def test_get_payment_does_not_find_a_row_that_is_not_there(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
) -> None:
    before = await stored(database, Payment)

    response = await client.get(
        "/api/v1/payments/pay_000000000000000000000000000003e8", headers=auth
    )

    assert response.status_code == 404
    assert await stored(database, Payment) == before
    assert fakes["provider"].calls == []


async def test_get_payment_does_not_find_the_row_of_another(
    client: httpx2.AsyncClient,
    database: Database,
    make_token: TokenFactory,
    fakes: dict[str, FakeUpstream],
) -> None:
    before = await stored(database, Payment)

    response = await client.get(
        f"/api/v1/payments/{GET_PAYMENT_ID}",
        headers=bearer(make_token("user_2", ["payments.read"])),
    )

    assert response.status_code == 404
    assert await stored(database, Payment) == before
    assert fakes["provider"].calls == []


@pytest.mark.parametrize("is_refused", [False, True])
async def test_get_payment_leaves_all_other_rows_as_they_were(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
    *,
    is_refused: bool,
) -> None:
    await add(database, make_payment(id="pay_00000000000000000000000000000078"))
    before = {table: await stored(database, table) for table in (Payment,)}
    if is_refused:
        fakes["provider"].answer(400, {}, times=1)

    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == (400 if is_refused else 200)
    after = {table: await stored(database, table) for table in (Payment,)}
    changed = [row for table, rows in before.items() for row in rows if row not in after[table]]
    assert {row["id"] for row in changed} <= {GET_PAYMENT_ID}


async def test_create_refund_does_not_find_a_row_that_is_not_there(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
) -> None:
    before = await stored(database, Refund)

    response = await client.post(
        "/api/v1/payments/pay_000000000000000000000000000003e8/refunds",
        json=CREATE_REFUND,
        headers=auth,
    )

    assert response.status_code == 404
    assert await stored(database, Refund) == before
    assert fakes["provider"].calls == []


async def test_create_refund_does_not_find_the_row_of_another(
    client: httpx2.AsyncClient,
    database: Database,
    make_token: TokenFactory,
    fakes: dict[str, FakeUpstream],
) -> None:
    before = await stored(database, Refund)

    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds",
        json=CREATE_REFUND,
        headers=bearer(make_token("user_2", ["payments.refund"])),
    )

    assert response.status_code == 404
    assert await stored(database, Refund) == before
    assert fakes["provider"].calls == []


async def test_create_refund_stores_a_row_of_the_caller(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    before = await stored(database, Refund, owner_id="user_1")

    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    after = await stored(database, Refund, owner_id="user_1")
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("field", "wished"),
    [
        ("refund_id", "re_000000000000000000000000000003e7"),
        ("payment_id", "pay_00000000000000000000000000000001"),
        ("status", "succeeded"),
        ("provider_id", "Sample provider id001"),
        ("created_at", "2026-08-20T19:07:12Z"),
        ("owner_id", "user_2"),
    ],
)
async def test_create_refund_takes_no_field_that_the_service_sets(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
    field: str,
    wished: object,
) -> None:
    before = await stored(database, Refund)

    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds",
        json=CREATE_REFUND | {field: wished},
        headers=auth,
    )

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/body/{field}"]
    assert await stored(database, Refund) == before
    assert fakes["provider"].calls == []


@pytest.mark.parametrize("is_refused", [False, True])
async def test_create_refund_leaves_all_other_rows_as_they_were(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
    *,
    is_refused: bool,
) -> None:
    await add(
        database,
        make_payment(id="pay_00000000000000000000000000000079"),
        make_refund(
            id="re_00000000000000000000000000000078",
            payment_id="pay_00000000000000000000000000000079",
        ),
        make_payment(
            id="pay_0000000000000000000000000000007c",
            amount=Decimal("9999999999.99"),
            status="succeeded",
        ),
        make_payment(
            id="pay_00000000000000000000000000000080",
            amount=Decimal("1.00"),
            status="succeeded",
            refunded_amount=Decimal("1.00"),
        ),
    )
    before = {table: await stored(database, table) for table in (Refund, Payment)}
    if is_refused:
        fakes["provider"].answer(400, {}, times=1)

    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == (400 if is_refused else 201)
    after = {table: await stored(database, table) for table in (Refund, Payment)}
    changed = [row for table, rows in before.items() for row in rows if row not in after[table]]
    assert {row["id"] for row in changed} <= {CREATE_REFUND_ID}
