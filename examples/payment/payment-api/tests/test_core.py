"""The app around the features: settings, health, logs, headers, limits."""

import gc
import importlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, SecretStr, ValidationError

from app.core.config import Settings, example_settings, get_settings
from app.core.redaction import MASK, redact, redact_text, register_sensitive
from app.core.resources import SettingsDep, get_resource, set_resource
from app.main import create_app
from tests.conftest import Logs

CARD = "4242424242424242"
pytestmark = pytest.mark.anyio
router = APIRouter()


class Echo(BaseModel):
    size: int


@router.post("/echo")
async def echo(body: dict[str, Any]) -> Echo:
    return Echo(size=len(body))


@router.get("/environment")
async def environment(settings: SettingsDep) -> str:
    return settings.environment


@router.get("/boom/{secret}")
async def boom(secret: str) -> None:
    raise RuntimeError(f"{len(secret)} secret letters of {CARD}")


@router.get("/boom-late")
async def boom_late() -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        yield b"partial"
        raise RuntimeError("mid-stream")

    return StreamingResponse(body())


@router.get("/own-headers")
async def own_headers() -> StreamingResponse:
    return StreamingResponse(iter([b"x"]), headers={"Cache-Control": "max-age=60"})


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    app.include_router(router)
    return app


@pytest.mark.parametrize("probe", ["live", "ready"])
async def test_health_is_answered_and_not_logged(
    client: httpx2.AsyncClient, logs: Logs, probe: str
) -> None:
    response = await client.get(f"/health/{probe}")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert logs.lines() == []


def test_settings_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    for name, value in example_settings().items():
        monkeypatch.setenv(name.upper(), str(value))
    get_settings.cache_clear()
    try:
        assert get_settings().log_level == "DEBUG"
        assert get_settings().environment == "production"
        assert get_settings() is get_settings()
    finally:
        get_settings.cache_clear()


def test_a_setting_that_does_not_hold_is_named_and_its_value_is_not_shown(
    settings: Settings,
) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**settings.model_dump(), "max_body_bytes": "hunter2"})
    assert "max_body_bytes" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_repr_of_the_settings_holds_no_secret(settings: Settings) -> None:
    secrets = [name for name, value in settings if isinstance(value, SecretStr)]
    shown = repr(settings)
    assert [name for name in secrets if f"{name}=SecretStr('**********')" not in shown] == []


@pytest.fixture
def _unfrozen() -> Iterator[None]:
    """Give back to the collector what the entry point takes from it."""
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_unfrozen")
def test_the_asgi_entrypoint_builds_the_app(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("app.main.get_settings", lambda: settings)
    module = importlib.import_module("app.asgi")
    assert gc.get_freeze_count() > 0, "each request would pay for all that the app consists of"
    with TestClient(importlib.reload(module).app) as client:
        assert client.get("/health/live").status_code == 200


async def test_websockets_pass_through(app: FastAPI) -> None:
    with TestClient(app).websocket_connect("/socket") as websocket:
        assert websocket.receive_text() == "hello"


async def test_a_log_line_is_json_and_names_its_request(
    client: httpx2.AsyncClient, logs: Logs
) -> None:
    response = await client.post("/echo", json={}, headers={"X-Request-ID": "req-1"})
    assert response.headers["x-request-id"] == "req-1"
    (line,) = logs.lines()
    assert line["event"] == "request"
    assert (line["method"], line["path"], line["status"]) == ("POST", "/echo", 200)
    assert (line["level"], line["request_id"]) == ("info", "req-1")
    assert line["duration_ms"] >= 0


async def test_a_request_id_that_could_break_a_log_is_replaced(
    client: httpx2.AsyncClient,
) -> None:
    response = await client.get("/health/live", headers={"X-Request-ID": "bad id"})
    assert len(response.headers["x-request-id"]) == 32


async def test_a_request_leaves_nothing_in_the_log_context_of_the_next(
    client: httpx2.AsyncClient, logs: Logs
) -> None:
    structlog.contextvars.bind_contextvars(user_id="of another request")
    await client.post("/echo", json={})
    assert "user_id" not in logs.lines()[0]


async def test_logs_are_redacted_whoever_writes_them(logs: Logs) -> None:
    register_sensitive("Shoe-Size", "Level")  # the second is also a key of the log itself
    logging.getLogger("legacy").warning("card %s of %s", CARD, "ann@example.com")
    structlog.get_logger("new").error("failed", shoe_size=44, nested={"Token": "t", "ok": 1})
    legacy, new = logs.lines()
    assert legacy["event"] == "card ****4242 of a***@example.com"
    assert (legacy["level"], legacy["logger"]) == ("warning", "legacy")
    assert new["shoe_size"] == MASK
    assert new["nested"] == {"Token": MASK, "ok": 1}


async def test_every_secret_setting_is_masked_by_its_name(logs: Logs) -> None:
    names = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
    structlog.get_logger("any").info("dump", **dict.fromkeys(names, "hunter2"))
    assert {logs.lines()[0][name] for name in names} <= {MASK}
    assert "hunter2" not in logs.getvalue()


async def test_a_traceback_is_logged_without_the_values_of_variables(logs: Logs) -> None:

    def fail(password: str) -> None:
        raise ValueError(f"no such user: ann@example.com ({len(password)})")

    try:
        fail("hunter2")
    except ValueError:
        structlog.get_logger("any").exception("failed")
    (line,) = logs.lines()
    assert line["exception"][0]["exc_value"] == "no such user: a***@example.com (7)"
    assert "hunter2" not in logs.getvalue()


async def test_debug_lines_are_dropped_below_the_log_level(logs: Logs) -> None:
    structlog.get_logger("any").debug("detail")
    assert logs.lines() == []


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("card 4242 4242 4242 4242!", "card ****4242!"),
        ("4242-4242-4242-4242", "****4242"),
        ("order 1234567890123456", "order 1234567890123456"),
        ("Authorization: bearer abc.def", f"Authorization: Bearer {MASK}"),
        ("to ann@example.com", "to a***@example.com"),
        ("[input_value='4\n2', input_type=str]", f"[input_value={MASK}, input_type=str]"),
    ],
)
def test_text_is_redacted(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


def test_redaction_reaches_into_collections_and_stops_at_no_depth() -> None:
    assert redact({"a": [1, (CARD,)], "API-KEY": 5}) == {"a": [1, ["****4242"]], "API-KEY": MASK}
    nested: object = CARD
    for _ in range(20):
        nested = [nested]
    assert CARD not in repr(redact(nested))


async def test_an_unforeseen_error_is_a_problem_that_tells_nothing(
    client: httpx2.AsyncClient, logs: Logs
) -> None:
    response = await client.get("/boom/hunter2")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Internal server error",
        "status": 500,
        "code": "internal_error",
        "request_id": response.headers["x-request-id"],
    }
    assert response.headers["x-content-type-options"] == "nosniff"
    error, access = logs.lines()
    assert (error["event"], error["path"]) == ("unhandled_exception", "/boom/{secret}")
    assert error["exception"][0]["exc_value"] == "7 secret letters of ****4242"
    assert access["status"] == 500
    assert "hunter2" not in logs.getvalue()


async def test_an_error_in_a_stream_that_has_begun_is_logged(
    client: httpx2.AsyncClient, logs: Logs
) -> None:
    await client.get("/boom-late")
    assert [line["event"] for line in logs.lines()] == ["unhandled_exception", "request"]
    assert "mid-stream" in logs.getvalue()


async def test_every_answer_has_the_security_headers(client: httpx2.AsyncClient) -> None:
    for path in ("/health/live", "/nowhere", "/openapi.json"):
        headers = (await client.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


async def test_an_endpoint_may_set_a_header_itself(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/own-headers")).headers["cache-control"] == "max-age=60"


async def test_the_docs_page_may_load_its_scripts(client: httpx2.AsyncClient) -> None:
    response = await client.get("/docs")
    assert response.status_code == 200
    assert "swagger-ui" in response.text
    assert "content-security-policy" not in response.headers


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc"])
def test_there_are_no_docs_in_production(settings: Settings, path: str) -> None:
    client = TestClient(create_app(settings.model_copy(update={"environment": "production"})))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_refused(
    client: httpx2.AsyncClient, settings: Settings, *, chunked: bool
) -> None:
    frame = len('{"a":""}')
    fits = json.dumps({"a": "x" * (settings.max_body_bytes - frame)}, separators=(",", ":"))

    async def chunks(text: str) -> AsyncGenerator[bytes]:
        yield text[:10].encode()
        yield text[10:].encode()

    async def post(text: str) -> httpx2.Response:
        content = chunks(text) if chunked else text.encode()
        headers = {"Content-Type": "application/json"}
        return await client.post("/echo", content=content, headers=headers)

    assert (await post(fits)).status_code == 200
    refused = await post(fits + " ")
    assert (refused.status_code, refused.json()["code"]) == (413, "content_too_large")
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


async def test_a_nonsensical_content_length_does_no_harm(client: httpx2.AsyncClient) -> None:
    for length in ("9" * 5000, "-1", "x"):
        response = await client.get("/health/live", headers={"Content-Length": length})
        assert response.status_code in {200, 413}


async def test_a_resource_is_found_by_its_kind(app: FastAPI, settings: Settings) -> None:
    class Pool:
        pass

    class SmallPool(Pool):
        pass

    with pytest.raises(LookupError, match="Pool is not set"):
        get_resource(app, Pool)
    pool = SmallPool()
    set_resource(app, pool, Pool)
    assert get_resource(app, Pool) is pool
    assert get_resource(app, Settings) is settings


async def test_an_endpoint_is_handed_a_resource(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/environment")).json() == "test"
