"""Liveness and readiness. Keep these off the public ingress."""

from fastapi import APIRouter

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "ok"}


@router.get("/ready")
async def ready() -> dict[str, str]:
    """Answer once the app has started. A broken upstream must not take it out of rotation."""
    return {"status": "ok"}
