"""Rate limits on routes, counted in memory or in Redis."""

import math
import time
from collections.abc import Awaitable, Callable

import structlog
from fastapi import Request, Response
from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from app.core.auth import identify
from app.core.errors import RateLimitedError
from app.core.resources import get_resource

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RateLimiter:
    """Counts requests by key. One for the whole app, over one storage."""

    def __init__(self, storage_uri: str, *, enabled: bool = True) -> None:
        storage = storage_from_string(storage_uri, wrap_exceptions=True)
        if not isinstance(storage, Storage):
            raise TypeError("rate_limit_storage_uri must start with 'async+'")
        self.enabled = enabled
        self._storage = storage  # the strategy keeps a weak reference only
        self._strategy = SlidingWindowCounterRateLimiter(storage)

    async def hit(self, limits: tuple[RateLimitItem, ...], *key: str) -> dict[str, str]:
        """Count one request and return its `RateLimit` headers; `RateLimitedError` over a limit.

        A storage that fails lets requests through: its outage must not become the app's.
        """
        if not self.enabled:
            return {}
        try:
            return await self._hit(limits, *key)
        except StorageError:
            log.exception("rate_limit_storage_failed")
            return {}

    async def _hit(self, limits: tuple[RateLimitItem, ...], *key: str) -> dict[str, str]:
        policies: list[str] = []
        states: list[str] = []
        retry_after: int | None = None
        for limit in limits:
            allowed = await self._strategy.hit(limit, *key)
            window = await self._strategy.get_window_stats(limit, *key)
            reset = max(1, math.ceil(window.reset_time - time.time()))
            name = f'"{limit.get_expiry()}s"'
            policies.append(f"{name};q={limit.amount};w={limit.get_expiry()}")
            states.append(f"{name};r={window.remaining};t={reset}")
            if not allowed:
                retry_after = max(reset, retry_after or 0)
        headers = {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}
        if retry_after is not None:
            raise RateLimitedError(headers=headers | {"Retry-After": str(retry_after)})
        return headers


def _route_key(request: Request) -> tuple[str, str]:
    """The route's template, so that all of `/payments/{id}` count as one."""
    return request.method, request.scope["route"].path


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def rate_limit(*limits: str) -> Callable[..., Awaitable[None]]:
    """`Depends(rate_limit("10/minute"))`: by route and user, or address without a token."""
    parsed = tuple(parse(limit) for limit in limits)

    async def dependency(request: Request, response: Response) -> None:
        caller = identify(request)
        key = ("user", caller.id) if caller else ("address", _address(request))
        limiter = get_resource(request.app, RateLimiter)
        response.headers.update(await limiter.hit(parsed, *_route_key(request), *key))

    return dependency


def rate_limit_by_address(*limits: str) -> Callable[..., Awaitable[None]]:
    """`Depends(rate_limit_by_address("10/minute"))`: by route and the client's address."""
    parsed = tuple(parse(limit) for limit in limits)

    async def dependency(request: Request, response: Response) -> None:
        key = ("address", _address(request))
        limiter = get_resource(request.app, RateLimiter)
        response.headers.update(await limiter.hit(parsed, *_route_key(request), *key))

    return dependency
