"""The events that the payment feature receives: who may send them, and what they change."""

import json
from typing import Any

import httpx2
import pytest

from app.core.config import Settings
from app.db.session import Database
from app.tables.payment import Payment
from tests.payment_rows import (
    add,
    make_payment,
    stored,
)
from tests.signing import sign_stripe

pytestmark = pytest.mark.anyio


async def send_payment_events(
    client: httpx2.AsyncClient, settings: Settings, event: dict[str, Any]
) -> httpx2.Response:
    """Send an event as its sender does."""
    payload = json.dumps(event).encode()
    return await client.post(
        "/webhooks/payments",
        content=payload,
        headers=sign_stripe(
            payload, settings.payment_webhook_secret.get_secret_value(), header="stripe-signature"
        ),
    )


async def test_payment_events_without_a_signature_change_nothing(
    client: httpx2.AsyncClient, database: Database
) -> None:
    await add(database, make_payment(status="pending"))
    before = await stored(database, Payment)

    response = await client.post(
        "/webhooks/payments",
        json={
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert response.status_code == 400
    assert await stored(database, Payment) == before


async def test_payment_events_that_were_changed_on_the_way_change_nothing(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending"))
    before = await stored(database, Payment)
    payload = json.dumps(
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        }
    ).encode()
    headers = sign_stripe(
        payload, settings.payment_webhook_secret.get_secret_value(), header="stripe-signature"
    )

    response = await client.post("/webhooks/payments", content=payload + b" ", headers=headers)

    assert response.status_code == 400
    assert await stored(database, Payment) == before


async def test_payment_events_of_long_ago_change_nothing(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending"))
    before = await stored(database, Payment)
    payload = json.dumps(
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        }
    ).encode()
    headers = sign_stripe(
        payload,
        settings.payment_webhook_secret.get_secret_value(),
        header="stripe-signature",
        age=360,
    )

    response = await client.post("/webhooks/payments", content=payload, headers=headers)

    assert response.status_code == 400
    assert await stored(database, Payment) == before


async def test_payment_events_of_an_unknown_type_are_ignored(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    response = await send_payment_events(
        client, settings, {"id": "evt_1", "type": "nobody.waits.for.this"}
    )

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})


async def test_payment_events_payment_succeeded_is_applied_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending"))

    first = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )
    again = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert (first.status_code, first.json()) == (200, {"outcome": "applied"})
    assert (again.status_code, again.json()) == (200, {"outcome": "duplicate"})
    [row] = await stored(database, Payment)
    assert row["status"] == "succeeded"


async def test_payment_events_payment_succeeded_of_an_unknown_row_is_ignored(
    client: httpx2.AsyncClient, settings: Settings, database: Database
) -> None:
    response = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == []


@pytest.mark.parametrize("state", ["succeeded", "failed", "refunded"])
async def test_payment_events_payment_succeeded_out_of_order_is_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings, state: str
) -> None:
    await add(database, make_payment(status=state))
    before = await stored(database, Payment)

    response = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == before


async def test_payment_events_payment_failed_is_applied_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending"))

    first = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.failed",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )
    again = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.failed",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert (first.status_code, first.json()) == (200, {"outcome": "applied"})
    assert (again.status_code, again.json()) == (200, {"outcome": "duplicate"})
    [row] = await stored(database, Payment)
    assert row["status"] == "failed"


async def test_payment_events_payment_failed_of_an_unknown_row_is_ignored(
    client: httpx2.AsyncClient, settings: Settings, database: Database
) -> None:
    response = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.failed",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == []


@pytest.mark.parametrize("state", ["succeeded", "failed", "refunded"])
async def test_payment_events_payment_failed_out_of_order_is_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings, state: str
) -> None:
    await add(database, make_payment(status=state))
    before = await stored(database, Payment)

    response = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.failed",
            "data": {
                "object": {
                    "id": "Sample provider id",
                    "reference": "pay_0000000000000000000000000000268a",
                }
            },
        },
    )

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == before
