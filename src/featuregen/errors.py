"""What can go wrong: `Diagnostic` about a spec, `FeaturegenError` for all that stops a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text file. `line` and `column` count from 1, `length` is in characters."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a spec: what, where, hint."""

    code: str
    message: str
    file: str
    position: Position
    hint: str | None = None
    severity: str = "error"
    path: str = ""
    """Where in the document: `operations.create_payment.call.send`."""


class FeaturegenError(Exception):
    """Stops a run with one message.

    `exit_code` follows `docs/cli.md`: 1 fault, 2 usage, 3 drift or conflict.
    """

    def __init__(
        self, what: str, *, where: str | None = None, hint: str | None = None, exit_code: int = 1
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint
        self.exit_code = exit_code


class SpecError(FeaturegenError):
    """A spec that does not hold; carries every diagnostic of the run."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], source: str) -> None:
        count = len(diagnostics)
        super().__init__(f"{count} error{'s' if count != 1 else ''} in the spec")
        self.diagnostics = diagnostics
        self.source = source


class SeveralSpecsError(FeaturegenError):
    """Several specs that do not hold, or cannot be read; each with its own error."""

    def __init__(self, errors: tuple[FeaturegenError, ...]) -> None:
        super().__init__(
            f"{len(errors)} specs are at fault", exit_code=max(each.exit_code for each in errors)
        )
        self.errors = errors
