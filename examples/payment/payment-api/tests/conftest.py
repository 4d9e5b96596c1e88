"""Fixtures: the real app, with its lifespan entered, in front of real (in-process) upstreams."""

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from functools import partial
from typing import Any

import httpx2
import jwt
import pytest
import stamina
from fastapi import FastAPI

from app.core.auth import KNOWN_PERMISSIONS
from app.core.config import Settings, example_settings
from app.core.resources import get_resource
from app.db.session import Database
from app.main import create_app
from tests.database import create_tables, empty_tables, new_database, url_of
from tests.fakes import FAKES
from tests.fakes.upstream import FakeUpstream

TokenFactory = Callable[..., str]


class Logs(io.StringIO):
    """What the app has logged: `getvalue()` is the text, `lines()` the events."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


def make_settings(database_url: str | None = None) -> Settings:
    """The defaults, and the first example of what has none; the environment has no say."""
    fields = Settings.model_fields.items()
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in fields
        if not field.is_required()
    }
    chosen = {
        "environment": "test",
        "database_url": database_url or url_of("app"),
        "rate_limit_enabled": False,
    }
    return Settings.model_validate(defaults | example_settings() | chosen)


def sign_token(
    settings: Settings,
    user: str = "user_1",
    permissions: Sequence[str] | None = None,
    *,
    email: str | None = None,
    expires_in: int = 300,
    **overrides: str,
) -> str:
    """Make a token, by default of a user who may do everything.

    `overrides`: another `audience`, `issuer`, `secret` or `algorithm` than the app wants.
    """
    claims: dict[str, object] = {
        "sub": user,
        "permissions": sorted(KNOWN_PERMISSIONS) if permissions is None else list(permissions),
        "iss": overrides.get("issuer", settings.jwt_issuer),
        "aud": overrides.get("audience", settings.jwt_audience),
        "exp": int(time.time()) + expires_in,
    }
    if email is not None:
        claims["email"] = email
    secret = overrides.get("secret", settings.jwt_secret.get_secret_value())
    return jwt.encode(claims, secret, overrides.get("algorithm", settings.jwt_algorithm))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _retries_do_not_wait() -> Iterator[None]:
    stamina.set_testing(True, attempts=100, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="session")
def _tables() -> Iterator[None]:
    """The tables of this process: made once, emptied before each test that opens the app."""
    url = url_of("app")
    with new_database(url):
        asyncio.run(create_tables(url))
        yield


@pytest.fixture
def settings() -> Settings:
    return make_settings()


@pytest.fixture
def fakes(settings: Settings) -> Iterator[dict[str, FakeUpstream]]:
    """The fake upstreams, by name. A request that they do not expect fails the test."""
    fakes = {name: fake(settings) for name, fake in FAKES.items()}
    yield fakes
    assert {name: fake.faults for name, fake in fakes.items() if fake.faults} == {}


@pytest.fixture
async def app(
    settings: Settings, fakes: dict[str, FakeUpstream], _tables: None
) -> AsyncGenerator[FastAPI]:
    transports = {name: httpx2.ASGITransport(fake) for name, fake in fakes.items()}
    app = create_app(settings, transports=transports)
    async with app.router.lifespan_context(app):
        await empty_tables(get_resource(app, Database).engine)
        yield app


@pytest.fixture
def database(app: FastAPI) -> Database:
    """The app's own database. An SQLite file has one connection: leave no session open."""
    return get_resource(app, Database)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
def logs(app: FastAPI) -> Logs:
    del app  # building the app configures logging
    logs = Logs()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(logs)  # pyright: ignore[reportUnknownMemberType]
    return logs


@pytest.fixture
def make_token(settings: Settings) -> TokenFactory:
    return partial(sign_token, settings)


@pytest.fixture
def auth(make_token: TokenFactory) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token()}"}
