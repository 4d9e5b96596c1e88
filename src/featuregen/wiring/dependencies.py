"""Run-time requirements in `pyproject.toml`: `[project] dependencies`.

A package that is there is left as it is where its constraint is recent enough, and raised where it
is not; nothing is ever lowered. The edit is checked by reading the result as TOML.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence

from featuregen.wiring.items import Items
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import Verdict
from featuregen.wiring.requirement import Requirement, normalised, parse
from featuregen.wiring.shared_file import NotEditableError, SharedFile
from featuregen.wiring.text import Text

_TABLE = re.compile(r"^[ \t]*\[[ \t]*project[ \t]*\][ \t]*(?:#.*)?\r?$", re.MULTILINE)
_NEXT_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_KEY = re.compile(r"""^[ \t]*(["']?)dependencies\1[ \t]*=[ \t]*\[""", re.MULTILINE)
_SKIPPED = re.compile(r"(?:\s|,|#[^\r\n]*)*")
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""|'{3}.*?'{3}|"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*[']''', re.DOTALL
)


class DependenciesFile(SharedFile[str]):
    """`pyproject.toml`. An entry is a requirement: `httpx2>=2.16,<3`."""

    path = "pyproject.toml"
    kind = "dependency"

    def __init__(self, source: str, line_length: int) -> None:
        del line_length
        self.text = Text(source)
        self.declared = _declared(self.text.body)
        self.items = self._locate()
        self.expected = list(self.declared)
        self.parsed = [parse(each) for each in self.declared]
        self._inverses: dict[str, str] = {}

    def _locate(self) -> Items:
        """The array, as text: tomllib does not tell where a value stands."""
        body = self.text.body
        table = _TABLE.search(body)
        end = _NEXT_TABLE.search(body, table.end()) if table else None
        key = _KEY.search(body, table.end()) if table else None
        if key is None or (end and key.start() > end.start()):
            raise NotEditableError("[project] has no dependencies = […] that can be edited")
        spans: list[tuple[int, int]] = []
        at = key.end()
        while True:
            skipped = _SKIPPED.match(body, at)
            at = skipped.end() if skipped else at
            string = _STRING.match(body, at)
            if string is None:
                break
            spans.append(string.span())
            at = string.end()
        if body[at : at + 1] != "]" or len(spans) != len(self.declared):
            raise NotEditableError("[project] dependencies is not a plain list of strings")
        return Items(self.text, spans, (key.end(), at), step="  ")

    @classmethod
    def name(cls, entry: str) -> str:
        return _required(entry).key

    @classmethod
    def instructions(cls, entry: str) -> str:
        return f'Add to the dependencies of the project:\n\n    "{entry}",\n'

    def _index(self, entry: str) -> int | None:
        key = self.name(entry)
        found = [index for index, each in enumerate(self.parsed) if each and each.key == key]
        everywhere = [index for index in found if not _marked(self.parsed[index])]
        return next(iter(everywhere or found), None)

    def wanted(self, entry: str) -> object:
        return _required(entry)

    def found(self, entry: str) -> object | None:
        """What meets the requirement counts as the requirement."""
        index = self._index(entry)
        if index is None:
            return None
        there, wanted = self.parsed[index], _required(entry)
        met = there is not None and not _marked(there) and there.meets(wanted)
        return wanted if met else there

    def settle(self, entry: str, *, known: bool) -> Verdict:
        del known
        index = self._index(entry)
        there = self.parsed[index] if index is not None else None
        if there is None or there.marker or there.apart(_required(entry)):
            return Verdict.CONFLICT
        return Verdict.REPLACE

    def conflict(self, entry: str) -> str:
        index = self._index(entry)
        there = self.declared[index] if index is not None else ""
        return f"it asks for {there!r}, and the generated code was made for {entry!r}"

    def insert(self, missing: Mapping[str, str], order: Order) -> None:
        keys = [normalised(each.name) if each else "" for each in self.parsed]
        neighbours = order.neighbours(f"dependency:{key}" for key in keys)
        gaps: dict[int, list[str]] = {}
        for key in sorted(missing, key=order.rank):
            place = neighbours.place(key)
            gap = len(keys)
            if place is not None:
                gap = keys.index(place.anchor.removeprefix("dependency:")) + (place.side == "after")
            gaps.setdefault(gap, []).append(missing[key])
        for gap in sorted(gaps, reverse=True):
            self.expected[gap:gap] = gaps[gap]
            self.items.insert(gap, [self._quoted(each) for each in gaps[gap]])

    def _quoted(self, entry: str) -> str:
        quote = "'" if self.items.spans and self._quote(0) == "'" else '"'
        return f"{quote}{entry}{quote}"

    def _quote(self, index: int) -> str:
        return self.text.body[self.items.spans[index][0]]

    def replace(self, entry: str, previous: str | None) -> None:
        index = self._index(entry)
        there = self.parsed[index] if index is not None else None
        if index is None or there is None:
            return
        ours = previous is not None and there == _required(previous)
        text = entry if ours else there.raised(_required(entry))
        if not ours:
            self._inverses[entry] = self.declared[index]
        self._put(index, text)

    def _put(self, index: int, text: str) -> None:
        quote = self._quote(index)
        self.text.replace(*self.items.spans[index], f"{quote}{text}{quote}")
        self.expected[index] = text

    def inverse(self, entry: str) -> str:
        return self._inverses.get(entry, "")

    def deletable(self, entry: str, inverse: str) -> bool:
        """Ours, or the user's as we raised it."""
        index = self._index(entry)
        there = self.parsed[index] if index is not None else None
        before = parse(inverse) if inverse else None
        required = _required(entry)
        return there == (parse(before.raised(required)) if before else required)

    def delete(self, entries: Sequence[str], inverses: Mapping[str, str]) -> None:
        """A requirement that was raised goes back to what the user wrote."""
        gone: set[int] = set()
        for entry in entries:
            index = self._index(entry)
            before = inverses.get(self.id(entry), "")
            if index is not None and before:
                self._put(index, before)
            elif index is not None:
                gone.add(index)
        self.expected = [each for index, each in enumerate(self.expected) if index not in gone]
        if gone:
            self.items.delete(gone)

    def result(self) -> str:
        text = self.text.result()
        if _declared(text) != self.expected:
            raise NotEditableError("[project] dependencies has a form that is not understood")
        return text


def _required(entry: str) -> Requirement:
    parsed = parse(entry)
    if parsed is None:
        raise ValueError(f"not a requirement: {entry!r}")
    return parsed


def _marked(requirement: Requirement | None) -> bool:
    return requirement is not None and bool(requirement.marker)


def _declared(source: str) -> list[str]:
    try:
        project = tomllib.loads(source).get("project")
    except tomllib.TOMLDecodeError as error:
        raise NotEditableError(f"the file is not valid TOML ({error})") from error
    if not isinstance(project, dict):
        raise NotEditableError("there is no [project] table")
    declared = project.get("dependencies")
    if declared is None and "dependencies" in project.get("dynamic", ()):
        raise NotEditableError(
            "[project] dependencies is dynamic: the build backend reads them elsewhere"
        )
    if not isinstance(declared, list) or not all(isinstance(each, str) for each in declared):
        raise NotEditableError("[project] has no list of dependencies")
    return declared
