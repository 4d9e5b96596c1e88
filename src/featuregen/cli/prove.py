"""`featuregen verify` and `featuregen report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.live import progress
from featuregen.cli.run import Outcome, run
from featuregen.cli.runs import run_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.pipeline import Options


def verify_command(root: Path, features: tuple[str, ...], options: Options, *, json: bool) -> int:
    """Run the proof again."""
    return run("verify", lambda: _verify(root, features, options), json=json)


def _verify(root: Path, features: tuple[str, ...], options: Options) -> Outcome:
    from featuregen.pipeline import verify

    with progress() as told:
        result = verify(root, features, options, told)
    return run_outcome(result)


def report_command(root: Path, feature: str, options: Options, *, json: bool) -> int:
    """Say as Markdown what a feature is and what its proof measured just now."""
    return run("report", lambda: _report(root, feature, options), json=json)


def _report(root: Path, feature: str, options: Options) -> Outcome:
    from featuregen.pipeline import report
    from featuregen.report import as_markdown

    with progress() as told:
        result = report(root, feature, options, told)
    return run_outcome(result, text=lambda _: as_markdown(result))
