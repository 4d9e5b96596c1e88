"""What a finished run of the pipeline comes to on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from featuregen.documents import Document
    from featuregen.errors import Diagnostic
    from featuregen.results import RunResult
    from featuregen.spec.model import SpecSource
    from featuregen.terminal import Style


def run_outcome(result: RunResult, text: Callable[[Style], str] | None = None) -> Outcome:
    """By default told as a short text."""
    from featuregen.results import exit_code

    code = exit_code(result)

    def document() -> Document:
        from featuregen.documents import run_document

        return run_document(result, code)

    def short(style: Style) -> str:
        from featuregen.report import as_text

        return as_text(result, style)

    return Outcome(
        text=text or short,
        document=document,
        remarks=lambda style: warnings_of(result.warnings, style, result.sources),
        exit_code=code,
    )


def warnings_of(
    warnings: tuple[Diagnostic, ...], style: Style, sources: tuple[SpecSource, ...] = ()
) -> str:
    """The warnings about specs, with excerpts where a spec is at hand or can be read."""
    if not warnings:
        return ""
    from featuregen.cli.check import spec_text
    from featuregen.cli.faults import spec_remarks

    texts = {source.file: source.text for source in sources}
    parts = []
    for file in dict.fromkeys(warning.file for warning in warnings):
        found = tuple(warning for warning in warnings if warning.file == file)
        parts.append(spec_remarks(found, texts.get(file) or spec_text(file), style))
    return "\n".join(parts)
