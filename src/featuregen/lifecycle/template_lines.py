"""Which line of which template wrote a line of a file.

The templates are rendered once more, with a mark at the end of each of their lines. Formatting has
moved things since, so that the marked render and the file are aligned word by word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from featuregen.plan.contribution import Contribution
    from featuregen.plan.model import FeaturePlan

_MARK = re.compile("\x1f([^\x1f]*):([0-9]+)\x1f")


@dataclass(frozen=True, slots=True)
class TemplateLine:
    template: str  # feature/app/models/feature.py.jinja
    line: int


Marked: TypeAlias = "list[tuple[str, TemplateLine]]"
"""The lines of an output before formatting, each with where it comes from."""


def marked_feature_file(root: Path, plan: FeaturePlan, path: str) -> Marked:
    """One of a feature's own files; empty where no template writes it."""
    from featuregen.house import find_house
    from featuregen.render import environment, feature_context, outputs, templates_of

    house = find_house(root)
    for template in templates_of("feature", house):
        for output, extra in outputs(template, plan):
            if output == path:
                context = {**feature_context(plan), **extra}
                return _render(_marking(environment(house)), template, context)
    return []


def marked_project_file(
    root: Path, path: str, name: str, contributions: Sequence[Contribution]
) -> Marked:
    """A file of the skeleton; empty where no template writes it."""
    from featuregen.house import find_house
    from featuregen.lock import PROJECT, load_lock
    from featuregen.plan.project import plan_project
    from featuregen.render import environment, project_context, templates_of

    house = find_house(root)
    template = f"project/{path}.jinja"
    if template not in templates_of("project", house):
        return []
    lock = load_lock(root, PROJECT)
    project = plan_project(name, contributions, lock.templates if lock else None)
    context = project_context(project, contributions)
    return _render(_marking(environment(house)), template, context)


def _render(marking: Environment, template: str, context: Mapping[str, object]) -> Marked:
    found: Marked = []
    origin = TemplateLine(template, 1)
    lines = marking.get_template(template).render(context).split("\n")
    for line in reversed(lines):  # a value of many lines has the mark on its last
        mark = _MARK.search(line)
        if mark:
            origin = TemplateLine(mark[1], int(mark[2]))
        found.append((_MARK.sub("", line), origin))
    return found[::-1]


def _marking(plain: Environment) -> Environment:
    from jinja2 import BaseLoader

    class Marking(BaseLoader):
        """Loads what the plain environment loads, marked."""

        def get_source(self, _: Environment, template: str) -> tuple[str, str | None, None]:
            assert plain.loader is not None  # noqa: S101 - for the type checker
            source, file, _up_to_date = plain.loader.get_source(plain, template)
            return _marked(plain, source, template), file, None

    return plain.overlay(loader=Marking(), bytecode_cache=None)


def _marked(plain: Environment, source: str, template: str) -> str:
    parts: list[str] = []
    for number, kind, value in plain.lex(source):
        if kind != "data":
            parts.append(value)
            continue
        lines = value.split("\n")
        for offset, line in enumerate(lines):
            last = offset == len(lines) - 1
            parts.append(line if last else f"{line}\x1f{template}:{number + offset}\x1f\n")
    return "".join(parts)


def origin_of(line: int, text: str, marked: Marked) -> TemplateLine | None:
    """Where the line (from 1) of the formatted text comes from; None for one that nothing wrote."""
    theirs = [each.strip() for each, _ in marked]
    ours = [each.strip() for each in text.split("\n")]
    if line > len(ours):
        return None
    for kind, a, b, c, d in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        if not c < line <= d:
            continue
        if kind == "equal":
            return marked[a + line - 1 - c][1]
        return _by_words(marked[a:b], ours[c:d], line - 1 - c)
    return None


def _by_words(
    marked: Sequence[tuple[str, TemplateLine]], ours: Sequence[str], wanted: int
) -> TemplateLine | None:
    """Within a stretch that formatting changed: by most of the line's words."""
    old = [(word, origin) for text, origin in marked for word in _words(text)]
    new = [(word, at) for at, text in enumerate(ours) for word in _words(text)]
    matcher = SequenceMatcher(None, [w for w, _ in old], [w for w, _ in new], autojunk=False)
    votes: dict[TemplateLine, int] = {}
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            if new[block.b + offset][1] == wanted:
                origin = old[block.a + offset][1]
                votes[origin] = votes.get(origin, 0) + 1
    if votes:
        return max(votes, key=lambda origin: votes[origin])
    return marked[min(wanted, len(marked) - 1)][1] if marked else None


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"\w+|[^\w\s]", text)
