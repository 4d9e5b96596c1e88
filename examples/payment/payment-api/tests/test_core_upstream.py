"""Calls of upstreams: retries, deadlines, messages, paths, queries."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import ClassVar

import httpx2
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.core.errors import AppError, NotFoundError
from app.core.resources import Transports, set_resource
from app.core.telemetry import Telemetry
from app.core.upstream import UpstreamClient, open_http_client, pick, present, segment

pytestmark = pytest.mark.anyio


class RefusedError(AppError):
    """The stub refused."""

    status, code, title = 418, "refused", "Refused"


class StubClient(UpstreamClient):
    """A client of an upstream that answers what the test says."""

    name = "stub"
    attempts = 3
    idempotency_header = "Idempotency-Key"
    error_message: ClassVar[tuple[str, ...]] = ("error", "message")

    def refusal(self, status: int, message: str, /) -> AppError:
        return RefusedError(f"{status} {message}")

    def timed_out(self) -> AppError:
        return RefusedError("timed out")

    def broken(self) -> AppError:
        return RefusedError("broken")


class MuteClient(StubClient):
    """An upstream whose errors hold no text."""

    error_message = ()


class Stub:
    """An upstream that gives the planned answers, the last one for ever."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers: Sequence[httpx2.Response | Exception] = answers
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer, *later = self.answers
        self.answers = later or [answer]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def stub() -> Stub:
    return Stub(httpx2.Response(200, text="fine"))


@pytest.fixture
async def http(stub: Stub, settings: Settings) -> AsyncGenerator[httpx2.AsyncClient]:
    app = FastAPI()
    set_resource(app, settings)
    set_resource(app, Transports({"stub": httpx2.MockTransport(stub)}))
    async with open_http_client(app, "stub", "https://stub.example/v1/") as client:
        yield client


def text_of(response: httpx2.Response) -> str:
    return response.text


@pytest.mark.parametrize(
    ("method", "key", "attempts"),
    [("GET", None, 3), ("POST", None, 1), ("POST", "key", 3), ("DELETE", None, 3)],
)
async def test_only_what_is_safe_to_repeat_is_repeated(
    http: httpx2.AsyncClient, stub: Stub, method: str, key: str | None, attempts: int
) -> None:
    stub.answers = [httpx2.Response(503)]
    with pytest.raises(RefusedError, match="503"):
        await StubClient(http, timeout=5, telemetry=Telemetry()).call(
            method, "/x", text_of, idempotency_key=key
        )
    assert [request.headers.get("idempotency-key") for request in stub.requests] == [key] * attempts


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx2.Response(200, text="fine"), "ok"),
        (httpx2.Response(200, text="other"), "broken"),
        (httpx2.Response(402), "refused"),
        (httpx2.Response(429), "failed"),
        (httpx2.Response(500), "failed"),
        (httpx2.ConnectError("no route"), "broken"),
        (TimeoutError(), "timeout"),
    ],
)
async def test_a_call_is_counted_by_how_it_ends(
    http: httpx2.AsyncClient, stub: Stub, answer: httpx2.Response | Exception, outcome: str
) -> None:
    def read(response: httpx2.Response) -> str:
        if response.text != "fine":
            raise ValueError(response.text)
        return response.text

    stub.answers = [answer]
    telemetry = Telemetry()
    with suppress(RefusedError):
        await StubClient(http, timeout=5, telemetry=telemetry).call("POST", "/x", read)
    labels = f'method="POST",outcome="{outcome}",upstream="stub"'
    counted = f"upstream_call_duration_seconds_count{{{labels}}} 1.0\n"
    assert counted in telemetry.render().decode()


async def test_a_repeated_call_may_succeed(http: httpx2.AsyncClient, stub: Stub) -> None:
    stub.answers = [httpx2.Response(429), httpx2.Response(200, text="fine")]
    assert (
        await StubClient(http, timeout=5, telemetry=Telemetry()).call("GET", "/x", text_of)
        == "fine"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"error": {"message": "no such thing"}}', "404 no such thing"),
        ('{"error": {"message": 5}}', "404 status 404"),
        ('{"error": "text"}', "404 status 404"),
        ("<html>", "404 status 404"),
        ('{"error": {"message": "' + "x" * 400 + '"}}', "404 " + "x" * 300),
    ],
)
async def test_the_upstreams_message_is_told_where_it_has_one(
    http: httpx2.AsyncClient, stub: Stub, body: str, message: str
) -> None:
    stub.answers = [httpx2.Response(404, text=body)]
    with pytest.raises(RefusedError) as raised:
        await StubClient(http, timeout=5, telemetry=Telemetry()).call("GET", "/x", text_of)
    assert raised.value.detail == message


async def test_a_mute_upstream_is_told_by_its_status(http: httpx2.AsyncClient, stub: Stub) -> None:
    stub.answers = [httpx2.Response(302, headers={"location": "https://elsewhere.example"})]
    with pytest.raises(RefusedError, match="302 status 302"):
        await MuteClient(http, timeout=5, telemetry=Telemetry()).call("GET", "/x", text_of)
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        *((status, True) for status in (400, 401, 402, 404, 422, 499)),
        *((status, False) for status in (302, 408, 409, 425, 429, 500, 503)),
    ],
)
async def test_only_a_definite_refusal_is_marked_as_one(
    http: httpx2.AsyncClient, stub: Stub, *, status: int, refused: bool
) -> None:
    stub.answers = [httpx2.Response(status)]
    with pytest.raises(RefusedError) as raised:
        await StubClient(http, timeout=5, telemetry=Telemetry()).call("POST", "/x", text_of)
    assert raised.value.refused is refused


@pytest.mark.parametrize(
    "answer", [httpx2.Response(200, text="?"), httpx2.ConnectError("no route"), TimeoutError()]
)
async def test_a_call_without_an_answer_is_no_refusal(
    http: httpx2.AsyncClient, stub: Stub, answer: httpx2.Response | Exception
) -> None:
    stub.answers = [answer]

    def read(response: httpx2.Response) -> str:
        raise ValueError(response.text)

    with pytest.raises(RefusedError) as raised:
        await StubClient(http, timeout=5, telemetry=Telemetry()).call("POST", "/x", read)
    assert raised.value.refused is False


async def test_the_query_is_encoded_and_absent_values_are_left_out(
    http: httpx2.AsyncClient, stub: Stub
) -> None:
    query = {"a": "x&y", "flag": True, "many": [1, 2], "absent": None, "amount": Decimal("1.50")}
    await StubClient(http, timeout=5, telemetry=Telemetry()).call("GET", "/x", text_of, query=query)
    url = str(stub.requests[0].url)
    assert url == "https://stub.example/v1/x?a=x%26y&flag=true&many=1&many=2&amount=1.50"


async def test_headers_are_sent_as_text(http: httpx2.AsyncClient, stub: Stub) -> None:
    await StubClient(http, timeout=5, telemetry=Telemetry()).call(
        "GET", "/x", text_of, headers={"X-A": 5, "X-B": None}
    )
    assert stub.requests[0].headers["x-a"] == "5"
    assert "x-b" not in stub.requests[0].headers


def test_a_path_segment_cannot_leave_its_place() -> None:
    assert segment("a/b?c#d%2e") == "a%2Fb%3Fc%23d%252e"
    for text in ("", ".", ".."):
        with pytest.raises(NotFoundError):
            segment(text)


def test_pick_finds_what_is_there_and_plucks_through_lists() -> None:
    answer = {"a": {"b": 1}, "rows": [{"n": 1}, {"n": 2}, {}]}
    assert pick(answer, "a", "b") == 1
    assert pick(answer, "rows", "n") == [1, 2, None]
    assert pick(answer, "a", "b", "c") is None
    assert pick(answer, "x", "y") is None


def test_present_leaves_absent_values_out_at_every_depth() -> None:
    assert present({"a": None, "b": {"c": None, "d": 0}}) == {"b": {"d": 0}}
