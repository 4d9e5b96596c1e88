"""The database: ids, column types, transactions, and clashes that tell nothing of other rows."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import ForeignKey, MetaData, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.errors import AppError
from app.core.resources import set_resource
from app.db.base import Base, ExactDecimal, new_id, utcnow
from app.db.queries import Sign, change, changed, commit, flush, matching
from app.db.session import Database, SessionDep, create_engine, database_url, open_database
from tests.conftest import Logs

SECRET = "hunter2"
pytestmark = pytest.mark.anyio


class TakenError(AppError):
    status, code, title = 409, "taken", "Taken"


class GoneError(AppError):
    status, code, title = 404, "gone", "Gone"


class TrialBase(Base):
    """Its tables are the tests' own: no migration knows them."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Shelf(TrialBase):
    __tablename__ = "trial_shelves"

    id: Mapped[str] = mapped_column(primary_key=True)


class Book(TrialBase):
    __tablename__ = "trial_books"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    shelf_id: Mapped[str | None] = mapped_column(
        ForeignKey("trial_shelves.id", ondelete="RESTRICT")
    )
    printed_at: Mapped[datetime | None]
    price: Mapped[Decimal | None] = mapped_column(ExactDecimal(18, 2))


router = APIRouter()


@router.post("/books/{title}")
async def add_book(title: str, session: SessionDep) -> None:
    session.add(Book(id=new_id("book_"), title=title))
    await session.flush()
    if title == SECRET:
        raise GoneError
    await session.commit()


@pytest.fixture
async def app(app: FastAPI, database: Database) -> AsyncGenerator[FastAPI]:
    app.include_router(router)
    async with database.engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.create_all)
    yield app
    async with database.engine.begin() as connection:
        await connection.run_sync(TrialBase.metadata.drop_all)


@pytest.fixture
async def session(app: FastAPI, database: Database) -> AsyncGenerator[AsyncSession]:
    del app  # it makes the tables
    async with database.sessions() as session:
        yield session


async def stored(session: AsyncSession, book: Book) -> Book:
    """Return the book as another session would read it."""
    session.add(book)
    await session.commit()
    session.expunge_all()
    return await session.get_one(Book, book.id)


def test_ids_are_sorted_by_time_and_hold_74_random_bits() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_id("book_") for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert {(one[:5], len(one)) for one in ids} == {("book_", 37)}
    numbers = [int(one[5:], 16) for one in ids]
    milliseconds = [number >> 80 for number in numbers]
    assert before <= milliseconds[0]
    assert milliseconds == sorted(milliseconds)
    assert milliseconds[-1] <= after
    assert {(number >> 76 & 0xF, number >> 62 & 0x3) for number in numbers} == {(7, 2)}
    random = [(number >> 64 & 0xFFF, number & (1 << 62) - 1) for number in numbers]
    assert len(set(random)) == 1000
    assert max(low for _, low in random).bit_length() == 62
    assert max(high for high, _ in random).bit_length() == 12


async def test_a_moment_comes_back_in_utc(session: AsyncSession) -> None:
    printed_at = datetime(2026, 1, 2, 1, 30, 0, 123456, timezone(timedelta(hours=2)))
    book = await stored(session, Book(id="1", title="a", printed_at=printed_at))
    assert book.printed_at == printed_at
    assert book.printed_at is not None
    assert book.printed_at.tzinfo is UTC
    assert (await stored(session, Book(id="2", title="b"))).printed_at is None
    assert utcnow().tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0001-01-01T00:00:00+23:00", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:00:00-12:00", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
async def test_a_moment_beyond_time_is_the_nearest_one(
    session: AsyncSession, written: str, kept: str
) -> None:
    printed_at = datetime.fromisoformat(written)
    book = await stored(session, Book(id="1", title="a", printed_at=printed_at))
    assert book.printed_at == datetime.fromisoformat(kept)


async def test_a_moment_without_a_zone_is_refused(session: AsyncSession) -> None:
    session.add(Book(id="1", title="a", printed_at=datetime(2026, 1, 2)))  # noqa: DTZ001
    with pytest.raises(StatementError, match="needs a timezone"):
        await session.commit()


async def test_decimals_are_exact_in_sums_comparisons_and_order(session: AsyncSession) -> None:
    prices = [Decimal("0.10"), Decimal("0.20"), Decimal("9007199254740993.01"), Decimal("-5.00")]
    session.add_all(
        Book(id=str(number), title=str(number), price=price) for number, price in enumerate(prices)
    )
    session.add(Book(id="none", title="none"))
    await session.commit()
    priced = select(Book.price).where(Book.price.is_not(None))
    found = [str(price) for price in await session.scalars(priced.order_by(Book.price))]
    assert found == ["-5.00", "0.10", "0.20", "9007199254740993.01"]
    small = select(func.sum(Book.price)).where(Book.price > 0, Book.price < 1)
    assert await session.scalar(small) == Decimal("0.30")
    over = select(Book.id).where(Book.price + Decimal("0.01") > Decimal("9007199254740993.01"))
    assert (await session.scalars(over)).all() == ["2"]
    assert (await session.get_one(Book, "none")).price is None


def test_a_decimal_is_numeric_where_there_is_such_a_type() -> None:
    column = ExactDecimal(18, 2)
    for url, expected in ("postgresql://h/d", "NUMERIC(18, 2)"), ("sqlite://", "BIGINT"):
        assert column.compile(dialect=create_engine(url).dialect) == expected


@pytest.mark.parametrize("price", ["0.001", "10000000000000000.00", "-10000000000000000.00"])
async def test_a_decimal_that_the_column_would_round_or_not_hold_is_refused(
    session: AsyncSession, price: str
) -> None:
    session.add(Book(id="1", title="a", price=Decimal(price)))
    with pytest.raises(StatementError, match="no decimal of 18 digits, 2 of them places"):
        await session.commit()


async def test_zeros_behind_the_places_are_no_more_digits(session: AsyncSession) -> None:
    book = await stored(session, Book(id="1", title="a", price=Decimal("1.5000")))
    assert book.price == Decimal("1.50")


Write = Callable[[AsyncSession, AppError], Awaitable[None]]


@pytest.mark.parametrize("write", [commit, flush])
@pytest.mark.parametrize(
    "second",
    [
        {"id": "2", "title": SECRET},
        {"id": "1", "title": "other"},
        {"id": "2", "title": "other", "shelf_id": SECRET},
    ],
    ids=["unique", "primary key", "foreign key"],
)
async def test_a_clash_is_the_error_given_and_tells_no_value(
    session: AsyncSession, write: Write, second: dict[str, str]
) -> None:
    await stored(session, Book(id="1", title=SECRET))
    session.expunge_all()
    session.add(Book(**second))
    with pytest.raises(TakenError) as caught:
        await write(session, TakenError())
    assert caught.value.__suppress_context__
    assert SECRET not in str(caught.value)
    await stored(session, Book(id="3", title="the session can still be used"))


@pytest.mark.parametrize("write", [commit, flush])
async def test_a_missing_value_is_no_clash_and_its_error_tells_no_value(
    session: AsyncSession, write: Write
) -> None:
    session.add(Book(id=SECRET))
    with pytest.raises(IntegrityError) as caught:
        await write(session, TakenError())
    assert SECRET not in str(caught.value)


async def test_what_is_flushed_is_committed_later(session: AsyncSession) -> None:
    session.add(Book(id="1", title="a"))
    await flush(session, TakenError())
    await session.rollback()
    assert await session.get(Book, "1") is None
    session.add(Book(id="1", title="a"))
    await commit(session, TakenError())
    await session.rollback()
    session.expunge_all()
    assert await session.get(Book, "1") is not None


async def test_a_change_tells_whether_a_row_has_changed(session: AsyncSession) -> None:
    await stored(session, Book(id="1", title="a"))
    rename = update(Book).where(Book.title == "a").values(title="b")
    assert [await change(session, rename), await change(session, rename)] == [True, False]


async def test_a_changed_row_is_returned_as_it_is_now(session: AsyncSession) -> None:
    book = await stored(session, Book(id="1", title="a"))
    rename = update(Book).where(Book.title == "a").values(title="b").returning(Book)
    assert await changed(session, rename, otherwise=GoneError()) is book
    assert book.title == "b"
    with pytest.raises(GoneError):
        await changed(session, rename, otherwise=GoneError())


async def test_of_many_at_once_only_as_many_win_as_there_is_room(
    session: AsyncSession, database: Database
) -> None:
    await stored(session, Book(id="1", title="0"))
    await session.rollback()  # an open transaction holds SQLite's one connection
    room = ["1", "2", "3", "4", "5"]

    async def take() -> bool:
        async with database.sessions() as own:
            for before, after in pairwise(["0", *room]):
                taking = update(Book).where(Book.title == before).values(title=after)
                if await change(own, taking):
                    await own.commit()
                    return True
            return False

    assert sum(await asyncio.gather(*(take() for _ in range(20)))) == len(room)
    assert await session.scalar(select(Book.title).execution_options(populate_existing=True)) == "5"


async def test_a_change_that_clashes_is_the_error_given(session: AsyncSession) -> None:
    session.add(Shelf(id="s"))
    await commit(session, TakenError())
    session.add_all([Book(id="1", title="a", shelf_id="s"), Book(id="2", title="b")])
    await commit(session, TakenError())
    rename = update(Book).where(Book.id == "2").values(title="a").returning(Book)
    remove = delete(Shelf).where(Shelf.id == "s").returning(Shelf.id)
    with pytest.raises(TakenError):
        await changed(session, rename, otherwise=GoneError(), conflict=TakenError())
    with pytest.raises(TakenError):
        await changed(session, remove, otherwise=GoneError(), conflict=TakenError())
    with pytest.raises(IntegrityError):
        await changed(session, remove, otherwise=GoneError())
    clear = update(Book).values(title=None).returning(Book)
    with pytest.raises(IntegrityError):
        await changed(session, clear, otherwise=GoneError(), conflict=TakenError())


@pytest.mark.parametrize(
    ("sign", "value", "found"),
    [
        ("==", "b", ["b"]),
        (">=", "b", ["b", "c"]),
        ("<=", "b", ["a", "b"]),
        ("==", "' OR 1=1 --", []),
        ("==", None, ["a", "b", "c"]),
    ],
)
async def test_a_filter_narrows_where_it_is_given(
    session: AsyncSession, sign: Sign, value: str | None, found: list[str]
) -> None:
    await session.execute(insert(Book), [{"id": title, "title": title} for title in "abc"])
    query = matching(select(Book.title).order_by(Book.title), (Book.title, sign, value))
    assert (await session.scalars(query)).all() == found


async def test_what_a_request_has_not_committed_is_rolled_back(
    client: httpx2.AsyncClient, session: AsyncSession
) -> None:
    assert (await client.post(f"/books/{SECRET}")).status_code == 404
    assert (await client.post("/books/kept")).status_code == 200
    assert (await session.scalars(select(Book.title))).all() == ["kept"]


async def test_an_error_of_the_database_is_logged_without_values(
    client: httpx2.AsyncClient, logs: Logs
) -> None:
    assert (await client.post("/books/twice")).status_code == 200
    response = await client.post("/books/twice")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "IntegrityError" in logs.getvalue()
    assert "'twice'" not in logs.getvalue()
    assert "(twice)" not in logs.getvalue()


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/hunter2/app.db", "postgresql://hunter2@127.0.0.1:1/app"]
)
async def test_the_app_is_alive_but_not_ready_without_its_database(
    app: FastAPI, client: httpx2.AsyncClient, logs: Logs, url: str
) -> None:
    async with open_database(url) as unreachable:
        set_resource(app, unreachable)
        ready, live = await client.get("/health/ready"), await client.get("/health/live")
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert [line["event"] for line in logs.lines()] == ["not_ready"]
    assert SECRET not in logs.getvalue()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///./app.db", "sqlite+aiosqlite:///./app.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
    ],
)
def test_a_url_gets_the_asynchronous_driver(url: str, expected: str) -> None:
    assert database_url(url).render_as_string(hide_password=False) == expected


async def test_sqlite_waits_for_its_writer_and_keeps_its_references(tmp_path: Path) -> None:
    async with (
        open_database(f"sqlite:///{tmp_path}/a.db") as database,
        database.engine.connect() as connection,
    ):
        found = {
            pragma: await connection.scalar(text(f"PRAGMA {pragma}"))
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_engine_of_postgresql_opens_nothing_by_itself() -> None:
    engine = create_engine("postgresql://user:pw@127.0.0.1:1/app")
    assert engine.dialect.name == "postgresql"
    assert "pw" not in repr(engine)
