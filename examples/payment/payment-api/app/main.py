"""Application factory."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from app.api.endpoints import health, metrics, payment_webhooks, payments
from app.core.config import Settings, get_settings
from app.core.errors import install_error_handlers
from app.core.logging import configure_logging
from app.core.middleware import (
    BodyLimitMiddleware,
    RequestContextMiddleware,
    SecurityHeadersMiddleware,
)
from app.core.openapi import install_openapi
from app.core.ratelimit import RateLimiter
from app.core.resources import Transports, set_resource
from app.core.telemetry import Telemetry
from app.db.session import database_lifespan


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open what all features use, before the upstreams' clients."""
    async with (
        database_lifespan(app),
    ):
        yield


def create_app(
    settings: Settings | None = None,
    *,
    transports: Mapping[str, httpx2.AsyncBaseTransport] | None = None,
) -> FastAPI:
    """Build the app. `transports` take the network's place, by the upstream's name."""
    settings = settings or get_settings()
    configure_logging(settings)
    with_docs = settings.environment != "production"
    telemetry = Telemetry(metrics=settings.metrics_enabled, tracing=settings.tracing_enabled)
    app = FastAPI(
        title="Payment API",
        version="0.1.0",
        docs_url="/docs" if with_docs else None,
        openapi_url="/openapi.json" if with_docs else None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry=telemetry.fastapi_config(),
    )
    set_resource(app, settings, Settings)
    set_resource(app, telemetry)
    set_resource(app, Transports(transports or {}))
    set_resource(
        app,
        RateLimiter(settings.rate_limit_storage_uri, enabled=settings.rate_limit_enabled),
    )
    install_error_handlers(app)
    install_openapi(app)
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    app.add_middleware(RequestContextMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, docs_url=app.docs_url)  # the outermost
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(payments.router)
    app.include_router(payment_webhooks.router)
    return app
