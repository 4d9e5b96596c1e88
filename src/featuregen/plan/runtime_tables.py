"""The tables that a feature's own machinery needs: their columns stand in mixins of app/core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import pascal
from featuregen.plan.schema import Column, Key, Table, TableKind

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec


class Machinery(NamedTuple):
    """A kind of table: its name's end, its class's, and the mixin with the columns."""

    kind: TableKind
    table: str
    class_name: str
    mixin: str
    module: str
    about: str
    primary_key: tuple[str, ...]
    columns: tuple[Column, ...]
    indexes: tuple[tuple[str, ...], ...]


IDEMPOTENCY = Machinery(
    "idempotency",
    "idempotency_keys",
    "IdempotencyKey",
    "IdempotencyColumns",
    "app.core.idempotency",
    "A key that a client has sent, and the answer that it got",
    ("owner_id", "scope", "key"),
    (
        Column("owner_id", "sa.String(255)"),
        Column("scope", "sa.String(64)"),
        Column("key", "sa.String(255)"),
        Column("fingerprint", "sa.String(64)"),
        Column("operation_id", "sa.String(32)"),
        Column("attempts", "sa.Integer()"),
        Column("locked_until", "sa.DateTime(timezone=True)"),
        Column("status", "sa.Integer()", nullable=True),
        Column("headers", "sa.JSON()", nullable=True),
        Column("response", "sa.Text()", nullable=True),
        Column("created_at", "sa.DateTime(timezone=True)"),
    ),
    (("created_at",),),
)
WEBHOOK = Machinery(
    "webhook",
    "webhook_events",
    "WebhookEvent",
    "WebhookEventColumns",
    "app.core.webhooks",
    "An event that was received, and what became of it",
    ("webhook", "id"),
    (
        Column("webhook", "sa.String(64)"),
        Column("id", "sa.String(255)"),
        Column("type", "sa.String(255)"),
        Column("received_at", "sa.DateTime(timezone=True)"),
        Column("outcome", "sa.String(16)"),
        Column("payload", "sa.Text()", nullable=True),
        Column("error", "sa.Text()", nullable=True),
        Column("attempts", "sa.Integer()"),
    ),
    (("received_at",),),
)
JOB = Machinery(
    "job",
    "jobs",
    "Job",
    "JobColumns",
    "app.core.jobs",
    "Work that is done later, and what came of it",
    ("id",),
    (
        Column("id", "sa.String(64)"),
        Column("operation", "sa.String(100)"),
        Column("owner_id", "sa.String(255)"),
        Column("input", "sa.Text()"),
        Column("status", "sa.String(16)"),
        Column("result", "sa.Text()", nullable=True),
        Column("error", "sa.Text()", nullable=True),
        Column("attempts", "sa.Integer()"),
        Column("locked_until", "sa.DateTime(timezone=True)", nullable=True),
        Column("created_at", "sa.DateTime(timezone=True)"),
    ),
    (("locked_until",),),
)


def machinery_of(spec: FeatureSpec) -> Iterator[Machinery]:
    """What the feature's operations and webhooks need a table for."""
    operations = spec.operations.values()
    if any(operation.idempotent for operation in operations):
        yield IDEMPOTENCY
    if spec.webhooks:
        yield WEBHOOK
    events = (event for webhook in spec.webhooks.values() for event in webhook.events)
    if any(operation.is_async for operation in operations) or any(e.is_async for e in events):
        yield JOB


def stored_machinery(machinery: Machinery, feature: str) -> Table:
    """The table as migrations know it."""
    name = f"{feature}_{machinery.table}"
    return Table(
        name=name,
        subject=f"{pascal(feature)}{machinery.class_name}",
        columns=machinery.columns,
        primary_key=machinery.primary_key,
        kind=machinery.kind,
        indexes=tuple(Key(f"ix_{name}_{'_'.join(each)}", each) for each in machinery.indexes),
    )
