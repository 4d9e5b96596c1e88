"""`python -m app.dev`: the app on this machine, with everything that it takes to try it out."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import jwt
import uvicorn
from alembic import command
from alembic.config import Config
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from app.core.auth import KNOWN_PERMISSIONS
from app.core.config import Settings, example_settings
from app.curl import curl_line
from app.main import create_app
from tests.fakes import FAKES

DATABASE_URL = "sqlite+aiosqlite:///./dev.db"

TOKEN_LIFETIME = 24 * 60 * 60


def development_settings() -> Settings:
    """Read the environment and `.env`; a required setting that is not there gets its example."""
    found = DotEnvSettingsSource(Settings)() | EnvSettingsSource(Settings)()
    return Settings.model_validate(
        example_settings() | {"database_url": DATABASE_URL} | found | {"environment": "development"}
    )


def migrate(url: str) -> None:
    """Bring the development server's own database up to date."""
    config = Config(Path(__file__).parent.parent / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")


def development_token(settings: Settings) -> str:
    """Return a token of a user who may do everything, for a day."""
    claims = {
        "sub": "user_dev",
        "email": "dev@example.com",
        "permissions": sorted(KNOWN_PERMISSIONS),
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": int(time.time()) + TOKEN_LIFETIME,
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), settings.jwt_algorithm)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what to try, and serve."""
    parser = argparse.ArgumentParser(prog="python -m app.dev", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port: int = parser.parse_args(arguments).port

    settings = development_settings()
    database_url = settings.database_url.get_secret_value()
    if database_url == DATABASE_URL:  # any other may hold more than this server's rows
        migrate(database_url)
    transports = {name: httpx2.ASGITransport(fake(settings)) for name, fake in FAKES.items()}
    app = create_app(settings, transports=transports)
    address = f"http://127.0.0.1:{port}"
    print(f"Docs: {address}/docs")
    print(f"Token: {development_token(settings)}")
    line = curl_line(app.openapi(), address, development_token(settings))
    print(f"Try: {line}" if line else "No operation has an example yet.", flush=True)
    uvicorn.run(app, port=port, log_config=None)


if __name__ == "__main__":
    main()
