"""Payment: create payments, refunds, payment_idempotency_keys, payment_webhook_events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001_payment"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "payments",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column(
            "amount", sa.Numeric(12, 2).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("description", sa.String(500), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column(
            "refunded_amount",
            sa.Numeric(12, 2).with_variant(sa.BigInteger(), "sqlite"),
            nullable=False,
        ),
        sa.Column("payment_method_id", sa.String(255), nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=True),
        sa.Column("owner_id", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
    )
    op.create_index("ix_payments_owner_id_created_at", "payments", ["owner_id", "created_at"])
    op.create_index(
        "ix_payments_owner_id_status_created_at", "payments", ["owner_id", "status", "created_at"]
    )
    op.create_index("ix_payments_status_created_at", "payments", ["status", "created_at"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("payment_id", sa.String(64), nullable=False),
        sa.Column(
            "amount", sa.Numeric(12, 2).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("provider_id", sa.String(255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.id"],
            name="fk_refunds_payment_id_payments",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    op.create_index("ix_refunds_status_created_at", "refunds", ["status", "created_at"])
    op.create_table(
        "payment_idempotency_keys",
        sa.Column("owner_id", sa.String(255), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("operation_id", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "scope", "key", name="pk_payment_idempotency_keys"),
    )
    op.create_index(
        "ix_payment_idempotency_keys_created_at", "payment_idempotency_keys", ["created_at"]
    )
    op.create_table(
        "payment_webhook_events",
        sa.Column("webhook", sa.String(64), nullable=False),
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("webhook", "id", name="pk_payment_webhook_events"),
    )
    op.create_index(
        "ix_payment_webhook_events_received_at", "payment_webhook_events", ["received_at"]
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_index("ix_payment_webhook_events_received_at", table_name="payment_webhook_events")
    op.drop_table("payment_webhook_events")
    op.drop_index("ix_payment_idempotency_keys_created_at", table_name="payment_idempotency_keys")
    op.drop_table("payment_idempotency_keys")
    op.drop_index("ix_refunds_status_created_at", table_name="refunds")
    op.drop_index("ix_refunds_payment_id", table_name="refunds")
    op.drop_table("refunds")
    op.drop_index("ix_payments_status_created_at", table_name="payments")
    op.drop_index("ix_payments_owner_id_status_created_at", table_name="payments")
    op.drop_index("ix_payments_owner_id_created_at", table_name="payments")
    op.drop_table("payments")
