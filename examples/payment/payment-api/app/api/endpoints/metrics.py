"""What Prometheus scrapes. Keep it off the public ingress."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST

from app.core.errors import NotFoundError
from app.core.resources import provide
from app.core.telemetry import Telemetry

router = APIRouter(include_in_schema=False)
TelemetryDep = Annotated[Telemetry, Depends(provide(Telemetry))]


@router.get("/metrics")
async def metrics(telemetry: TelemetryDep) -> Response:
    """Return the app's metrics."""
    if not telemetry.metrics:
        raise NotFoundError
    return Response(telemetry.render(), media_type=CONTENT_TYPE_LATEST)
