"""What `featuregen plan` shows: the feature, its files, what changes in files that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.report import facts
from featuregen.report.layout import Section, rows
from featuregen.report.text import by_hand, files, routes, settings
from featuregen.terminal import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.results import PlanResult
    from featuregen.terminal import Style
    from featuregen.workspace import FileDiff


def plan_as_text(result: PlanResult, style: Style, *, all_diffs: bool = False) -> str:
    """Nothing is written yet, and the first line says so."""
    picture = result.picture
    folder = visible(facts.folder_name(result.root))
    kind = "a new project" if result.new_project else "the project"
    name = style.paint(visible(picture.feature), "bold")
    head = f"{name}: a plan for {kind} in {folder}; nothing is written\n"
    answers = [(str(one.status), one.code, one.name, one.title) for one in picture.errors]
    sections = [
        Section("Routes", routes(picture, style)),
        Section("Settings", settings(picture, style)),
        Section("Errors", rows(answers, style)),
        Section(f"Files: {facts.changed(result.files) or 'no change'}", files(result.files, style)),
        *(by_hand(one, style) for one in result.by_hand),
        Section("Notes", tuple(f"- {visible(note)}" for note in result.notes)),
    ]
    blocks = [head, *(section.text(style) for section in sections if section.lines)]
    blocks += diffs(result, style, all_diffs=all_diffs)
    return "\n".join(blocks)


def diffs(result: PlanResult, style: Style, *, all_diffs: bool) -> Iterable[str]:
    """Of the shared files, or of all."""
    return (
        diff_as_text(one, style)
        for one in result.diffs
        if one.text and (all_diffs or one.path in result.shared)
    )


def diff_as_text(diff: FileDiff, style: Style) -> str:
    """One file's diff, in colour where there is colour."""
    lines = visible_lines(diff.text.rstrip("\n")).split("\n")
    return "\n".join(_diff_line(line, style) for line in lines) + "\n"


def _diff_line(line: str, style: Style) -> str:
    if line.startswith(("diff ", "--- ", "+++ ")):
        return style.paint(line, "bold")
    if line.startswith("@@"):
        return style.paint(line, "cyan")
    if line.startswith("+"):
        return style.paint(line, "green")
    return style.paint(line, "red") if line.startswith("-") else line
