"""The pipeline's results as the documents of `json_models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from featuregen import json_models as wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen import errors, results
    from featuregen.cli.check import Checked
    from featuregen.spec.catalogue import Entry

PartT = TypeVar("PartT", bound=wire.Part)


def error_document(
    command: str,
    *,
    exit_code: int,
    what: str,
    where: str | None = None,
    hint: str | None = None,
    diagnostics: Iterable[errors.Diagnostic] = (),
) -> wire.Document:
    """Of a command that was stopped."""
    return wire.Document(
        **_head(command, exit_code, diagnostics),
        error=wire.Error(what=what, where=where, hint=hint),
    )


def check_document(checked: tuple[Checked, ...], exit_code: int) -> wire.CheckDocument:
    """One entry for each spec, in the order given."""
    specs = tuple(
        wire.CheckedSpec(
            file=one.file,
            ok=one.fault is None,
            feature=one.feature,
            error=wire.Error.model_validate(one.fault) if one.fault else None,
        )
        for one in checked
    )
    found = (diagnostic for one in checked for diagnostic in one.diagnostics)
    return wire.CheckDocument(**_head("check", exit_code, found), specs=specs)


def plan_document(result: results.PlanResult) -> wire.PlanDocument:
    """The dry run, with the diff of every file."""
    return wire.PlanDocument(
        **_head("plan", 0, result.warnings),
        root=result.root,
        new_project=result.new_project,
        feature=_feature(result.picture),
        files=_all(wire.File, result.files),
        diffs=tuple(
            wire.Diff(
                path=one.path,
                status=one.status,
                added=one.added,
                removed=one.removed,
                shared=one.path in result.shared,
                text=one.text,
            )
            for one in result.diffs
        ),
        by_hand=_all(wire.ByHand, result.by_hand),
        notes=result.notes,
    )


def run_document(result: results.RunResult, exit_code: int) -> wire.RunDocument:
    """What a run did and measured."""
    from featuregen.report.facts import next_steps

    return wire.RunDocument(
        **_head(result.command, exit_code, result.warnings),
        root=result.root,
        outcome=result.outcome,
        feature=_feature(result.picture) if result.picture else None,
        files=_all(wire.File, result.files),
        by_hand=_all(wire.ByHand, result.by_hand),
        notes=result.notes,
        verification=_proof(result),
        stages=_all(wire.Stage, result.stages),
        next_steps=next_steps(result),
    )


def schema_document(schema: dict[str, Any]) -> wire.SchemaDocument:
    """The JSON Schema of the spec language, in the frame that every document has."""
    return wire.SchemaDocument(**_head("schema", 0), json_schema=schema)


def explain_document(entries: Iterable[Entry]) -> wire.ExplainDocument:
    """One code, or all of them."""
    return wire.ExplainDocument(**_head("explain", 0), codes=_all(wire.ExplainedCode, entries))


def _head(
    command: str, exit_code: int, diagnostics: Iterable[errors.Diagnostic] = ()
) -> dict[str, Any]:
    return {
        "command": command,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "diagnostics": tuple(map(_diagnostic, diagnostics)),
    }


def _all(kind: type[PartT], values: Iterable[object]) -> tuple[PartT, ...]:
    return tuple(kind.model_validate(value) for value in values)


def _diagnostic(found: errors.Diagnostic) -> wire.Diagnostic:
    return wire.Diagnostic(
        code=found.code,
        severity=found.severity,
        message=found.message,
        file=found.file,
        line=found.position.line,
        column=found.position.column,
        length=found.position.length,
        path=found.path,
        hint=found.hint,
    )


def _feature(picture: results.FeaturePicture) -> wire.Feature:
    return wire.Feature(
        feature=picture.feature,
        title=picture.title,
        summary=picture.summary,
        routes=_all(wire.Route, picture.routes),
        settings=_all(wire.Setting, picture.settings),
        errors=_all(wire.ErrorAnswer, picture.errors),
        traits=picture.traits,
        security=picture.security,
        hooks=tuple(wire.Hook(name=name, at=at) for name, at in picture.hooks),
        requirements=dict(picture.requirements),
    )


def _proof(result: results.RunResult) -> wire.Proof | None:
    from featuregen.report.facts import spec_place

    verification = result.verification
    if verification is None:
        return None
    return wire.Proof(
        ok=verification.ok,
        seconds=verification.seconds,
        stages=_all(wire.ProofStage, verification.stages),
        tests=_all(wire.Test, verification.tests),
        coverage=_all(wire.Coverage, verification.coverage),
        failures=tuple(
            wire.Failure(
                stage=one.stage,
                file=one.file,
                line=one.line,
                symbol=one.symbol,
                message=one.message,
                spec=spec_place(one, result),
            )
            for one in verification.failures
        ),
    )
