"""The parts of the skeleton that a storing feature needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.clients import received_fields
from featuregen.plan.kept import kept
from featuregen.plan.locations import tells_location
from featuregen.plan.pending import plan_pending
from featuregen.plan.signatures import takes_if_match
from featuregen.plan.stored_webhooks import event_fields
from featuregen.plan.tables import plan_table_module

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from featuregen.spec.model import FeatureSpec

_CONFLICTS = frozenset({"ConflictError", "IdempotencyInProgressError", "IdempotencyKeyReusedError"})


def stored_needs(spec: FeatureSpec, raised: AbstractSet[str]) -> set[str]:
    """What rows, keys, events, caches and jobs ask for; nothing where there are none of these."""
    operations = spec.operations.values()
    webhooks = spec.webhooks.values()
    module = plan_table_module(spec)
    conditions = {
        "storage": bool(module.tables),
        "metrics": bool(module.tables),
        "pending": any(plan_pending(each, spec) for each in spec.entities.values()),
        "paging": any(operation.action == "list" for operation in operations),
        "filters": any(operation.listing and operation.listing.filters for operation in operations),
        "search": any(operation.listing and operation.listing.search for operation in operations),
        "conflict": bool(raised & _CONFLICTS),
        "etag": any(takes_if_match(operation, spec) for operation in operations),
        "if_match": "PreconditionRequiredError" in raised,
        "patch": any(field.patch for model in spec.models.values() for field in model.fields),
        "idempotency": any(operation.idempotent for operation in operations),
        "webhooks": bool(spec.webhooks),
        **{f"webhook_{name}": any(each.scheme == name for each in webhooks) for name in _SCHEMES},
        "cache": any(kept(operation) for operation in operations),
        "jobs": any(operation.is_async for operation in operations)
        or any(event.is_async for each in webhooks for event in each.events),
        "location": any(tells_location(each, spec) for each in operations),
        "event_jobs": any(event.is_async for each in webhooks for event in each.events),
    }
    needs = {name for name, wanted in conditions.items() if wanted} | module.needs
    for field in (*received_fields(tuple(operations), spec), *event_fields(spec)):
        needs |= field.needs
    return needs


_SCHEMES = ("stripe", "standard", "hmac")
