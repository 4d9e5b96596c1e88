"""Every error is a problem that repeats nothing the client sent, and OpenAPI documents it."""

import json
from typing import Annotated, Literal

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Header, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator
from pydantic_core import PydanticCustomError

from app.core.errors import AppError, NotFoundError, NotImplementedYetError, problems
from tests.conftest import Logs

SECRET = "hunter2"
JSON = {"Content-Type": "application/json"}
TOO_LONG = "String should have at most 3 characters"
NOT_A_URL = "URL scheme should be 'http' or 'https'"
NOT_A_COLOR = "Input should be 'red' or 'blue'"
NOT_TEXT = "Input should be a valid string, unable to parse raw data as a unicode string"
UNKNOWN = "Extra inputs are not permitted"
NOT_AN_OBJECT = "Input should be an object"
pytestmark = pytest.mark.anyio


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=3)
    color: Literal["red", "blue"] | None = None
    size: int | None = Field(default=None, gt=0, alias="size/~mm")
    home: HttpUrl | None = None
    tags: dict[Annotated[str, Field(max_length=3)], int] = {}
    even: int | None = None
    code: str | None = None
    parts: list["Part"] = []

    @field_validator("even")
    @classmethod
    def must_be_even(cls, value: int | None) -> int | None:
        if value is not None and value % 2:
            raise ValueError("Input should be even")
        return value

    @field_validator("code")
    @classmethod
    def must_be_known(cls, value: str | None) -> str | None:
        if value is not None:
            raise PydanticCustomError("unknown_code", "{value} is unknown", {"value": value})
        return value


class Part(BaseModel):
    number: int


class BusyError(AppError):
    status, code, title = 503, "busy", "Busy"
    retry_after = 7


class BadThingError(AppError):
    status, code, title = 400, "bad_thing", "Bad thing"


router = APIRouter()


@router.post("/things", responses=problems())
async def create(thing: Thing) -> None:
    raise BadThingError(f"Not {thing.name}")


@router.get("/things", responses=problems(BusyError, validation=False))
async def busy() -> None:
    raise BusyError


@router.put("/things/{number}", responses=problems(BadThingError, validation_status=400))
async def replace(
    number: Annotated[int, Path(ge=-(2**63), le=2**63 - 1)],
    thing: Thing,
    weight: Annotated[float, Query(le=1e30)] = 1,
) -> None:
    raise NotImplementedYetError(f"replace_thing {number} {thing.name} {weight:g}")


@router.delete("/things/{number}")
async def undocumented(number: int, if_match: Annotated[str, Header()]) -> None:
    raise HTTPException(418, {"number": number, "version": if_match})


@router.get("/broken-answer", response_model=Part)
async def broken_answer() -> dict[str, str]:
    return {"number": SECRET}


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("fields", "pointer", "code", "message"),
    [
        ({"name": SECRET}, "/body/name", "string_too_long", TOO_LONG),
        ({"color": SECRET}, "/body/color", "literal_error", NOT_A_COLOR),
        ({"size/~mm": 0}, "/body/size~1~0mm", "greater_than", "Input should be greater than 0"),
        ({"home": SECRET}, "/body/home", "url_parsing", "Input should be a valid URL"),
        ({"home": f"ftp://{SECRET}"}, "/body/home", "url_scheme", NOT_A_URL),
        ({"tags": {"long": 1}}, "/body/tags/long", "string_too_long", TOO_LONG),
        ({"even": 3}, "/body/even", "value_error", "Input should be even"),
        ({"code": SECRET}, "/body/code", "unknown_code", "Input is not valid"),
        ({"parts": [{"number": 1}, {}]}, "/body/parts/1/number", "missing", "Field required"),
        ({"parts": [SECRET]}, "/body/parts/0", "model_attributes_type", NOT_AN_OBJECT),
        ({"zip": SECRET}, "/body/zip", "extra_forbidden", UNKNOWN),
        ({"\ud800": 1}, "/body", "string_unicode", NOT_TEXT),
        ({"tags": {"\ud800": 1}}, "/body/tags/\ufffd\ufffd\ufffd", "string_unicode", NOT_TEXT),
    ],
)  # fmt: skip
async def test_a_field_that_does_not_validate_is_pointed_at(
    client: httpx2.AsyncClient, fields: dict[str, object], pointer: str, code: str, message: str
) -> None:
    body = json.dumps({"name": "abc", **fields})
    response = await client.post("/things", content=body, headers=JSON)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "validation_error"
    assert response.json()["errors"] == [{"pointer": pointer, "code": code, "message": message}]
    assert SECRET not in response.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"name": hunter2}', "Not valid JSON"),
        (b'{"name": "\xff"}', "Not valid JSON"),
        (b"[" * 50_000, "Not valid JSON"),
        (b'{"name": ' + b"9" * 5_000 + b"}", "Not valid JSON"),
        (b'{"name": NaN}', "Input should be a valid string"),
        (b'{"name": "\\ud800"}', None),
        (b"", "Field required"),
        (b"[]", NOT_AN_OBJECT),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_clean_refusal(
    client: httpx2.AsyncClient, content: bytes, message: str | None
) -> None:
    response = await client.post("/things", content=content, headers=JSON)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["pointer"] in {"/body", "/body/name"}
    assert message is None or error["message"] == message
    assert SECRET not in response.text


async def test_a_body_of_another_type_is_told_what_to_send(client: httpx2.AsyncClient) -> None:
    response = await client.post("/things", content=b"{}", headers={"Content-Type": "text/plain"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["message"] == "Send JSON, as application/json"


async def test_errors_do_not_grow_without_bound(client: httpx2.AsyncClient) -> None:
    response = await client.post("/things", json={"name": "abc", "parts": [0] * 1000})
    assert len(response.json()["errors"]) == 100


async def test_the_status_of_a_validation_error_is_the_one_that_the_route_documents(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.put("/things/1", json={})).status_code == 400
    assert (await client.put("/things/x", json={"name": "a"})).status_code == 400
    unreadable = await client.put("/things/1", content=b"[" * 50_000, headers=JSON)
    assert (unreadable.status_code, unreadable.json()["code"]) == (400, "validation_error")
    assert (await client.delete("/things/x")).status_code == 422


async def test_an_error_of_the_app_is_a_problem(client: httpx2.AsyncClient) -> None:
    response = await client.post("/things", json={"name": "abc"})
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad thing",
        "status": 400,
        "code": "bad_thing",
        "detail": "Not abc",
        "request_id": response.headers["x-request-id"],
    }
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_error_may_say_when_to_come_back(client: httpx2.AsyncClient) -> None:
    response = await client.get("/things")
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")


async def test_text_that_no_answer_can_carry_is_replaced(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    @app.get("/surrogate")
    async def surrogate() -> None:
        raise NotFoundError("no \ud800", headers={"X-Why": "because"})

    response = await client.get("/surrogate")
    assert (response.status_code, response.json()["detail"]) == (404, "no ?")
    assert response.headers["x-why"] == "because"


async def test_an_unwritten_hook_is_501(client: httpx2.AsyncClient) -> None:
    response = await client.put("/things/1", json={"name": "abc"})
    assert (response.status_code, response.json()["code"]) == (501, "not_implemented")
    assert response.json()["detail"] == "replace_thing 1 abc 1"


async def test_an_answer_that_does_not_keep_to_its_schema_is_500_and_not_logged(
    client: httpx2.AsyncClient, logs: Logs
) -> None:
    response = await client.get("/broken-answer")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert logs.lines()[0]["event"] == "invalid_response"
    assert logs.lines()[0]["errors"][0]["pointer"] == "/response/number"
    assert SECRET not in logs.getvalue()
    assert SECRET not in response.text


@pytest.mark.parametrize("path", ["/nowhere", "/things/", "/things//", "/health/live/"])
async def test_an_unknown_path_is_a_problem(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.json()["title"], response.json()["code"]) == ("Not Found", "not_found")


async def test_405_names_every_method_of_the_path(client: httpx2.AsyncClient) -> None:
    response = await client.patch("/things")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert response.json()["code"] == "method_not_allowed"
    assert (await client.get("/things/1")).headers["allow"] == "DELETE, PUT"


async def test_other_http_errors_are_problems_too(client: httpx2.AsyncClient) -> None:
    response = await client.delete("/things/1", headers={"If-Match": "x"})
    assert (response.status_code, response.json()["code"]) == (418, "http_error")
    assert response.headers["content-type"] == "application/problem+json"


async def test_openapi_documents_each_error_with_an_example(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    replaced = paths["/things/{number}"]["put"]["responses"]
    assert set(replaced) == {"200", "400", "413"}
    assert replaced["400"]["description"] == "Request validation failed; Bad thing"
    content = replaced["400"]["content"]
    assert list(content) == ["application/problem+json"]
    assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
    examples = content["application/problem+json"]["examples"]
    assert set(examples) == {"validation_error", "bad_thing"}
    assert examples["bad_thing"]["value"] == {
        "type": "about:blank",
        "title": "Bad thing",
        "status": 400,
        "code": "bad_thing",
    }
    assert set(paths["/things"]["get"]["responses"]) == {"200", "503"}
    assert "Retry-After" in paths["/things"]["get"]["responses"]["503"]["headers"]


async def test_openapi_knows_nothing_of_the_error_bodies_of_fastapi(app: FastAPI) -> None:
    schema = app.openapi()
    assert schema is app.openapi()
    undocumented = schema["paths"]["/things/{number}"]["delete"]["responses"]
    assert list(undocumented["422"]["content"]) == ["application/problem+json"]
    assert {"Problem", "FieldProblem"} <= schema["components"]["schemas"].keys()
    assert not {"HTTPValidationError", "ValidationError"} & schema["components"]["schemas"].keys()
    assert "x-validation" not in str(schema)


async def test_openapi_has_whole_bounds_as_they_stand_in_the_code(app: FastAPI) -> None:
    schema = app.openapi()
    given = schema["paths"]["/things/{number}"]["put"]["parameters"]
    number, weight = (parameter["schema"] for parameter in given)
    assert json.dumps([number["minimum"], number["maximum"]]) == f"[{-(2**63)}, {2**63 - 1}]"
    assert weight["maximum"] == 1e30
