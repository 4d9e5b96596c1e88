"""The payment endpoints, through the app."""

import io
import json
import time
from collections.abc import Callable
from typing import Any, cast

import httpx2
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.db.session import Database
from app.models.payment import PaymentRead, PaymentRequest, RefundRead
from tests.fakes.upstream import FakeUpstream
from tests.payment_rows import CREATE_REFUND_ID, GET_PAYMENT_ID, add_rows

pytestmark = pytest.mark.anyio

CREATE_PAYMENT: dict[str, Any] = {
    "amount": "99.99",
    "currency": "USD",
    "payment_method_id": "pm_123",
    "description": "Premium subscription",
}
CREATE_REFUND: dict[str, Any] = {"amount": "21.25", "reason": "fraudulent"}
FORGED: list[dict[str, Any]] = [
    {"expires_in": -60},
    {"audience": "somebody-else"},
    {"issuer": "https://somebody-else.example"},
    {"secret": "another-secret-another-secret-another-secret"},
    {"algorithm": "none", "secret": ""},
    {"user": ""},
]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(autouse=True)
async def _rows(database: Database) -> None:
    await add_rows(database)


@pytest.fixture
def fake_provider(fakes: dict[str, FakeUpstream]) -> FakeUpstream:
    return fakes["provider"]


def holds(actual: object, expected: object) -> bool:
    """Tell whether everything that `expected` names is there; `actual` may hold more."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = cast("dict[str, object]", actual)
        wanted = cast("dict[str, object]", expected)
        return all(key in found and holds(found[key], value) for key, value in wanted.items())
    if isinstance(expected, list) and isinstance(actual, list):
        items = cast("list[object]", actual)
        return all(
            any(holds(item, value) for item in items) for value in cast("list[object]", expected)
        )
    return actual == expected


async def test_create_payment_answers(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == 201
    answer = response.json()
    PaymentRead.model_validate(answer)
    assert answer == {
        "amount": "99.99",
        "currency": "USD",
        "description": "Premium subscription",
        "status": "succeeded",
        "refunded_amount": "0.00",
    } | {
        key: answer[key]
        for key in (
            "payment_id",
            "created_at",
        )
    }
    [call] = fake_provider.calls
    assert (call.method, call.path) == ("POST", "/payments")
    assert call.query == {}
    assert call.body == {
        "amount": "99.99",
        "currency": "USD",
        "payment_method": "pm_123",
        "description": "Premium subscription",
        "reference": response.json()["payment_id"],
        "metadata": {"user_id": "user_1"},
    }


async def test_create_payment_needs_the_required_fields_only(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    body: dict[str, Any] = {"amount": "99.99", "payment_method_id": "pm_123"}
    response = await client.post("/api/v1/payments", json=body, headers=auth)

    assert response.status_code == 201
    assert fake_provider.calls[0].body == {
        "amount": "99.99",
        "currency": "USD",
        "payment_method": "pm_123",
        "reference": response.json()["payment_id"],
        "metadata": {"user_id": "user_1"},
    }


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        pytest.param({"amount": "0.01"}, {"amount": "0.01"}, id="amount: least"),
        pytest.param({"amount": "10000"}, {"amount": "10000.00"}, id="amount: greatest"),
        pytest.param({"amount": 21.25}, {"amount": "21.25"}, id="amount: a JSON number"),
        pytest.param({"amount": "21.2525"}, {"amount": "21.25"}, id="amount: rounded"),
        pytest.param(
            {"payment_method_id": "a"}, {"payment_method": "a"}, id="payment_method_id: shortest"
        ),
        pytest.param(
            {"payment_method_id": "a" * 255},
            {"payment_method": "a" * 255},
            id="payment_method_id: longest",
        ),
        pytest.param(
            {"payment_method_id": "Äpfel 漢字"},
            {"payment_method": "Äpfel 漢字"},
            id="payment_method_id: any script",
        ),
        pytest.param(
            {"description": "a" * 500}, {"description": "a" * 500}, id="description: longest"
        ),
        pytest.param(
            {"description": "Äpfel 漢字"},
            {"description": "Äpfel 漢字"},
            id="description: any script",
        ),
        pytest.param({"description": None}, {}, id="description: null"),
    ],
)
async def test_create_payment_accepts_body_at_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    change: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT | change, headers=auth)
    assert response.status_code == 201
    body: Any = fake_provider.calls[0].body
    assert body == body | sent


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"amount": "0"}, "/body/amount", id="amount: at the lower bound"),
        pytest.param({"amount": "10000.01"}, "/body/amount", id="amount: above the greatest"),
        pytest.param(
            {"amount": "0.001"}, "/body/amount", id="amount: rounded onto the lower bound"
        ),
        pytest.param({"amount": "1e1"}, "/body/amount", id="amount: an exponent"),
        pytest.param({"amount": "NaN"}, "/body/amount", id="amount: NaN"),
        pytest.param({"amount": "Infinity"}, "/body/amount", id="amount: infinity"),
        pytest.param({"amount": "21.25\n"}, "/body/amount", id="amount: trailing newline"),
        pytest.param({"amount": True}, "/body/amount", id="amount: true"),
        pytest.param({"amount": "abc"}, "/body/amount", id="amount: text"),
        pytest.param({"amount": [1]}, "/body/amount", id="amount: a list"),
        pytest.param({"amount": None}, "/body/amount", id="amount: null"),
        pytest.param({"currency": "ABC\n"}, "/body/currency", id="currency: trailing newline"),
        pytest.param({"currency": "AB"}, "/body/currency", id="currency: not the pattern, 'AB'"),
        pytest.param(
            {"currency": "ABC!"}, "/body/currency", id="currency: not the pattern, 'ABC!'"
        ),
        pytest.param({"currency": "!BC"}, "/body/currency", id="currency: not the pattern, '!BC'"),
        pytest.param({"currency": "abc"}, "/body/currency", id="currency: not the pattern, 'abc'"),
        pytest.param(
            {"currency": " ABC"}, "/body/currency", id="currency: not the pattern, ' ABC'"
        ),
        pytest.param({"currency": ""}, "/body/currency", id="currency: not the pattern, ''"),
        pytest.param({"currency": 5}, "/body/currency", id="currency: a number"),
        pytest.param({"currency": ["a"]}, "/body/currency", id="currency: a list"),
        pytest.param({"currency": None}, "/body/currency", id="currency: null"),
        pytest.param(
            {"payment_method_id": ""}, "/body/payment_method_id", id="payment_method_id: empty"
        ),
        pytest.param(
            {"payment_method_id": "a" * 256},
            "/body/payment_method_id",
            id="payment_method_id: one too long",
        ),
        pytest.param(
            {"payment_method_id": "a\x00"}, "/body/payment_method_id", id="payment_method_id: NUL"
        ),
        pytest.param(
            {"payment_method_id": 5}, "/body/payment_method_id", id="payment_method_id: a number"
        ),
        pytest.param(
            {"payment_method_id": ["a"]}, "/body/payment_method_id", id="payment_method_id: a list"
        ),
        pytest.param(
            {"payment_method_id": None}, "/body/payment_method_id", id="payment_method_id: null"
        ),
        pytest.param(
            {"description": "a" * 501}, "/body/description", id="description: one too long"
        ),
        pytest.param({"description": "a\x00"}, "/body/description", id="description: NUL"),
        pytest.param({"description": 5}, "/body/description", id="description: a number"),
        pytest.param({"description": ["a"]}, "/body/description", id="description: a list"),
    ],
)
async def test_create_payment_refuses_body_beyond_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    change: dict[str, Any],
    pointer: str,
) -> None:
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT | change, headers=auth)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in response.json()["errors"]} == {pointer}
    assert fake_provider.calls == []


@pytest.mark.parametrize("name", ["amount", "payment_method_id"])
async def test_create_payment_refuses_a_body_without_a_required_field(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    name: str,
) -> None:
    body = {key: value for key, value in CREATE_PAYMENT.items() if key != name}
    response = await client.post("/api/v1/payments", json=body, headers=auth)

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (f"/body/{name}", "missing")
    ]


async def test_create_payment_refuses_an_unknown_field(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
) -> None:
    body = CREATE_PAYMENT | {"surprise": "never-repeat-this"}
    response = await client.post("/api/v1/payments", json=body, headers=auth)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/body/surprise"]
    assert "never-repeat-this" not in response.text


@pytest.mark.parametrize("field", ["amount"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")], ids=str)
async def test_create_payment_takes_finite_numbers_only(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    field: str,
    number: float,
) -> None:
    content = json.dumps(CREATE_PAYMENT | {field: number})
    headers = auth | {"content-type": "application/json"}
    response = await client.post("/api/v1/payments", content=content, headers=headers)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/body/{field}"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b'{"a": NaN}', b"[" * 5_000]
)
async def test_create_payment_refuses_a_body_that_is_no_json_object(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    content: bytes,
) -> None:
    headers = auth | {"content-type": "application/json"}
    response = await client.post("/api/v1/payments", content=content, headers=headers)
    assert response.status_code == 422
    assert response.json()["code"] == "validation_error"


async def test_create_payment_needs_a_token(client: httpx2.AsyncClient) -> None:
    for headers in (
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer no-token"},
    ):
        response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forged", FORGED)
async def test_create_payment_refuses_a_token_that_does_not_hold(
    client: httpx2.AsyncClient, make_token: Callable[..., str], forged: dict[str, Any]
) -> None:
    headers = bearer(make_token(**forged))
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


async def test_create_payment_needs_its_permission(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
    fake_provider: FakeUpstream,
) -> None:
    headers = bearer(
        make_token(permissions=["another.permission", "payments.read", "payments.refund"])
    )
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert fake_provider.calls == []


async def test_create_payment_tells_where_it_is_found(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
) -> None:
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    location = response.headers["location"]
    assert location.startswith("/api/v1/payments/")
    found = await client.get(location, headers=auth)
    assert found.status_code == 200
    assert found.json()["payment_id"] == response.json()["payment_id"]


@pytest.mark.parametrize(
    ("upstream_status", "status", "code", "detail"),
    [
        pytest.param(400, 400, "invalid_payment", "Invalid payment: because of this", id="400"),
        pytest.param(402, 402, "payment_declined", "Payment declined", id="402"),
        pytest.param(404, 404, "payment_not_found", "No such payment", id="404"),
        pytest.param(
            418,
            503,
            "payment_service_unavailable",
            "Payment processing failed",
            id="418, not mapped",
        ),
    ],
)
async def test_create_payment_tells_what_the_upstream_refused(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    upstream_status: int,
    status: int,
    code: str,
    detail: str | None,
) -> None:
    fake_provider.answer(upstream_status, {"error": {"message": "because of this"}}, times=3)
    response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem.get("detail")) == (code, detail)


class TestTheRateLimitOfCreatePayment:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit_enabled": True})

    async def test_holds_and_is_lifted_in_time(
        self,
        client: httpx2.AsyncClient,
        make_token: Callable[..., str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        start = time.time()
        monkeypatch.setattr(time, "time", lambda: start)
        headers = bearer(make_token(expires_in=10 * 60))
        for _ in range(10):
            response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=headers)
            assert response.status_code != 429
            assert "q=10;w=60" in response.headers["ratelimit-policy"]

        refused = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        others = bearer(make_token("user_2", expires_in=10 * 60))
        response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=others)
        assert response.status_code != 429

        later = start + 2 * 60 + 1
        monkeypatch.setattr(time, "time", lambda: later)
        response = await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=headers)
        assert response.status_code != 429


async def test_create_payment_keeps_sensitive_values_out_of_the_log(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    logs: io.StringIO,
) -> None:
    await client.post("/api/v1/payments", json=CREATE_PAYMENT, headers=auth)

    assert "create_payment" in logs.getvalue()
    for secret in ("pm_123",):
        assert secret not in logs.getvalue()
        assert secret not in repr(PaymentRequest.model_validate(CREATE_PAYMENT))


async def test_create_payment_is_documented(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/api/v1/payments"]["post"]
    assert set(operation["responses"]) == {
        "201",
        "400",
        "401",
        "402",
        "403",
        "404",
        "409",
        "413",
        "422",
        "429",
        "503",
    }
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]
    assert "Location" in operation["responses"]["201"]["headers"]


async def test_get_payment_answers(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == 200
    assert response.json() == {
        "payment_id": "pay_00000000000000000000000000000001",
        "amount": "21.25",
        "currency": "Sam",
        "description": "Sample description",
        "status": "succeeded",
        "refunded_amount": "0.00",
        "created_at": "2026-01-05T00:48:35Z",
    }
    [call] = fake_provider.calls
    assert (call.method, call.path) == ("GET", "/payments/Sample%20provider%20id")
    assert call.query == {}
    assert call.body is None


@pytest.mark.parametrize(
    ("url", "pointer"),
    [
        pytest.param("/api/v1/payments/" + "a" * 256, "/path/id", id="payment_id: one too long"),
        pytest.param("/api/v1/payments/a%20b", "/path/id", id="payment_id: a blank"),
    ],
)
async def test_get_payment_refuses_path_beyond_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    url: str,
    pointer: str,
) -> None:
    response = await client.get(url, headers=auth)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in response.json()["errors"]} == {pointer}
    assert fake_provider.calls == []


async def test_get_payment_needs_a_token(client: httpx2.AsyncClient) -> None:
    for headers in (
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer no-token"},
    ):
        response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forged", FORGED)
async def test_get_payment_refuses_a_token_that_does_not_hold(
    client: httpx2.AsyncClient, make_token: Callable[..., str], forged: dict[str, Any]
) -> None:
    headers = bearer(make_token(**forged))
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


async def test_get_payment_needs_its_permission(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
    fake_provider: FakeUpstream,
) -> None:
    headers = bearer(
        make_token(permissions=["another.permission", "payments.create", "payments.refund"])
    )
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert fake_provider.calls == []


@pytest.mark.parametrize(
    ("upstream_status", "status", "code", "detail"),
    [
        pytest.param(400, 400, "invalid_payment", "Invalid payment: because of this", id="400"),
        pytest.param(402, 402, "payment_declined", "Payment declined", id="402"),
        pytest.param(404, 404, "payment_not_found", "No such payment", id="404"),
        pytest.param(
            418,
            503,
            "payment_service_unavailable",
            "Payment processing failed",
            id="418, not mapped",
        ),
    ],
)
async def test_get_payment_tells_what_the_upstream_refused(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    upstream_status: int,
    status: int,
    code: str,
    detail: str | None,
) -> None:
    fake_provider.answer(upstream_status, {"error": {"message": "because of this"}}, times=3)
    response = await client.get(f"/api/v1/payments/{GET_PAYMENT_ID}", headers=auth)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem.get("detail")) == (code, detail)


async def test_get_payment_is_documented(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/api/v1/payments/{id}"]["get"]
    assert set(operation["responses"]) == {"200", "400", "401", "402", "403", "404", "422", "503"}
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]


async def test_list_payments_answers(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
) -> None:
    response = await client.get("/api/v1/payments", headers=auth)

    assert response.status_code == 200
    assert sorted([item["payment_id"] for item in response.json()["items"]]) == sorted(
        [GET_PAYMENT_ID, CREATE_REFUND_ID]
    )


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"status": "pending"}, id="status: pending"),
        pytest.param({"status": "succeeded"}, id="status: succeeded"),
        pytest.param({"status": "failed"}, id="status: failed"),
        pytest.param({"status": "refunded"}, id="status: refunded"),
        pytest.param(
            {"created_at_from": "2025-11-29T10:00:00+02:00"}, id="created_at_from: another offset"
        ),
        pytest.param(
            {"created_at_to": "2025-11-29T10:00:00+02:00"}, id="created_at_to: another offset"
        ),
        pytest.param({"sort": "-created_at"}, id="sort: -created_at"),
        pytest.param({"limit": 1}, id="limit: least"),
        pytest.param({"limit": 100}, id="limit: greatest"),
    ],
)
async def test_list_payments_accepts_query_at_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    query: dict[str, Any],
) -> None:
    response = await client.get("/api/v1/payments", params=query, headers=auth)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        pytest.param({"status": "pendingsucceededx"}, "/query/status", id="status: another value"),
        pytest.param({"status": "PENDING"}, "/query/status", id="status: other case"),
        pytest.param(
            {"created_at_from": "2026-01-31T12:00:00"},
            "/query/created_at_from",
            id="created_at_from: no offset",
        ),
        pytest.param(
            {"created_at_from": "2026-01-31"},
            "/query/created_at_from",
            id="created_at_from: no datetime, '2026-01-31'",
        ),
        pytest.param(
            {"created_at_from": "2026-01-31T25:00:00Z"},
            "/query/created_at_from",
            id="created_at_from: no datetime, '2026-01-31T25:00:00Z'",
        ),
        pytest.param(
            {"created_at_from": "0"},
            "/query/created_at_from",
            id="created_at_from: no datetime, '0'",
        ),
        pytest.param(
            {"created_at_from": "now"},
            "/query/created_at_from",
            id="created_at_from: no datetime, 'now'",
        ),
        pytest.param(
            {"created_at_to": "2026-01-31T12:00:00"},
            "/query/created_at_to",
            id="created_at_to: no offset",
        ),
        pytest.param(
            {"created_at_to": "2026-01-31"},
            "/query/created_at_to",
            id="created_at_to: no datetime, '2026-01-31'",
        ),
        pytest.param(
            {"created_at_to": "2026-01-31T25:00:00Z"},
            "/query/created_at_to",
            id="created_at_to: no datetime, '2026-01-31T25:00:00Z'",
        ),
        pytest.param(
            {"created_at_to": "0"}, "/query/created_at_to", id="created_at_to: no datetime, '0'"
        ),
        pytest.param(
            {"created_at_to": "now"}, "/query/created_at_to", id="created_at_to: no datetime, 'now'"
        ),
        pytest.param({"sort": "-created_atx"}, "/query/sort", id="sort: another value"),
        pytest.param({"sort": "-CREATED_AT"}, "/query/sort", id="sort: other case"),
        pytest.param({"limit": 0}, "/query/limit", id="limit: below the least"),
        pytest.param({"limit": 101}, "/query/limit", id="limit: above the greatest"),
        pytest.param({"limit": 10.5}, "/query/limit", id="limit: a fraction"),
        pytest.param({"limit": "abc"}, "/query/limit", id="limit: text"),
        pytest.param({"cursor": "AB\n"}, "/query/cursor", id="cursor: trailing newline"),
        pytest.param({"cursor": "AB!"}, "/query/cursor", id="cursor: not the pattern, 'AB!'"),
        pytest.param({"cursor": "!B"}, "/query/cursor", id="cursor: not the pattern, '!B'"),
        pytest.param({"cursor": " AB"}, "/query/cursor", id="cursor: not the pattern, ' AB'"),
    ],
)
async def test_list_payments_refuses_query_beyond_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    query: dict[str, Any],
    pointer: str,
) -> None:
    response = await client.get("/api/v1/payments", params=query, headers=auth)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in response.json()["errors"]} == {pointer}


async def test_list_payments_needs_a_token(client: httpx2.AsyncClient) -> None:
    for headers in (
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer no-token"},
    ):
        response = await client.get("/api/v1/payments", headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forged", FORGED)
async def test_list_payments_refuses_a_token_that_does_not_hold(
    client: httpx2.AsyncClient, make_token: Callable[..., str], forged: dict[str, Any]
) -> None:
    headers = bearer(make_token(**forged))
    response = await client.get("/api/v1/payments", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


async def test_list_payments_needs_its_permission(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
) -> None:
    headers = bearer(
        make_token(permissions=["another.permission", "payments.create", "payments.refund"])
    )
    response = await client.get("/api/v1/payments", headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_list_payments_is_documented(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/api/v1/payments"]["get"]
    assert set(operation["responses"]) == {"200", "401", "403", "422"}
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]
    defaults = {each["name"]: each["schema"].get("default") for each in operation["parameters"]}
    assert defaults == defaults | {"sort": "-created_at", "limit": 20}


async def test_create_refund_answers(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == 201
    answer = response.json()
    RefundRead.model_validate(answer)
    assert answer == {
        "payment_id": "pay_00000000000000000000000000000002",
        "amount": "21.25",
        "reason": "fraudulent",
        "status": "succeeded",
    } | {
        key: answer[key]
        for key in (
            "refund_id",
            "created_at",
        )
    }
    [call] = fake_provider.calls
    assert (call.method, call.path) == ("POST", "/payments/Sample%20provider%20id/refunds")
    assert call.query == {}
    assert call.body == {"amount": "21.25", "reason": "fraudulent"}


async def test_create_refund_needs_the_required_fields_only(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
) -> None:
    body: dict[str, Any] = {"amount": "21.25"}
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=body, headers=auth
    )

    assert response.status_code == 201
    assert fake_provider.calls[0].body == {"amount": "21.25"}


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        pytest.param({"amount": "0.01"}, {"amount": "0.01"}, id="amount: least"),
        pytest.param({"amount": "10000"}, {"amount": "10000.00"}, id="amount: greatest"),
        pytest.param({"amount": 21.25}, {"amount": "21.25"}, id="amount: a JSON number"),
        pytest.param({"reason": "duplicate"}, {"reason": "duplicate"}, id="reason: duplicate"),
        pytest.param({"reason": "fraudulent"}, {"reason": "fraudulent"}, id="reason: fraudulent"),
        pytest.param(
            {"reason": "requested_by_customer"},
            {"reason": "requested_by_customer"},
            id="reason: requested_by_customer",
        ),
        pytest.param({"reason": None}, {}, id="reason: null"),
    ],
)
async def test_create_refund_accepts_body_at_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    change: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND | change, headers=auth
    )
    assert response.status_code == 201
    body: Any = fake_provider.calls[0].body
    assert body == body | sent


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"amount": "0"}, "/body/amount", id="amount: at the lower bound"),
        pytest.param({"amount": "10000.01"}, "/body/amount", id="amount: above the greatest"),
        pytest.param({"amount": "21.251"}, "/body/amount", id="amount: one place too many"),
        pytest.param({"amount": "1e1"}, "/body/amount", id="amount: an exponent"),
        pytest.param({"amount": "NaN"}, "/body/amount", id="amount: NaN"),
        pytest.param({"amount": "Infinity"}, "/body/amount", id="amount: infinity"),
        pytest.param({"amount": "21.25\n"}, "/body/amount", id="amount: trailing newline"),
        pytest.param({"amount": True}, "/body/amount", id="amount: true"),
        pytest.param({"amount": "abc"}, "/body/amount", id="amount: text"),
        pytest.param({"amount": [1]}, "/body/amount", id="amount: a list"),
        pytest.param({"amount": None}, "/body/amount", id="amount: null"),
        pytest.param(
            {"reason": "duplicatefraudulentx"}, "/body/reason", id="reason: another value"
        ),
        pytest.param({"reason": "DUPLICATE"}, "/body/reason", id="reason: other case"),
        pytest.param({"reason": 5}, "/body/reason", id="reason: a number"),
    ],
)
async def test_create_refund_refuses_body_beyond_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    change: dict[str, Any],
    pointer: str,
) -> None:
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND | change, headers=auth
    )

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in response.json()["errors"]} == {pointer}
    assert fake_provider.calls == []


@pytest.mark.parametrize(
    ("url", "pointer"),
    [
        pytest.param(
            "/api/v1/payments/" + "a" * 256 + "/refunds", "/path/id", id="payment_id: one too long"
        ),
        pytest.param("/api/v1/payments/a%20b/refunds", "/path/id", id="payment_id: a blank"),
    ],
)
async def test_create_refund_refuses_path_beyond_the_edge(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    url: str,
    pointer: str,
) -> None:
    response = await client.post(url, json=CREATE_REFUND, headers=auth)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in response.json()["errors"]} == {pointer}
    assert fake_provider.calls == []


@pytest.mark.parametrize("name", ["amount"])
async def test_create_refund_refuses_a_body_without_a_required_field(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    name: str,
) -> None:
    body = {key: value for key, value in CREATE_REFUND.items() if key != name}
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=body, headers=auth
    )

    assert response.status_code == 422
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (f"/body/{name}", "missing")
    ]


async def test_create_refund_refuses_an_unknown_field(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
) -> None:
    body = CREATE_REFUND | {"surprise": "never-repeat-this"}
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=body, headers=auth
    )

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/body/surprise"]
    assert "never-repeat-this" not in response.text


@pytest.mark.parametrize("field", ["amount"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")], ids=str)
async def test_create_refund_takes_finite_numbers_only(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    field: str,
    number: float,
) -> None:
    content = json.dumps(CREATE_REFUND | {field: number})
    headers = auth | {"content-type": "application/json"}
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", content=content, headers=headers
    )
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/body/{field}"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b'{"a": NaN}', b"[" * 5_000]
)
async def test_create_refund_refuses_a_body_that_is_no_json_object(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    content: bytes,
) -> None:
    headers = auth | {"content-type": "application/json"}
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", content=content, headers=headers
    )
    assert response.status_code == 422
    assert response.json()["code"] == "validation_error"


async def test_create_refund_needs_a_token(client: httpx2.AsyncClient) -> None:
    for headers in (
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer no-token"},
    ):
        response = await client.post(
            f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=headers
        )
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forged", FORGED)
async def test_create_refund_refuses_a_token_that_does_not_hold(
    client: httpx2.AsyncClient, make_token: Callable[..., str], forged: dict[str, Any]
) -> None:
    headers = bearer(make_token(**forged))
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=headers
    )
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


async def test_create_refund_needs_its_permission(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
    fake_provider: FakeUpstream,
) -> None:
    headers = bearer(
        make_token(permissions=["another.permission", "payments.create", "payments.read"])
    )
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=headers
    )
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert fake_provider.calls == []


@pytest.mark.parametrize(
    ("upstream_status", "status", "code", "detail"),
    [
        pytest.param(400, 400, "invalid_payment", "Invalid payment: because of this", id="400"),
        pytest.param(402, 402, "payment_declined", "Payment declined", id="402"),
        pytest.param(404, 404, "payment_not_found", "No such payment", id="404"),
        pytest.param(
            418,
            503,
            "payment_service_unavailable",
            "Payment processing failed",
            id="418, not mapped",
        ),
    ],
)
async def test_create_refund_tells_what_the_upstream_refused(
    client: httpx2.AsyncClient,
    auth: dict[str, str],
    fake_provider: FakeUpstream,
    upstream_status: int,
    status: int,
    code: str,
    detail: str | None,
) -> None:
    fake_provider.answer(upstream_status, {"error": {"message": "because of this"}}, times=3)
    response = await client.post(
        f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=auth
    )

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem.get("detail")) == (code, detail)


class TestTheRateLimitOfCreateRefund:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit_enabled": True})

    async def test_holds_and_is_lifted_in_time(
        self,
        client: httpx2.AsyncClient,
        make_token: Callable[..., str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        start = time.time()
        monkeypatch.setattr(time, "time", lambda: start)
        headers = bearer(make_token(expires_in=10 * 60))
        for _ in range(10):
            response = await client.post(
                f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=headers
            )
            assert response.status_code != 429
            assert "q=10;w=60" in response.headers["ratelimit-policy"]

        refused = await client.post(
            f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=headers
        )
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        others = bearer(make_token("user_2", expires_in=10 * 60))
        response = await client.post(
            f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=others
        )
        assert response.status_code != 429

        later = start + 2 * 60 + 1
        monkeypatch.setattr(time, "time", lambda: later)
        response = await client.post(
            f"/api/v1/payments/{CREATE_REFUND_ID}/refunds", json=CREATE_REFUND, headers=headers
        )
        assert response.status_code != 429


async def test_create_refund_is_documented(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/api/v1/payments/{id}/refunds"]["post"]
    assert set(operation["responses"]) == {
        "201",
        "400",
        "401",
        "402",
        "403",
        "404",
        "409",
        "413",
        "422",
        "429",
        "503",
    }
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]


async def test_example_an_amount_over_the_maximum_is_refused(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
) -> None:
    """an amount over the maximum is refused."""
    response = await client.post(
        "/api/v1/payments",
        json={"amount": "10000.01", "payment_method_id": "pm_1"},
        headers=bearer(make_token("user_1")),
    )

    assert response.status_code == 422
    assert holds(response.json(), {"errors": [{"pointer": "/body/amount"}]})


async def test_example_a_declined_card(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
    fake_provider: FakeUpstream,
) -> None:
    """a declined card."""
    fake_provider.answer(402, {"error": {"message": "insufficient funds"}})
    response = await client.post(
        "/api/v1/payments",
        json={"amount": "5.00", "payment_method_id": "pm_1"},
        headers=bearer(make_token("user_1")),
    )

    assert response.status_code == 402
    assert holds(response.json(), {"code": "payment_declined"})


async def test_example_a_payment_is_in_the_history_of_its_owner_only(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
) -> None:
    """a payment is in the history of its owner only."""
    response = await client.post(
        "/api/v1/payments",
        json={"amount": "5.00", "payment_method_id": "pm_1"},
        headers=bearer(make_token("user_1")),
    )
    payment_id = response.json()["payment_id"]
    response = await client.get(
        f"/api/v1/payments/{payment_id}", headers=bearer(make_token("other_user"))
    )

    assert response.status_code == 404


async def test_example_a_payment_that_the_provider_finds_invalid(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
    fake_provider: FakeUpstream,
) -> None:
    """a payment that the provider finds invalid."""
    fake_provider.answer(400, {"error": {"message": "no such payment method"}})
    response = await client.post(
        "/api/v1/payments",
        json={"amount": "5.00", "payment_method_id": "pm_1"},
        headers=bearer(make_token("user_1")),
    )

    assert response.status_code == 400
    assert holds(
        response.json(),
        {"code": "invalid_payment", "detail": "Invalid payment: no such payment method"},
    )


async def test_example_a_provider_that_fails(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
    fake_provider: FakeUpstream,
) -> None:
    """a provider that fails."""
    fake_provider.answer(500, None)
    response = await client.post(
        "/api/v1/payments",
        json={"amount": "5.00", "payment_method_id": "pm_1"},
        headers=bearer(make_token("user_1")),
    )

    assert response.status_code == 503
    assert holds(
        response.json(),
        {"code": "payment_service_unavailable", "detail": "Payment processing failed"},
    )


async def test_example_a_refund_over_the_maximum_is_refused(
    client: httpx2.AsyncClient,
    make_token: Callable[..., str],
) -> None:
    """a refund over the maximum is refused."""
    response = await client.post(
        "/api/v1/payments/pay_00000000000000000000000000000001/refunds",
        json={"amount": "10000.01"},
        headers=bearer(make_token("user_1")),
    )

    assert response.status_code == 422
    assert holds(response.json(), {"errors": [{"pointer": "/body/amount"}]})
