"""Operations that may be begun more than once: by a client's retry, or by another worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.model import Operation


def is_attempted(operation: Operation) -> bool:
    """Whether it is told which attempt this is, so that it finds what an earlier one has made."""
    return operation.idempotent or operation.is_async


def is_surrounded(operation: Operation) -> bool:
    """Whether a function of the user's stands before or after what it does."""
    return operation.before is not None or operation.after is not None


def ends_itself(operation: Operation) -> bool:
    """Whether the work on rows commits, and stores the answer that a retry is to get.

    Else what stands around it does: all of it is committed together. What an upstream has said is
    committed at once.
    """
    return operation.call is not None or not is_surrounded(operation)


def settles_itself(operation: Operation) -> bool:
    """Whether the answer that a retry is to get is the one that stands at the end of the work."""
    return is_attempted(operation) and ends_itself(operation) and operation.after is None
