"""Endpoints whose answers are kept, and those that end what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.kept import kept
from featuregen.plan.quote import py_string
from featuregen.plan.signatures import returns

if TYPE_CHECKING:
    from featuregen.spec.model import Cache, FeatureSpec, Operation

IMPORT = "from app.core.cache import CachedAnswer, cached_answer, forgets, own_cached_answer"
MEDIA_TYPES = {
    "text": "text/plain",
    "html": "text/html",
    "bytes": "application/octet-stream",
}
"""Of answers that are not JSON."""


def cached_parameter(operation: Operation, cache: Cache, spec: FeatureSpec) -> str:
    """The endpoint's parameter that finds or makes the answer."""
    given = [returns(operation), f"tag={py_string(_tag(operation, spec))}", f"ttl={cache.ttl:g}"]
    headers = tuple(name for name in cache.vary if name != "user")
    if operation.response.kind in MEDIA_TYPES:
        given.append(f"media_type={py_string(MEDIA_TYPES[operation.response.kind])}")
    if headers:
        given.append(f"vary=({', '.join(py_string(name) for name in headers)},)")
    function = "own_cached_answer" if cache.private else "cached_answer"
    return f"cached: Annotated[CachedAnswer, Depends({function}({', '.join(given)}))]"


def forgetting(operation: Operation, spec: FeatureSpec) -> str | None:
    """The dependency of a write that no table tells of: what it changes lies elsewhere."""
    tags = {
        _tag(each, spec)
        for each in spec.operations.values()
        if kept(each) is not None and each.entity is None
    }
    if operation.method == "GET" or not tags:
        return None
    return f'Depends(forgets({", ".join(map(py_string, sorted(tags)))}), scope="function")'


def _tag(operation: Operation, spec: FeatureSpec) -> str:
    """A table, whose commits end the answers; else the feature."""
    if operation.entity is None:
        return spec.feature
    return spec.entities[operation.entity].table
