"""Routes: two operations on one, and routes that every generated project has already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec

_TAKEN = ("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/health")


def check_routes(spec: FeatureSpec, draft: Draft) -> None:
    """Report every route that an earlier operation, or the project itself, has."""
    seen: dict[tuple[str, str], str] = {}
    for name, operation in spec.operations.items():
        node = draft.node("operations", name)
        if node is None or node.str_of("path") is None or node.str_of("method") is None:
            continue
        route = join(spec.base_path, operation.path)
        shape = re.sub(r"\{[^{}]*\}", "{}", route)
        path = ("operations", name, "path")
        first = seen.setdefault((operation.method, shape), name)
        if first != name:
            draft.findings.add(
                "FG501",
                f"'{first}' answers {operation.method} {route} already",
                path,
                hint="give it another path or another method",
            )
        elif shape in _TAKEN or shape.startswith("/health/"):
            draft.findings.add("FG501", f"{route} belongs to the project itself", path)


def join(base_path: str, path: str) -> str:
    """`/api/v1/payments` and `/{id}`; the collection itself has no trailing slash."""
    return (base_path.rstrip("/") + path).rstrip("/") or "/"
