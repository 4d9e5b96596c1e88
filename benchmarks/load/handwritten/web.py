"""What every request passes: settings, problems, log, token, rate limit, metrics."""

from __future__ import annotations

import hashlib
import logging
import math
import re
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import httpx2
import jwt
import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log: structlog.stdlib.BoundLogger = structlog.get_logger("app.access")


class Settings(BaseSettings):
    """From the environment."""

    database_url: str
    jwt_secret: SecretStr
    jwt_issuer: str = "https://auth.example.com"
    jwt_audience: str
    payment_api_url: str
    payment_api_key: SecretStr
    payment_timeout: float = 30.0
    max_body_bytes: int = 65_536


@dataclass(frozen=True, slots=True)
class Resources:
    """What lives as long as the app does."""

    settings: Settings
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    upstream: httpx2.AsyncClient
    limiter: SlidingWindowCounterRateLimiter
    storage: MemoryStorage
    telemetry: Telemetry


class Telemetry:
    """Requests as FastAPI counts them, and how payments and upstream calls end."""

    def __init__(self) -> None:
        reader = PrometheusMetricReader(registry=CollectorRegistry(), disable_target_info=True)
        self.provider = MeterProvider([reader])
        meter = self.provider.get_meter("app")
        self.operations = meter.create_counter("operations")
        self.upstream = meter.create_histogram("upstream.call.duration", unit="s")


async def get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(get_resources)]


class Problem(Exception):  # noqa: N818 - as the RFC calls it
    """An error that a client may see."""

    def __init__(
        self, status: int, code: str, title: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.headers = status, code, title, headers

    @property
    def refused(self) -> bool:
        """Whether the upstream has definitely done nothing."""
        return self.status in {400, 402, 404}


def problem(status: int, code: str, title: str, **more: Any) -> JSONResponse:  # noqa: ANN401
    headers = more.pop("headers", None)
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install_problems(app: FastAPI) -> None:
    """Answer every error with a problem."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> JSONResponse:
        return problem(error.status, error.code, error.title, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"pointer": "/" + "/".join(map(str, each["loc"])), "code": each["type"]}
            for each in error.errors()
        ]
        return problem(422, "validation_error", "Request validation failed", errors=errors)


_SECRETS = {"authorization", "password", "secret", "token", "api_key", "cookie"}
_PERSONAL = re.compile(
    r"(?P<pan>\b[0-9](?:[ -]?[0-9]){12,18}\b)|(?P<bearer>(?i:bearer) \S+)|(?P<mail>\S+@\S+)"
)


def redact(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask what is secret by its name, and what looks like it in any text."""
    for name, value in event.items():
        if name in _SECRETS:
            event[name] = "[REDACTED]"
        elif isinstance(value, str):
            event[name] = _PERSONAL.sub("[REDACTED]", value)
    return event


def configure_logging() -> None:
    """JSON lines on stdout, of our own loggers and of the libraries'."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        [
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level="INFO", handlers=[handler], force=True)
    logging.getLogger("httpx2").setLevel("WARNING")


_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class EdgeMiddleware:
    """Request id, security headers, body limit, access log, and the last resort's 500."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, status, started = uuid.uuid4().hex, 0, time.perf_counter()
        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise Problem(413, "content_too_large", "Request body too large")
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            if int(Headers(scope=scope).get("content-length", "0")) > self.limit:
                response = problem(413, "content_too_large", "Request body too large")
                await response(scope, receive, send_with_headers)
            else:
                await self.app(scope, limited_receive, send_with_headers)
        except Exception:
            log.exception("unhandled_exception")
            if status:
                raise
            failed = problem(500, "internal_error", "Internal server error")
            await failed(scope, receive, send_with_headers)
        finally:
            route = scope.get("route")
            log.info(
                "request",
                method=scope["method"],
                path=getattr(route, "path", scope["path"]),
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )


class User(BaseModel):
    """Who the token says is calling."""

    id: str = Field(alias="sub", min_length=1, max_length=255)
    permissions: frozenset[str] = frozenset()


async def get_user(
    resources: ResourcesDep,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> User:
    settings = resources.settings
    if token is None:
        raise Problem(401, "unauthorized", "Authentication required")
    try:
        claims = jwt.decode(
            token.credentials,
            settings.jwt_secret.get_secret_value(),
            algorithms=["HS256"],
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            options={"require": ["exp", "sub", "aud", "iss"]},
        )
        user = User.model_validate(claims)
    except (jwt.PyJWTError, ValidationError):
        raise Problem(401, "unauthorized", "Authentication required") from None
    structlog.contextvars.bind_contextvars(user_id=user.id)
    return user


UserDep = Annotated[User, Depends(get_user)]


def permitted(permission: str) -> Callable[[User], Awaitable[User]]:
    """The caller, who may do that; else 403."""

    async def dependency(user: UserDep) -> User:
        if permission not in user.permissions:
            raise Problem(403, "forbidden", "Permission denied")
        return user

    return dependency


def rate_limit(text: str) -> Callable[..., Awaitable[None]]:
    """Count the request for its route and user; 429 over the limit."""
    limit = parse(text)

    async def dependency(
        request: Request, response: Response, user: UserDep, resources: ResourcesDep
    ) -> None:
        key = (request.method, request.scope["route"].path, user.id)
        allowed = await resources.limiter.hit(limit, *key)
        window = await resources.limiter.get_window_stats(limit, *key)
        reset = max(1, math.ceil(window.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"default";q={limit.amount};w={limit.get_expiry()}',
            "RateLimit": f'"default";r={window.remaining};t={reset}',
        }
        if not allowed:
            headers["Retry-After"] = str(reset)
            raise Problem(429, "rate_limited", "Too many requests", headers)
        response.headers.update(headers)

    return dependency


def fingerprint(request: Request, data: BaseModel) -> str:
    """Tell requests with the same key apart."""
    text = f"{request.method} {request.url.path} {data.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()
