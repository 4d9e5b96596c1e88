"""`featuregen status` and `featuregen blame` on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.report import facts
from featuregen.report.layout import Section, rows
from featuregen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.lifecycle.blaming import Origin
    from featuregen.lifecycle.statuses import FeatureStatus, ProjectStatus
    from featuregen.terminal import Style


def status_as_text(status: ProjectStatus, style: Style) -> str:
    """One line for each feature, then what is remarkable about it."""
    place = visible(facts.folder_name(status.root))
    several = facts.count(len(status.features), "feature")
    everything = (status.project, *status.features)
    cells = [(one.name, one.version, _state(one), _edits(one)) for one in everything]
    sections = [Section(visible(one.name), tuple(_details(one))) for one in everything]
    head = f"{style.paint(place, 'bold')}: {several}\n"
    table = "".join(f"  {line}\n" for line in rows(cells, style))
    sections.append(Section("migrations", tuple(visible(each) for each in status.migrations)))
    blocks = [section.text(style) for section in sections if section.lines]
    return "\n".join([head + "\n" + table, *blocks])


def _state(one: FeatureStatus) -> str:
    if one.conflicts:
        return "CONFLICTS"
    if one.spec == "missing":
        return "spec MISSING"
    if not one.due:
        return "up to date"
    return "update due: " + ("spec edited" if one.spec == "edited" else "newer templates")


def _edits(one: FeatureStatus) -> str:
    parts = [f"{len(one.edited)} of {facts.count(one.files, 'file')} edited" if one.edited else ""]
    parts.append(f"{len(one.deleted)} deleted" if one.deleted else "")
    return ", ".join(part for part in parts if part)


def _details(one: FeatureStatus) -> Iterator[str]:
    for conflict in one.conflicts:
        line = f":{conflict.line}" if conflict.line else ""
        yield f"conflict in {visible(conflict.path)}{line}: {visible(conflict.reason)}"
    yield from (f"edited  {visible(path)}" for path in one.edited)
    yield from (f"deleted  {visible(path)}" for path in one.deleted)
    yield from (f"taken out of its shared file  {visible(key)}" for key in one.taken_out)
    yield from (f"not wired, left to you  {visible(key)}" for key in one.not_wired)
    yield from (f"edited, or not: not known  {visible(path)}" for path in one.unsure)


def blame_as_text(origin: Origin, style: Style) -> str:
    """The line, who wrote it, and from what."""
    place = f"{visible(origin.path)}:{origin.line}"
    lines = [f"{style.paint(place, 'bold')}  {visible(origin.text.strip())}", f"  {_who(origin)}"]
    if origin.template:
        line = f":{origin.template_line}" if origin.template_line else ""
        lines.append(f"  template  {visible(origin.template)}{line}")
    if origin.spec:
        name = f" ({visible(origin.spec_path)})" if origin.spec_path else ""
        lines.append(f"  spec      {visible(origin.spec)}:{origin.spec_line}{name}")
    return "\n".join(lines) + "\n"


def _who(origin: Origin) -> str:
    feature = visible(origin.feature or "")
    match origin.kind:
        case "user":
            return "yours: featuregen did not write it"
        case "wired":
            return f"wired in for {feature} ({visible(origin.wired or '')})"
        case "spec":
            return f"the spec of {feature}"
        case _:
            return f"generated for {feature}" if feature else "generated: the project's skeleton"
