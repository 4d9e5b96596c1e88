"""Tables of the payment feature."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Literal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.idempotency import IdempotencyColumns
from app.core.webhooks import WebhookEventColumns
from app.db.base import Base, ExactDecimal, UtcDateTime, new_id, utcnow


class Payment(Base):
    """A stored payment."""

    __tablename__ = "payments"
    __table_args__ = (
        Index(None, "owner_id", "created_at"),
        Index(None, "owner_id", "status", "created_at"),
        Index(None, "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True, default=partial(new_id, "pay_"))
    amount: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[Literal["pending", "succeeded", "failed", "refunded"]] = mapped_column(
        String(16), default="pending", info={"pending": "pending", "pending_since": "created_at"}
    )
    refunded_amount: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2), default=Decimal("0.00"))
    payment_method_id: Mapped[str] = mapped_column(String(255))
    provider_id: Mapped[str | None] = mapped_column(String(255))
    owner_id: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Refund(Base):
    """A stored refund."""

    __tablename__ = "refunds"
    __table_args__ = (Index(None, "status", "created_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True, default=partial(new_id, "re_"))
    payment_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("payments.id", ondelete="RESTRICT"), index=True
    )
    amount: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))
    reason: Mapped[Literal["duplicate", "fraudulent", "requested_by_customer"] | None] = (
        mapped_column(String(32))
    )
    status: Mapped[Literal["pending", "succeeded", "failed"]] = mapped_column(
        String(16), default="pending", info={"pending": "pending", "pending_since": "created_at"}
    )
    provider_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    owner_id: Mapped[str] = mapped_column(String(255))


class PaymentIdempotencyKey(IdempotencyColumns, Base):
    """A key that a client has sent, and the answer that it got."""

    __tablename__ = "payment_idempotency_keys"


class PaymentWebhookEvent(WebhookEventColumns, Base):
    """An event that was received, and what became of it."""

    __tablename__ = "payment_webhook_events"
