"""What checking a spec comes to, apart from the others: editors run it at every save."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from featuregen.errors import SpecError

if TYPE_CHECKING:
    from featuregen.errors import Diagnostic, FeaturegenError


class CheckResult(NamedTuple):
    """A spec that holds; `warnings` say what is remarkable in it."""

    file: str
    feature: str
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """One spec: valid, perhaps with warnings, or with the fault that stops it."""

    file: str
    feature: str | None
    warnings: tuple[Diagnostic, ...] = ()
    fault: FeaturegenError | None = None

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.fault.diagnostics if isinstance(self.fault, SpecError) else self.warnings
