"""Who is calling, and what they may do."""

import time
from typing import Annotated

import httpx2
import jwt
import pytest
from fastapi import APIRouter, Depends, FastAPI

from app.core.auth import CurrentUser, OptionalUser, User, require_permission
from app.core.config import Settings
from app.core.errors import ForbiddenError, UnauthorizedError, problems
from tests.conftest import Logs, TokenFactory

pytestmark = pytest.mark.anyio
router = APIRouter()

Reader = Annotated[User, Depends(require_permission("things.read"))]


def described(user: User | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"id": user.id, "email": user.email, "permissions": sorted(user.permissions)}


@router.get("/me", responses=problems(UnauthorizedError, validation=False))
async def me(user: CurrentUser) -> dict[str, object]:
    return described(user)


@router.get("/perhaps", responses=problems(UnauthorizedError, validation=False))
async def perhaps(user: OptionalUser) -> dict[str, object]:
    return described(user)


@router.get("/both", responses=problems(UnauthorizedError, validation=False))
async def both(user: CurrentUser, caller: OptionalUser) -> bool:
    return user is caller


@router.get("/read", responses=problems(UnauthorizedError, ForbiddenError, validation=False))
async def read(user: Reader) -> dict[str, object]:
    return described(user)


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    app.include_router(router)
    return app


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_is_read_once_for_all_who_ask(
    client: httpx2.AsyncClient, make_token: TokenFactory
) -> None:
    response = await client.get("/both", headers=bearer(make_token()))
    assert response.json() is True


async def test_the_caller_is_read_from_the_token(
    client: httpx2.AsyncClient, make_token: TokenFactory, logs: Logs
) -> None:
    token = make_token("user_7", ["things.read"], email="ann@example.com")
    response = await client.get("/me", headers=bearer(token))
    assert response.json() == {
        "id": "user_7",
        "email": "ann@example.com",
        "permissions": ["things.read"],
    }
    assert logs.lines()[-1]["user_id"] == "user_7"
    assert token not in logs.getvalue()


async def test_without_a_token_the_answer_is_401(client: httpx2.AsyncClient) -> None:
    response = await client.get("/me")
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/me", "/perhaps", "/read"])
@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer nonsense", "Bearer a.b.c", "Basic dXNlcjpwYXNz", "", "Bearer \xff"]
)
async def test_a_bad_header_is_401_also_where_a_token_is_optional(
    client: httpx2.AsyncClient, path: str, header: str
) -> None:
    response = await client.get(path, headers=[(b"Authorization", header.encode("latin-1"))])
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/me", "/perhaps", "/read"])
@pytest.mark.parametrize(
    "claims",
    [
        {"expires_in": -1},
        {"audience": "somebody-else"},
        {"issuer": "https://evil.example.com"},
        {"secret": "x" * 64},
        {"algorithm": "HS512"},
        {"user": ""},
        {"user": "u" * 256},
        {"email": "e" * 321},
    ],
    ids=lambda claims: next(iter(claims)),
)
async def test_a_token_with_a_wrong_claim_is_401(
    client: httpx2.AsyncClient, make_token: TokenFactory, path: str, claims: dict[str, object]
) -> None:
    response = await client.get(path, headers=bearer(make_token(**claims)))
    assert (response.status_code, response.json()["detail"]) == (401, "Invalid or expired token")
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_that_was_taken_is_401_once_it_has_expired(
    client: httpx2.AsyncClient, make_token: TokenFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(make_token(expires_in=300))
    assert (await client.get("/me", headers=headers)).status_code == 200
    expiry = time.time() + 300
    monkeypatch.setattr("time.time", lambda: expiry)
    response = await client.get("/me", headers=headers)
    assert (response.status_code, response.json()["detail"]) == (401, "Invalid or expired token")


@pytest.mark.parametrize("missing", ["exp", "sub", "aud", "iss"])
async def test_a_token_must_carry_every_claim(
    client: httpx2.AsyncClient, settings: Settings, missing: str
) -> None:
    claims = {
        "sub": "user_1",
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": int(time.time()) + 300,
    }
    secret = settings.jwt_secret.get_secret_value()
    whole = jwt.encode(claims, secret, settings.jwt_algorithm)
    assert (await client.get("/me", headers=bearer(whole))).status_code == 200
    del claims[missing]
    token = jwt.encode(claims, secret, settings.jwt_algorithm)
    assert (await client.get("/me", headers=bearer(token))).status_code == 401


async def test_an_unsigned_token_is_401(client: httpx2.AsyncClient, settings: Settings) -> None:
    claims = {
        "sub": "user_1",
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": int(time.time()) + 300,
    }
    token = jwt.encode(claims, "", "none")
    assert (await client.get("/me", headers=bearer(token))).status_code == 401


async def test_an_optional_token_may_be_left_out(
    client: httpx2.AsyncClient, make_token: TokenFactory
) -> None:
    assert (await client.get("/perhaps")).json() == {}
    known = await client.get("/perhaps", headers=bearer(make_token("user_7")))
    assert known.json()["id"] == "user_7"


async def test_a_missing_permission_is_403(
    client: httpx2.AsyncClient, make_token: TokenFactory, auth: dict[str, str]
) -> None:
    assert (await client.get("/read", headers=auth)).status_code == 200
    response = await client.get("/read", headers=bearer(make_token(permissions=["things.write"])))
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert response.json()["detail"] == "Missing permission: things.read"


async def test_openapi_tells_a_required_token_from_an_optional_one(app: FastAPI) -> None:
    schema = app.openapi()
    assert schema["paths"]["/me"]["get"]["security"] == [{"Bearer": []}]
    assert schema["paths"]["/perhaps"]["get"]["security"] == [{}, {"Bearer": []}]
    assert set(schema["components"]["securitySchemes"]) == {"Bearer"}
