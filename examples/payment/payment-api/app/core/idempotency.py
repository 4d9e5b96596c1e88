"""`Idempotency-Key`: one result for each key and owner, whatever fails, however often it is sent.

    CreateNoteKey = Annotated[Idempotency, Depends(idempotency(NoteIdempotencyKey, "create_note"))]

    @router.post("", status_code=201, response_model=NoteRead)
    async def create_note(
        data: NoteCreate, user: CurrentUser, key: CreateNoteKey, service: NoteServiceDep
    ) -> NoteRead | Response:
        return await key.run(
            data, lambda attempt: service.create_note(data, user=user, attempt=attempt)
        )

A key is claimed and committed before the work starts: no connection is held meanwhile, and a second
request finds the lock. A crash leaves the lock to expire; the attempt that follows is `retried`,
and names its rows as the first one did (`attempt.id`), so that it finds them. The service hands its
answer to `attempt.settle` before its last commit: the change and its answer are then stored
together or not at all, and an attempt whose lock was taken over cannot commit.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Header, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    ColumnElement,
    Delete,
    String,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.attempts import Attempt
from app.core.auth import CurrentUser
from app.core.config import Settings
from app.core.errors import AppError, Problem, app_error_response, problem_response
from app.core.resources import get_resource
from app.db.base import UtcDateTime, new_id, utcnow
from app.db.queries import change
from app.db.session import SessionDep

ResultT = TypeVar("ResultT")

REPLAYED = "Idempotency-Replayed"
JSON_TYPE, BYTES_TYPE = "application/json", "application/octet-stream"
KEY_PATTERN = r"^[A-Za-z0-9_.:-]{1,255}$"
LIFETIME = timedelta(hours=24)
MARGIN = timedelta(seconds=30)
"""How long a lock outlives the deadline of the work."""
SWEPT = 10
"""How many expired keys a new one takes away: more than one, so that they do not pile up."""


class IdempotencyKeyReusedError(AppError):
    """The key was sent before, with another request."""

    status, code, title = 409, "idempotency_key_reused", "Idempotency key was used differently"


class IdempotencyInProgressError(AppError):
    """A request with this key is being worked on."""

    status, code, title = 409, "idempotency_in_progress", "Request is in progress"
    retry_after = 1


class IdempotencyColumns:
    """A key: whose it is, the request it was sent with, and the answer once there is one."""

    owner_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    operation_id: Mapped[str] = mapped_column(String(32))
    attempts: Mapped[int]
    locked_until: Mapped[datetime] = mapped_column(UtcDateTime())
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    response: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class Idempotency:
    """Runs an operation that has no key: each time anew."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response
        self._media_type = JSON_TYPE

    async def run(
        self,
        data: BaseModel | None,
        work: Callable[[Attempt], Awaitable[ResultT]],
        *,
        location: str | None = None,
    ) -> ResultT | Response:
        """Return the result of `work`, or the answer that the key got before.

        `location` is where what it makes is found, but for the id that its attempts share.
        """
        del data
        attempt = Attempt()
        result = await work(attempt)
        self._locate(location, attempt.operation_id)
        return result

    async def send(
        self,
        data: BaseModel | None,
        work: Callable[[Attempt], Awaitable[str | bytes]],
        media_type: str,
    ) -> Response:
        """As `run`, where the answer is a text or bytes."""
        self._media_type = media_type
        answer = await self.run(data, work)
        if isinstance(answer, Response):
            return answer
        return Response(answer, self._status, self._response.headers, media_type)

    @property
    def _status(self) -> int:
        return int(self._request.scope["route"].status_code or HTTPStatus.OK)

    def _locate(self, location: str | None, operation_id: str) -> None:
        if location is not None:
            self._response.headers["Location"] = location + operation_id


class _Claim(NamedTuple):
    operation_id: str
    attempts: int


class _KeyedIdempotency(Idempotency):
    """Runs an operation once for its key."""

    def __init__(
        self,
        session: AsyncSession,
        request: Request,
        response: Response,
        table: type[IdempotencyColumns],
        identity: dict[str, str],
        lock: timedelta,
        sweep: Delete,
    ) -> None:
        super().__init__(request, response)
        self._session = session
        self._table = table
        self._identity = identity  # owner_id, scope, key
        self._lock = lock
        self._sweep = sweep
        self._settled = False

    async def run(
        self,
        data: BaseModel | None,
        work: Callable[[Attempt], Awaitable[ResultT]],
        *,
        location: str | None = None,
    ) -> ResultT | Response:
        fingerprint = _fingerprint(self._request, data)
        claim = await self._insert(fingerprint) or await self._repeat(fingerprint, location)
        await self._session.commit()  # no connection is held while the work is done
        if isinstance(claim, Response):
            return claim
        settle = partial(self._settle, claim)
        try:
            result = await work(Attempt(claim.operation_id, claim.attempts > 1, settle))
            if not self._settled:
                await settle(result)
            await self._session.commit()
        except Exception as error:
            await self._session.rollback()
            await self._fail(claim, error)
            raise
        self._locate(location, claim.operation_id)
        return result

    async def _insert(self, fingerprint: str) -> _Claim | None:
        """Claim a key that is new; None where there is a record of it."""
        claim, values = self._first(fingerprint)
        try:
            await self._session.execute(insert(self._table).values(**self._identity, **values))
        except IntegrityError:
            await self._session.rollback()
            return None
        now = utcnow()
        await self._session.execute(self._sweep, {"now": now, "expired": now - LIFETIME})
        return claim

    def _first(self, fingerprint: str) -> tuple[_Claim, dict[str, object]]:
        claim, now = _Claim(operation_id=new_id(""), attempts=1), utcnow()
        values: dict[str, object] = {
            **claim._asdict(),
            "fingerprint": fingerprint,
            "locked_until": now + self._lock,
            "created_at": now,
        }
        return claim, values

    async def _repeat(self, fingerprint: str, location: str | None) -> _Claim | Response:
        """Replay the answer that the key got before, or claim the key after a failed attempt."""
        now = utcnow()
        query = select(self._table).where(self._is_mine)
        record = (await self._session.execute(query)).scalar()
        if record is None or record.created_at < now - LIFETIME:
            claim, values = self._first(fingerprint)
            values |= {"status": None, "headers": None, "response": None}
            is_free = self._table.created_at < now - LIFETIME
        elif record.fingerprint != fingerprint:
            raise IdempotencyKeyReusedError
        elif record.status is not None:
            return self._replay(record.status, record, location)
        else:
            claim = _Claim(record.operation_id, record.attempts + 1)
            values = {**claim._asdict(), "locked_until": now + self._lock}
            is_free = and_(self._table.attempts == record.attempts, self._table.status.is_(None))
        is_unlocked = self._table.locked_until <= now
        if not await self._write(is_free, is_unlocked, values=values):
            raise IdempotencyInProgressError
        return claim

    def _replay(self, status: int, record: IdempotencyColumns, location: str | None) -> Response:
        kept = {**(record.headers or {}), REPLAYED: "true"}
        if status >= HTTPStatus.BAD_REQUEST:
            problem = Problem.model_validate_json(record.response or "")
            return problem_response(self._request, problem, {**self._response.headers, **kept})
        self._locate(location, record.operation_id)
        headers = {**self._response.headers, **kept}
        if record.response is None:
            return Response(None, status, headers)
        body = record.response.encode()
        if self._media_type == BYTES_TYPE:
            body = b64decode(body)
        return Response(body, status, headers, self._media_type)

    async def _settle(self, claim: _Claim, answer: object) -> None:
        values = self._stored(answer)
        if not await self._write(*self._holds(claim), values=values):
            raise IdempotencyInProgressError  # another attempt has taken the key over
        self._settled = True

    async def _fail(self, claim: _Claim, error: Exception) -> None:
        """Store a refusal; after any other error, which may pass, let a retry in at once."""
        values: dict[str, object] = {"locked_until": utcnow()}
        if isinstance(error, AppError) and error.refused:
            values = self._stored(error)
        await self._write(*self._holds(claim), values=values)
        await self._session.commit()

    def _stored(self, answer: object) -> dict[str, object]:
        if isinstance(answer, AppError):
            problem = bytes(app_error_response(self._request, answer).body).decode()
            return {"status": answer.status, "headers": answer.headers, "response": problem}
        match answer:
            case None | str():  # no body, or a text as it is sent
                body = answer
            case bytes():
                body = b64encode(answer).decode()
            case _:
                body = to_json(answer).decode()
        return {"status": self._status, "response": body}

    @property
    def _is_mine(self) -> ColumnElement[bool]:
        return and_(*(getattr(self._table, name) == it for name, it in self._identity.items()))

    def _holds(self, claim: _Claim) -> tuple[ColumnElement[bool], ...]:
        table = self._table
        return (
            table.operation_id == claim.operation_id,
            table.attempts == claim.attempts,
            table.status.is_(None),
        )

    async def _write(self, *conditions: ColumnElement[bool], values: Mapping[str, object]) -> bool:
        statement = update(self._table).where(self._is_mine, *conditions).values(**values)
        return await change(self._session, statement)


def _sweep(table: type[IdempotencyColumns]) -> Delete:
    """A few expired keys go with each new one. Others' sweeps are not waited for."""
    primary_key = (table.owner_id, table.scope, table.key)
    expired = (
        select(*primary_key)
        .where(table.created_at < bindparam("expired"), table.locked_until <= bindparam("now"))
        .order_by(table.created_at)
        .limit(SWEPT)
        .with_for_update(skip_locked=True)
        .cte()  # so that PostgreSQL evaluates it once, and the limit holds
    )
    sweep = delete(table).where(tuple_(*primary_key).in_(select(*expired.c)))
    return sweep.execution_options(synchronize_session=False)


def _fingerprint(request: Request, data: BaseModel | None) -> str:
    """Tell requests apart. A field left out is not the same as its default: a PATCH may mean it."""
    body = None if data is None else data.model_dump(mode="json", exclude_unset=True)
    query = sorted(request.query_params.multi_items())
    text = json.dumps([request.method, request.url.path, query, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _no_call(_settings: Settings) -> timedelta:
    return timedelta(0)


def idempotency(
    table: type[IdempotencyColumns],
    scope: str,
    *,
    deadline: Callable[[Settings], timedelta] = _no_call,
) -> Callable[..., Awaitable[Idempotency]]:
    """`Depends(idempotency(NoteIdempotencyKey, "create_note"))`: what the caller's key promises.

    `deadline` is the longest that the work may take, by the deadlines of the calls that it makes.
    """

    sweep = _sweep(table)  # to put it together costs more than to execute it

    async def dependency(
        request: Request,
        response: Response,
        session: SessionDep,
        user: CurrentUser,
        idempotency_key: Annotated[
            str | None,
            Header(
                pattern=KEY_PATTERN,
                description="Makes a retry safe: the same key gets the same answer, for a day.",
                examples=["order-7-attempt"],
            ),
        ] = None,
    ) -> Idempotency:
        if idempotency_key is None:
            return Idempotency(request, response)
        return _KeyedIdempotency(
            session,
            request,
            response,
            table,
            {"owner_id": user.id, "scope": scope, "key": idempotency_key},
            deadline(get_resource(request.app, Settings)) + MARGIN,
            sweep,
        )

    return dependency
