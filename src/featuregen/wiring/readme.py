"""The feature's section of `README.md`, between two markers that no reader sees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from featuregen.plan.contribution import Contribution
from featuregen.wiring.order import Order, Place
from featuregen.wiring.outcome import Verdict
from featuregen.wiring.shared_file import SharedFile
from featuregen.wiring.text import Text

_MARKER = re.compile(r"\s*<!--\s*(/?)featuregen:(\w+)\s*-->\s*")


@dataclass(frozen=True, slots=True)
class _Section:
    """Line numbers of the two markers; `last` is None where the closing one is missing."""

    first: int
    last: int | None


class ReadmeFile(SharedFile[Contribution]):
    """`README.md`."""

    path = "README.md"
    kind = "readme"

    def __init__(self, source: str, line_length: int) -> None:
        del line_length
        self.text = Text(source)
        self.sections: dict[str, _Section] = {}
        for number in range(1, len(self.text) + 1):
            if marker := _MARKER.fullmatch(self.text.line(number)):
                self._mark(number, closing=bool(marker.group(1)), feature=marker.group(2))

    def _mark(self, number: int, *, closing: bool, feature: str) -> None:
        known = self.sections.get(feature)
        if not closing and known is None:
            self.sections[feature] = _Section(number, None)
        elif closing and known is not None and known.last is None:
            self.sections[feature] = _Section(known.first, number)

    @classmethod
    def name(cls, entry: Contribution) -> str:
        return entry.feature

    @classmethod
    def instructions(cls, entry: Contribution) -> str:
        return f"Its section reads:\n\n{_written(entry)}"

    def wanted(self, entry: Contribution) -> tuple[str, ...]:
        return tuple(line.rstrip() for line in entry.readme.strip().splitlines())

    def found(self, entry: Contribution) -> tuple[str, ...] | None:
        section = self.sections.get(entry.feature)
        if section is None:
            return None
        if section.last is None:
            return ("the closing marker is missing",)
        lines = [self.text.line(n) for n in range(section.first + 1, section.last)]
        return tuple(line.rstrip() for line in "\n".join(lines).strip().splitlines())

    def settle(self, entry: Contribution, *, known: bool) -> Verdict:
        """The section is ours, unless it is known that the user has written in it."""
        whole = self.sections[entry.feature].last is not None
        return Verdict.REPLACE if whole and not known else Verdict.CONFLICT

    def conflict(self, entry: Contribution) -> str:
        section = self.sections[entry.feature]
        if section.last is None:
            return (
                f"the section of line {section.first} has no <!-- /featuregen:{entry.feature} -->"
            )
        return f"the section of line {section.first} was edited, and featuregen's text is a new one"

    def insert(self, missing: Mapping[str, Contribution], order: Order) -> None:
        whole = [name for name, section in self.sections.items() if section.last is not None]
        neighbours = order.neighbours(f"readme:{name}" for name in whole)
        for key in sorted(missing, key=order.rank):
            written, rank = _written(missing[key]), (order.rank(key),)
            place = neighbours.place(key)
            if place is not None and place.side == "before":
                self.text.insert_line(self._anchor(place).first, written + "\n", rank)
            elif len(self.text) or len(missing) > 1:
                line = len(self.text) if place is None else self._anchor(place).last or 0
                self.text.insert_line(line + 1, "\n" + written, rank)
            else:
                self.text.insert_line(1, written, rank)

    def _anchor(self, place: Place) -> _Section:
        return self.sections[place.anchor.removeprefix("readme:")]

    def replace(self, entry: Contribution, previous: Contribution | None) -> None:
        del previous
        section = self.sections[entry.feature]
        end = self.text.start((section.last or section.first) + 1)
        self.text.replace(self.text.start(section.first), end, _written(entry))

    def delete(self, entries: Sequence[Contribution], inverses: Mapping[str, str]) -> None:
        del inverses
        for entry in entries:
            section = self.sections[entry.feature]
            first, last = section.first, section.last or section.first
            if self.text.blank(first - 1):
                first -= 1
            elif self.text.blank(last + 1):
                last += 1
            self.text.delete_lines(first, last, tidy=False)

    def result(self) -> str:
        return self.text.result()


def _written(entry: Contribution) -> str:
    name = entry.feature
    return f"<!-- featuregen:{name} -->\n{entry.readme}\n<!-- /featuregen:{name} -->\n"
