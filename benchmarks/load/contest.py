"""Two servers under the same load, in short turns: a slow moment of the machine meets both."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from http_client import Connection
from servers import AUDIENCE, SECRET, Server

PATH = "/api/v1/payments"
PAYMENT = json.dumps(
    {
        "amount": "99.99",
        "currency": "USD",
        "payment_method_id": "pm_123",
        "description": "Premium subscription",
    }
).encode()


@dataclass(slots=True)
class Contestant:
    """A server, and what each of its turns has cost."""

    name: str
    server: Server
    rates: list[float] = field(default_factory=list)
    """Requests a second, by the clock."""
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of CPU of the server for each request."""
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: `requests` by `clients` at a time in each turn."""

    requests: int
    clients: int
    with_keys: bool


def token(user: str = "user_1") -> str:
    """Sign a token as the apps want it."""
    claims = {
        "sub": user,
        "permissions": ["payments.create", "payments.read", "payments.refund"],
        "iss": "https://auth.example.com",
        "aud": AUDIENCE,
        "exp": int(time.time()) + 86_400,
    }
    parts = [
        _encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = hmac.digest(SECRET.encode(), b".".join(parts), hashlib.sha256)
    return b".".join([*parts, _encoded(signature)]).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


async def turn(contestant: Contestant, load: Load) -> None:
    """Ask one server, and write down what it cost."""
    before, started = contestant.server.cpu(), time.perf_counter()
    contestant.errors += await create_payments(contestant.server.port, load)
    contestant.rates.append(load.requests / (time.perf_counter() - started))
    contestant.cpu.append((contestant.server.cpu() - before) / load.requests * 1000)


async def create_payments(port: int, load: Load) -> int:
    """Create payments, and return how many were answered with anything but a 201."""
    left = iter(range(load.requests))
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}

    async def client() -> int:
        connection, errors = Connection(port), 0
        for _ in left:
            key = {"Idempotency-Key": uuid.uuid4().hex} if load.with_keys else {}
            answer = await connection.request("POST", PATH, headers | key, PAYMENT)
            errors += answer.status != 201  # noqa: PLR2004 - created
        connection.close()
        return errors

    return sum(await asyncio.gather(*(client() for _ in range(load.clients))))


async def contest(ours: Contestant, theirs: Contestant, load: Load, rounds: int) -> None:
    """Let them take turns, the first to begin being now one, now the other."""
    for each in (ours, theirs):
        await create_payments(each.server.port, load)  # warm: pools, caches, prepared statements
    for number in range(rounds):
        pair: Sequence[Contestant] = (ours, theirs) if number % 2 else (theirs, ours)
        for each in pair:
            await turn(each, load)


def throughput_ratio(ours: Contestant, theirs: Contestant) -> float:
    """Ours by theirs: the median over the pairs of neighbouring turns."""
    return median(mine / its for mine, its in zip(ours.rates, theirs.rates, strict=True))


def cpu_ratio(ours: Contestant, theirs: Contestant) -> float:
    """Theirs by ours, so that more is better, as for the throughput."""
    return median(theirs.cpu) / median(ours.cpu)
