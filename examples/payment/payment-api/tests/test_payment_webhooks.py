"""The events that the payment feature receives: who may send them, and what they change."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.core.config import Settings
from app.db.session import Database
from app.tables.payment import Payment, PaymentWebhookEvent
from tests.fakes.upstream import FakeUpstream
from tests.payment_rows import (
    add,
    add_rows,
    make_payment,
    stored,
)
from tests.signing import sign_stripe

pytestmark = pytest.mark.anyio

PAYMENT_EVENTS_PAYMENT_SUCCEEDED: dict[str, Any] = {
    "id": "evt_1",
    "type": "payment.succeeded",
    "data": {
        "object": {"reference": "pay_0000000000000000000000000000268a", "id": "Sample provider id"}
    },
}
PAYMENT_EVENTS_PAYMENT_FAILED: dict[str, Any] = {
    "id": "evt_1",
    "type": "payment.failed",
    "data": {
        "object": {"reference": "pay_0000000000000000000000000000268a", "id": "Sample provider id"}
    },
}


async def send_payment_events(
    client: httpx2.AsyncClient, settings: Settings, event: dict[str, Any], event_id: str = "evt_1"
) -> httpx2.Response:
    """Send an event as its sender does."""
    payload = json.dumps({**event, "id": event_id}).encode()
    secret = settings.payment_webhook_secret.get_secret_value()
    headers = sign_stripe(payload, secret)
    return await client.post("/webhooks/payments", content=payload, headers=headers)


async def test_payment_events_without_a_signature_change_nothing(
    client: httpx2.AsyncClient, database: Database
) -> None:
    await add(database, make_payment(status="pending"))
    before = await stored(database, Payment)
    response = await client.post("/webhooks/payments", json=PAYMENT_EVENTS_PAYMENT_SUCCEEDED)

    assert response.status_code == 400
    assert await stored(database, PaymentWebhookEvent) == []
    assert await stored(database, Payment) == before


@pytest.mark.parametrize(
    ("end", "secret_end", "age"),
    [
        pytest.param(b" ", "", 0, id="changed on the way"),
        pytest.param(b"", "x", 0, id="another secret"),
        pytest.param(b"", "", 360, id="of long ago"),
        pytest.param(b"", "", -360, id="of times to come"),
    ],
)
async def test_payment_events_that_are_forged_change_nothing(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    end: bytes,
    secret_end: str,
    age: int,
) -> None:
    await add(database, make_payment(status="pending"))
    before = await stored(database, Payment)
    payload = json.dumps(PAYMENT_EVENTS_PAYMENT_SUCCEEDED).encode()
    secret = settings.payment_webhook_secret.get_secret_value() + secret_end
    headers = sign_stripe(payload, secret, age=age)

    response = await client.post("/webhooks/payments", content=payload + end, headers=headers)

    assert response.status_code == 400
    assert await stored(database, PaymentWebhookEvent) == []
    assert await stored(database, Payment) == before


@pytest.mark.parametrize(("age", "status"), [(300, 200), (301, 400), (-300, 200), (-301, 400)])
async def test_payment_events_are_taken_up_to_their_age(
    client: httpx2.AsyncClient,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    age: int,
    status: int,
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    event: dict[str, Any] = {"id": "evt_1", "type": "nobody.waits.for.this"}
    event_id = "evt_1"
    payload = json.dumps({**event, "id": event_id}).encode()
    secret = settings.payment_webhook_secret.get_secret_value()
    headers = sign_stripe(payload, secret, age=age)

    response = await client.post("/webhooks/payments", content=payload, headers=headers)

    assert response.status_code == status


async def test_payment_events_of_an_unknown_type_are_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    response = await send_payment_events(
        client, settings, {"id": "evt_1", "type": "nobody.waits.for.this"}
    )

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, PaymentWebhookEvent) == []


class TestTwoSecretsOfPaymentEvents:
    """One is about to take the place of the other."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        old = settings.payment_webhook_secret.get_secret_value()
        return settings.model_copy(
            update={"payment_webhook_secret": SecretStr(f"the-new-secret {old}")}
        )

    @pytest.mark.parametrize("which", [0, 1])
    async def test_either_of_them_will_do(
        self, client: httpx2.AsyncClient, settings: Settings, which: int
    ) -> None:
        secret = settings.payment_webhook_secret.get_secret_value().split()[which]
        alone = settings.model_copy(update={"payment_webhook_secret": SecretStr(secret)})

        response = await send_payment_events(
            client, alone, {"id": "evt_1", "type": "nobody.waits.for.this"}
        )

        assert response.status_code == 200


async def test_payment_events_are_documented(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/webhooks/payments"]["post"]
    assert operation["requestBody"]["required"] is True
    assert set(operation["responses"]) == {"200", "400", "413", "422", "500"}
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]


async def test_payment_events_payment_succeeded_is_applied_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    first = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED)
    second = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED)

    assert (first.status_code, first.json()) == (200, {"outcome": "applied"})
    assert (second.status_code, second.json()) == (200, {"outcome": "duplicate"})
    [row] = await stored(database, Payment)
    assert row == row | {"status": "succeeded", "provider_id": "Sample provider id"}
    [record] = await stored(database, PaymentWebhookEvent)
    assert (record["id"], record["outcome"], record["payload"]) == ("evt_1", "applied", None)


async def test_payment_events_payment_succeeded_twice_at_once_is_applied_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    answers = await asyncio.gather(
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED),
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED),
    )

    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied", "duplicate"]


async def test_payment_events_payment_succeeded_has_one_winner_of_two_at_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    answers = await asyncio.gather(
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED),
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED, "evt_2"),
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied", "ignored"]
    [row] = await stored(database, Payment)
    assert row["status"] == "succeeded"


async def test_payment_events_payment_succeeded_leaves_what_it_does_not_name(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending"))
    [before] = await stored(database, Payment)

    response = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.succeeded",
            "data": {"object": {"reference": "pay_0000000000000000000000000000268a"}},
        },
    )

    assert response.json() == {"outcome": "applied"}
    [after] = await stored(database, Payment)
    assert after["status"] == "succeeded"
    assert after["provider_id"] == before["provider_id"]


@pytest.mark.parametrize(
    ("event", "values"),
    [
        pytest.param(
            {
                **PAYMENT_EVENTS_PAYMENT_SUCCEEDED,
                "data": {
                    **PAYMENT_EVENTS_PAYMENT_SUCCEEDED["data"],
                    "object": {
                        **PAYMENT_EVENTS_PAYMENT_SUCCEEDED["data"]["object"],
                        "id": "a" * 255,
                    },
                },
            },
            {"provider_id": "a" * 255},
            id="provider_id: longest",
        ),
    ],
)
async def test_payment_events_payment_succeeded_may_say_what_its_row_has_just_room_for(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    event: dict[str, Any],
    values: dict[str, Any],
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    response = await send_payment_events(client, settings, event)

    assert (response.status_code, response.json()) == (200, {"outcome": "applied"})
    [row] = await stored(database, Payment)
    assert row == row | values


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(
            {
                **PAYMENT_EVENTS_PAYMENT_SUCCEEDED,
                "data": {
                    **PAYMENT_EVENTS_PAYMENT_SUCCEEDED["data"],
                    "object": {
                        **PAYMENT_EVENTS_PAYMENT_SUCCEEDED["data"]["object"],
                        "id": "a" * 256,
                    },
                },
            },
            id="provider_id: one too long",
        ),
    ],
)
async def test_payment_events_payment_succeeded_that_its_row_has_no_room_for_is_a_dead_letter(
    client: httpx2.AsyncClient, database: Database, settings: Settings, event: dict[str, Any]
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))
    before = await stored(database, Payment)

    response = await send_payment_events(client, settings, event)

    assert (response.status_code, response.json()["code"]) == (500, "event_failed")
    assert await stored(database, Payment) == before
    [letter] = await stored(database, PaymentWebhookEvent)
    assert letter["outcome"] == "failed"


async def test_payment_events_payment_succeeded_settles_what_a_request_has_left_open(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
) -> None:
    await add_rows(database)
    before = await stored(database, Payment)
    fakes["provider"].answer(503, {}, times=3)
    asked = await client.post(
        "/api/v1/payments",
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
        headers=auth,
    )
    [waiting] = [row for row in await stored(database, Payment) if row not in before]
    event = {
        **PAYMENT_EVENTS_PAYMENT_SUCCEEDED,
        "data": {
            **PAYMENT_EVENTS_PAYMENT_SUCCEEDED["data"],
            "object": {
                **PAYMENT_EVENTS_PAYMENT_SUCCEEDED["data"]["object"],
                "reference": waiting["id"],
            },
        },
    }
    told = await send_payment_events(client, settings, event)

    assert asked.status_code == 503
    assert told.json() == {"outcome": "applied"}
    [settled] = await stored(database, Payment, id=waiting["id"])
    assert settled == settled | {"status": "succeeded", "provider_id": "Sample provider id"}


@pytest.mark.parametrize("digit", ["0", "f"])
async def test_payment_events_payment_succeeded_of_an_unknown_row_is_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings, digit: str
) -> None:
    other = make_payment().id[:-32] + 32 * digit
    await add(database, make_payment(id=other, status="pending", provider_id=None))
    before = await stored(database, Payment)

    response = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED)

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == before


@pytest.mark.parametrize("state", ["succeeded", "failed", "refunded"])
async def test_payment_events_payment_succeeded_out_of_order_is_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings, state: object
) -> None:
    await add(database, make_payment(status=state))
    before = await stored(database, Payment)

    response = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_SUCCEEDED)

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == before


async def test_payment_events_payment_failed_is_applied_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    first = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED)
    second = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED)

    assert (first.status_code, first.json()) == (200, {"outcome": "applied"})
    assert (second.status_code, second.json()) == (200, {"outcome": "duplicate"})
    [row] = await stored(database, Payment)
    assert row == row | {"status": "failed", "provider_id": "Sample provider id"}
    [record] = await stored(database, PaymentWebhookEvent)
    assert (record["id"], record["outcome"], record["payload"]) == ("evt_1", "applied", None)


async def test_payment_events_payment_failed_twice_at_once_is_applied_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    answers = await asyncio.gather(
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED),
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED),
    )

    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied", "duplicate"]


async def test_payment_events_payment_failed_has_one_winner_of_two_at_once(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    answers = await asyncio.gather(
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED),
        send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED, "evt_2"),
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied", "ignored"]
    [row] = await stored(database, Payment)
    assert row["status"] == "failed"


async def test_payment_events_payment_failed_leaves_what_it_does_not_name(
    client: httpx2.AsyncClient, database: Database, settings: Settings
) -> None:
    await add(database, make_payment(status="pending"))
    [before] = await stored(database, Payment)

    response = await send_payment_events(
        client,
        settings,
        {
            "id": "evt_1",
            "type": "payment.failed",
            "data": {"object": {"reference": "pay_0000000000000000000000000000268a"}},
        },
    )

    assert response.json() == {"outcome": "applied"}
    [after] = await stored(database, Payment)
    assert after["status"] == "failed"
    assert after["provider_id"] == before["provider_id"]


@pytest.mark.parametrize(
    ("event", "values"),
    [
        pytest.param(
            {
                **PAYMENT_EVENTS_PAYMENT_FAILED,
                "data": {
                    **PAYMENT_EVENTS_PAYMENT_FAILED["data"],
                    "object": {**PAYMENT_EVENTS_PAYMENT_FAILED["data"]["object"], "id": "a" * 255},
                },
            },
            {"provider_id": "a" * 255},
            id="provider_id: longest",
        ),
    ],
)
async def test_payment_events_payment_failed_may_say_what_its_row_has_just_room_for(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    event: dict[str, Any],
    values: dict[str, Any],
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))

    response = await send_payment_events(client, settings, event)

    assert (response.status_code, response.json()) == (200, {"outcome": "applied"})
    [row] = await stored(database, Payment)
    assert row == row | values


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(
            {
                **PAYMENT_EVENTS_PAYMENT_FAILED,
                "data": {
                    **PAYMENT_EVENTS_PAYMENT_FAILED["data"],
                    "object": {**PAYMENT_EVENTS_PAYMENT_FAILED["data"]["object"], "id": "a" * 256},
                },
            },
            id="provider_id: one too long",
        ),
    ],
)
async def test_payment_events_payment_failed_that_its_row_has_no_room_for_is_a_dead_letter(
    client: httpx2.AsyncClient, database: Database, settings: Settings, event: dict[str, Any]
) -> None:
    await add(database, make_payment(status="pending", provider_id=None))
    before = await stored(database, Payment)

    response = await send_payment_events(client, settings, event)

    assert (response.status_code, response.json()["code"]) == (500, "event_failed")
    assert await stored(database, Payment) == before
    [letter] = await stored(database, PaymentWebhookEvent)
    assert letter["outcome"] == "failed"


async def test_payment_events_payment_failed_settles_what_a_request_has_left_open(
    client: httpx2.AsyncClient,
    database: Database,
    settings: Settings,
    auth: dict[str, str],
    fakes: dict[str, FakeUpstream],
) -> None:
    await add_rows(database)
    before = await stored(database, Payment)
    fakes["provider"].answer(503, {}, times=3)
    asked = await client.post(
        "/api/v1/payments",
        json={
            "amount": "99.99",
            "currency": "USD",
            "payment_method_id": "pm_123",
            "description": "Premium subscription",
        },
        headers=auth,
    )
    [waiting] = [row for row in await stored(database, Payment) if row not in before]
    event = {
        **PAYMENT_EVENTS_PAYMENT_FAILED,
        "data": {
            **PAYMENT_EVENTS_PAYMENT_FAILED["data"],
            "object": {
                **PAYMENT_EVENTS_PAYMENT_FAILED["data"]["object"],
                "reference": waiting["id"],
            },
        },
    }
    told = await send_payment_events(client, settings, event)

    assert asked.status_code == 503
    assert told.json() == {"outcome": "applied"}
    [settled] = await stored(database, Payment, id=waiting["id"])
    assert settled == settled | {"status": "failed", "provider_id": "Sample provider id"}


@pytest.mark.parametrize("digit", ["0", "f"])
async def test_payment_events_payment_failed_of_an_unknown_row_is_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings, digit: str
) -> None:
    other = make_payment().id[:-32] + 32 * digit
    await add(database, make_payment(id=other, status="pending", provider_id=None))
    before = await stored(database, Payment)

    response = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED)

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == before


@pytest.mark.parametrize("state", ["succeeded", "failed", "refunded"])
async def test_payment_events_payment_failed_out_of_order_is_ignored(
    client: httpx2.AsyncClient, database: Database, settings: Settings, state: object
) -> None:
    await add(database, make_payment(status=state))
    before = await stored(database, Payment)

    response = await send_payment_events(client, settings, PAYMENT_EVENTS_PAYMENT_FAILED)

    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert await stored(database, Payment) == before
