"""`featuregen check`: is every one of these specs valid? Nothing heavy is imported on the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.checked import Checked
from featuregen.cli.run import DONE, Outcome, run
from featuregen.errors import FeaturegenError, SpecError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from featuregen.documents import Document
    from featuregen.errors import Diagnostic
    from featuregen.questions import Question
    from featuregen.spec.model import FeatureSpec
    from featuregen.terminal import Style


def check_command(specs: Sequence[str | Path], *, strict: bool = False, json: bool = False) -> int:
    """Check them all, also after one that is wrong. `strict`: open questions may be faults."""
    check = _check_strictly if strict else _check
    return run("check", lambda: _outcome(tuple(check(Path(spec)) for spec in specs)), json=json)


def _check(spec: Path) -> Checked:
    from featuregen.pipeline import check

    try:
        result = check(spec)
    except FeaturegenError as error:
        return Checked(str(spec), None, fault=error)
    return Checked(result.file, result.feature, result.warnings)


def _check_strictly(spec: Path) -> Checked:
    from featuregen.questions import open_questions
    from featuregen.spec.load import load_spec

    try:
        loaded = load_spec(spec)
    except FeaturegenError as error:
        return Checked(str(spec), None, fault=error)
    found = [one for one in open_questions(loaded) if one.severity == "high"]
    fault = OpenQuestionsError(found, loaded) if found else None
    return Checked(loaded.source.file, loaded.feature, loaded.warnings, fault)


class OpenQuestionsError(SpecError):
    """Open questions of high severity, each told as a diagnostic, after the spec's warnings."""

    def __init__(self, questions: Sequence[Question], spec: FeatureSpec) -> None:
        asked = tuple(_diagnostic(one) for one in questions)
        super().__init__((*spec.warnings, *asked), spec.source.text)
        plural = "s" if len(asked) > 1 else ""
        self.what = f"{len(asked)} open question{plural} of high severity"
        self.hint = f"featuregen questions {spec.source.file} --interactive"


def _diagnostic(question: Question) -> Diagnostic:
    from featuregen.errors import Diagnostic

    return Diagnostic(
        question.id,
        question.text,
        question.file,
        question.position,
        f"{question.why} `featuregen questions` has the answers",
        path=question.at,
    )


def _outcome(checked: tuple[Checked, ...]) -> Outcome:
    def document() -> Document:
        from featuregen.documents import check_document

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
