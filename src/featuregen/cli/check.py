"""`featuregen check`: is every one of these specs valid? Nothing heavy is imported on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.cli.run import DONE, Outcome, run
from featuregen.errors import FeaturegenError, SpecError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from featuregen.cli.documents import Document
    from featuregen.errors import Diagnostic
    from featuregen.terminal import Style


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


def check_command(specs: Sequence[str | Path], *, json: bool = False) -> int:
    """Check them all, also after one that is wrong."""
    return run("check", lambda: _outcome(tuple(_check(Path(spec)) for spec in specs)), json=json)


def _check(spec: Path) -> Checked:
    from featuregen.pipeline import check

    try:
        result = check(spec)
    except FeaturegenError as error:
        return Checked(str(spec), None, fault=error)
    return Checked(result.file, result.feature, result.warnings)


def _outcome(checked: tuple[Checked, ...]) -> Outcome:
    def document() -> Document:
        from featuregen.cli.documents import check_document

        return check_document(checked, exit_code)

    exit_code = max((one.fault.exit_code for one in checked if one.fault), default=DONE)
    return Outcome(
        text=lambda style: "".join(_verdict(one, style) for one in checked if not one.fault),
        document=document,
        remarks=lambda style: "\n".join(filter(None, (_remarks(one, style) for one in checked))),
        exit_code=exit_code,
    )


def _verdict(one: Checked, style: Style) -> str:
    return f"{visible(one.file)}: {style.paint('ok', 'green')}\n"


def _remarks(one: Checked, style: Style) -> str:
    if not one.diagnostics and not one.fault:
        return ""
    from featuregen.cli.faults import error_text, spec_remarks

    if one.fault:
        return error_text(one.fault, style)
    return spec_remarks(one.warnings, spec_text(one.file), style)


def spec_text(file: str) -> str:
    """The spec that diagnostics are about, for excerpts; nothing where it cannot be read again."""
    from featuregen.spec.document import read_text

    try:
        return read_text(Path(file), file)
    except FeaturegenError:
        return ""
