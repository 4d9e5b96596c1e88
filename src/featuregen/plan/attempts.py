"""Operations that may be begun more than once: by a client's retry, or by another worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.model import Operation


def is_attempted(operation: Operation) -> bool:
    """Whether it is told which attempt this is, so that it finds what an earlier one has made."""
    return operation.idempotent or operation.is_async
