"""The app's database: its engine, and a session for each request."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from sqlalchemy import URL, ExceptionContext, event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.core.config import Settings
from app.core.resources import get_resource, set_resource

_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
# FULL: what is committed before money moves has to outlive a power cut, too.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")


@dataclass(frozen=True, slots=True)
class Database:
    """An open database."""

    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]


def create_engine(url: str, *, timeout: float | None = 30) -> AsyncEngine:
    """Return the engine of a database, by its URL; nothing is opened yet.

    `timeout` is that of a statement on a server, in seconds.
    """
    target = database_url(url)
    is_file = target.get_backend_name() == "sqlite"
    # One connection: SQLite has one writer, and to wait in the pool is cheaper than in its lock.
    options: dict[str, Any] = (
        {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0}
        if is_file
        else {"pool_pre_ping": True, "connect_args": {"timeout": 5, "command_timeout": timeout}}
    )
    # Values of rows stay out of the errors, and so out of the log.
    engine = create_async_engine(target, hide_parameters=True, pool_timeout=10, **options)
    event.listen(engine.sync_engine, "handle_error", _drop_detail)
    if is_file:
        event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def database_url(url: str) -> URL:
    """Name the asynchronous driver where the URL names none, and TLS as that driver does."""
    parsed = make_url(url)
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if "sslmode" in parsed.query:
        parsed = parsed.update_query_dict({"ssl": parsed.query["sslmode"]})
    return parsed.difference_update_query(["sslmode"])


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _drop_detail(context: ExceptionContext) -> None:
    """Forget the driver's own error: PostgreSQL's tells values, as in `Key (name)=(Ann) exists`."""
    context.original_exception.__cause__ = None


@asynccontextmanager
async def open_database(url: str) -> AsyncGenerator[Database]:
    """Open a database, and close it in the end."""
    engine = create_engine(url)
    try:
        yield Database(engine, async_sessionmaker(engine, expire_on_commit=False))
    finally:
        await engine.dispose()


@asynccontextmanager
async def database_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open the app's database for as long as the app lives."""
    url = get_resource(app, Settings).database_url.get_secret_value()
    async with open_database(url) as database:
        set_resource(app, database)
        yield


async def get_session(request: Request) -> AsyncGenerator[AsyncSession]:
    """Return the request's own session; what it has not committed is rolled back in the end."""
    async with get_resource(request.app, Database).sessions() as session:
        yield session


# Closed before the answer is sent: no connection waits for a slow client.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
