"""Runs in a generated project's environment: alembic on a real database, with rows in the tables.

Reads one JSON object a line, `{"root": …, "url": …, "do": …}`, and answers each with one: the
commands are alembic's own, `insert` puts rows into every table, `rows` tells all that is there.
"""

import asyncio
import contextlib
import importlib
import io
import json
import logging
import sys
import traceback
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

logging.disable()


def answer(request: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """One request, with the project's modules as they are now."""
    for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    sys.path[:] = [request["root"], *(path for path in sys.path if path not in ROOTS)]
    ROOTS.add(request["root"])
    config = Config(str(Path(request["root"], "alembic.ini")), stdout=io.StringIO())
    config.attributes["url"] = request["url"]
    match request["do"]:
        case "upgrade" | "downgrade" as step:
            getattr(command, step)(config, request["to"])
        case "check":
            command.check(config)
        case "sql":
            text = io.StringIO()
            config.output_buffer = text
            command.upgrade(config, "head", sql=True)
            return text.getvalue()
        case "insert":
            asyncio.run(insert(request["url"], request["count"], request["start"]))
        case "rows":
            return asyncio.run(rows(request["url"]))
        case "execute":
            asyncio.run(execute(request["url"], request["sql"]))
    return None


ROOTS: set[str] = set()


def metadata() -> sa.MetaData:
    """The tables as the app has them."""
    import pkgutil

    import app.tables
    from app.db.base import Base

    for module in pkgutil.iter_modules(app.tables.__path__):
        importlib.import_module(f"app.tables.{module.name}")
    return Base.metadata


async def insert(url: str, count: int, start: int) -> None:
    from app.db.session import create_engine

    tables = metadata().sorted_tables
    engine = create_engine(url)
    async with engine.begin() as connection:
        for number in range(start, start + count):
            for table in tables:
                values = {column.name: value(column, number) for column in table.columns}
                await connection.execute(table.insert().values(values))
            for table in tables:
                for column in table.columns:
                    if column.foreign_keys and column.nullable and number % 2 == 0:
                        own = table.c["id"] == f"{number:04}"
                        link = {column.name: f"{number:04}"}
                        await connection.execute(table.update().where(own).values(link))
    await engine.dispose()


def value(column: sa.Column[Any], number: int) -> object:
    """A value that no other row has, within the column's bounds."""
    if column.nullable and (number % 2 or column.foreign_keys):
        return None
    kind = type(column.type).__name__
    if kind == "ExactDecimal":
        return Decimal(number).scaleb(-column.type.places)
    if column.foreign_keys:
        return f"{number:04}"
    match kind:
        case "String" | "Text":
            return f"{number:04}"
        case "Boolean":
            return number % 2 == 0
        case "UtcDateTime":
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number, microseconds=7)
        case "Date":
            return date(2026, 1, 1) + timedelta(days=number)
        case "Time":
            return time(number % 24, 30)
        case "DurationValue":
            return timedelta(seconds=number)
        case "Uuid":
            return UUID(int=number)
        case "JsonValue":
            return [number]
        case "LargeBinary":
            return bytes([number % 256])
        case "Float":
            return number + 0.5
        case _:
            return number


async def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    from app.db.session import create_engine

    engine = create_engine(url)
    found = {}
    async with engine.connect() as connection:
        for table in metadata().sorted_tables:
            got = await connection.execute(sa.select(table).order_by(*table.primary_key))
            found[table.name] = [
                {name: plain(each) for name, each in row._mapping.items()}  # noqa: SLF001
                for row in got
            ]
    await engine.dispose()
    return found


async def execute(url: str, sql: str) -> None:
    from app.db.session import create_engine

    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(sql)
    await engine.dispose()


def plain(found: object) -> object:
    """As JSON holds it; numbers in one form, however many places they have."""
    match found:
        case bool() | None | list() | dict():
            return found
        case int() | Decimal():
            return str(Decimal(found).normalize())
        case _:
            return str(found)


def main() -> None:
    for line in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                told = {"answer": answer(json.loads(line))}
            except BaseException as fault:  # noqa: BLE001 - the test is told of it
                told = {"fault": f"{type(fault).__name__}: {fault}\n{traceback.format_exc()}"}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
