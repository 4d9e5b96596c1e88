"""Alembic's environment: the database is `DATABASE_URL`, or the one that `-x url=…` names.

A program may hand over another one: `config.attributes["url"]`.
"""

import asyncio
import logging
from typing import Literal, cast

from alembic import context
from sqlalchemy import Connection, func, select

from app.core.config import get_settings
from app.db.base import ExactDecimal, UtcDateTime
from app.db.session import create_engine, database_url
from app.tables import all_tables

ADVISORY_LOCK = 7_236_051_408  # any number will do that no other program locks


def target_url() -> str:
    """Return the URL of the database to migrate."""
    arguments = context.get_x_argument(as_dictionary=True)
    given = context.config.attributes.get("url") or arguments.get("url")
    return cast("str", given) if given else get_settings().database_url.get_secret_value()


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render our own types as plain ones: what was migrated once must not change with the app."""
    del kind  # they are all types
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, ExactDecimal):
        exact = f"sa.Numeric({item.digits}, {item.places})"
        return f'{exact}.with_variant(sa.BigInteger(), "sqlite")'
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction, one deployment at a time: all of them, or none."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # SQLite changes a table by making it anew, and with the keys on, dropping the old one
        # deletes the rows that refer to it. And its driver begins no transaction for DDL.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        render_as_batch=is_sqlite,
        transactional_ddl=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
    if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("a row would refer to one that is not there: nothing was migrated")
    connection.commit()


async def migrate_online() -> None:
    """Connect, and migrate."""
    engine = create_engine(target_url(), timeout=None)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def write_sql() -> None:
    """Write the SQL instead (`--sql`)."""
    context.configure(
        url=database_url(target_url()),
        target_metadata=all_tables(),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


if context.config.cmd_opts is not None:  # the command line: tell what is done
    logging.basicConfig(level=logging.INFO, format="%(message)s")
if context.is_offline_mode():
    write_sql()
else:
    asyncio.run(migrate_online())
