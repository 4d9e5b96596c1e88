"""Collects the diagnostics of one run, each at its exact place in the document."""

from __future__ import annotations

import re
from typing import Literal

from featuregen.errors import Diagnostic, Position
from featuregen.spec.model import Path, SpecSource


class Findings:
    """What the checks of one spec have found so far."""

    def __init__(self, source: SpecSource) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self._lines = re.split(r"\r\n|\n|\r", source.text)

    def add(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        hint: str | None = None,
        at: Literal["key", "value"] = "value",
        within: tuple[str, int, int] | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Report at the key or the value of `path`; if that is not written, at what surrounds it.

        `within` is (text of the value, offset, length): the part of it that is at fault.
        """
        position = self._position(path, at)
        if within is not None:
            position = self._part(position, *within)
        shown = ".".join(str(part) for part in path)
        self.diagnostics.append(
            Diagnostic(code, message, self.source.file, position, hint, severity, shown)
        )

    def _position(self, path: Path, at: Literal["key", "value"]) -> Position:
        if at == "value" and path in self.source.values:
            return self.source.values[path]
        return self.source.at(*path)

    def _part(self, whole: Position, text: str, offset: int, length: int) -> Position:
        line = self._lines[whole.line - 1]
        start = whole.column - 1
        if line[start : start + 1] in ("'", '"'):
            start += 1
        if line[start : start + len(text)] != text:  # folded over lines or written with escapes
            return whole
        return Position(whole.line, start + offset + 1, max(length, 1))

    @property
    def failed(self) -> bool:
        """Something is wrong, not only remarkable."""
        return any(found.severity == "error" for found in self.diagnostics)

    def ordered(self) -> tuple[Diagnostic, ...]:
        """By position, each once: an alias repeats what its anchor says."""
        seen = {(one.code, one.message, one.position): one for one in reversed(self.diagnostics)}
        return tuple(
            sorted(
                seen.values(),
                key=lambda one: (one.position.line, one.position.column, one.code, one.message),
            )
        )
