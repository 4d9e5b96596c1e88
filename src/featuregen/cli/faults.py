"""What stopped a command, for people and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import BUG, INTERRUPTED, Outcome
from featuregen.terminal import visible

if TYPE_CHECKING:
    from featuregen.errors import Diagnostic, FeaturegenError, SpecError
    from featuregen.json_models import Document
    from featuregen.terminal import Style


def spec_fault(command: str, error: SpecError) -> Outcome:
    """Every diagnostic of the spec."""

    def document() -> Document:
        from featuregen.cli.documents import error_document

        return error_document(
            command, exit_code=error.exit_code, what=error.what, diagnostics=error.diagnostics
        )

    return Outcome(
        text=lambda _: "",
        document=document,
        remarks=lambda style: spec_remarks(error.diagnostics, error.source, style),
        exit_code=error.exit_code,
    )


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


def fault(command: str, error: FeaturegenError) -> Outcome:
    """What, where, hint."""

    def document() -> Document:
        from featuregen.cli.documents import error_document

        return error_document(
            command, exit_code=error.exit_code, what=error.what, where=error.where, hint=error.hint
        )

    return Outcome(
        text=lambda _: "",
        document=document,
        remarks=lambda style: message(error.what, style, where=error.where, hint=error.hint),
        exit_code=error.exit_code,
    )


def message(what: str, style: Style, *, where: str | None = None, hint: str | None = None) -> str:
    """An error in the one form that all have; further lines of a part are indented below it."""
    lines = [style.paint("error:", "bold", "red") + " " + _part(what, "       ")]
    if where:
        lines.append(style.paint(" -->", "cyan") + " " + _part(where, "     "))
    if hint:
        lines.append(style.paint("help:", "bold", "cyan") + " " + _part(hint, "      "))
    return "\n".join(lines) + "\n"


def _part(text: str, indent: str) -> str:
    return f"\n{indent}".join(visible(line) for line in text.expandtabs(4).splitlines())


def interruption(command: str) -> Outcome:
    """Ctrl-C, or a polite kill: one line."""

    def document() -> Document:
        from featuregen.cli.documents import error_document

        return error_document(command, exit_code=INTERRUPTED, what="interrupted")

    return Outcome(
        text=lambda _: "",
        document=document,
        remarks=lambda _: "interrupted\n",
        exit_code=INTERRUPTED,
    )


def bug(command: str, error: BaseException, *, full: bool) -> Outcome:
    """A fault of featuregen itself: what to report, and the traceback where it can be found."""
    import traceback

    trace = "".join(traceback.format_exception(error))
    what = f"featuregen itself failed: {type(error).__name__}: {error}".rstrip(": ")
    saved = None if full else _save(trace)
    hint = (
        "this is a bug in featuregen, not in your spec or your project; please report it with the "
    )
    hint += "traceback, the spec and the output of 'featuregen --version'"
    if saved is None and not full:
        hint += " (set FEATUREGEN_TRACEBACK=1 to see the traceback)"
    where = f"traceback in {saved}" if saved else None

    def document() -> Document:
        from featuregen.cli.documents import error_document

        return error_document(command, exit_code=BUG, what=what, where=saved, hint=hint)

    return Outcome(
        text=lambda _: "",
        document=document,
        remarks=lambda style: (
            (trace if full else "") + message(what, style, where=where, hint=hint)
        ),
        exit_code=BUG,
    )


def _save(trace: str) -> str | None:
    """The file that now holds the traceback; None where nothing can be written."""
    import sys
    import time
    from platform import platform

    from featuregen.cache import cache_dir
    from featuregen.version import VERSION

    head = f"featuregen {VERSION}, Python {sys.version.split()[0]}, {platform()}\n\n"
    try:
        file = (
            cache_dir("crashes")
            / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}.txt"
        )
        file.write_text(head + trace, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return str(file)
