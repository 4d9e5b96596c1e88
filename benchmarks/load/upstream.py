"""The payment provider that the benchmarks talk to: a process of its own, as small as can be.

It honours its idempotency key as Stripe does: the first request with a key charges, every later
one gets the answer of the first. `GET /charges` tells of each charge: its key, and how often it
was asked for.

    uvicorn upstream:app --app-dir benchmarks/load
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_KEPT = 200_000
_numbers = itertools.count(1)
charges: dict[str, dict[str, Any]] = {}
"""By the idempotency key."""


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["method"] == "POST":
        key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
        answer = _charge(key, json.loads(body))
    elif scope["path"] == "/charges":
        answer = {"charges": list(charges.values())}
    else:
        answer = {"status": "succeeded"}
    content = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _charge(key: str, asked: dict[str, Any]) -> dict[str, Any]:
    known = charges.get(key)
    if known is None:
        known = {
            "id": f"ch_{next(_numbers)}",
            "status": "succeeded",
            "amount": asked.get("amount"),
            "currency": asked.get("currency"),
            "created_at": "2026-11-23T12:00:00Z",
            "reference": asked.get("reference"),
            "description": asked.get("description"),
            "requests": 0,
        }
        if len(charges) < _KEPT:
            charges[key] = known
    known["requests"] += 1
    return known
