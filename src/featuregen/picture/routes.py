"""The routes of a feature: its operations, and where others send their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.docs import CORE_ERRORS
from featuregen.plan.operations import answered_errors, route_path, summary, validates
from featuregen.plan.stored_webhooks import RECEIVER_ERRORS, webhook_summary
from featuregen.results import Route

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Operation, Webhook


def routes(spec: FeatureSpec) -> tuple[Route, ...]:
    """All of them, in the spec's order."""
    return (
        *(_route(operation, spec) for operation in spec.operations.values()),
        *(_receiver(webhook) for webhook in spec.webhooks.values()),
    )


def _route(operation: Operation, spec: FeatureSpec) -> Route:
    access = {"none": "public", "optional": "user or anonymous"}.get(
        operation.auth, operation.permission or "any user"
    )
    statuses = {operation.status} | ({spec.validation_status} if validates(operation) else set())
    for name in answered_errors(operation, spec):
        statuses.add(spec.errors[name].status if name in spec.errors else CORE_ERRORS[name][0])
    return Route(
        method=operation.method,
        path=route_path(operation, spec),
        operation=operation.name,
        summary=summary(operation),
        access=access,
        limits=tuple(limit.text for limit in operation.rate_limits),
        statuses=tuple(sorted(statuses)),
    )


def _receiver(webhook: Webhook) -> Route:
    return Route(
        method="POST",
        path=webhook.path,
        operation=webhook.name,
        summary=webhook_summary(webhook),
        access="signed",
        limits=(),
        statuses=(200, *RECEIVER_ERRORS.values()),
    )
