"""What lives as long as the app does: settings, clients, pools. One of each kind.

Every dependency is `async def`, trivial ones too: FastAPI runs a plain `def` in a worker thread.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

import httpx2
from fastapi import Depends, FastAPI, Request

from app.core.config import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transports:
    """What takes the network's place, by the upstream's name: in tests, the fake upstreams."""

    by_name: Mapping[str, httpx2.AsyncBaseTransport]


def set_resource(app: FastAPI, instance: object, kind: type | None = None) -> None:
    """Keep `instance` for the app's lifetime, under its own class or the given one."""
    resources: dict[type, object] = getattr(app.state, "resources", {})
    app.state.resources = resources | {kind or type(instance): instance}


def get_resource(app: FastAPI, kind: type[T]) -> T:
    """Return the app's instance of `kind`; `LookupError` when nothing has set it."""
    resources: dict[type, object] = getattr(app.state, "resources", {})
    instance = resources.get(kind)
    if isinstance(instance, kind):
        return instance
    raise LookupError(f"{kind.__name__} is not set: has the app's lifespan been entered?")


def provide(kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """`Depends(provide(Kind))` hands an endpoint the app's instance of `Kind`."""

    async def dependency(request: Request) -> T:
        return get_resource(request.app, kind)

    return dependency


SettingsDep = Annotated[Settings, Depends(provide(Settings))]
