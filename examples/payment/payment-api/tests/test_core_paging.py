"""Keyset pages: every row once and in order, whatever is inserted, and no cursor but our own."""

import base64
import json
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, MetaData, UnaryExpression, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from app.core.pagination import CURSOR_PATTERN, Page
from app.db.base import Base, ExactDecimal
from app.db.queries import page
from app.db.session import Database, SessionDep

pytestmark = pytest.mark.anyio


class TrialBase(Base):
    """Its tables are the tests' own: no migration knows them."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Walk(TrialBase):
    """A value of each type that a list may be sorted by."""

    __tablename__ = "trial_walks"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    stars: Mapped[int | None]
    started_at: Mapped[datetime]
    day: Mapped[date | None]
    at: Mapped[time]
    speed: Mapped[float]
    is_round: Mapped[bool]
    key: Mapped[UUID]
    fee: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))


def walk(number: int) -> dict[str, object]:
    """A row, one of many that are alike in most columns."""
    return {
        "id": number,
        "name": ["Ålesund", "a'b\\c%", "z"][number % 3],
        "stars": None if number % 4 == 0 else number % 3,
        "started_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=number % 5),
        "day": None if number % 3 == 0 else date(2026, 1, 1 + number % 2),
        "at": time(12, number % 2, microsecond=1),
        "speed": 0.1 * (number % 4),
        "is_round": number % 2 == 0,
        "key": UUID(int=(number * 7919) % 1009),
        "fee": Decimal(number % 6) / 4,
    }


class WalkRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int


class WalkPage(Page[WalkRead]):
    """A page of walks."""


NEWEST = (Walk.started_at.desc(), Walk.id.desc())
BEST = (Walk.stars.desc(), Walk.id.asc())
Order = Sequence[UnaryExpression[Any]]
router = APIRouter()


@router.get("/walks")
async def list_walks(
    session: SessionDep, cursor: Annotated[str | None, Query(pattern=CURSOR_PATTERN)] = None
) -> WalkPage:
    rows, following = await page(session, select(Walk), order=NEWEST, limit=2, cursor=cursor)
    return WalkPage(items=[WalkRead.model_validate(row) for row in rows], next_cursor=following)


@pytest.fixture
async def app(app: FastAPI, database: Database) -> AsyncGenerator[FastAPI]:
    app.include_router(router)
    async with database.engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.create_all)
        await connection.execute(insert(Walk), [walk(number) for number in range(1, 30)])
    yield app
    async with database.engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.drop_all)


@pytest.fixture
async def session(app: FastAPI, database: Database) -> AsyncGenerator[AsyncSession]:
    del app  # it makes the tables
    async with database.sessions() as session:
        yield session


async def ids(session: AsyncSession, order: Order, limit: int) -> list[int]:
    """Read all pages."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        rows, cursor = await page(session, select(Walk), order=order, limit=limit, cursor=cursor)
        found += [row.id for row in rows]
        if cursor is None:
            return found
        assert len(rows) == limit


@pytest.mark.parametrize("limit", [1, 4, 29, 30])
@pytest.mark.parametrize(
    "name",
    [
        "name", "stars", "started_at", "day", "at", "speed", "is_round", "key",
        "fee",
    ],
)  # fmt: skip
async def test_the_pages_hold_every_row_once_and_in_order(
    session: AsyncSession, name: str, limit: int
) -> None:
    column = getattr(Walk, name)

    def place(number: int) -> tuple[bool, Any]:  # nulls are the largest
        value = walk(number)[name]
        return value is None, 0 if value is None else value

    numbers = range(1, 30)
    upwards = sorted(numbers, key=lambda number: (*place(number), number))
    mixed = sorted(numbers, key=lambda number: (*place(number), -number))
    if name != "name":  # each database sorts text by a collation of its own
        assert await ids(session, (column.asc(), Walk.id.asc()), limit) == upwards
        assert await ids(session, (column.desc(), Walk.id.desc()), limit) == upwards[::-1]
        assert await ids(session, (column.asc(), Walk.id.desc()), limit) == mixed
        assert await ids(session, (column.desc(), Walk.id.asc()), limit) == mixed[::-1]
    else:
        whole = await ids(session, (column.asc(), Walk.id.asc()), 100)
        assert sorted(whole) == list(numbers)
        assert await ids(session, (column.asc(), Walk.id.asc()), limit) == whole
        assert await ids(session, (column.desc(), Walk.id.desc()), limit) == whole[::-1]


async def test_rows_that_come_and_go_move_no_other_from_page_to_page(
    session: AsyncSession,
) -> None:
    first, cursor = await page(session, select(Walk), order=NEWEST, limit=10, cursor=None)
    await session.execute(insert(Walk), [walk(number) for number in (100, 101, 102, 103, 104)])
    await session.execute(delete(Walk).where(Walk.id == first[-1].id))
    second, _ = await page(session, select(Walk), order=NEWEST, limit=100, cursor=cursor)
    seen = [row.id for row in (*first, *second)]
    assert len(seen) == len(set(seen))
    assert set(seen) >= set(range(1, 30))


async def test_a_filter_holds_on_every_page(session: AsyncSession) -> None:
    even = select(Walk).where(Walk.is_round)
    first, cursor = await page(session, even, order=NEWEST, limit=10, cursor=None)
    second, end = await page(session, even, order=NEWEST, limit=10, cursor=cursor)
    assert sorted(row.id for row in (*first, *second)) == list(range(2, 30, 2))
    assert end is None


async def test_a_client_walks_the_pages_by_their_cursors(client: httpx2.AsyncClient) -> None:
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get("/walks", params={"cursor": cursor} if cursor else {})
        assert answer.status_code == 200
        found += [item["id"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert sorted(found) == list(range(1, 30))


def made(*values: object) -> str:
    """A cursor of these values."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


MOMENT = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "cursor",
    [
        "A",
        "AAAA",
        base64.urlsafe_b64encode(b"{}").decode().rstrip("="),
        base64.urlsafe_b64encode(b"[" * 3000).decode().rstrip("="),
        made(),
        made("-started_at,-id"),
        made("-started_at,-id", MOMENT),
        made("-started_at,-id", MOMENT, 1, 1),
        made("-id", 1),
        made("started_at,id", MOMENT, 1),
        made("-started_at,-id", None, 1),
        made("-started_at,-id", "tomorrow", 1),
        made("-started_at,-id", "2026-01-01T00:00:00", 1),
        made("-started_at,-id", MOMENT, "x"),
        made("-started_at,-id", MOMENT, 1 << 63),
        made("-started_at,-id", MOMENT, -(1 << 63) - 1),
        made("-started_at,-id", MOMENT, [1]),
    ],
)
async def test_a_cursor_that_the_list_did_not_give_is_refused_by_name(
    client: httpx2.AsyncClient, cursor: str
) -> None:
    response = await client.get("/walks", params={"cursor": cursor})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/query/cursor", "invalid_cursor")


async def test_a_cursor_of_a_row_far_away_is_still_one(client: httpx2.AsyncClient) -> None:
    for number, expected in ((1 << 63) - 1, 2), (-(1 << 63), 0):
        cursor = made("-started_at,-id", "2026-01-01T00:00:00Z", number)
        response = await client.get("/walks", params={"cursor": cursor})
        assert len(response.json()["items"]) == expected


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Walk.name, "a\0b"),
        (Walk.name, "\ud800"),
        (Walk.stars, 1 << 31),
        (Walk.day, "2026-02-30"),
        (Walk.at, "12:00:00Z"),
        (Walk.speed, "fast"),
        (Walk.is_round, 2),
        (Walk.key, "1"),
        (Walk.fee, "NaN"),
        (Walk.fee, "1E+999999999"),
        (Walk.fee, "0.001"),
    ],
)
async def test_a_cursor_holds_only_what_its_column_can_hold(
    session: AsyncSession, column: InstrumentedAttribute[Any], value: object
) -> None:
    order = (column.asc(), Walk.id.asc())
    cursor = made(f"{column.key},id", value, 1)
    with pytest.raises(RequestValidationError):
        await page(session, select(Walk), order=order, limit=1, cursor=cursor)


async def test_no_change_of_a_cursor_breaks_the_list(session: AsyncSession) -> None:
    _, cursor = await page(session, select(Walk), order=BEST, limit=3, cursor=None)
    assert cursor is not None
    outcomes: set[str] = set()
    for place, _letter in enumerate(cursor):
        for letter in "Ax1_":
            forged = cursor[:place] + letter + cursor[place + 1 :]
            try:
                await page(session, select(Walk), order=BEST, limit=1, cursor=forged)
                outcomes.add("a page")
            except RequestValidationError:
                outcomes.add("refused")
    assert outcomes == {"a page", "refused"}
