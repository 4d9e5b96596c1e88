"""The tools' answers: the documents of `--json`, and what an agent needs beside them.

`featuregen.mcp.models` holds the pydantic models; a test holds every answer against its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from featuregen.mcp.fixes import fixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.errors import Diagnostic, FeaturegenError
    from featuregen.questions import Question

Document: TypeAlias = dict[str, Any]

DONE, NEEDS_INPUT, STOPPED = "done", "needs_input", "stopped"


def step(tool: str, why: str, **arguments: object) -> Document:
    """What to call now; `tool` is empty where it is no tool's turn."""
    return {"tool": tool, "arguments": arguments, "why": why}


def frame(command: str) -> Document:
    """What every document has, of a command that did its work."""
    from featuregen.documents import error_document
    from featuregen.errors import FeaturegenError

    return error_document(command, exit_code=0, error=FeaturegenError("")) | {"error": None}


def answer(document: Document, status: str, following: Sequence[Document] = ()) -> Document:
    """A document of `--json` as a tool's answer."""
    found = [{"fix": None} | one for one in document["diagnostics"]]
    return document | {
        "diagnostics": found,
        "status": status,
        "next": list(following),
        "more": [],
    }


def with_fixes(document: Document, diagnostics: Sequence[Diagnostic], text: str) -> Document:
    """The answer, its diagnostics with the edits that mend them."""
    shown = [
        one | {"fix": fix}
        for one, fix in zip(document["diagnostics"], fixes(diagnostics, text), strict=True)
    ]
    return document | {"diagnostics": shown}


def stopped(command: str, error: FeaturegenError, following: Sequence[Document] = ()) -> Document:
    """The answer of a tool that could not do its work."""
    from featuregen.documents import error_document
    from featuregen.errors import SpecError

    if isinstance(error, SpecError):
        document = error_document(
            command, exit_code=error.exit_code, error=error, diagnostics=error.diagnostics
        )
        stop = answer(document, STOPPED, following or [_mend(bool(error.diagnostics))])
        return with_fixes(stop, error.diagnostics, error.source)
    document = error_document(command, exit_code=error.exit_code, error=error)
    return answer(document, STOPPED, following)


def _mend(diagnosed: bool) -> Document:  # noqa: FBT001 - one caller, one meaning
    why = "correct the spec: make each fix, think about the rest; explain(code) says more"
    return step("check_spec" if diagnosed else "", why)


def question_documents(questions: Iterable[Question], text: str) -> list[Document]:
    """Open questions; each option with the lines that it changes in the spec."""
    return [
        {
            "id": one.id,
            "at": one.at,
            "line": one.position.line,
            "severity": one.severity,
            "text": one.text,
            "why": one.why,
            "default": one.default,
            "options": [
                {"key": option.key, "label": option.label, "edit": _edit(text, one, option.key)}
                for option in one.options
            ],
        }
        for one in questions
    ]


def _edit(text: str, question: Question, key: str) -> str:
    """The changed lines alone: the context of a unified diff would cost more than it says."""
    from featuregen.errors import FeaturegenError
    from featuregen.questions import preview

    try:
        lines = preview(text, question, key).splitlines()
    except FeaturegenError as error:
        return f"by hand: {error.what}"
    return "\n".join(line for line in lines[2:] if line.startswith(("+", "-", "@@")))
