"""What a feature does beyond its routes, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.operations import route_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Call, FeatureSpec, Listing, Operation, Webhook


def traits(spec: FeatureSpec) -> Iterator[str]:
    """What each operation does, what each sender's events change, which rules models keep."""
    for operation in spec.operations.values():
        route = f"{operation.method} {route_path(operation, spec)}"
        yield from (f"{route} {what}" for what in _operation(operation, spec))
    for webhook in spec.webhooks.values():
        yield f"POST {webhook.path} applies {_events(webhook)}"
    for model in spec.models.values():
        yield from (f"{model.name}: {rule.message}" for rule in model.rules)


def _operation(operation: Operation, spec: FeatureSpec) -> Iterator[str]:
    if operation.hook is not None:
        yield f"runs your own {operation.hook}()"
    if operation.before is not None:
        yield f"asks your own {operation.before}() first"
    if operation.after is not None:
        yield f"tells your own {operation.after}() what came of it"
    if operation.is_async:
        yield "answers at once, and works in the background"
    if operation.reserve is not None:
        reserve = operation.reserve
        yield f"never takes {reserve.entity}.{reserve.field} past {reserve.up_to}"
    if operation.transition is not None:
        change = operation.transition
        before = " or ".join(str(value) for value in change.from_)
        yield (
            f"takes {change.entity}.{change.field}{f' from {before}' if before else ''} "
            f"to {change.to}: one of many at once"
        )
    if operation.call is not None:
        kept = ", the row stored before, the outcome after" if operation.action == "create" else ""
        yield _call(operation.call, spec) + kept
    if operation.listing is not None:
        yield _listing(operation.listing)
    if operation.cache is not None:
        whose = ", for each caller" if operation.cache.private else ""
        yield f"keeps its answer for {operation.cache.ttl:g} s{whose}"


def _call(call: Call, spec: FeatureSpec) -> str:
    upstream = spec.upstreams[call.upstream]
    deadline = (
        upstream.timeout_setting.upper()
        if upstream.timeout_setting
        else f"{upstream.timeout_seconds:g} s"
    )
    return (
        f"calls {upstream.name}: {call.method} {call.path}, "
        f"up to {upstream.retries + 1} attempts within {deadline}"
    )


def _listing(listing: Listing) -> str:
    offered = (
        ("filters", listing.filters),
        ("search in", listing.search),
        ("order", listing.sort),
    )
    said = (f"{what} {', '.join(fields)}" for what, fields in offered if fields)
    return f"gives page by page: {'; '.join(said)}"


def _events(webhook: Webhook) -> str:
    return ", ".join(event.type for event in webhook.events) or "no event yet"
