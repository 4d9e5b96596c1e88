"""The app keeps to its own OpenAPI document, whatever it is sent."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol, cast

import httpx2
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from app.main import create_app
from tests.conftest import make_settings, sign_token
from tests.fakes import FAKES


class Response(Protocol):
    status_code: int

    def json(self) -> Any: ...  # noqa: ANN401 - any JSON


class Case(Protocol):
    def call(self) -> Response: ...

    def validate_response(self, response: Response, *, excluded_checks: list[object]) -> None: ...


settings = make_settings()
transports = {name: httpx2.ASGITransport(fake(settings)) for name, fake in FAKES.items()}
app = create_app(settings, transports=transports)
config = {
    "headers": {"Authorization": f"Bearer {sign_token(settings, expires_in=3600)}"},
    "generation": {"max-examples": 10, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
}
positive_data_acceptance: object = cast("Any", checks).positive_data_acceptance
schema = cast("Any", schemathesis.openapi).from_asgi(
    "/openapi.json", app, config=cast("Any", SchemathesisConfig).from_dict(config)
)
for_each_operation: Callable[[Callable[[Case], None]], object] = schema.parametrize()


def breaks_a_rule(response: Response) -> bool:
    """Tell whether a rule over several fields refuses the request: no schema states it."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return False
    return {error["code"] for error in response.json().get("errors", ())} == {"rule_violated"}


@for_each_operation
def test_every_answer_is_as_documented(case: Case) -> None:
    response = case.call()
    excluded = [positive_data_acceptance] if breaks_a_rule(response) else []
    case.validate_response(response, excluded_checks=excluded)
