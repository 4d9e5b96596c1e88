"""A run on the terminal: one screen where all is well, what failed where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.report import facts
from featuregen.report.layout import Section, rows
from featuregen.terminal import duration, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.results import ByHand, FeaturePicture, FileChange, RunResult, SettingNeeded
    from featuregen.terminal import Style
    from featuregen.verify import Failure, Verification

_FILES_SHOWN = 12
_FAILURES_SHOWN = 10
_LINES_OF_A_FAILURE = 12
_MARKS = {"create": "+", "modify": "~", "delete": "-"}


def as_text(result: RunResult, style: Style) -> str:
    """What was done, what was measured, what is left to do."""
    sections = [
        Section("Routes", routes(result.picture, style) if _is_news(result) else ()),
        Section(f"Files: {facts.changed(result.files)}", _written(result, style)),
        *proof(result, style),
        Section("To configure", settings(result.picture, style) if _is_news(result) else ()),
        *(by_hand(one, style) for one in result.by_hand),
        Section("Notes", tuple(f"- {visible(note)}" for note in result.notes)),
        Section(
            "Next",
            tuple(f"{n}. {visible(step)}" for n, step in enumerate(facts.next_steps(result), 1)),
        ),
    ]
    blocks = [_head(result, style), *(section.text(style) for section in sections if section.lines)]
    return "\n".join(blocks)


def _is_news(result: RunResult) -> bool:
    return result.outcome in {"created", "updated"}


def _written(result: RunResult, style: Style) -> tuple[str, ...]:
    return () if result.outcome == "failed" else files(result.files, style)


def _head(result: RunResult, style: Style) -> str:
    name = visible(_about(result))
    place = visible(facts.folder_name(result.root))
    match result.outcome:
        case "created":
            said = f"created in {place}"
        case "updated" | "removed":
            said = f"{result.outcome} in {place}"
        case "unchanged":
            which = "it from this very spec" if result.picture else "them from these very specs"
            said = f"nothing to do, {place} has {which}"
        case "verified":
            said = f"verified in {place}"
        case "failed" if result.command == "new":
            said = f"verification FAILED, {place} is as it was"
        case _:
            said = f"verification FAILED in {place}"
    failed = result.outcome == "failed"
    mark = style.paint(style.failed, "red") if failed else style.paint(style.ok, "green")
    return f"{mark} {style.paint(name, 'bold')}: {said}\n"


def _about(result: RunResult) -> str:
    if result.picture:
        return result.picture.feature
    if result.command == "new":
        return facts.count(len(result.features), "feature")
    return "all features"


def routes(picture: FeaturePicture | None, style: Style) -> tuple[str, ...]:
    """Method, path, operation, who may, how often."""
    if picture is None:
        return ()
    cells = [
        (route.method, route.path, route.operation, route.access, ", ".join(route.limits))
        for route in picture.routes
    ]
    return rows(cells, style)


def _like(setting: SettingNeeded) -> str:
    return f"(like {setting.example})" if setting.required and setting.example else ""


def settings(picture: FeaturePicture | None, style: Style) -> tuple[str, ...]:
    """Name, whether it must be set, what it is."""
    if picture is None:
        return ()
    cells = [
        (
            one.name,
            "required" if one.required else f"default {one.example}",
            f"{one.description} {_like(one)}".strip(),
        )
        for one in picture.settings
    ]
    return rows(cells, style)


def files(changes: Sequence[FileChange], style: Style) -> tuple[str, ...]:
    """Each file, or where many come or go, their folders; a changed file is always named."""
    created = [one for one in changes if one.action == "create"]
    deleted = [one for one in changes if one.action == "delete"]
    modified = [(_MARKS[one.action], one.path, "") for one in changes if one.action == "modify"]
    return rows([*_listed(created), *modified, *_listed(deleted)], style)


def _listed(changes: Sequence[FileChange]) -> list[tuple[str, str, str]]:
    if len(changes) <= _FILES_SHOWN:
        return [(_MARKS[one.action], one.path, _size([one.lines])) for one in changes]
    folders: dict[str, list[int]] = {}
    for one in changes:
        folders.setdefault(one.path.rpartition("/")[0], []).append(one.lines)
    return [
        (
            _MARKS[changes[0].action],
            f"{folder}/" if folder else "./",
            ", ".join(filter(None, (facts.count(len(lines), "file"), _size(lines)))),
        )
        for folder, lines in sorted(folders.items())
    ]


def _size(lines: Sequence[int]) -> str:
    """Of a file that goes, there is no new text to count."""
    return facts.count(sum(lines), "line") if any(lines) else ""


def by_hand(edit: ByHand, style: Style) -> Section:
    """An edit that only a person can make, in full."""
    title = style.paint("By hand", "yellow") + f": {visible(edit.path)} ({visible(edit.id)})"
    return Section(
        title, tuple(visible_lines(edit.instructions).rstrip("\n").split("\n")), is_painted=True
    )


def proof(result: RunResult, style: Style) -> Iterable[Section]:
    """What was measured and what failed, or why there is nothing to tell."""
    verification = result.verification
    if verification is None:
        yield Section("Proof", (facts.why_no_proof(result),))
        return
    title = f"Proof: {facts.proof_verdict(verification)} in {duration(verification.seconds)}"
    yield Section(title, (*_stages(verification, style), *_coverage(verification)))
    failures = facts.failures(verification)
    if failures:
        yield Section("What failed", tuple(_failures(failures, result, style)))


def _stages(verification: Verification, style: Style) -> tuple[str, ...]:
    cells = [
        (
            "ok" if stage.ok else "FAILED",
            stage.name,
            stage.summary,
            duration(stage.seconds),
        )
        for stage in verification.stages
    ]
    return rows(cells, style)


def _coverage(verification: Verification) -> Iterable[str]:
    total = facts.covered(verification.coverage)
    if total is None:
        return
    yield (
        f"coverage {facts.percent(total)} of the statements and branches in "
        f"{facts.count(len(verification.coverage), 'generated file')}"
    )
    for one in verification.coverage:
        gaps = facts.uncovered(one)
        if gaps:
            yield f"  {visible(one.path)}: not run: {gaps}"


def _failures(failures: Sequence[Failure], result: RunResult, style: Style) -> Iterable[str]:
    for failure in failures[:_FAILURES_SHOWN]:
        symbol = f" {visible(failure.symbol)}" if failure.symbol else ""
        stage = f" [{failure.stage}]" if failure.file else ""
        yield f"{style.paint(visible(facts.place(failure)), 'bold')}{stage}{symbol}"
        origin = facts.spec_place(failure, result)
        if origin:
            yield f"  from {visible(origin)}"
        lines = visible_lines(failure.message).strip("\n").split("\n")
        yield from (f"  {line}".rstrip() for line in lines[:_LINES_OF_A_FAILURE])
        if len(lines) > _LINES_OF_A_FAILURE:
            more = facts.count(len(lines) - _LINES_OF_A_FAILURE, "more line")
            yield f"  {style.ellipsis} {more} (--json has all)"
    if len(failures) > _FAILURES_SHOWN:
        yield f"and {len(failures) - _FAILURES_SHOWN} more (--json has all)"
