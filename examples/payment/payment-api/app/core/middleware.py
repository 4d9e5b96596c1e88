"""Pure ASGI middleware: request id, access log, last-resort 500, security headers, body limit."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import ContentTooLargeError, app_error_response, internal_error_response
from app.core.resources import get_resource
from app.core.telemetry import UNMETERED, Telemetry

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)

log: structlog.stdlib.BoundLogger = structlog.get_logger("app.access")


def _logged_path(scope: Scope) -> str:
    """Return the route's template where there is one: what a client sends may be personal."""
    return str(getattr(scope.get("route"), "path", scope["path"]))


class RequestContextMiddleware:
    """Gives a request its id and its line in the log, and an unforeseen error its 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        supplied = Headers(scope=scope).get("x-request-id", "")
        request_id = supplied if _REQUEST_ID.fullmatch(supplied) else uuid.uuid4().hex
        scope["request_id"] = request_id
        status = 0
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            log.exception("unhandled_exception", path=_logged_path(scope))
            if status:
                raise
            await internal_error_response(Request(scope))(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            get_resource(scope["app"], Telemetry).request(scope, status, seconds)
            if scope["path"] not in UNMETERED:
                log.info(
                    "request",
                    method=scope["method"],
                    path=_logged_path(scope),
                    status=status,
                    duration_ms=round(seconds * 1000, 2),
                )


class SecurityHeadersMiddleware:
    """Sets what browsers should know, where the endpoint has not said otherwise."""

    def __init__(self, app: ASGIApp, docs_url: str | None) -> None:
        self.app = app
        self.docs_url = docs_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The docs page loads scripts from elsewhere, and exists in development only.
        if scope["type"] != "http" or scope["path"] == self.docs_url:
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                more = (header for header in _SECURITY_HEADERS if header[0] not in said)
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimitMiddleware:
    """413 as a problem; `FastAPI(max_body_size=)` answers text/plain, past every handler."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > self.limit:
            await app_error_response(Request(scope), ContentTooLargeError())(scope, receive, send)
            return
        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:  # chunked uploads declare nothing
                # FastAPI turns any other exception that reading the body raises into a 400.
                raise HTTPException(ContentTooLargeError.status)
            return message

        await self.app(scope, limited_receive, send)
