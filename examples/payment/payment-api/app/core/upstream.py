"""Calls of other HTTP APIs: one deadline over all attempts, retries, and errors of our own."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import ClassVar, TypeVar, cast
from urllib.parse import quote

import httpx2
import stamina
import structlog
from fastapi import FastAPI
from pydantic_core import to_jsonable_python

from app.core.errors import AppError, NotFoundError
from app.core.resources import Transports, get_resource
from app.core.telemetry import Telemetry, UpstreamCall

T = TypeVar("T")
Value = object
Pairs = list[tuple[str, str | int | float | bool | None]]  # as httpx2 wants them

REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
TRANSIENT = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
UNSETTLED = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Refusals of a request that may yet be done, or may have been."""
MAX_MESSAGE = 300

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def _is_fault(response: httpx2.Response) -> bool:
    """Whether the answer tells of trouble at the upstream, not of our request."""
    return response.is_server_error or response.status_code in TRANSIENT


class _TransientAnswerError(Exception):
    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _is_transient(exc: Exception) -> bool:
    return isinstance(exc, httpx2.TransportError | _TransientAnswerError)


@asynccontextmanager
async def open_http_client(
    app: FastAPI,
    name: str,
    base_url: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    auth: httpx2.BasicAuth | None = None,
) -> AsyncGenerator[httpx2.AsyncClient]:
    """The pooled client of one upstream, for as long as the app lives.

    Tests and the development server put another transport in place of the network, by `name`.
    """
    async with httpx2.AsyncClient(
        base_url=base_url,
        headers=headers,
        params=query,
        auth=auth,
        transport=get_resource(app, Transports).by_name.get(name),
        timeout=None,  # httpx2's is per read: `UpstreamClient` bounds the whole call
        trust_env=False,
    ) as client:
        yield client


class UpstreamClient(ABC):
    """One upstream: how it is called, when a call is repeated, and what its errors mean here."""

    name: ClassVar[str]
    attempts: ClassVar[int] = 1
    idempotency_header: ClassVar[str | None] = None
    error_message: ClassVar[tuple[str, ...]] = ()
    """Where the text stands in the upstream's own error body."""

    def __init__(self, http: httpx2.AsyncClient, *, timeout: float, telemetry: Telemetry) -> None:
        self._http = http
        self._telemetry = telemetry
        self.timeout = timeout  # seconds, over all attempts of a call

    @abstractmethod
    def refusal(self, status: int, message: str, /) -> AppError:
        """Return the error for an answer that is no success."""

    @abstractmethod
    def timed_out(self) -> AppError:
        """Return the error for a call that outlasted its deadline."""

    @abstractmethod
    def broken(self) -> AppError:
        """Return the error for a call that failed on the wire, or whose answer makes no sense."""

    async def call(
        self,
        method: str,
        path: str,
        read: Callable[[httpx2.Response], T],
        *,
        query: Mapping[str, Value] | None = None,
        headers: Mapping[str, Value] | None = None,
        json: Mapping[str, Value] | None = None,
        idempotency_key: str | None = None,
    ) -> T:
        """Send a request, again where that is safe; return what `read` makes of the answer."""
        sent_headers = {name: _text(value) for name, value in present(headers or {}).items()}
        if self.idempotency_header and idempotency_key:
            sent_headers[self.idempotency_header] = idempotency_key
        request = self._http.build_request(
            method,
            path,
            params=_pairs(query or {}) or None,
            headers=sent_headers,
            json=None if json is None else to_jsonable_python(present(json), bytes_mode="base64"),
        )
        attempts = self.attempts if method in REPEATABLE or idempotency_key else 1
        with self._telemetry.upstream_call(self.name, method) as call:
            request.headers.update(call.headers)
            return await self._answer(request, attempts, read, call)

    async def _answer(
        self,
        request: httpx2.Request,
        attempts: int,
        read: Callable[[httpx2.Response], T],
        call: UpstreamCall,
    ) -> T:
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._send(request, attempts)
        except TimeoutError:
            call.outcome = "timeout"
            log.warning("upstream_timeout", upstream=self.name, method=request.method)
            raise self.timed_out() from None
        except httpx2.HTTPError as exc:
            call.outcome = "broken"
            log.warning("upstream_unreachable", upstream=self.name, error=type(exc).__name__)
            raise self.broken() from exc
        if not response.is_success:
            call.outcome = "failed" if _is_fault(response) else "refused"
            log.warning("upstream_refused", upstream=self.name, status=response.status_code)
            error = self.refusal(response.status_code, self._message(response))
            error.refused = is_definite(response.status_code)
            raise error
        try:
            result = read(response)
        except (ValueError, RecursionError) as exc:  # pydantic's ValidationError is a ValueError
            # No traceback: pydantic's would show the answer, which may hold personal data.
            call.outcome = "broken"
            log.warning("upstream_bad_answer", upstream=self.name, error=type(exc).__name__)
            raise self.broken() from None
        call.outcome = "ok"
        return result

    async def _send(self, request: httpx2.Request, attempts: int) -> httpx2.Response:
        try:
            return await self._attempt(request)  # most calls need no machinery of retries
        except (httpx2.TransportError, _TransientAnswerError) as error:
            first = error
        try:
            async for attempt in stamina.retry_context(
                on=_is_transient, attempts=attempts, timeout=None, wait_initial=0.1, wait_max=2.0
            ):
                with attempt:
                    if attempt.num == 1:
                        raise first
                    return await self._attempt(request)
        except _TransientAnswerError as exc:
            return exc.response
        raise AssertionError("unreachable")  # pragma: no cover - the loop returns or raises

    async def _attempt(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._http.send(request)
        if response.status_code in TRANSIENT:
            raise _TransientAnswerError(response)
        return response

    def _message(self, response: httpx2.Response) -> str:
        """Return the upstream's own words, or the status when it has none."""
        try:
            message = pick(response.json(), *self.error_message) if self.error_message else None
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, str):
            return message[:MAX_MESSAGE]
        return f"status {response.status_code}"


def is_definite(status: int) -> bool:
    """Tell whether the upstream has done nothing, and will not, for all that a retry says."""
    return status // 100 == 4 and status not in UNSETTLED  # noqa: PLR2004 - 4xx


def segment(value: Value) -> str:
    """Percent-encode one path segment; an empty or a dot segment would name another resource."""
    text = quote(_text(value), safe="")
    if text in {"", ".", ".."}:
        raise NotFoundError
    return text


def pick(value: object, *path: str) -> object:
    """Return what stands at `path` of a JSON value, or None. Through a list it plucks."""
    for position, key in enumerate(path):
        if isinstance(value, list):
            return [pick(item, *path[position:]) for item in cast("list[object]", value)]
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(key)
    return value


def present(values: Mapping[str, Value]) -> dict[str, Value]:
    """Leave out what is not there: an absent value is not sent as null, nor read as one."""
    return {
        key: present(cast("Mapping[str, Value]", value)) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None
    }


def _text(value: Value) -> str:
    plain: object = to_jsonable_python(value)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _pairs(values: Mapping[str, Value]) -> Pairs:
    pairs: Pairs = []
    for name, value in present(values).items():
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            pairs += [(name, _text(item)) for item in cast("Sequence[Value]", value)]
        else:
            pairs.append((name, _text(value)))
    return pairs
