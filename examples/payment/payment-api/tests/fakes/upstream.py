"""The ground of the fake upstreams: a real ASGI app that refuses what it does not expect."""

import asyncio
import json
import re
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NoReturn, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
from starlette.types import Receive, Scope, Send

Fields = frozenset[str]
NO_FIELDS: Fields = frozenset()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came over the wire; `path` is below the base URL, still percent-encoded."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: object  # a JSON value, nested form fields, or None
    parameters: dict[str, str] = field(default_factory=dict[str, str])

    def echo(self, *path: str, default: object) -> object:
        """Return what was sent at `path` of the body, so that an answer can repeat it."""
        value = self.body
        for key in path:
            if not isinstance(value, dict):
                return default
            value = cast("dict[str, object]", value).get(key)
        return default if value is None else value


@dataclass(frozen=True, slots=True)
class Answer:
    """What the upstream says; `content` instead of `body` for anything but JSON."""

    status: int = 200
    body: object = None
    content: bytes | None = None

    def encode(self) -> bytes:
        return json.dumps(self.body).encode() if self.content is None else self.content


@dataclass(frozen=True, slots=True)
class Route:
    """A request that the spec describes: whatever differs from it is a fault."""

    method: str
    path: str  # a regular expression over the encoded path
    answer: Callable[[Call], Answer]
    encoding: str | None = None  # "json", "form", or None for no body
    required: Fields = NO_FIELDS
    optional: Fields = NO_FIELDS
    query_required: Fields = NO_FIELDS
    query_optional: Fields = NO_FIELDS
    headers: Fields = NO_FIELDS

    def is_of(self, call: Call) -> bool:
        return self.method == call.method and re.fullmatch(self.path, call.path) is not None

    def faults(self, call: Call, content_type: str) -> Iterator[str]:
        expected = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
        if self.encoding and call.body is not None and content_type != expected[self.encoding]:
            yield f"content type is {content_type!r}, not {expected[self.encoding]!r}"
        if self.encoding is None and call.body is not None:
            yield "a body was sent"
        yield from _differences("body", set(_leaves(call.body)), self.required, self.optional)
        yield from _differences("query", set(call.query), self.query_required, self.query_optional)
        for name in sorted(self.headers - call.headers.keys()):
            yield f"header {name} is missing"


class FakeUpstream:
    """Answers like the upstream, records every call, and notes as a fault what should not come.

    `answer`, `drop` and `hang` say what the next calls get instead of the usual answer.
    `meanwhile` says what happens while the next call is under way.
    """

    name: ClassVar[str]
    routes: tuple[Route, ...] = ()
    credentials: Mapping[str, str] = {}
    query_credentials: Mapping[str, str] = {}

    def __init__(self, base_url: str) -> None:
        self.calls: list[Call] = []
        self.faults: list[str] = []
        self._base_path = urlsplit(base_url).path.rstrip("/")
        self._planned: deque[Answer | Exception | None] = deque()
        self._meanwhile: deque[Callable[[], Awaitable[None]]] = deque()

    def answer(
        self, status: int, body: object = None, *, content: bytes | None = None, times: int = 1
    ) -> None:
        self._planned.extend([Answer(status, body, content)] * times)

    def drop(self, times: int = 1) -> None:
        """Break the connection."""
        self._planned.extend([httpx2.ConnectError("connection refused")] * times)

    def hang(self) -> None:
        """Never answer."""
        self._planned.append(None)

    def meanwhile(self, work: Callable[[], Awaitable[None]]) -> None:
        """Await `work` once the next call was heard, before it is answered."""
        self._meanwhile.append(work)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call, content_type = await self._read(scope, receive)
        routes = [route for route in self.routes if route.is_of(call)]
        if not routes:
            self._fail(f"{call.method} {call.path} is not in the spec")
        for name, value in self.credentials.items():
            if call.headers.get(name) != value:
                self._fail(f"{name} is not the configured credential")
        for name, value in self.query_credentials.items():
            if call.query.pop(name, None) != [value]:
                self._fail(f"query parameter {name} is not the configured credential")
        # Operations may call one path in different ways: the one that sends just this.
        route = min(routes, key=lambda one: sum(1 for _ in one.faults(call, content_type)))
        for fault in route.faults(call, content_type):
            self._fail(f"{call.method} {call.path}: {fault}")
        match = re.fullmatch(route.path, call.path)
        call.parameters.update(
            {key: unquote(value) for key, value in match.groupdict().items()} if match else {}
        )
        self.calls.append(call)
        await self._let_happen()

        planned = self._planned.popleft() if self._planned else route.answer(call)
        if planned is None:
            await asyncio.Event().wait()
        if isinstance(planned, Exception):
            raise planned
        if isinstance(planned, Answer):
            await send(
                {
                    "type": "http.response.start",
                    "status": planned.status,
                    "headers": [(b"content-type", b"application/json")],
                }
            )
            await send({"type": "http.response.body", "body": planned.encode()})

    async def _let_happen(self) -> None:
        if self._meanwhile:
            await self._meanwhile.popleft()()

    def _fail(self, fault: str) -> NoReturn:
        self.faults.append(fault)
        raise AssertionError(f"{self.name}: {fault}")

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Call, str]:
        content = b""
        while True:
            message = await receive()
            content += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        content_type = headers.get("content-type", "")
        raw_path = scope["raw_path"].decode().partition("?")[0]
        call = Call(
            method=scope["method"],
            path=raw_path.removeprefix(self._base_path),
            query=_grouped(scope["query_string"].decode()),
            headers=headers,
            body=_decode(content, content_type),
        )
        return call, content_type


def basic(user: str, password: str) -> str:
    """Return the Authorization header of HTTP basic authentication."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _decode(content: bytes, content_type: str) -> object:
    if not content:
        return None
    if content_type != "application/x-www-form-urlencoded":
        return json.loads(content)
    nested: dict[str, object] = {}
    for name, values in _grouped(content.decode()).items():
        *parents, last = re.findall(r"[^\[\]]+", name)
        target = nested
        for parent in parents:
            target = cast("dict[str, object]", target.setdefault(parent, {}))
        target[last] = values if name.endswith("[]") else values[0]
    return nested


def _grouped(encoded: str) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        grouped.setdefault(name, []).append(value)
    return grouped


def _leaves(value: object, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield from _leaves(item, f"{prefix}.{key}" if prefix else key)
    elif prefix:
        yield prefix


def _differences(place: str, sent: set[str], required: Fields, optional: Fields) -> Iterator[str]:
    known = required | optional
    for name in sorted(required - sent):
        if not any(leaf.startswith(f"{name}.") for leaf in sent):
            yield f"{place} has no {name}"
    for name in sorted(sent - known):
        if not any(name.startswith(f"{parent}.") for parent in known):
            yield f"{place} has {name}, which the spec does not map"
