"""What `update`, `remove` and the like did to a project that lives: the merge certificate first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.report import facts
from featuregen.report.layout import Section, rows
from featuregen.report.text import by_hand, files, proof
from featuregen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.results import RunResult
    from featuregen.terminal import Style

_SAID = {
    "unchanged": "nothing to do",
    "updated": "updated",
    "removed": "removed",
    "renamed": "renamed",
    "rebuilt": "lock rebuilt",
    "resolved": "resolved",
    "planned": "a dry run; nothing is written",
    "due": "an update is due; nothing is written",
    "failed": "verification FAILED; nothing is written",
}


def change_as_text(result: RunResult, style: Style) -> str:
    """What was decided, kept, changed and proven, and what is left to do."""
    sections = [
        Section("Conflicts", _conflicts(result, style)),
        *(by_hand(one, style) for one in result.by_hand),
        Section("Your edits", tuple(_kept(result))),
        Section("What clients see", _contract(result, style)),
        Section(f"Files: {facts.changed(result.files)}", files(result.files, style)),
        *_proof(result, style),
        Section("Notes", tuple(f"- {visible(note)}" for note in result.notes)),
        Section("Next", tuple(f"{n}. {visible(s)}" for n, s in enumerate(result.next_steps, 1))),
    ]
    blocks = [_head(result, style), *(section.text(style) for section in sections if section.lines)]
    if result.diffs:
        from featuregen.report.dry_run import diff_as_text

        blocks += [diff_as_text(one, style) for one in result.diffs if one.text]
    return "\n".join(blocks)


def is_open(result: RunResult) -> bool:
    """Whether something waits for a person's decision."""
    return bool(result.conflicts or result.by_hand)


def _head(result: RunResult, style: Style) -> str:
    names = ", ".join(result.features) if 0 < len(result.features) <= 3 else "all features"  # noqa: PLR2004
    said = _SAID.get(result.outcome, result.outcome)
    if result.conflicts:
        files = len({one.path for one in result.conflicts})
        said += f", with conflicts in {facts.count(files, 'file')}"
    bad = result.outcome in {"failed", "due"} or is_open(result)
    mark = style.paint(style.failed, "red") if bad else style.paint(style.ok, "green")
    place = visible(facts.folder_name(result.root))
    return f"{mark} {style.paint(visible(names), 'bold')} in {place}: {said}\n"


def _conflicts(result: RunResult, style: Style) -> tuple[str, ...]:
    if not result.conflicts:
        return ()
    cells = [
        (f"{one.path}:{one.line}" if one.line else one.path, one.symbol or "", one.reason)
        for one in result.conflicts
    ]
    return rows(cells, style)


def _kept(result: RunResult) -> Iterator[str]:
    kept = result.kept
    if kept is None or not (kept.symbols or kept.lines):
        return
    yield f"symbols kept: {kept.symbols_kept} of {kept.symbols}"
    yield f"lines kept: {kept.lines_kept} of {kept.lines}"
    yield from (f"LOST {visible(line)}" for line in kept.lost)


def _contract(result: RunResult, style: Style) -> tuple[str, ...]:
    if not result.contract:
        return ()
    several = len({one.feature for one in result.contract}) > 1
    cells = [
        (
            "BREAKING" if one.breaking else "",
            f"{one.feature}: {one.where}" if several else one.where,
            one.what,
        )
        for one in result.contract
    ]
    return rows(cells, style)


def _proof(result: RunResult, style: Style) -> Iterable[Section]:
    if result.command == "lock" or result.outcome in {"unchanged", "planned", "due"}:
        return ()
    found = list(proof(result, style))
    if result.test_functions and found:
        before, after = result.test_functions
        said = f"test functions in the files of this run: {before} before, {after} now"
        if before != after and result.command != "remove":
            return [Section(found[0].title, (*found[0].lines, said)), *found[1:]]
    return found
