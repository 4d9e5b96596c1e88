"""What stopped a command, for people and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import INTERRUPTED, Outcome
from featuregen.errors import FeaturegenError, SeveralSpecsError, SpecError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from featuregen.documents import Document
    from featuregen.errors import Diagnostic
    from featuregen.terminal import Style


def fault(command: str, error: FeaturegenError) -> Outcome:
    """A message, or every diagnostic of the spec."""
    return _stopped(command, error, lambda style: error_text(error, style))


def interruption(command: str) -> Outcome:
    """Ctrl-C, or a polite kill: one line."""
    error = FeaturegenError("interrupted", exit_code=INTERRUPTED)
    return _stopped(command, error, lambda _: "interrupted\n")


def bug(command: str, reason: BaseException, *, full: bool) -> Outcome:
    """A fault of featuregen itself: what to report, and the traceback where it can be found."""
    from featuregen.crashes import crash, trace_of

    error = crash(reason, keep=not full)
    trace = trace_of(reason) if full else ""
    return _stopped(command, error, lambda style: trace + error_text(error, style))


def _stopped(command: str, error: FeaturegenError, remarks: Callable[[Style], str]) -> Outcome:
    def document() -> Document:
        from featuregen.documents import error_document

        each = error.errors if isinstance(error, SeveralSpecsError) else (error,)
        found = [one for part in each if isinstance(part, SpecError) for one in part.diagnostics]
        return error_document(command, exit_code=error.exit_code, error=error, diagnostics=found)

    return Outcome(lambda _: "", document, remarks, error.exit_code)


def error_text(error: FeaturegenError, style: Style) -> str:
    """An error in the form that it has everywhere."""
    if isinstance(error, SeveralSpecsError):
        return "\n".join(error_text(each, style) for each in error.errors)
    if isinstance(error, SpecError):
        return spec_remarks(error.diagnostics, error.source, style)
    lines = [style.paint("error:", "bold", "red") + " " + _part(error.what, "error: ")]
    if error.where:
        lines.append(style.paint(" -->", "cyan") + " " + _part(error.where, " --> "))
    if error.hint:
        lines.append(style.paint("help:", "bold", "cyan") + " " + _part(error.hint, "help: "))
    return "\n".join(lines) + "\n"


def _part(text: str, label: str) -> str:
    """Further lines stand below the first."""
    indent = "\n" + " " * len(label)
    return indent.join(visible(line) for line in text.splitlines())


def spec_remarks(diagnostics: tuple[Diagnostic, ...], source: str, style: Style) -> str:
    """The diagnostics of one spec with their excerpts, and how many there are."""
    if not diagnostics:
        return ""
    from featuregen.diagnostics import render

    text = render(diagnostics, source, color=style.color).rstrip("\n")
    return f"{text}\n\n{_count(diagnostics)} in {visible(diagnostics[0].file)}\n"


def _count(diagnostics: tuple[Diagnostic, ...]) -> str:
    errors = sum(one.severity == "error" for one in diagnostics)
    counts = ((errors, "error"), (len(diagnostics) - errors, "warning"))
    return " and ".join(
        f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in counts if count
    )
