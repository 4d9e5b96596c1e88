"""Rate limits: what is counted together, what a client is told, and when it may come back."""

import time

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from limits import parse
from limits.aio.storage import MemoryStorage

from app.core.config import Settings
from app.core.ratelimit import RateLimiter, rate_limit, rate_limit_by_address
from tests.conftest import Logs, TokenFactory

pytestmark = pytest.mark.anyio
router = APIRouter()


@router.get("/open/{number}", dependencies=[Depends(rate_limit_by_address("2/minute", "3/hour"))])
async def open_to_all(number: int) -> int:
    return number


@router.get("/elsewhere", dependencies=[Depends(rate_limit_by_address("2/minute"))])
async def elsewhere() -> None:
    pass


@router.get("/mine", dependencies=[Depends(rate_limit("1/minute"))])
async def mine() -> None:
    pass


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limit_enabled": True})


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    app.include_router(router)
    return app


async def test_requests_over_the_limit_are_refused(client: httpx2.AsyncClient) -> None:
    for left in (1, 0):
        response = await client.get(f"/open/{left}")  # the parameter does not matter
        assert response.status_code == 200
        assert f'"60s";r={left};' in response.headers["ratelimit"]
        assert response.headers["ratelimit-policy"] == '"60s";q=2;w=60, "3600s";q=3;w=3600'
    refused = await client.get("/open/2")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert '"60s";r=0;' in refused.headers["ratelimit"]
    assert (await client.get("/elsewhere")).status_code == 200


async def test_a_refused_client_may_come_back(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert (await client.get("/elsewhere")).status_code == 200
    assert (await client.get("/elsewhere")).status_code == 429
    later = time.time() + 121
    monkeypatch.setattr("time.time", lambda: later)
    assert (await client.get("/elsewhere")).status_code == 200


async def test_addresses_are_counted_apart(app: FastAPI) -> None:
    async def last_status(*clients: tuple[str, int] | None) -> int:
        status = 0
        for address in clients:
            transport = httpx2.ASGITransport(app, client=address)  # type: ignore[arg-type]
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                status = (await client.get("/elsewhere")).status_code
        return status

    assert await last_status(("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.1", 3)) == 429
    assert await last_status(("10.0.0.2", 1)) == 200
    assert await last_status(None) == 200


async def test_users_are_counted_apart_and_callers_without_a_token_by_address(
    client: httpx2.AsyncClient, make_token: TokenFactory
) -> None:
    async def status(headers: dict[str, str]) -> int:
        return (await client.get("/mine", headers=headers)).status_code

    first, second = ({"Authorization": f"Bearer {make_token(user)}"} for user in ("u1", "u2"))
    assert [await status(first), await status(first)] == [200, 429]
    assert await status(second) == 200
    assert [await status({}), await status({})] == [200, 429]
    assert await status({"Authorization": "Bearer nonsense"}) == 401


async def test_limits_can_be_switched_off() -> None:
    limiter = RateLimiter("async+memory://", enabled=False)
    assert [await limiter.hit((parse("1/minute"),), "key") for _ in range(2)] == [{}, {}]


class BrokenStorage(MemoryStorage):
    STORAGE_SCHEME = ["async+broken"]  # noqa: RUF012 - the base class declares it like this

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        raise ValueError(f"gone: {key} {limit} {expiry} {amount}")


async def test_an_outage_of_the_storage_lets_requests_through_and_is_logged(logs: Logs) -> None:
    limiter = RateLimiter("async+broken://")
    assert await limiter.hit((parse("1/minute"),), "key") == {}
    assert logs.lines()[0]["event"] == "rate_limit_storage_failed"


def test_the_storage_must_be_an_async_one() -> None:
    with pytest.raises(TypeError, match="async"):
        RateLimiter("memory://")
