"""The development server: its settings, and the call that it suggests."""

import shlex
from pathlib import Path
from typing import Annotated

import httpx2
import pytest
import uvicorn
from fastapi import Body, FastAPI, Header, Query
from fastapi import Path as PathParameter
from fastapi.testclient import TestClient
from pydantic import BaseModel

from app import dev
from app.curl import curl_line, example

ADDRESS = "http://127.0.0.1:8000"


def serve(monkeypatch: pytest.MonkeyPatch, directory: Path, *arguments: str) -> FastAPI:
    """Run `python -m app.dev` up to the point where uvicorn takes over."""
    served: list[FastAPI] = []

    def run(app: FastAPI, **_options: object) -> None:
        served.append(app)

    monkeypatch.chdir(directory)
    monkeypatch.setattr(uvicorn, "run", run)
    dev.main(arguments)
    (app,) = served
    return app


def send(app: FastAPI, line: str) -> httpx2.Response:
    """Send what a `curl` line says."""
    words = shlex.split(line)
    assert words[:3] == ["curl", "-sS", "-X"]
    options = list(zip(words[5::2], words[6::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    content = next((value for option, value in options if option == "-d"), None)
    with TestClient(app) as client:
        return client.request(words[3], words[4], headers=headers, content=content)


def test_the_suggested_call_succeeds_and_the_docs_load(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app = serve(monkeypatch, tmp_path, "--port", "8123")
    printed = capsys.readouterr().out
    assert "http://127.0.0.1:8123/docs" in printed
    assert TestClient(app).get("/docs").status_code == 200
    lines = [line.removeprefix("Try: ") for line in printed.splitlines() if "curl" in line]
    assert len(lines) == bool(app.openapi()["paths"])
    for line in lines:
        response = send(app, line)
        # What it names may not be there yet.
        assert response.is_success or response.status_code in {404, 409}


def test_the_server_migrates_its_own_database_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    serve(monkeypatch, tmp_path)
    assert [file.name for file in tmp_path.glob("*.db")] == ["dev.db"]
    monkeypatch.setenv("DATABASE_URL", "sqlite:///./other.db")
    serve(monkeypatch, tmp_path)
    assert [file.name for file in tmp_path.glob("*.db")] == ["dev.db"]


def test_the_environment_and_the_env_file_come_before_the_examples(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    (tmp_path / ".env").write_text("LOG_LEVEL=ERROR\nMAX_BODY_BYTES=1\nUNKNOWN=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAX_BODY_BYTES", "2")
    monkeypatch.setenv("ENVIRONMENT", "production")
    found = dev.development_settings()
    assert (found.log_level, found.max_body_bytes) == ("ERROR", 2)
    assert found.environment == "development"


class Order(BaseModel):
    model_config = {"json_schema_extra": {"examples": [{"item": "it's a tea", "count": 2}]}}

    item: str
    count: int


@pytest.fixture
def shop() -> FastAPI:
    app = FastAPI()

    @app.post("/unclear")
    async def unclear(body: Annotated[str, Body()]) -> str:
        return body

    @app.post("/orders/{number}")
    async def create(
        number: Annotated[str, PathParameter(examples=["no 1"])],
        order: Order,
        note: Annotated[str, Query(examples=["you & me"])],
        x_tenant: Annotated[str, Header(examples=["acme"])],
        page: int = 1,
    ) -> list[str | int]:
        return [number, order.item, order.count, note, x_tenant, page]

    return app


def test_a_suggested_call_has_everything_that_is_required(shop: FastAPI) -> None:
    line = curl_line(shop.openapi(), ADDRESS)
    assert line is not None
    assert "Authorization" not in line
    assert send(shop, line).json() == ["no 1", "it's a tea", 2, "you & me", "acme", 1]


def test_a_suggested_call_has_the_token_where_one_is_wanted(shop: FastAPI) -> None:
    document = shop.openapi()
    document["paths"]["/orders/{number}"]["post"]["security"] = [{"Bearer": []}]
    assert "'Authorization: Bearer t0ken'" in (curl_line(document, ADDRESS, "t0ken") or "")


def test_no_call_is_suggested_without_an_example(shop: FastAPI) -> None:
    document = shop.openapi()
    del document["paths"]["/orders/{number}"]
    assert curl_line(document, ADDRESS) is None
    assert curl_line({"paths": {}}, ADDRESS) is None


def test_a_call_without_input_is_just_its_address() -> None:
    line = curl_line({"paths": {"/orders": {"get": {}}}}, ADDRESS)
    assert line == "curl -sS -X GET http://127.0.0.1:8000/orders"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "examples": ["a", "b"]}, "a"),
        ({"enum": ["red", "blue"]}, "red"),
        ({"example": None}, None),
        ({"type": "integer", "default": 3}, 3),
        ({"const": "x"}, "x"),
        ({"$ref": "#/components/schemas/Part"}, {"name": "wheel"}),
    ],
)
def test_an_example_is_found_where_the_schema_has_one(
    schema: dict[str, object], expected: object
) -> None:
    part = {
        "required": ["name"],
        "properties": {"name": {"examples": ["wheel"]}, "note": {"examples": ["spare"]}},
    }
    assert example({"components": {"schemas": {"Part": part}}}, schema) == expected
