"""Webhooks: forged, broken, repeated and failing events, and the dead letters they leave."""

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import SecretStr
from sqlalchemy import MetaData, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.config import Settings
from app.core.errors import SignatureError
from app.core.resources import get_resource
from app.core.webhooks import SWEPT, Event, Outcome, Receipt, Webhook, WebhookEventColumns
from app.db.base import utcnow
from app.db.session import Database, SessionDep
from tests.conftest import Logs

pytestmark = pytest.mark.anyio
Deliver = Callable[..., Awaitable[httpx2.Response]]
EVENT: dict[str, Any] = {"id": "evt_1", "type": "trial.done", "data": {"object": {"ref": "tr_1"}}}


class TrialBase(DeclarativeBase):
    """These tables are the tests' own: no migration knows them."""

    metadata = MetaData()


class TrialEvent(WebhookEventColumns, TrialBase):
    """The events."""

    __tablename__ = "trial_events"


class Mark(TrialBase):
    """What an event leaves."""

    __tablename__ = "trial_marks"

    number: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]


class Sender:
    """What the feature does about an event is up to the test."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.outcome: Outcome = "applied"
        self.seen: list[object] = []

    async def apply(self, app: FastAPI, session: AsyncSession, event: Event) -> Outcome:
        get_resource(app, Database)  # the lifespan has been entered
        self.seen.append(event.at("data", "object", "ref"))
        session.add(Mark(ref=event.id))
        await session.flush()
        if self.fault is not None:
            raise self.fault
        return self.outcome


def verify(payload: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    if headers.get("x-trial") not in [sign(payload, secret) for secret in secrets]:
        raise SignatureError


def sign(payload: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), payload, "sha256").hexdigest()


def secret_of(_settings: Settings) -> SecretStr:
    return SecretStr("new old")


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def webhook(sender: Sender) -> Webhook:
    return Webhook(
        feature="trial",
        name="trial_events",
        table=TrialEvent,
        types=frozenset({"trial.done"}),
        verify=verify,
        secret=secret_of,
        apply=sender.apply,
    )


@pytest.fixture
async def app(app: FastAPI, webhook: Webhook) -> AsyncGenerator[FastAPI]:
    router = APIRouter()

    @router.post("/webhooks/trials")
    async def receive_trial_events(request: Request, session: SessionDep) -> Receipt:
        return await webhook.receive(request, session)

    app.include_router(router)
    engine = get_resource(app, Database).engine
    async with engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.create_all)
    yield app
    async with engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.drop_all)


@pytest.fixture
async def session(app: FastAPI) -> AsyncGenerator[AsyncSession]:
    async with get_resource(app, Database).sessions() as session:
        yield session


@pytest.fixture
def deliver(client: httpx2.AsyncClient) -> Deliver:
    async def deliver(
        event: object = EVENT, *, signed_by: str = "new", payload: bytes | None = None
    ) -> httpx2.Response:
        content = json.dumps(event).encode() if payload is None else payload
        headers = {"X-Trial": sign(content, signed_by)}
        return await client.post("/webhooks/trials", content=content, headers=headers)

    return deliver


async def events(session: AsyncSession) -> set[str]:
    found = (await session.scalars(select(TrialEvent.id))).all()
    await session.rollback()
    return set(found)


async def marks(session: AsyncSession) -> int:
    number = await session.scalar(select(func.count()).select_from(Mark))
    await session.rollback()
    return number or 0


async def recorded(session: AsyncSession) -> TrialEvent | None:
    record = await session.scalar(select(TrialEvent))
    session.expunge_all()
    await session.rollback()
    return record


async def test_events_of_long_ago_are_forgotten_a_few_at_a_time(
    app: FastAPI, webhook: Webhook, session: AsyncSession
) -> None:
    long_ago = utcnow() - timedelta(days=31)
    names = [f"evt_{number:02}" for number in range(SWEPT + 2)]
    for number, name in enumerate(names):
        event = TrialEvent(webhook=webhook.name, id=name, type="trial.done", attempts=1)
        event.received_at = long_ago + timedelta(seconds=number)
        event.outcome = "applied" if number else "failed"
        session.add(event)
    await session.commit()

    event_of_today = Event("evt_new", "trial.done", {}, "{}")
    await replace(webhook, lifetime=None).deliver(app, session, event_of_today)
    assert await events(session) == {*names, "evt_new"}
    await webhook.deliver(app, session, replace(event_of_today, id="evt_newer"))
    assert await events(session) == {names[0], names[-1], "evt_new", "evt_newer"}


async def test_an_event_is_applied_once(
    deliver: Deliver, session: AsyncSession, sender: Sender
) -> None:
    first, second = await deliver(), await deliver()
    assert (first.status_code, first.json()) == (200, {"outcome": "applied"})
    assert (second.status_code, second.json()) == (200, {"outcome": "duplicate"})
    assert sender.seen == ["tr_1"]
    assert await marks(session) == 1
    record = await recorded(session)
    assert record
    assert (record.webhook, record.id, record.type) == ("trial_events", "evt_1", "trial.done")
    assert (record.outcome, record.payload, record.error) == ("applied", None, None)


async def test_events_are_counted_by_what_becomes_of_them(
    deliver: Deliver, sender: Sender, client: httpx2.AsyncClient
) -> None:
    for _ in range(2):
        await deliver()
    await deliver(EVENT | {"id": "evt_2", "type": "of-a-stranger"})
    await deliver(signed_by="nobody")
    sender.fault = ValueError()
    await deliver(EVENT | {"id": "evt_3"})
    counted = (await client.get("/metrics")).text.splitlines()
    assert {line for line in counted if line.startswith("webhook_events_total")} == {
        f'webhook_events_total{{outcome="{outcome}",type="{kind}",webhook="trial_events"}} 1.0'
        for outcome, kind in (
            ("applied", "trial.done"),
            ("duplicate", "trial.done"),
            ("failed", "trial.done"),
            ("ignored", "other"),
            ("refused", "other"),
        )
    }


async def test_of_many_deliveries_at_once_one_is_applied(
    deliver: Deliver, session: AsyncSession
) -> None:
    answers = await asyncio.gather(*(deliver() for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    outcomes = sorted(answer.json()["outcome"] for answer in answers)
    assert outcomes == ["applied", *["duplicate"] * 7]
    assert await marks(session) == 1


async def test_either_secret_is_good_while_one_is_rotated(deliver: Deliver) -> None:
    for number, secret in enumerate(("new", "old")):
        assert (await deliver(EVENT | {"id": f"evt_{number}"}, signed_by=secret)).is_success


async def test_a_forged_event_changes_nothing(
    deliver: Deliver, session: AsyncSession, sender: Sender
) -> None:
    response = await deliver(signed_by="new old")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_signature")
    assert sender.seen == []
    assert await recorded(session) is None


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        (b"", "/body"),
        (b"{", "/body"),
        (b"\xff", "/body"),
        (b"[" * 3000, "/body"),
        (b'{"id": NaN}', "/body"),
        (b"[]", "/body"),
        (b'"evt"', "/body"),
        (b"null", "/body"),
        (b'{"type": "trial.done"}', "/body/id"),
        (b'{"id": "evt", "type": null}', "/body/type"),
        (b'{"id": {}, "type": "trial.done"}', "/body/id"),
        (b'{"id": "", "type": "trial.done"}', "/body/id"),
        (b'{"id": true, "type": "trial.done"}', "/body/id"),
        (b'{"id": 1.5, "type": "trial.done"}', "/body/id"),
        (b'{"id": ' + b"9" * 4300 + b', "type": "trial.done"}', "/body/id"),
        (b'{"id": ' + b"9" * 4301 + b', "type": "trial.done"}', "/body"),
        (b'{"id": "a\\u0000", "type": "trial.done"}', "/body/id"),
        (b'{"id": "a\\nb", "type": "trial.done"}', "/body/id"),
        (b'{"id": "' + b"x" * 256 + b'", "type": "trial.done"}', "/body/id"),
    ],
)
async def test_a_signed_event_that_makes_no_sense_does_not_validate(
    deliver: Deliver, session: AsyncSession, sender: Sender, payload: bytes, pointer: str
) -> None:
    response = await deliver(payload=payload)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert sender.seen == []
    assert await recorded(session) is None


async def test_an_oversized_event_is_refused(deliver: Deliver, settings: Settings) -> None:
    response = await deliver(payload=b" " * (settings.max_body_bytes + 1))
    assert response.status_code == 413


async def test_an_event_of_another_type_is_ignored_and_leaves_no_trace(
    deliver: Deliver, session: AsyncSession, sender: Sender
) -> None:
    response = await deliver(EVENT | {"type": "trial.unheard_of"})
    assert (response.status_code, response.json()) == (200, {"outcome": "ignored"})
    assert sender.seen == []
    assert await recorded(session) is None


async def test_an_event_that_comes_too_late_stays_ignored(
    deliver: Deliver, session: AsyncSession, sender: Sender
) -> None:
    sender.outcome = "ignored"
    assert (await deliver()).json() == {"outcome": "ignored"}
    sender.outcome = "applied"
    assert (await deliver()).json() == {"outcome": "duplicate"}
    record = await recorded(session)
    assert record
    assert record.outcome == "ignored"


async def test_a_number_names_an_event_as_well(deliver: Deliver, session: AsyncSession) -> None:
    await deliver(EVENT | {"id": 17})
    record = await recorded(session)
    assert record
    assert record.id == "17"


async def test_a_header_names_the_event_where_the_scheme_signs_it(
    client: httpx2.AsyncClient, app: FastAPI, webhook: Webhook
) -> None:
    named = replace(webhook, name="named_events", id_header="webhook-id")
    content = b'{"type": "trial.done", "id": "cus_1"}'

    async def receive_named_events(request: Request, session: SessionDep) -> Receipt:
        return await named.receive(request, session)

    app.post("/webhooks/named")(receive_named_events)

    async def outcomes(path: str) -> list[str]:
        found: list[str] = []
        for event_id in ("msg_1", "msg_2", "msg_1"):
            headers = {"X-Trial": sign(content, "new"), "Webhook-Id": event_id}
            answer = await client.post(path, content=content, headers=headers)
            found.append(answer.json()["outcome"])
        return found

    assert await outcomes("/webhooks/named") == ["applied", "applied", "duplicate"]
    assert await outcomes("/webhooks/trials") == ["applied", "duplicate", "duplicate"]
    assert not (await client.post("/webhooks/named", content=content)).is_success
    headers = {"X-Trial": sign(content, "new")}
    unnamed = await client.post("/webhooks/named", content=content, headers=headers)
    assert unnamed.status_code == 422


async def test_a_failing_event_is_rolled_back_and_kept_as_a_dead_letter(
    deliver: Deliver, session: AsyncSession, sender: Sender, logs: Logs
) -> None:
    sender.fault = RuntimeError("card 4242")
    for attempts in (1, 2):
        response = await deliver(EVENT | {"data": "private"})
        assert (response.status_code, response.json()["code"]) == (500, "event_failed")
        record = await recorded(session)
        assert record
        assert (record.outcome, record.attempts) == ("failed", attempts)
        assert json.loads(record.payload or "") == EVENT | {"data": "private"}
        assert (record.error or "").startswith("RuntimeError at test_core_webhooks.py:")
    assert await marks(session) == 0
    assert "4242" not in logs.getvalue()
    assert "private" not in logs.getvalue()
    failures = [line for line in logs.lines() if line["event"] == "webhook_failed"]
    assert [failure["event_id"] for failure in failures] == ["evt_1", "evt_1"]


async def test_the_next_delivery_applies_a_dead_letter_and_clears_it(
    deliver: Deliver, session: AsyncSession, sender: Sender
) -> None:
    sender.fault = RuntimeError()
    await deliver()
    sender.fault = None
    assert (await deliver()).json() == {"outcome": "applied"}
    assert (await deliver()).json() == {"outcome": "duplicate"}
    record = await recorded(session)
    assert record
    assert (record.outcome, record.attempts) == ("applied", 2)
    assert (record.payload, record.error) == (None, None)
    assert await marks(session) == 1


async def test_a_path_that_leads_nowhere_finds_nothing() -> None:
    event = Event("evt_1", "trial.done", EVENT, "{}")
    assert event.at("data", "object", "ref", "deeper") is None
    assert event.at("nothing") is None
