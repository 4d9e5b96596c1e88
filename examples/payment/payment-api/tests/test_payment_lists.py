"""Lists of the payment feature: whose rows, which, and in which order."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from app.db.session import Database
from app.tables.payment import Payment
from tests.conftest import TokenFactory
from tests.payment_rows import add, make_payment, stored

pytestmark = pytest.mark.anyio


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def shown_by_list_payments(response: httpx2.Response) -> list[str]:
    assert response.status_code == 200
    return [item["payment_id"] for item in response.json()["items"]]


@pytest.mark.parametrize(
    ("user", "permissions", "shown"),
    [
        pytest.param("user_1", ["payments.read"], [0], id="user_1"),
        pytest.param("user_2", ["payments.read"], [1], id="user_2"),
    ],
)
async def test_list_payments_shows_the_rows_that_the_caller_may_see(
    client: httpx2.AsyncClient,
    database: Database,
    make_token: TokenFactory,
    user: str,
    permissions: list[str],
    shown: list[int],
) -> None:
    rows = [
        make_payment(id="pay_00000000000000000000000000000050"),
        make_payment(id="pay_00000000000000000000000000000054", owner_id="user_2"),
    ]
    await add(database, *reversed(rows))
    auth = bearer(make_token(user, permissions))

    response = await client.get("/api/v1/payments", headers=auth)

    assert sorted(shown_by_list_payments(response)) == [rows[index].id for index in shown]
    assert response.json()["next_cursor"] is None


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({}, [2, 3, 0, 4, 1]),
        ({"sort": "-created_at"}, [2, 3, 0, 4, 1]),
    ],
)
async def test_list_payments_shows_each_row_once_in_its_order(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    query: dict[str, Any],
    order: list[int],
    limit: int,
) -> None:
    rows = [
        make_payment(
            id="pay_00000000000000000000000000000050",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(id="pay_00000000000000000000000000000054"),
        make_payment(
            id="pay_00000000000000000000000000000058",
            created_at=datetime(2026, 5, 25, 16, 52, 41, tzinfo=UTC),
        ),
        make_payment(
            id="pay_0000000000000000000000000000005c",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(id="pay_00000000000000000000000000000060"),
    ]
    await add(database, *reversed(rows))
    found: list[str] = []
    cursor: str | None = ""
    query = query | {"limit": limit}
    for _ in rows:
        response = await client.get("/api/v1/payments", params=query, headers=auth)
        found += shown_by_list_payments(response)
        cursor = response.json()["next_cursor"]
        if cursor is None:
            break
        assert len(response.json()["items"]) == limit
        query = query | {"cursor": cursor}

    assert found == [rows[index].id for index in order]
    assert cursor is None


async def test_list_payments_has_pages_that_a_new_row_does_not_move(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    rows = [
        make_payment(
            id="pay_00000000000000000000000000000050",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(id="pay_00000000000000000000000000000054"),
        make_payment(
            id="pay_00000000000000000000000000000058",
            created_at=datetime(2026, 5, 25, 16, 52, 41, tzinfo=UTC),
        ),
        make_payment(
            id="pay_0000000000000000000000000000005c",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(id="pay_00000000000000000000000000000060"),
    ]
    await add(database, *reversed(rows))
    query: dict[str, Any] = {"limit": 2}
    first = await client.get("/api/v1/payments", params=query, headers=auth)
    await add(database, make_payment(id="pay_00000000000000000000000000000064"))

    query = {"cursor": first.json()["next_cursor"]}
    second = await client.get("/api/v1/payments", params=query, headers=auth)

    seen = [*shown_by_list_payments(first), *shown_by_list_payments(second)]
    assert len(seen) == len(set(seen))
    assert {row.id for row in rows} <= set(seen)


@pytest.mark.parametrize("cursor", ["forged", "W10", "bnVsbA", "WyJpZCJd", "WyJpZCIsIG51bGxd"])
async def test_list_payments_refuses_a_forged_cursor(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str], cursor: str
) -> None:
    rows = [
        make_payment(
            id="pay_00000000000000000000000000000050",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(id="pay_00000000000000000000000000000054"),
        make_payment(
            id="pay_00000000000000000000000000000058",
            created_at=datetime(2026, 5, 25, 16, 52, 41, tzinfo=UTC),
        ),
        make_payment(
            id="pay_0000000000000000000000000000005c",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(id="pay_00000000000000000000000000000060"),
    ]
    await add(database, *reversed(rows))
    query = {"cursor": cursor}

    response = await client.get("/api/v1/payments", params=query, headers=auth)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/query/cursor"]


async def test_list_payments_has_pages_of_20_where_nothing_is_said(
    client: httpx2.AsyncClient, database: Database, auth: dict[str, str]
) -> None:
    rows = [make_payment(id=f"pay_{number:032x}") for number in range(1_000, 1_000 + 21)]
    await add(database, *rows)

    response = await client.get("/api/v1/payments", headers=auth)

    assert len(shown_by_list_payments(response)) == 20
    assert response.json()["next_cursor"] is not None


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"status": "failed"}, [0]),
        ({"status": "pending"}, [1]),
        ({"created_at_from": "2026-02-22T01:25:12Z"}, [1, 2]),
        ({"created_at_to": "2026-02-22T01:25:12Z"}, [0, 1]),
        ({"created_at_from": "2026-02-22T01:25:12Z", "created_at_to": "2026-02-22T01:25:12Z"}, [1]),
        ({"status": "failed", "created_at_from": "2026-02-22T01:25:12Z"}, []),
    ],
)
async def test_list_payments_shows_what_the_filter_lets_through(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    query: dict[str, str],
    shown: list[int],
) -> None:
    rows = [
        make_payment(id="pay_00000000000000000000000000000050", status="failed"),
        make_payment(
            id="pay_00000000000000000000000000000054",
            created_at=datetime(2026, 2, 22, 1, 25, 12, tzinfo=UTC),
        ),
        make_payment(
            id="pay_00000000000000000000000000000058",
            status="refunded",
            created_at=datetime(2026, 5, 25, 16, 52, 41, tzinfo=UTC),
        ),
    ]
    await add(database, *reversed(rows))

    response = await client.get("/api/v1/payments", params=query, headers=auth)

    assert sorted(shown_by_list_payments(response)) == [rows[index].id for index in shown]


@pytest.mark.parametrize(
    ("query", "is_valid"),
    [
        ({"status": "' OR 1=1 --"}, False),
        ({"created_at_from": "' OR 1=1 --"}, False),
        ({"created_at_to": "' OR 1=1 --"}, False),
        ({"sort": "' OR 1=1 --"}, False),
        ({"limit": "' OR 1=1 --"}, False),
        ({"cursor": "' OR 1=1 --"}, False),
    ],
)
async def test_list_payments_takes_sql_for_text(
    client: httpx2.AsyncClient,
    database: Database,
    auth: dict[str, str],
    query: dict[str, str],
    *,
    is_valid: bool,
) -> None:
    rows = [
        make_payment(id="pay_00000000000000000000000000000050"),
        make_payment(id="pay_00000000000000000000000000000054", owner_id="user_2"),
    ]
    await add(database, *reversed(rows))
    before = await stored(database, Payment)

    response = await client.get("/api/v1/payments", params=query, headers=auth)

    assert response.status_code == (200 if is_valid else 422)
    assert response.json().get("items", []) == []
    assert await stored(database, Payment) == before
