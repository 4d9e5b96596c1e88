"""What all features ask a database in the same way."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import CursorResult, Delete, Select, UnaryExpression, Update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import TypedReturnsRows

from app.core.errors import AppError
from app.db.keyset import Keyset

RowT = TypeVar("RowT")

Sign = Literal["==", ">=", "<="]
_COMPARE: Mapping[Sign, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
}
_CLASHES = frozenset(
    {
        "SQLITE_CONSTRAINT_FOREIGNKEY",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_TRIGGER",  # ON DELETE RESTRICT
        "SQLITE_CONSTRAINT_UNIQUE",
        "23001",  # PostgreSQL: ON DELETE RESTRICT, foreign key, unique
        "23503",
        "23505",
    }
)


async def commit(session: AsyncSession, conflict: AppError) -> None:
    """Commit; raise `conflict` where a key is taken, or a row that is referred to is missing."""
    try:
        await session.commit()
    except IntegrityError as error:
        await session.rollback()
        raise _clash(error, conflict) from None


async def flush(session: AsyncSession, conflict: AppError) -> None:
    """Write what is pending without committing it; raise `conflict` as `commit` does."""
    try:
        await session.flush()
    except IntegrityError as error:
        await session.rollback()
        raise _clash(error, conflict) from None


async def change(session: AsyncSession, statement: Update | Delete) -> bool:
    """Execute an UPDATE or DELETE, and tell whether a row has changed.

    A row that the session holds stays as it was read: `refresh` it where it is used again.
    """
    result = await session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount > 0


async def changed(
    session: AsyncSession,
    statement: TypedReturnsRows[RowT],
    *,
    otherwise: AppError,
    conflict: AppError | None = None,
) -> RowT:
    """Execute an UPDATE or DELETE of one row, and return what it returns of that row as it is now.

    `otherwise` is raised where no row fits, `conflict` as by `commit`.
    """
    options = {"synchronize_session": False, "populate_existing": True}
    try:
        row = (await session.scalars(statement, execution_options=options)).one_or_none()
    except IntegrityError as error:
        await session.rollback()
        raise _clash(error, conflict) from None
    if row is None:
        raise otherwise
    return row


def _clash(error: IntegrityError, conflict: AppError | None) -> Exception:
    """Return `conflict` for a clash of keys. Anything else, such as a missing value, is a bug."""
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return conflict if conflict and code in _CLASHES else error


def matching(
    statement: Select[RowT], *filters: tuple[InstrumentedAttribute[Any], Sign, object]
) -> Select[RowT]:
    """Narrow a query by what was asked for: a filter whose value is None was not."""
    for column, sign, value in filters:
        if value is not None:
            statement = statement.where(_COMPARE[sign](column, value))
    return statement


async def page(
    session: AsyncSession,
    statement: Select[RowT],
    *,
    order: Sequence[UnaryExpression[Any]],
    limit: int,
    cursor: str | None,
) -> tuple[list[RowT], str | None]:
    """Return the rows after the cursor, and the cursor of the page that follows, if one does.

    `order` is of columns, each `.asc()` or `.desc()`, the id last: no two rows are equal in it.
    A page begins behind the values of the last row of the page before, wherever that row is by
    now: rows that are added meanwhile move no other from page to page.
    """
    keyset = Keyset(order, session.get_bind().dialect)
    if cursor is not None:
        statement = statement.where(keyset.after(cursor))
    rows = list(await session.scalars(statement.order_by(*keyset.order_by).limit(limit + 1)))
    if len(rows) <= limit:  # the one more than asked for tells that a page follows
        return rows, None
    return rows[:limit], keyset.cursor(rows[limit - 1])
