"""What a finished run of the pipeline comes to on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import CONFLICT, DONE, FAULT, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from featuregen.cli.documents import Document
    from featuregen.errors import Diagnostic
    from featuregen.results import RunResult
    from featuregen.terminal import Style


def run_outcome(result: RunResult, text: Callable[[Style], str] | None = None) -> Outcome:
    """By default told as a short text."""
    code = exit_code(result)

    def document() -> Document:
        from featuregen.cli.documents import run_document

        return run_document(result, code)

    def short(style: Style) -> str:
        from featuregen.report import as_text

        return as_text(result, style)

    return Outcome(
        text=text or short,
        document=document,
        remarks=lambda style: warnings_of(result.warnings, style),
        exit_code=code,
    )


def exit_code(result: RunResult) -> int:
    """A proof that failed outweighs an edit that is left to a person."""
    if result.outcome == "failed" or (result.verification and not result.verification.ok):
        return FAULT
    return CONFLICT if result.by_hand else DONE


def warnings_of(warnings: tuple[Diagnostic, ...], style: Style) -> str:
    """The warnings about a spec, with excerpts where it can be read."""
    if not warnings:
        return ""
    from featuregen.cli.check import spec_text
    from featuregen.cli.faults import spec_remarks

    return spec_remarks(warnings, spec_text(warnings[0].file), style)
