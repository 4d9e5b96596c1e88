"""Application settings. Nothing is read at import time: call `get_settings()`."""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.durations import SettingDuration


class Settings(BaseSettings):
    """Read from the environment and `.env`. Without a required one, nothing starts."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # an error about a secret must not print it
    )

    environment: Literal["development", "test", "production"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_body_bytes: int = Field(default=65_536, gt=0)
    metrics_enabled: bool = True
    tracing_enabled: bool = False

    jwt_secret: SecretStr = Field(
        min_length=32, examples=["an-example-of-64-characters--take-real-random-ones-in-production"]
    )
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    jwt_issuer: str = "https://auth.example.com"
    jwt_audience: str = "payment-api"

    rate_limit_enabled: bool = True
    rate_limit_storage_uri: str = "async+memory://"

    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///./app.db")

    payment_api_url: Annotated[
        HttpUrl,
        Field(examples=["https://api.stripe.com/v1"], description="Base URL of the provider"),
    ]
    payment_api_key: Annotated[SecretStr, Field(min_length=1, examples=["sk_test_..."])]
    payment_webhook_secret: Annotated[SecretStr, Field(min_length=1, examples=["whsec_..."])]
    payment_timeout: SettingDuration = timedelta(seconds=30)


@lru_cache
def get_settings() -> Settings:
    """Read the settings once."""
    # `model_validate({})` reads the environment like `Settings()` does, but type-checks without
    # pretending that the required fields have defaults.
    return Settings.model_validate({})


def example_settings() -> dict[str, Any]:
    """Return the first example of every required setting: for tests and the development server."""
    return {
        name: (field.examples or [None])[0]
        for name, field in Settings.model_fields.items()
        if field.is_required()
    }
