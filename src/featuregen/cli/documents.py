"""The pipeline's results as JSON documents, in the shape that `json_models` defines.

Plain data on purpose: importing pydantic and building its models costs 0.25 s CPU, more than the
whole of `check --json`. The tests hold every command's document against its model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from featuregen.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen import errors, results
    from featuregen.cli.check import Checked
    from featuregen.cli.first_specs import FirstSpec
    from featuregen.cli.questions import Answers
    from featuregen.drafting import Drafted
    from featuregen.ejecting import TemplateState
    from featuregen.lifecycle.blaming import Origin
    from featuregen.lifecycle.statuses import ProjectStatus
    from featuregen.questions import Given, Question
    from featuregen.spec.catalogue import Entry

Document: TypeAlias = dict[str, Any]

SCHEMA = 1


def as_json(document: Document) -> str:
    """One document in pure ASCII: no locale breaks it, no text in it reaches the terminal raw."""
    from json import dumps

    return dumps(document, indent=2) + "\n"


def error_document(
    command: str,
    *,
    exit_code: int,
    error: errors.FeaturegenError,
    diagnostics: Iterable[errors.Diagnostic] = (),
) -> Document:
    """Of a command that was stopped."""
    return {**_head(command, exit_code, diagnostics), "error": _error(error)}


def check_document(checked: tuple[Checked, ...], exit_code: int) -> Document:
    """One entry for each spec, in the order given."""
    found = (diagnostic for one in checked for diagnostic in one.diagnostics)
    return _head("check", exit_code, found) | {
        "specs": [
            {
                "file": _plain(one.file),
                "ok": one.fault is None,
                "feature": one.feature,
                "error": _error(one.fault) if one.fault else None,
            }
            for one in checked
        ]
    }


def questions_document(
    answers: Answers, still_open: tuple[Question, ...], exit_code: int
) -> Document:
    """The questions that are open now, with every option's change; and what was answered."""
    return _head("questions", exit_code) | {
        "file": _plain(answers.file),
        "questions": [_question(one, answers.text) for one in still_open],
        "given": [_given(one) for one in answers.given],
        "waived": [_named(question) | {"because": why} for question, why in answers.waived],
        "left": [_named(question) | {"reason": why} for question, why in answers.left],
        "diff": answers.diff,
        "written": answers.written,
    }


def first_spec_document(first: FirstSpec) -> Document:
    """A spec that was written or printed, and what it leaves open."""
    drafted = first.drafted
    return _head(first.command, 0) | {
        "feature": first.feature,
        "file": _plain(first.file),
        "text": first.text,
        "notes": _plain(first.notes),
        "questions": [_question(one, first.text) for one in first.questions],
        "draft": None if drafted is None else _draft(drafted),
    }


def _draft(drafted: Drafted) -> Document:
    return {
        "model": drafted.model,
        "requests": drafted.requests,
        "input_tokens": drafted.input_tokens,
        "output_tokens": drafted.output_tokens,
        "cost": None if drafted.cost is None else str(drafted.cost),
        "notes": list(drafted.notes),
    }


def _question(question: Question, text: str) -> Document:
    from featuregen.cli.question_text import changes

    return _named(question) | {
        "file": _plain(question.file),
        "line": question.position.line,
        "column": question.position.column,
        "severity": question.severity,
        "text": question.text,
        "why": question.why,
        "default": question.default,
        "options": [
            {
                "key": change.option.key,
                "label": change.option.label,
                "waives": change.option.waives,
                "diff": change.diff,
                "fault": change.fault,
            }
            for change in changes(question, text)
        ],
    }


def _given(given: Given) -> Document:
    return _named(given.question) | {"option": given.option.key, "label": given.option.label}


def _named(question: Question) -> Document:
    return {"id": question.id, "at": question.at}


def plan_document(result: results.PlanResult) -> Document:
    """The dry run, with the diff of every file."""
    return _head("plan", 0, result.warnings) | {
        "root": _plain(result.root),
        "new_project": result.new_project,
        "feature": _feature(result.picture),
        "files": _plain(result.files),
        "diffs": [_plain(one) | {"shared": one.path in result.shared} for one in result.diffs],
        "by_hand": _plain(result.by_hand),
        "notes": _plain(result.notes),
    }


def run_document(result: results.RunResult, exit_code: int) -> Document:
    """What a run did and measured."""
    from featuregen.report.facts import next_steps

    return _head(result.command, exit_code, result.warnings) | {
        "root": _plain(result.root),
        "outcome": result.outcome,
        "feature": _feature(result.picture) if result.picture else None,
        "files": _plain(result.files),
        "by_hand": _plain(result.by_hand),
        "notes": _plain(result.notes),
        "conflicts": _plain(result.conflicts),
        "kept": _plain(result.kept),
        "contract": _plain(result.contract),
        "diffs": _plain(result.diffs),
        "verification": _proof(result),
        "stages": _plain(result.stages),
        "next_steps": _plain(next_steps(result)),
    }


def status_document(status: ProjectStatus) -> Document:
    """What the locks and the disk say."""
    plain: Document = _plain(status)
    return _head("status", 0) | plain


def blame_document(origin: Origin) -> Document:
    """Where one line comes from."""
    return _head("blame", 0) | {"origin": _plain(origin)}


def templates_document(
    found: Iterable[TemplateState], *, written: tuple[str, ...] = (), diff: str | None = None
) -> Document:
    """The templates of a project, or what was ejected, or a diff."""
    return _head("templates", 0) | {
        "templates": [_plain(each) for each in found],
        "written": [_plain(path) for path in written],
        "diff": diff,
    }


def schema_document(schema: dict[str, Any]) -> Document:
    """The JSON Schema of the spec language, in the frame that every document has."""
    return _head("schema", 0) | {"json_schema": schema}


def explain_document(entries: Iterable[Entry]) -> Document:
    """One code, or all of them."""
    return _head("explain", 0) | {"codes": [_plain(entry) for entry in entries]}


def _head(command: str, exit_code: int, found: Iterable[errors.Diagnostic] = ()) -> Document:
    return {
        "featuregen": VERSION,
        "schema": SCHEMA,
        "command": command,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "error": None,
        "diagnostics": [_diagnostic(one) for one in found],
    }


def _error(error: errors.FeaturegenError) -> Document:
    return {"what": _plain(error.what), "where": _plain(error.where), "hint": _plain(error.hint)}


def _diagnostic(found: errors.Diagnostic) -> Document:
    """Its position becomes `line`, `column` and `length` beside the rest."""
    plain: Document = _plain(found)
    position: Document = plain.pop("position")
    return plain | position


def _feature(picture: results.FeaturePicture) -> Document:
    plain: Document = _plain(picture)
    return plain | {
        "hooks": [{"name": name, "at": _plain(at)} for name, at in picture.hooks],
        "requirements": {name: _plain(items) for name, items in picture.requirements},
    }


def _proof(result: results.RunResult) -> Document | None:
    from featuregen.report.facts import spec_place

    if result.verification is None:
        return None
    proof: Document = _plain(result.verification)
    for shown, failure in zip(proof["failures"], result.verification.failures, strict=True):
        del shown["spec_path"]
        shown["spec"] = _plain(spec_place(failure, result))
    return proof


def _plain(value: Any) -> Any:  # noqa: ANN401 - any data of the pipeline, to any JSON value
    """Data as JSON holds it: a record is an object, a sequence an array."""
    if isinstance(value, str):
        # A file name may hold bytes that are no UTF-8, as surrogates.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
