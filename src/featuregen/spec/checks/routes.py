"""Routes: two operations on one, and routes that every generated project has already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec, Path

_TAKEN = ("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/health", "/metrics")


def check_routes(spec: FeatureSpec, draft: Draft) -> None:
    """Report every route that an earlier operation, or the project itself, has."""
    seen: dict[tuple[str, str], str] = {}
    jobs = _jobs(spec)
    for path, method, route in _routes(spec, draft):
        name = str(path[1])
        shape = re.sub(r"\{[^{}]*\}", "{}", route)
        first = seen.setdefault((method, shape), name)
        if first != name:
            draft.findings.add(
                "FG501",
                f"'{first}' answers {method} {route} already",
                path,
                hint="give it another path or another method",
            )
        elif shape in _TAKEN or shape.startswith("/health/"):
            draft.findings.add("FG501", f"{route} belongs to the project itself", path)
        elif method == "GET" and jobs is not None and jobs.fullmatch(shape):
            draft.findings.add(
                "FG501",
                f"GET {route} is where the jobs of `async` operations are found",
                path,
                hint="give it another path",
            )


def _routes(spec: FeatureSpec, draft: Draft) -> Iterator[tuple[Path, str, str]]:
    """Where each route stands, its method and its whole path."""
    for name, operation in spec.operations.items():
        node = draft.node("operations", name)
        if node is not None and node.str_of("path") and node.str_of("method"):
            route = join(spec.base_path, operation.path)
            yield ("operations", name, "path"), operation.method, route
    for name, webhook in spec.webhooks.items():
        node = draft.node("webhooks", name)
        if node is not None and node.str_of("path"):
            yield ("webhooks", name, "path"), "POST", webhook.path


def _jobs(spec: FeatureSpec) -> re.Pattern[str] | None:
    """The routes that the resource of jobs has, or would answer itself; None without jobs."""
    if not any(operation.is_async for operation in spec.operations.values()):
        return None
    base = re.sub(r"\{[^{}]*\}", "{}", join(spec.base_path, "/jobs"))
    return re.compile(re.escape(base) + "/[^/]+")


def join(base_path: str, path: str) -> str:
    """`/api/v1/payments` and `/{id}`; the collection itself has no trailing slash."""
    return (base_path.rstrip("/") + path).rstrip("/") or "/"
