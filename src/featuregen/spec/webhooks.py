"""Nodes of `webhooks` → `Webhook`: how events are verified, and what is done about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from featuregen.spec.definitions import duration_of, entries
from featuregen.spec.model import Event, Webhook
from featuregen.spec.stored import read_transition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.document import Node
    from featuregen.spec.model import Entity

USUAL_TOLERANCE = 300.0
_HEADERS = {"stripe": "stripe-signature", "standard": "webhook-signature"}


def read_webhooks(node: Node | None, entities: Mapping[str, Entity]) -> dict[str, Webhook]:
    """Every webhook that could be read."""
    return {name: _webhook(name, value, entities) for name, value in entries(node)}


def _webhook(name: str, node: Node, entities: Mapping[str, Entity]) -> Webhook:
    scheme = node.get("scheme")
    plain = scheme if scheme is not None and scheme.kind == "map" else None
    named = "hmac" if plain is not None else node.str_of("scheme") or "stripe"
    tolerance = duration_of(node.get("tolerance"))
    return Webhook(
        name,
        path=node.str_of("path") or "/",
        secret=node.str_of("secret") or "",
        scheme=cast("Literal['stripe', 'standard', 'hmac']", named),
        algorithm=cast(
            "Literal['sha1', 'sha256', 'sha512']",
            (plain.str_of("hmac") if plain is not None else None) or "sha256",
        ),
        header=((plain.str_of("header") or "") if plain else _HEADERS.get(named, "")).lower(),
        tolerance=USUAL_TOLERANCE if tolerance is None else tolerance,
        id=tuple((node.str_of("id") or "id").split(".")),
        type=tuple((node.str_of("type") or "type").split(".")),
        events=tuple(_event(key, value, entities) for key, value in entries(node.get("events"))),
        summary=node.str_of("summary"),
    )


def _event(type_: str, node: Node, entities: Mapping[str, Entity]) -> Event:
    change, later = node.get("transition"), node.get("async")
    name = change.str_of("entity") if change is not None and change.kind == "map" else None
    return Event(
        type_,
        transition=read_transition(change, entities.get(name), name)
        if change is not None and name
        else None,
        hook=node.str_of("hook"),
        is_async=later is not None and later.value is True,
    )
