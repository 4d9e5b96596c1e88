"""Rows that wait for an outcome which others tell of: how many, and how long the oldest has waited.

A column says in which state its rows wait, and since when:
`mapped_column(…, default="new", info={"pending": "new", "pending_since": "created_at"})`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, MetaData, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import Base, utcnow

BOUND = 1000
"""No more rows of a table are counted: more is an alarm anyway."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The rows of one table that wait; `oldest_age` in seconds, 0 where there are none."""

    rows: int
    oldest_age: float


async def count_pending(
    session: AsyncSession, metadata: MetaData = Base.metadata
) -> dict[str, Pending]:
    """Count the rows that wait, by table. An index on both columns makes it cheap."""
    found: dict[str, Pending] = {}
    for name, statement in _statements(metadata):
        rows, oldest = (await session.execute(statement)).one()
        age = 0.0 if oldest is None else max(0.0, (utcnow() - oldest).total_seconds())
        found[name] = Pending(rows, age)
    return found


def _statements(metadata: MetaData) -> Iterator[tuple[str, Select[int, datetime | None]]]:
    for table in metadata.sorted_tables:
        for column in table.columns:
            if "pending" in column.info:
                since: Column[datetime] = table.columns[str(column.info["pending_since"])]
                waiting = select(since).where(column == column.info["pending"])
                first = waiting.order_by(since).limit(BOUND).subquery()
                oldest = func.min(first.columns[since.name])
                yield table.name, select(func.count(), oldest).select_from(first)
