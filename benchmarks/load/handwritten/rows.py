"""The tables, and the claim of an idempotency key."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy import BigInteger, DateTime, Index, String, Text, delete, event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import AsyncAdaptedQueuePool
from web import Problem, fingerprint

LOCK = timedelta(seconds=60)
LIFETIME = timedelta(hours=24)


class Base(DeclarativeBase):
    """All tables."""


def utcnow() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Payment(Base):
    """A payment; money in integer cents."""

    __tablename__ = "payments"
    __table_args__ = (
        Index("ix_payments_owner", "owner_id", "created_at"),
        Index("ix_payments_owner_status", "owner_id", "status", "created_at"),
        Index("ix_payments_status", "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(255))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    refunded_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str | None] = mapped_column(String(500))
    payment_method_id: Mapped[str] = mapped_column(String(255))
    provider_id: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default="pending")
    created_at: Mapped[datetime] = mapped_column(DateTime, default=utcnow)


class IdempotencyKey(Base):
    """A key that a client has sent, and the answer that it got."""

    __tablename__ = "idempotency_keys"

    owner_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    operation_id: Mapped[str] = mapped_column(String(32))
    locked_until: Mapped[datetime] = mapped_column(DateTime)
    status: Mapped[int | None]
    response: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime, default=utcnow, index=True)


def create_engine(url: str) -> AsyncEngine:
    """One connection for SQLite: it has one writer."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=5000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


@dataclass(slots=True)
class Attempt:
    """One try at the work of a key; all tries name their rows alike."""

    operation_id: str
    retried: bool
    record: IdempotencyKey | None = None

    def settle(self, status: int, body: str) -> None:
        """Store the answer in the transaction that is under way."""
        if self.record is not None:
            self.record.status, self.record.response = status, body


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Runs an operation once for its key."""

    session: AsyncSession
    request: Request
    owner_id: str
    scope: str
    key: str | None

    async def run(
        self, data: BaseModel, work: Callable[[Attempt], Awaitable[BaseModel]]
    ) -> BaseModel | Response:
        if self.key is None:
            return await work(Attempt(uuid.uuid4().hex, retried=False))
        print_ = fingerprint(self.request, data)
        attempt = await self._claim(self.key, print_)
        if attempt is None:
            return await self._replay(self.key)
        try:
            return await work(attempt)
        except Exception:
            await self.session.rollback()
            if attempt.record is not None and attempt.record.status is None:
                attempt.record.locked_until = utcnow()
                await self.session.commit()
            raise

    async def _claim(self, key: str, print_: str) -> Attempt | None:
        now = utcnow()
        record = IdempotencyKey(
            owner_id=self.owner_id,
            scope=self.scope,
            key=key,
            fingerprint=print_,
            operation_id=uuid.uuid4().hex,
            locked_until=now + LOCK,
        )
        self.session.add(record)
        try:
            await self.session.flush()
        except IntegrityError:
            await self.session.rollback()
            return await self._reclaim(key, print_)
        await self.session.execute(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < now - LIFETIME),
            execution_options={"synchronize_session": False},
        )
        await self.session.commit()
        return Attempt(record.operation_id, retried=False, record=record)

    async def _reclaim(self, key: str, print_: str) -> Attempt | None:
        now = utcnow()
        record = await self.session.get_one(IdempotencyKey, (self.owner_id, self.scope, key))
        if record.fingerprint != print_:
            raise Problem(409, "idempotency_key_reused", "Idempotency key was used differently")
        if record.status is not None:
            return None
        taken = await self.session.scalar(
            update(IdempotencyKey)
            .where(
                IdempotencyKey.owner_id == self.owner_id,
                IdempotencyKey.scope == self.scope,
                IdempotencyKey.key == key,
                IdempotencyKey.status.is_(None),
                IdempotencyKey.locked_until <= now,
            )
            .values(locked_until=now + LOCK)
            .returning(IdempotencyKey.key)
        )
        await self.session.commit()
        if taken is None:
            raise Problem(409, "idempotency_in_progress", "Request is in progress")
        return Attempt(record.operation_id, retried=True, record=record)

    async def _replay(self, key: str) -> Response:
        query = select(IdempotencyKey).where(
            IdempotencyKey.owner_id == self.owner_id,
            IdempotencyKey.scope == self.scope,
            IdempotencyKey.key == key,
        )
        record = (await self.session.scalars(query)).one()
        headers = {"Idempotency-Replayed": "true"}
        return Response(record.response, record.status or 200, headers, "application/json")
