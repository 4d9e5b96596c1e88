"""The databases of the tests: SQLite files, or on the server that `TEST_DATABASE_URL` names.

Each test process has its own, so that they run in parallel, and each test finds it empty.
"""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.session import create_engine
from app.tables import all_tables

_SERVER = os.environ.get("TEST_DATABASE_URL", "")
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# In memory where there is such a place: each commit waits for the disk.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a new folder in it
_FOLDER = TemporaryDirectory(prefix="tests-", dir=_MEMORY, ignore_cleanup_errors=True)


def url_of(name: str) -> str:
    """Return the URL of this process's database of that name."""
    if not _SERVER:
        return f"sqlite+aiosqlite:///{_FOLDER.name}/{name}.db"
    url = make_url(_SERVER)
    return url.set(database=f"{url.database}_{name}_{_WORKER}").render_as_string(
        hide_password=False
    )


@contextmanager
def new_database(url: str) -> Generator[None]:
    """Make a database without tables, and drop it in the end."""
    database = make_url(url).database or ""
    if not _SERVER:
        yield
        for file in Path(database).parent.glob(f"{Path(database).name}*"):
            file.unlink()
        return
    drop = f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'
    asyncio.run(_tell_server(drop, f'CREATE DATABASE "{database}"'))
    yield
    asyncio.run(_tell_server(drop))


async def _tell_server(*statements: str) -> None:
    engine = create_engine(_SERVER).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def create_tables(url: str) -> None:
    """Make the tables of all features: as the migrations do, in less time."""
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(all_tables().create_all)
    await engine.dispose()


async def empty_tables(engine: AsyncEngine) -> None:
    """Delete all rows, whatever refers to them."""
    tables = all_tables().sorted_tables
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for table in tables:
                await connection.execute(table.delete())
            await connection.commit()
            await connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        elif tables:
            names = map(engine.dialect.identifier_preparer.format_table, tables)
            await connection.exec_driver_sql(f"TRUNCATE {', '.join(names)}")
            await connection.commit()
