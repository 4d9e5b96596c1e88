"""The app keeps to its own OpenAPI document, whatever it is sent."""

import asyncio
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Protocol, cast

import httpx2
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from app.main import create_app
from tests.conftest import make_settings, sign_token
from tests.database import create_tables, new_database, url_of
from tests.fakes import FAKES


class Response(Protocol):
    status_code: int

    def json(self) -> Any: ...  # noqa: ANN401 - any JSON


class Operation(Protocol):
    path: str


class Case(Protocol):
    operation: Operation

    def call(self, *, headers: dict[str, str]) -> Response: ...

    def validate_response(self, response: Response, *, excluded_checks: list[object]) -> None: ...


database_url = url_of("conformance")
settings = make_settings(database_url)
transports = {name: httpx2.ASGITransport(fake(settings)) for name, fake in FAKES.items()}
app = create_app(settings, transports=transports)
authorization = {"Authorization": f"Bearer {sign_token(settings, expires_in=3600)}"}
config = {
    "headers": authorization,
    "generation": {"max-examples": 10, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
    "checks": {
        # No schema says which signature or which version is right.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", 400, 401, 403, 404, 409, 412, 428, 429, "5xx"]
        },
    },
}
A_DATE = re.compile(r"(than|equal to) [0-9]{4}-[0-9]{2}-[0-9]{2}")
positive_data_acceptance: object = cast("Any", checks).positive_data_acceptance
about_methods: list[object] = [
    cast("Any", checks).unsupported_method,
    cast("Any", checks).allow_header_conformance,
]
schema = cast("Any", schemathesis.openapi).from_asgi(
    "/openapi.json", app, config=cast("Any", SchemathesisConfig).from_dict(config)
)
for_each_operation: Callable[[Callable[[Case], None]], object] = schema.parametrize()


@pytest.fixture(scope="module", autouse=True)
def _tables() -> Iterator[None]:
    """A database of its own: schemathesis keeps the app open to the end of the process."""
    with new_database(database_url):
        asyncio.run(create_tables(database_url))
        yield


def is_beyond_the_schema(response: Response) -> bool:
    """Tell whether what refuses the request is nothing that a schema can state.

    These are rules over several fields, repeated items and bounds of dates.
    """
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return False
    errors = response.json().get("errors", ())
    return bool(errors) and all(
        error["code"] in {"rule_violated", "unique_items", "invalid_cursor"}
        or A_DATE.search(error["message"])
        for error in errors
    )


def shares_its_path(path: str) -> bool:
    """Tell whether another template fits the path too: `/export` is also an `/{id}`."""
    others = (other for other in app.openapi()["paths"] if other != path)
    return any(re.fullmatch(re.sub(r"{[^}]*}", "[^/]+", other), path) for other in others)


@for_each_operation
def test_every_answer_is_as_documented(case: Case) -> None:
    # Again: with headers among the parameters, schemathesis takes the config's for made up.
    response = case.call(headers=authorization)
    excluded = [positive_data_acceptance] if is_beyond_the_schema(response) else []
    if shares_its_path(case.operation.path):
        excluded += about_methods
    case.validate_response(response, excluded_checks=excluded)
