"""The base of all tables, their ids, and the types whose values both databases keep exactly."""

import secrets
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData, Numeric, TypeDecorator
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_RANDOM_BITS = 80  # below the 48 bits of the time
_VERSION, _VARIANT = 0xF << 76, 0x3 << 62


def utcnow() -> datetime:
    """Return the time as columns keep it."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """Return the prefix and the 32 digits of a UUIDv7: sortable by time, not to be guessed."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    number = number & ~(_VERSION | _VARIANT) | 0x7 << 76 | 0x2 << 62
    return f"{prefix}{number:032x}"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, in UTC. SQLite keeps no zone, and a moment without one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn it to UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime of a column needs a timezone")
        try:
            return value.astimezone(UTC)
        except OverflowError:  # in UTC it is before the year 1, or after 9999
            return _FIRST if value.year == _FIRST.year else _LAST

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)

    @property
    def python_type(self) -> type[datetime]:
        """What a value is."""
        return datetime


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal with a fixed number of places: NUMERIC, and on SQLite, which has none, scaled.

    Sums, comparisons and the order are exact on both. SQLite's integers hold 18 digits.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, digits: int, places: int) -> None:
        super().__init__(digits, places)
        self.digits = digits
        self.places = places

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep the scaled number where there is no NUMERIC."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.digits, self.places))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Refuse what the column would round or not hold."""
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value() or abs(scaled) >= 10**self.digits:
            raise ValueError(f"no decimal of {self.digits} digits, {self.places} of them places")
        return int(scaled) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ANN401 - the driver's
        """Scale it back."""
        if value is None or dialect.name != "sqlite":
            return cast("Decimal | None", value)
        return Decimal(value).scaleb(-self.places)

    @property
    def python_type(self) -> type[Decimal]:
        """What a value is."""
        return Decimal


class Base(DeclarativeBase):
    """The base of all tables. Constraints are named by rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime()}
