"""Bearer JWT authentication and permission checks."""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated

import jwt
import structlog
from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.config import Settings
from app.core.errors import ForbiddenError, UnauthorizedError
from app.core.resources import get_resource

REQUIRED_BEARER = "Bearer"
OPTIONAL_BEARER = "OptionalBearer"
KNOWN_PERMISSIONS: set[str] = set()
"""Every permission that a route asks for: each `require_permission` adds its own at import."""


class User(BaseModel):
    """The caller, as the claims of its token say."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="sub", min_length=1, max_length=255)
    email: str | None = Field(default=None, max_length=320)
    permissions: frozenset[str] = frozenset()


def decode_token(token: str, settings: Settings) -> User:
    """Verify signature, expiry, issuer and audience; anything wrong is a 401."""
    try:
        user, expiry = _verified(
            token,
            settings.jwt_secret.get_secret_value(),
            settings.jwt_algorithm,
            settings.jwt_audience,
            settings.jwt_issuer,
        )
    except (jwt.PyJWTError, ValidationError):
        raise _invalid_token() from None
    if expiry <= time.time():
        raise _invalid_token()
    return user


def _invalid_token() -> UnauthorizedError:
    return UnauthorizedError("Invalid or expired token", challenge='Bearer error="invalid_token"')


@lru_cache(maxsize=1024)
def _verified(
    token: str, secret: str, algorithm: str, audience: str, issuer: str
) -> tuple[User, int]:
    """Return the user and when the token expires: the only thing that a token can become."""
    claims = jwt.decode(
        token,
        secret,
        algorithms=[algorithm],
        audience=audience,
        issuer=issuer,
        options={"require": ["exp", "sub", "aud", "iss"]},
    )
    return User.model_validate(claims), int(claims["exp"])


def identify(request: Request) -> User | None:
    """Return who sent the request: None without an `Authorization` header, 401 for a bad one.

    However often it is asked for, a request's token is read once.
    """
    if "caller" not in request.scope:
        request.scope["caller"] = _read_token(request)
    caller: User | None = request.scope["caller"]
    return caller


def _read_token(request: Request) -> User | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, token = get_authorization_scheme_param(header)
    if scheme.lower() != "bearer":
        raise UnauthorizedError("Use a bearer token")
    user = decode_token(token, get_resource(request.app, Settings))
    structlog.contextvars.bind_contextvars(user_id=user.id)
    return user


class _Bearer(SecurityBase):
    """The caller as a dependency, which OpenAPI shows as a bearer token."""

    def __init__(self, scheme_name: str) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = scheme_name

    async def __call__(self, request: Request) -> User | None:
        return identify(request)


async def get_current_user(
    caller: Annotated[User | None, Depends(_Bearer(REQUIRED_BEARER))],
) -> User:
    """Return the caller; 401 when it is not known."""
    if caller is None:
        raise UnauthorizedError("Missing bearer token")
    return caller


async def get_optional_user(
    caller: Annotated[User | None, Depends(_Bearer(OPTIONAL_BEARER))],
) -> User | None:
    """Return the caller, or None when no token was sent."""
    return caller


CurrentUser = Annotated[User, Depends(get_current_user)]
OptionalUser = Annotated[User | None, Depends(get_optional_user)]


def require_permission(permission: str) -> Callable[[User], Awaitable[User]]:
    """`Depends(require_permission("payments.read"))` is the caller, who may do that; else 403."""
    KNOWN_PERMISSIONS.add(permission)

    async def dependency(user: CurrentUser) -> User:
        if permission not in user.permissions:
            raise ForbiddenError(f"Missing permission: {permission}")
        return user

    return dependency
