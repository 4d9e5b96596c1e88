"""Attempts at work that may be begun more than once, and must be done once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from app.db.base import new_id


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an operation. All tries at it name their rows alike."""

    operation_id: str = field(default_factory=partial(new_id, ""))
    retried: bool = False
    """Another try came before, and may have got anywhere."""
    store: Callable[[object], Awaitable[None]] | None = None

    def id(self, prefix: str) -> str:
        """Return the id of the row that this operation makes."""
        return prefix + self.operation_id

    async def settle(self, answer: object) -> None:
        """Store the answer, or the error that refuses, in the transaction now under way."""
        if self.store is not None:
            await self.store(answer)
