"""What a run did, for people: short for the terminal, whole as Markdown. Says only what ran.

Each form is imported when it is asked for: `update` with nothing to do pays for none of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.results import PlanResult, RunResult
    from featuregen.terminal import Style


def as_text(result: RunResult, style: Style) -> str:
    """A run on the terminal."""
    from featuregen.report import text

    return text.as_text(result, style)


def as_markdown(result: RunResult) -> str:
    """Everything there is to say about a feature, for a pull request."""
    from featuregen.report import markdown

    return markdown.as_markdown(result)


def plan_as_text(result: PlanResult, style: Style, *, all_diffs: bool = False) -> str:
    """A dry run of `new` on the terminal."""
    from featuregen.report import dry_run

    return dry_run.plan_as_text(result, style, all_diffs=all_diffs)


def change_as_text(result: RunResult, style: Style) -> str:
    """What became of a project that lives, on the terminal."""
    from featuregen.report import changes

    return changes.change_as_text(result, style)
