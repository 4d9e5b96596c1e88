"""Rows of the payment feature: made and read past the app."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.db.base import Base
from app.db.session import Database
from app.tables.payment import Payment, Refund

GET_PAYMENT_ID = "pay_00000000000000000000000000000001"
CREATE_REFUND_ID = "pay_00000000000000000000000000000002"


def make_payment(**changes: object) -> Payment:
    """Make a payment of user_1."""
    values: dict[str, Any] = {
        "id": "pay_0000000000000000000000000000268a",
        "amount": Decimal("21.25"),
        "currency": "Sam",
        "description": "Sample description",
        "status": "pending",
        "refunded_amount": Decimal("0.00"),
        "payment_method_id": "Sample payment method id",
        "provider_id": "Sample provider id",
        "owner_id": "user_1",
        "created_at": datetime(2026, 1, 5, 0, 48, 35, tzinfo=UTC),
    }
    return Payment(**values | changes)


def make_refund(**changes: object) -> Refund:
    """Make a refund of user_1."""
    values: dict[str, Any] = {
        "id": "re_0000000000000000000000000000268a",
        "payment_id": "pay_0000000000000000000000000000a87e",
        "amount": Decimal("21.25"),
        "reason": "fraudulent",
        "status": "pending",
        "provider_id": "Sample provider id",
        "created_at": datetime(2026, 1, 5, 0, 48, 35, tzinfo=UTC),
        "owner_id": "user_1",
    }
    return Refund(**values | changes)


async def add(database: Database, *rows: Base) -> None:
    """Store rows, one after the other: a later one may refer to an earlier one."""
    async with database.sessions() as session:
        for row in rows:
            session.add(row)
            await session.flush()
        await session.commit()


async def add_rows(database: Database) -> None:
    """Store the rows that the tests of the endpoints find: one for each that needs a row."""
    await add(
        database,
        make_payment(id=GET_PAYMENT_ID),
        make_payment(id=CREATE_REFUND_ID, amount=Decimal("9999999999.99"), status="succeeded"),
    )


async def stored(database: Database, table: type[Base], **wanted: object) -> list[dict[str, Any]]:
    """Read the rows that hold these values, by default all, as they are stored."""
    async with database.sessions() as session:
        found = await session.execute(select(*table.__table__.columns).filter_by(**wanted))
        return [dict(row) for row in found.mappings()]
