"""Webhooks: signed events of others, each applied once, however often and in what order they come.

    async def apply(app: FastAPI, session: AsyncSession, event: Event) -> Outcome:
        return await note_service(app, session).apply_note_event(event)

    note_events = Webhook(
        feature="note",
        name="note_events",
        table=NoteWebhookEvent,
        types=frozenset({"note.read"}),
        verify=partial(verify_stripe, tolerance=300),
        secret=lambda settings: settings.note_webhook_secret,
        apply=apply,
    )
    WEBHOOKS.append(note_events)

    @router.post("/webhooks/notes")
    async def receive_note_events(request: Request, session: SessionDep) -> Receipt:
        return await note_events.receive(request, session)

An event is recorded and applied in one transaction: `apply` flushes and executes, and leaves the
commit to `receive`. One that cannot be applied leaves a dead letter and is answered with a 500, so
that its sender tries again; its next delivery, or `python -m app.replay`, applies it and clears the
letter.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, SecretStr
from pydantic_core import from_json
from sqlalchemy import ColumnElement, Delete, String, Text, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.config import Settings
from app.core.errors import AppError
from app.core.faults import place_of
from app.core.resources import get_resource
from app.core.telemetry import Telemetry
from app.db.base import UtcDateTime, utcnow
from app.db.queries import change

Outcome = Literal["applied", "ignored"]
FAILED = "failed"
SWEPT = 10
"""How many forgotten events a new one takes away: more than one, so that they do not pile up."""
_NAME = re.compile(r"[\x21-\x7e]{1,255}")  # also what a database takes

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

WEBHOOKS: "list[Webhook]" = []
"""All that the app receives: the module of each adds its own at import. `app.replay` reads it."""


class EventFailedError(AppError):
    """The event could not be applied; it is kept, and may be sent again."""

    status, code, title = 500, "event_failed", "Event could not be applied"


class WebhookEventColumns:
    """An event and what became of it: `applied`, `ignored`, or `failed`, a dead letter."""

    webhook: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    payload: Mapped[str | None] = mapped_column(Text())
    error: Mapped[str | None] = mapped_column(Text())
    attempts: Mapped[int]


class Receipt(BaseModel):
    """What the sender is told."""

    outcome: Literal["applied", "ignored", "duplicate"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event whose signature is good."""

    id: str
    type: str
    content: dict[str, object]
    payload: str
    """`content` as it was sent."""

    def at(self, *path: str) -> object:
        """Return what stands at `path`, or None."""
        return _at(self.content, path)


Apply = Callable[[FastAPI, AsyncSession, Event], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One sender's events: how they are told from forged ones, and what is done about them."""

    feature: str
    name: str
    table: type[WebhookEventColumns]
    types: frozenset[str]
    """Any other is ignored, and leaves no trace."""
    verify: Callable[[bytes, Mapping[str, str], Sequence[str]], None]
    secret: Callable[[Settings], SecretStr]
    apply: Apply
    id_at: tuple[str, ...] = ("id",)
    type_at: tuple[str, ...] = ("type",)
    id_header: str | None = None
    """Names the event in place of `id_at`; only where the scheme signs it with the body."""
    lifetime: timedelta | None = timedelta(days=30)
    """How long an event is known: sent again later, its signature is stale. None: for ever."""

    async def receive(self, request: Request, session: AsyncSession) -> Receipt:
        """Check who has sent the event, and apply it."""
        event_type, outcome = "other", "refused"  # no text of a stranger's becomes a label
        try:
            event = await self._authentic(request)
            if event.type not in self.types:
                outcome = "ignored"
                return Receipt(outcome="ignored")
            event_type, outcome = event.type, FAILED
            outcome = await self.deliver(request.app, session, event)
            return Receipt(outcome=outcome)
        finally:
            telemetry = get_resource(request.app, Telemetry)
            telemetry.webhook_event(self.name, event_type, outcome)

    async def _authentic(self, request: Request) -> Event:
        payload = await request.body()
        secrets = self.secret(get_resource(request.app, Settings)).get_secret_value().split()
        self.verify(payload, request.headers, secrets)
        return self._read(payload, request.headers)

    def _read(self, payload: bytes, headers: Mapping[str, str]) -> Event:
        try:
            content: object = from_json(payload, allow_inf_nan=False)
        except ValueError:
            raise _invalid("json_invalid", "Not valid JSON") from None
        if not isinstance(content, dict):
            raise _invalid("dict_type", "Input should be an object")
        content = cast("dict[str, object]", content)
        event_id = _at(content, self.id_at)
        if self.id_header is not None:
            event_id = headers.get(self.id_header)
        return Event(
            id=_name(event_id, self.id_at),
            type=_name(_at(content, self.type_at), self.type_at),
            content=content,
            payload=payload.decode(),
        )

    async def deliver(
        self, app: FastAPI, session: AsyncSession, event: Event
    ) -> Literal["applied", "ignored", "duplicate"]:
        """Apply the event, if that has not been done; `EventFailedError` where it cannot be."""
        if not await self._begin(session, event):
            return "duplicate"
        try:
            outcome = await self.apply(app, session, event)
            values = {"outcome": outcome, "payload": None, "error": None}
            await session.execute(update(self.table).where(self._is(event)).values(**values))
            await session.commit()
        except Exception as error:  # whatever goes wrong in a function of the feature's
            await session.rollback()
            await self._bury(session, event, error)
            raise EventFailedError from error
        log.info("webhook_event", event_type=event.type, event_id=event.id, outcome=outcome)
        return outcome

    def _is(self, event: Event) -> ColumnElement[bool]:
        return and_(self.table.webhook == self.name, self.table.id == event.id)

    async def _insert(
        self, session: AsyncSession, event: Event, *, error: str | None = None
    ) -> bool:
        """Record the event as failed, until it is applied; False when it was recorded before.

        A second delivery at the same time waits here until the first has been committed.
        """
        record = insert(self.table).values(
            webhook=self.name,
            id=event.id,
            type=event.type,
            received_at=utcnow(),
            outcome=FAILED,
            payload=event.payload,
            error=error,
            attempts=1,
        )
        try:
            await session.execute(record)
        except IntegrityError:
            await session.rollback()
            return False
        if self.lifetime is not None:
            await session.execute(self._sweep(utcnow() - self.lifetime))
        return True

    def _sweep(self, until: datetime) -> Delete:
        """A few events that were dealt with long ago. Others' sweeps are not waited for."""
        over = (self.table.webhook == self.name, self.table.outcome.in_(("applied", "ignored")))
        expired = (
            select(self.table.id)
            .where(*over, self.table.received_at < until)
            .order_by(self.table.received_at)
            .limit(SWEPT)
            .with_for_update(skip_locked=True)
            .cte()  # so that PostgreSQL evaluates it once, and the limit holds
        )
        sweep = delete(self.table).where(*over, self.table.id.in_(select(expired.c.id)))
        return sweep.execution_options(synchronize_session=False)

    async def _begin(self, session: AsyncSession, event: Event) -> bool:
        """Take the event for this transaction; False when it has been dealt with."""
        return await self._insert(session, event) or await self._retry(session, event)

    async def _retry(
        self, session: AsyncSession, event: Event, *, error: str | None = None
    ) -> bool:
        """Count one more attempt at a dead letter; False when there is none."""
        letter = update(self.table).where(self._is(event), self.table.outcome == FAILED)
        values = {"attempts": self.table.attempts + 1, "error": error}
        return await change(session, letter.values(**values))

    async def _bury(self, session: AsyncSession, event: Event, error: Exception) -> None:
        """Keep the event as a dead letter. No message of the error's: it may hold personal data."""
        place = place_of(error)
        if not await self._insert(session, event, error=place):
            await self._retry(session, event, error=place)
        await session.commit()
        log.error("webhook_failed", event_type=event.type, event_id=event.id, error=place)


def _at(content: object, path: Sequence[str]) -> object:
    for key in path:
        if not isinstance(content, dict):
            return None
        content = cast("dict[str, object]", content).get(key)
    return content


def _name(value: object, path: Sequence[str]) -> str:
    if value is None:
        raise _invalid("missing", "Field required", *path)
    text = str(value) if type(value) in {int, str} else ""
    if not _NAME.fullmatch(text):
        raise _invalid(
            "string_pattern_mismatch", "Input should be a name of printable ASCII", *path
        )
    return text


def _invalid(code: str, message: str, *path: str) -> RequestValidationError:
    error = {"type": code, "loc": ("body", *path), "msg": message, "input": None}
    return RequestValidationError([error])
