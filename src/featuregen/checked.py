"""The result of `check`, apart from the others: editors run it at every save."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from featuregen.errors import Diagnostic


class CheckResult(NamedTuple):
    """A spec that holds; `warnings` say what is remarkable in it."""

    file: str
    feature: str
    warnings: tuple[Diagnostic, ...]
