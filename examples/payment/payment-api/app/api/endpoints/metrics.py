"""What Prometheus scrapes. Keep it off the public ingress."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import NotFoundError
from app.core.resources import provide
from app.core.telemetry import Telemetry
from app.db.pending import count_pending
from app.db.session import SessionDep

router = APIRouter(include_in_schema=False)
TelemetryDep = Annotated[Telemetry, Depends(provide(Telemetry))]
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@router.get("/metrics")
async def metrics(telemetry: TelemetryDep, session: SessionDep) -> Response:
    """Return the app's metrics; without a database, all that need none."""
    if not telemetry.metrics:
        raise NotFoundError
    try:
        telemetry.pending = await count_pending(session)
    except (SQLAlchemyError, OSError) as error:
        log.error("rows_not_counted", error=type(error).__name__)  # noqa: TRY400 - no address
        telemetry.pending = {}
    return Response(telemetry.render(), media_type=CONTENT_TYPE_LATEST)
