"""Which answers are kept, and what of the user's runs before each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.model import Cache, Operation


def kept(operation: Operation) -> Cache | None:
    """How its answers are kept, if they are: one without a body is made anew."""
    return operation.cache if operation.response.kind != "none" else None


def admits(operation: Operation) -> str | None:
    """The service's method that runs what stands before a kept answer: it may refuse the caller."""
    return f"admit_{operation.name}" if kept(operation) and operation.before else None
