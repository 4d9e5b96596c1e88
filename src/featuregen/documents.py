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
    from featuregen.checked import Checked
    from featuregen.ejecting import TemplateState
    from featuregen.lifecycle.blaming import Origin
    from featuregen.lifecycle.statuses import ProjectStatus
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
    return {**head(command, exit_code, diagnostics), "error": _error(error)}


def check_document(checked: tuple[Checked, ...], exit_code: int) -> Document:
    """One entry for each spec, in the order given."""
    found = (diagnostic for one in checked for diagnostic in one.diagnostics)
    return head("check", exit_code, found) | {
        "specs": [
            {
                "file": plain(one.file),
                "ok": one.fault is None,
                "feature": one.feature,
                "error": _error(one.fault) if one.fault else None,
            }
            for one in checked
        ]
    }


def plan_document(result: results.PlanResult) -> Document:
    """The dry run, with the diff of every file."""
    return head("plan", 0, result.warnings) | {
        "root": plain(result.root),
        "new_project": result.new_project,
        "feature": _feature(result.picture),
        "files": plain(result.files),
        "diffs": [plain(one) | {"shared": one.path in result.shared} for one in result.diffs],
        "by_hand": plain(result.by_hand),
        "notes": plain(result.notes),
    }


def run_document(result: results.RunResult, exit_code: int) -> Document:
    """What a run did and measured."""
    from featuregen.report.facts import next_steps

    return head(result.command, exit_code, result.warnings) | {
        "root": plain(result.root),
        "outcome": result.outcome,
        "feature": _feature(result.picture) if result.picture else None,
        "files": plain(result.files),
        "by_hand": plain(result.by_hand),
        "notes": plain(result.notes),
        "conflicts": plain(result.conflicts),
        "kept": plain(result.kept),
        "contract": plain(result.contract),
        "diffs": plain(result.diffs),
        "verification": _proof(result),
        "stages": plain(result.stages),
        "next_steps": plain(next_steps(result)),
    }


def status_document(status: ProjectStatus) -> Document:
    """What the locks and the disk say."""
    found: Document = plain(status)
    return head("status", 0) | found


def blame_document(origin: Origin) -> Document:
    """Where one line comes from."""
    return head("blame", 0) | {"origin": plain(origin)}


def templates_document(
    found: Iterable[TemplateState], *, written: tuple[str, ...] = (), diff: str | None = None
) -> Document:
    """The templates of a project, or what was ejected, or a diff."""
    return head("templates", 0) | {
        "templates": [plain(each) for each in found],
        "written": [plain(path) for path in written],
        "diff": diff,
    }


def schema_document(schema: dict[str, Any]) -> Document:
    """The JSON Schema of the spec language, in the frame that every document has."""
    return head("schema", 0) | {"json_schema": schema}


def explain_document(entries: Iterable[Entry]) -> Document:
    """One code, or all of them."""
    return head("explain", 0) | {"codes": [plain(entry) for entry in entries]}


def head(command: str, exit_code: int, found: Iterable[errors.Diagnostic] = ()) -> Document:
    """What every document has."""
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
    return {"what": plain(error.what), "where": plain(error.where), "hint": plain(error.hint)}


def _diagnostic(found: errors.Diagnostic) -> Document:
    """Its position becomes `line`, `column` and `length` beside the rest."""
    shown: Document = plain(found)
    position: Document = shown.pop("position")
    return shown | position


def _feature(picture: results.FeaturePicture) -> Document:
    shown: Document = plain(picture)
    return shown | {
        "hooks": [{"name": name, "at": plain(at)} for name, at in picture.hooks],
        "requirements": {name: plain(items) for name, items in picture.requirements},
    }


def _proof(result: results.RunResult) -> Document | None:
    from featuregen.report.facts import spec_place

    if result.verification is None:
        return None
    proof: Document = plain(result.verification)
    for shown, failure in zip(proof["failures"], result.verification.failures, strict=True):
        del shown["spec_path"]
        shown["spec"] = plain(spec_place(failure, result))
    return proof


def plain(value: Any) -> Any:  # noqa: ANN401 - any data of the pipeline, to any JSON value
    """Data as JSON holds it: a record is an object, a sequence an array."""
    if isinstance(value, str):
        # A file name may hold bytes that are no UTF-8, as surrogates.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
