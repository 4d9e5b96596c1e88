"""`Idempotency-Key`: what a client gets that sends a request again, whenever it does."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import MetaData, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.attempts import Attempt
from app.core.errors import AppError
from app.core.idempotency import (
    LIFETIME,
    SWEPT,
    Idempotency,
    IdempotencyColumns,
    idempotency,
)
from app.core.resources import get_resource, provide, set_resource
from app.db.base import utcnow
from app.db.session import Database, SessionDep
from tests.conftest import TokenFactory

pytestmark = pytest.mark.anyio
Send = Callable[..., Coroutine[Any, Any, httpx2.Response]]
BODY = {"amount": "5.00"}
DEADLINE = timedelta(seconds=40)


class TrialBase(DeclarativeBase):
    """These tables are the tests' own: no migration knows them."""

    metadata = MetaData()


class TrialKey(IdempotencyColumns, TrialBase):
    """The keys."""

    __tablename__ = "trial_keys"


class Trial(TrialBase):
    """What the operation makes."""

    __tablename__ = "trials"

    id: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[str]


class TrialCreate(BaseModel):
    """The request."""

    amount: str = "1.00"
    note: str | None = None
    labels: dict[str, int] = {}


class TrialRead(BaseModel):
    """The answer."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)

    id: str = Field(alias="trialId")
    amount: str


class RefusedError(AppError):
    """The upstream has definitely done nothing."""

    status, code, title = 402, "trial_refused", "Trial refused"
    retry_after = 7


class UnknownError(AppError):
    """The upstream may have done it."""

    status, code, title = 503, "trial_unknown", "Trial outcome unknown"


class Trials:
    """The service: what happens before and after its commit is up to the test."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.at_first: Callable[[], Awaitable[None]] = self.nothing
        self.before_commit: Callable[[], Awaitable[None]] = self.nothing
        self.after_commit: Callable[[], Awaitable[None]] = self.nothing
        self.settles = True

    async def nothing(self) -> None:
        pass

    async def create(self, session: AsyncSession, data: TrialCreate, attempt: Attempt) -> TrialRead:
        self.attempts.append(attempt)
        await self.at_first()
        trial = await session.get(Trial, attempt.id("tr_")) if attempt.retried else None
        if trial is None:
            trial = Trial(id=attempt.id("tr_"), amount=data.amount)
            session.add(trial)
            await session.flush()
        answer = TrialRead.model_validate(trial)
        if self.settles:
            await attempt.settle(answer)
        await self.before_commit()
        await session.commit()
        await self.after_commit()
        return answer


TrialsDep = Annotated[Trials, Depends(provide(Trials))]
TrialKeyDep = Annotated[
    Idempotency, Depends(idempotency(TrialKey, "create_trial", deadline=lambda _: DEADLINE))
]
DropKeyDep = Annotated[Idempotency, Depends(idempotency(TrialKey, "drop_trials"))]


async def count_down(response: Response) -> None:
    """Set a header, as the rate limit does."""
    response.headers["X-Left"] = "9"


router = APIRouter(dependencies=[Depends(count_down)])


@router.post("/trials", status_code=201, response_model=TrialRead)
@router.post("/other-trials", status_code=201, response_model=TrialRead)
async def create_trial(
    data: TrialCreate, key: TrialKeyDep, trials: TrialsDep, session: SessionDep
) -> TrialRead | Response:
    return await key.run(
        data, lambda attempt: trials.create(session, data, attempt), location="/trials/tr_"
    )


@router.delete("/trials", status_code=204, response_class=Response, response_model=None)
@router.put("/trials", status_code=201, response_class=Response, response_model=None)
async def drop_trials(key: DropKeyDep, trials: TrialsDep) -> Response | None:
    async def drop(attempt: Attempt) -> None:
        trials.attempts.append(attempt)

    return await key.run(None, drop)


ANSWERS: dict[str, str | bytes] = {
    "text/plain": "Grün", "text/html": "<p></p>", "application/octet-stream": b"\xff\x00",
}  # fmt: skip


@router.post("/prints/{kind:path}", status_code=201, response_class=Response)
async def print_trial(kind: str, key: DropKeyDep, trials: TrialsDep) -> Response:
    async def print_out(attempt: Attempt) -> str | bytes:
        trials.attempts.append(attempt)
        return ANSWERS[kind]

    return await key.send(None, print_out, kind)


@pytest.fixture
async def app(app: FastAPI) -> AsyncGenerator[FastAPI]:
    engine = get_resource(app, Database).engine
    async with engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.create_all)
    app.include_router(router)
    set_resource(app, Trials())
    yield app
    async with engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.drop_all)


@pytest.fixture
def trials(app: FastAPI) -> Trials:
    return get_resource(app, Trials)


@pytest.fixture
async def session(app: FastAPI) -> AsyncGenerator[AsyncSession]:
    async with get_resource(app, Database).sessions() as session:
        yield session


@pytest.fixture
def send(client: httpx2.AsyncClient, make_token: TokenFactory) -> Send:
    async def send(
        body: Mapping[str, Any] = BODY,
        *,
        key: str | None = "order-7",
        user: str = "user_1",
        url: str = "/trials",
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {make_token(user)}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await client.post(url, json=body, headers=headers)

    return send


def raising(error: BaseException) -> Callable[[], Awaitable[None]]:
    async def fail() -> None:
        raise error

    return fail


async def count(session: AsyncSession, table: type[Trial | TrialKey]) -> int:
    number = await session.scalar(select(func.count()).select_from(table))
    await session.rollback()
    return number or 0


async def age(session: AsyncSession, **columns: object) -> None:
    """Let the keys be as old as said."""
    await session.execute(update(TrialKey).values(**columns))
    await session.commit()


async def test_a_key_is_answered_once_and_replayed_after_that(
    send: Send, trials: Trials, session: AsyncSession
) -> None:
    first, second = await send(), await send()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert first.headers["x-left"] == second.headers["x-left"] == "9"
    assert second.headers["idempotency-replayed"] == "true"
    assert len(trials.attempts) == await count(session, Trial) == 1


async def test_without_a_key_every_request_is_another(send: Send, session: AsyncSession) -> None:
    first, second = await send(key=None), await send(key=None)
    assert first.json()["trialId"] != second.json()["trialId"]
    assert await count(session, TrialKey) == 0


async def test_every_answer_tells_where_what_was_made_is_found(send: Send, trials: Trials) -> None:
    for key in ("key", "key", None):
        response = await send(key=key)
        assert response.headers["location"] == f"/trials/{trials.attempts[-1].id('tr_')}"


async def test_a_key_belongs_to_its_owner(send: Send) -> None:
    mine, theirs = await send(user="user_1"), await send(user="user_2")
    assert mine.json()["trialId"] != theirs.json()["trialId"]


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ({"amount": "6.00"}, "/trials"),
        ({}, "/trials"),
        (BODY | {"note": None}, "/trials"),
        (BODY, "/trials?dry=1"),
        (BODY, "/other-trials"),
    ],
)
async def test_a_key_is_refused_to_another_request(
    send: Send, trials: Trials, body: dict[str, str], url: str
) -> None:
    await send()
    response = await send(body, url=url)
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    assert len(trials.attempts) == 1


async def test_the_order_of_a_body_does_not_matter(send: Send) -> None:
    first = await send({"amount": "5.00", "labels": {"a": 1, "b": 2}}, url="/trials?a=1&b=2")
    second = await send({"labels": {"b": 2, "a": 1}, "amount": "5.00"}, url="/trials?b=2&a=1")
    assert first.content == second.content


async def test_of_two_at_once_one_runs_and_the_other_is_told_to_wait(
    send: Send, trials: Trials, session: AsyncSession
) -> None:
    waits: list[httpx2.Response] = []

    async def send_again() -> None:
        waits.append(await send())

    trials.settles = False
    trials.after_commit = send_again
    first = await send()
    assert first.status_code == 201
    assert (waits[0].status_code, waits[0].json()["code"]) == (409, "idempotency_in_progress")
    assert waits[0].headers["retry-after"] == "1"
    assert len(trials.attempts) == await count(session, Trial) == 1


async def test_many_at_once_make_one(send: Send, trials: Trials, session: AsyncSession) -> None:
    answers = await asyncio.gather(*(send() for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(trials.attempts) == await count(session, Trial) == 1


@pytest.mark.parametrize("settles", [True, False])
async def test_a_retry_after_a_crash_finds_what_the_first_attempt_made(
    send: Send, trials: Trials, session: AsyncSession, *, settles: bool
) -> None:
    trials.settles = settles
    trials.after_commit = raising(asyncio.CancelledError())  # as if the process had died
    with pytest.raises(asyncio.CancelledError):
        await send()
    trials.after_commit = trials.nothing
    if not settles:
        assert (await send()).json()["code"] == "idempotency_in_progress"
        await age(session, locked_until=utcnow())
    answer = await send()
    assert (answer.status_code, answer.json()["amount"]) == (201, "5.00")
    assert await count(session, Trial) == 1
    assert {attempt.id("tr_") for attempt in trials.attempts} == {answer.json()["trialId"]}
    assert [attempt.retried for attempt in trials.attempts] == [False, True][: 2 - settles]


async def test_a_crash_before_the_commit_leaves_neither_row_nor_answer(
    send: Send, trials: Trials, session: AsyncSession
) -> None:
    trials.before_commit = raising(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await send()
    assert await count(session, Trial) == 0
    await age(session, locked_until=utcnow())
    trials.before_commit = trials.nothing
    assert (await send()).status_code == 201
    assert [attempt.retried for attempt in trials.attempts] == [False, True]


async def test_the_lock_outlives_the_deadline_of_the_work(
    send: Send, trials: Trials, session: AsyncSession
) -> None:
    trials.settles = False
    locks: list[timedelta] = []

    async def look() -> None:
        key = (await session.execute(select(TrialKey))).scalar_one()
        locks.append(key.locked_until - key.created_at)
        await session.rollback()

    trials.after_commit = look
    await send()
    assert locks[0] > DEADLINE


async def test_an_attempt_that_lost_its_lock_cannot_commit(
    send: Send, trials: Trials, session: AsyncSession
) -> None:
    """It waited so long that another has taken over: what both made is one row, one answer."""
    answers: list[httpx2.Response] = []

    async def overtake() -> None:
        trials.after_commit = trials.nothing
        await age(session, locked_until=utcnow())
        answers.append(await send())

    trials.settles = False
    trials.after_commit = overtake
    late = await send()
    assert answers[0].status_code == 201
    assert (late.status_code, late.json()["code"]) == (409, "idempotency_in_progress")
    assert (await send()).content == answers[0].content
    assert await count(session, Trial) == 1


@pytest.mark.parametrize("is_expired", [False, True])
async def test_an_attempt_cannot_answer_for_another_that_is_under_way(
    send: Send, trials: Trials, session: AsyncSession, *, is_expired: bool
) -> None:
    """The second has the key, after the lock of the first or the key itself has run out."""
    second_is_at_it, first_is_over = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        if len(trials.attempts) == 1:
            await age(session, locked_until=utcnow())
            if is_expired:
                await age(session, created_at=utcnow() - LIFETIME)
            requests.append(asyncio.create_task(send()))
            await second_is_at_it.wait()
        else:
            second_is_at_it.set()
            await first_is_over.wait()

    requests: list[asyncio.Task[httpx2.Response]] = []
    trials.at_first = wait
    late = await send()
    first_is_over.set()
    answer = await requests[0]
    assert (late.status_code, late.json()["code"]) == (409, "idempotency_in_progress")
    assert answer.status_code == 201
    assert (await send()).content == answer.content
    assert await count(session, Trial) == 1


async def test_an_error_after_the_answer_was_stored_does_not_change_it(
    send: Send, trials: Trials
) -> None:
    refusal = RefusedError()
    refusal.refused = True
    trials.after_commit = raising(refusal)
    assert (await send()).status_code == 402
    assert (await send()).status_code == 201
    assert len(trials.attempts) == 1


async def test_a_refusal_is_replayed(send: Send, trials: Trials) -> None:
    refusal = RefusedError("No \ud800 way")
    refusal.refused = True

    trials.before_commit = raising(refusal)
    first = await send()
    trials.before_commit = trials.nothing
    second = await send()
    assert (first.status_code, first.json()["detail"]) == (402, "No ? way")
    assert first.headers["retry-after"] == second.headers["retry-after"] == "7"
    assert second.headers["content-type"] == "application/problem+json"
    assert second.headers["idempotency-replayed"] == "true"
    same = {"request_id": ""}
    assert first.json() | same == second.json() | same
    assert second.json()["request_id"] == second.headers["x-request-id"]
    assert len(trials.attempts) == 1


@pytest.mark.parametrize("error", [UnknownError(), RuntimeError()])
async def test_after_any_other_error_a_retry_may_run_at_once(
    send: Send, trials: Trials, session: AsyncSession, error: Exception
) -> None:
    trials.before_commit = raising(error)
    assert (await send()).status_code in {500, 503}
    trials.before_commit = trials.nothing
    assert (await send()).status_code == 201
    assert [attempt.retried for attempt in trials.attempts] == [False, True]
    assert await count(session, Trial) == 1


async def test_a_request_that_does_not_validate_leaves_its_key_free(send: Send) -> None:
    assert (await send({"amount": 5})).status_code == 422
    assert (await send()).status_code == 201


async def test_a_key_expires_after_a_day(send: Send, session: AsyncSession) -> None:
    first = await send()
    await age(session, created_at=utcnow() - LIFETIME, locked_until=utcnow() - LIFETIME)
    second = await send({"amount": "6.00"})
    assert second.status_code == 201
    assert first.json()["trialId"] != second.json()["trialId"]
    assert (await send({"amount": "6.00"})).content == second.content


async def test_expired_keys_are_swept_a_few_at_a_time(send: Send, session: AsyncSession) -> None:
    for number in range(SWEPT + 2):
        await send(key=f"old-{number}")
    past = utcnow() - LIFETIME
    await age(session, created_at=past, locked_until=past)
    await send(key="new-1")
    assert await count(session, TrialKey) == 3
    await send(key="new-2")
    assert await count(session, TrialKey) == 2


async def test_a_key_that_is_worked_on_is_not_swept(send: Send, session: AsyncSession) -> None:
    await send(key="old")
    await age(session, created_at=utcnow() - LIFETIME, locked_until=utcnow() + DEADLINE)
    await send(key="new")
    assert await count(session, TrialKey) == 2


@pytest.mark.parametrize("key", ["", "a b", "/", "x" * 256, "a\tb"])
async def test_a_malformed_key_does_not_validate(send: Send, key: str) -> None:
    response = await send(key=key)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/header/idempotency-key"


@pytest.mark.parametrize(("method", "status"), [("DELETE", 204), ("PUT", 201)])
async def test_an_answer_without_a_body_is_replayed_without_one(
    client: httpx2.AsyncClient, auth: dict[str, str], trials: Trials, method: str, status: int
) -> None:
    headers = auth | {"Idempotency-Key": "drop"}
    first, second = [await client.request(method, "/trials", headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (status, status)
    assert first.content == second.content == b""
    assert first.headers.get("content-type") == second.headers.get("content-type")
    assert second.headers["idempotency-replayed"] == "true"
    assert len(trials.attempts) == 1


@pytest.mark.parametrize(("kind", "answer"), ANSWERS.items())
async def test_an_answer_that_is_no_json_is_replayed_as_it_was(
    send: Send, trials: Trials, kind: str, answer: str | bytes
) -> None:
    first, second = [await send(url=f"/prints/{kind}") for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    body = answer.encode() if isinstance(answer, str) else answer
    assert first.content == second.content == body
    assert first.headers["content-type"] == second.headers["content-type"]
    assert first.headers["content-type"].partition(";")[0] == kind
    assert first.headers["x-left"] == second.headers["x-left"] == "9"
    assert second.headers["idempotency-replayed"] == "true"
    assert len(trials.attempts) == 1


async def test_without_a_key_an_answer_that_is_no_json_is_another_each_time(
    send: Send, trials: Trials
) -> None:
    for _ in range(2):
        response = await send(url="/prints/text/plain", key=None)
        assert (response.status_code, response.text) == (201, "Grün")
    assert len(trials.attempts) == 2
