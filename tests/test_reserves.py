"""Two hundred clients refund one payment at once: never more than was paid, on both databases."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import uuid
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from database_servers import Postgres

sys.path.append(str(REPOSITORY / "benchmarks" / "load"))

from bench import STORED, generated, migrate, python_of
from contest import PATH, token
from http_client import Connection
from servers import HERE, app_settings, serving

CLIENTS = 200
PAID, EACH, FITTING = "30.00", "0.50", 60
HEADERS = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}


async def created(port: int, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Create something under a key, again where the app was too busy to say; the final answer."""
    headers = HEADERS | {"Idempotency-Key": uuid.uuid4().hex}
    connection = Connection(port)
    async with asyncio.timeout(120):
        while True:
            answer = await connection.request("POST", path, headers, json.dumps(fields).encode())
            body = answer.json()
            unsettled = answer.status >= 500 or body.get("code") == "idempotency_in_progress"
            if not unsettled:
                connection.close()
                return answer.status, body
            await asyncio.sleep(0.2)


async def refund_at_once(port: int) -> tuple[Counter[int], dict[str, Any]]:
    """Answers by status, and the payment afterwards."""
    payment = {"amount": PAID, "currency": "USD", "payment_method_id": "pm_1"}
    status, made = await created(port, PATH, payment)
    assert (status, made["status"]) == (201, "succeeded")
    path = f"{PATH}/{made['payment_id']}"
    refunds = (created(port, f"{path}/refunds", {"amount": EACH}) for _ in range(CLIENTS))
    answers = Counter(status for status, _ in await asyncio.gather(*refunds))
    connection = Connection(port)
    after = await connection.request("GET", path, HEADERS)
    connection.close()
    return answers, after.json()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/app.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.mark.heavy
def test_what_is_refunded_at_once_stays_within_what_was_paid(tmp_path: Path, database: str) -> None:
    root = generated(STORED, tmp_path / "api")
    python = python_of(root)
    fake = tmp_path / "upstream"
    fake.mkdir()
    shutil.copy(HERE / "upstream.py", fake)
    with serving(python, "upstream", fake, {}) as upstream:
        settings = app_settings(upstream, database)
        migrate(python, root, settings)
        with serving(python, "app.asgi", root, settings) as app:
            answers, payment = asyncio.run(refund_at_once(app.port))
    assert answers == {201: FITTING, 409: CLIENTS - FITTING}
    assert Decimal(payment["refunded_amount"]) == Decimal(PAID)
    assert payment["status"] == "refunded"
