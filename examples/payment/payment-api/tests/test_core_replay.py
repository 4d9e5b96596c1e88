"""`python -m app.replay`: dead letters are listed, tried again, and left alone after many tries."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import MetaData, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from app import replay
from app.core.config import Settings, example_settings, get_settings
from app.core.resources import get_resource
from app.core.webhooks import (
    WEBHOOKS,
    Event,
    EventFailedError,
    Outcome,
    Webhook,
    WebhookEventColumns,
)
from app.db.session import Database
from tests.conftest import Logs

pytestmark = pytest.mark.anyio


class TrialBase(DeclarativeBase):
    """These tables are the tests' own: no migration knows them."""

    metadata = MetaData()


class ReplayedEvent(WebhookEventColumns, TrialBase):
    """The events."""

    __tablename__ = "replayed_events"


@dataclass
class Feature:
    """It fails at the events that the test names."""

    broken: set[str] = field(default_factory=set[str])
    applied: list[Event] = field(default_factory=list[Event])

    async def apply(self, app: FastAPI, session: AsyncSession, event: Event) -> Outcome:
        get_resource(app, Database)  # the lifespan has been entered
        assert session.in_transaction()
        if event.id in self.broken:
            raise RuntimeError
        self.applied.append(event)
        return "applied"


@pytest.fixture
def feature() -> Feature:
    return Feature()


def no_secret(_settings: Settings) -> SecretStr:
    return SecretStr("")


def accept(*_arguments: object) -> None:
    pass


@pytest.fixture
def webhooks(feature: Feature) -> Iterator[list[Webhook]]:
    """Those of two features. They are known for as long as the test runs."""
    made = [
        Webhook(
            feature=name,
            name=f"{name}_events",
            table=ReplayedEvent,
            types=frozenset({"done"}),
            verify=accept,
            secret=no_secret,
            apply=feature.apply,
        )
        for name in ("trial", "other")
    ]
    WEBHOOKS.extend(made)
    yield made
    del WEBHOOKS[-len(made) :]


@pytest.fixture
async def database(app: FastAPI) -> AsyncGenerator[Database]:
    database = get_resource(app, Database)
    async with database.engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.create_all)
    yield database
    async with database.engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.drop_all)


@pytest.fixture
async def letters(
    app: FastAPI, logs: Logs, database: Database, webhooks: list[Webhook], feature: Feature
) -> list[Event]:
    """One feature's `evt_1` and `evt_2`, and the other's `evt_1`, have failed."""
    feature.broken = {"evt_1", "evt_2"}
    names = ("evt_1", "evt_2", "evt_1")
    events = [Event(name, "done", {"n": 1}, '{"n": 1}') for name in names]
    for webhook, event in zip([webhooks[0], *webhooks], events, strict=True):
        async with database.sessions() as session:
            with pytest.raises(EventFailedError):
                await webhook.deliver(app, session, event)
    assert len(logs.lines()) == len(events)  # there, and not on stdout
    return events


@pytest.fixture
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process of its own would find, on the database of this test."""
    for name, value in example_settings().items():
        monkeypatch.setenv(name.upper(), str(value))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


async def call(*arguments: str) -> int:
    """Run the command, in a loop of its own."""
    return await asyncio.to_thread(replay.main, arguments)


@pytest.mark.usefixtures("_environment", "letters")
async def test_letters_are_listed(capsys: pytest.CaptureFixture[str], feature: Feature) -> None:
    assert await call() == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:5] for line in lines] == [
        ["trial", "trial_events", "evt_1", "done", "attempts=1"],
        ["trial", "trial_events", "evt_2", "done", "attempts=1"],
        ["other", "other_events", "evt_1", "done", "attempts=1"],
    ]
    assert {line[5] for line in lines} == {"RuntimeError"}
    assert feature.applied == []


@pytest.mark.usefixtures("_environment")
async def test_the_letters_of_a_feature_are_applied_and_cleared(
    capsys: pytest.CaptureFixture[str], feature: Feature, letters: list[Event]
) -> None:
    feature.broken.clear()
    assert await call("trial") == 0
    assert capsys.readouterr().out.splitlines() == ["applied: evt_1", "applied: evt_2"]
    assert feature.applied == letters[:2]
    assert await call("trial") == 0
    assert feature.applied == letters[:2]
    assert await call() == 1  # the other feature's


@pytest.mark.usefixtures("_environment", "letters")
async def test_what_fails_again_stays_a_letter(
    capsys: pytest.CaptureFixture[str], feature: Feature
) -> None:
    feature.broken = {"evt_1"}
    assert await call("trial") == 1
    assert capsys.readouterr().out.splitlines() == ["failed: evt_1", "applied: evt_2"]
    assert await call() == 1
    assert "trial trial_events evt_1 done attempts=2" in capsys.readouterr().out


@pytest.mark.usefixtures("_environment", "letters")
async def test_what_has_failed_too_often_is_tried_when_it_is_named(
    database: Database, feature: Feature
) -> None:
    feature.broken.clear()
    async with database.sessions() as session:
        tired = update(ReplayedEvent).where(ReplayedEvent.id == "evt_2")
        await session.execute(tired.values(attempts=replay.MAX_ATTEMPTS))
        await session.commit()
    assert await call("trial") == 1
    assert [event.id for event in feature.applied] == ["evt_1"]
    assert await call("trial", "--event", "evt_2") == 0
    assert [event.id for event in feature.applied] == ["evt_1", "evt_2"]


@pytest.mark.usefixtures("_environment", "webhooks")
async def test_a_feature_that_receives_nothing_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        await call("nothing")
    assert stopped.value.code == 2
    assert "trial" in capsys.readouterr().err
