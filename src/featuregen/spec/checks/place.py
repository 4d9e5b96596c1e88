"""A part of the document that is looked at, and reported on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a definition stands."""

    draft: Draft
    path: Path

    def report(
        self, code: str, message: str, *where: str | int, hint: str | None = None, key: bool = False
    ) -> None:
        """Report at the value, or the key, of what stands at `where` below."""
        path = (*self.path, *where)
        self.draft.findings.add(code, message, path, hint=hint, at="key" if key else "value")

    def warn(self, code: str, message: str, *where: str | int, hint: str | None = None) -> None:
        """Remark on the value of what stands at `where` below."""
        path = (*self.path, *where)
        self.draft.findings.add(code, message, path, hint=hint, severity="warning")

    def has(self, *where: str | int) -> bool:
        """Whether it is written out."""
        path = (*self.path, *where)
        source = self.draft.findings.source
        return path in source.keys or path in source.values

    def below(self, *where: str | int) -> Place:
        """A part of it."""
        return Place(self.draft, (*self.path, *where))
