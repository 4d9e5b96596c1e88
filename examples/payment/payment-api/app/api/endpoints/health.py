"""Liveness and readiness. Keep these off the public ingress."""

from http import HTTPStatus

import structlog
from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import SessionDep

router = APIRouter(prefix="/health", include_in_schema=False)
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@router.get("/live")
async def live() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(session: SessionDep, response: Response) -> dict[str, str]:
    """Answer once the app has started and its database answers.

    A broken upstream must not take it out of rotation.
    """
    try:
        await session.execute(select(1))
    except (SQLAlchemyError, OSError) as error:
        log.error("not_ready", error=type(error).__name__)  # noqa: TRY400 - no address in the log
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return {"status": "unavailable"}
    return {"status": "ok"}
