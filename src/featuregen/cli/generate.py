"""`featuregen plan` and `featuregen new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.live import progress
from featuregen.cli.run import Outcome, run
from featuregen.cli.runs import run_outcome, warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from featuregen.documents import Document
    from featuregen.pipeline import Options


def plan_command(
    spec: Path, into: Path, templates: str | None, *, all_diffs: bool, json: bool
) -> int:
    """The dry run: what `new` would do."""
    return run("plan", lambda: _plan(spec, into, templates, all_diffs=all_diffs), json=json)


def _plan(spec: Path, into: Path, templates: str | None, *, all_diffs: bool) -> Outcome:
    from featuregen.pipeline import plan
    from featuregen.report import plan_as_text

    result = plan(spec, into, templates=templates)

    def document() -> Document:
        from featuregen.documents import plan_document

        return plan_document(result)

    return Outcome(
        text=lambda style: plan_as_text(result, style, all_diffs=all_diffs),
        document=document,
        remarks=lambda style: warnings_of(result.warnings, style),
    )


def new_command(
    specs: Sequence[Path], into: Path, templates: str | None, options: Options, *, json: bool
) -> int:
    """Generate the features, prove them, bring them into the project: all of them or none."""
    return run("new", lambda: _new(specs, into, templates, options), json=json)


def _new(specs: Sequence[Path], into: Path, templates: str | None, options: Options) -> Outcome:
    from featuregen.pipeline import new

    with progress() as told:
        result = new(specs, into, options, told, templates=templates)
    return run_outcome(result)
