"""Lines of `.env.example`: a setting's comment, `NAME=value`; behind `#` if it has a default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from featuregen.plan.contribution import SettingEntry
from featuregen.wiring.order import Order, Place
from featuregen.wiring.outcome import Verdict
from featuregen.wiring.shared_file import SharedFile
from featuregen.wiring.text import Text

_LINE = re.compile(r"\s*(?:#\s*)?(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")


class EnvFile(SharedFile[SettingEntry]):
    """`.env.example`."""

    path = ".env.example"
    kind = "env"

    def __init__(self, source: str, line_length: int) -> None:
        del line_length
        self.text = Text(source)
        self.lines: dict[str, int] = {}
        for number in range(1, len(self.text) + 1):
            found = _LINE.match(self.text.line(number))
            if found:
                self.lines.setdefault(found.group(1).upper(), number)
        self._numbers = frozenset(self.lines.values())

    @classmethod
    def name(cls, entry: SettingEntry) -> str:
        return entry.name.upper()

    @classmethod
    def instructions(cls, entry: SettingEntry) -> str:
        return "Add:\n\n" + "\n".join(_written(entry)) + "\n"

    def wanted(self, entry: SettingEntry) -> tuple[str, ...]:
        return _written(entry)

    def found(self, entry: SettingEntry) -> tuple[str, ...] | None:
        """The variable's line with the comment above it."""
        last = self.lines.get(self.name(entry))
        if last is None:
            return None
        lines = [self.text.line(n).strip() for n in range(self._head(last), last + 1)]
        wanted = _written(entry)
        return wanted if tuple(lines[-len(wanted) :]) == wanted else tuple(lines)

    def settle(self, entry: SettingEntry, *, known: bool) -> Verdict:
        """An example in the user's own words is as good as ours."""
        del entry, known
        return Verdict.KEEP

    def _first(self, entry: SettingEntry) -> int:
        """First line of what was written for `entry`: its comment, where that is still there."""
        last = self.lines[self.name(entry)]
        comment = _written(entry)[:-1]
        first = last - len(comment)
        lines = [self.text.line(number).strip() for number in range(first, last)]
        return first if lines == list(comment) else last

    def insert(self, missing: Mapping[str, SettingEntry], order: Order) -> None:
        neighbours = order.neighbours(f"env:{name}" for name in self.lines)
        for key in sorted(missing, key=order.rank):
            written = "".join(f"{line}\n" for line in _written(missing[key]))
            self.text.insert_line(self._line(neighbours.place(key)), written, (order.rank(key),))

    def _line(self, place: Place | None) -> int:
        if place is None:
            return len(self.text) + 1
        number = self.lines[place.anchor.removeprefix("env:")]
        return number + 1 if place.side == "after" else self._head(number)

    def _head(self, number: int) -> int:
        """First line of the comment above a variable; a line that sets another is none of it."""
        while self.text.line(number - 1).startswith("#") and number - 1 not in self._numbers:
            number -= 1
        return number

    def replace(self, entry: SettingEntry, previous: SettingEntry | None) -> None:
        start = self.text.start(self._first(previous or entry))
        end = self.text.start(self.lines[self.name(entry)] + 1)
        self.text.replace(start, end, "".join(f"{line}\n" for line in _written(entry)))

    def delete(self, entries: Sequence[SettingEntry], inverses: Mapping[str, str]) -> None:
        del inverses
        for entry in entries:
            last = self.lines[self.name(entry)]
            self.text.delete_lines(self._first(entry), last, tidy=False)

    def result(self) -> str:
        return self.text.result()


def _written(entry: SettingEntry) -> tuple[str, ...]:
    mark = "" if entry.env_active else "# "
    line = f"{mark}{entry.name.upper()}={entry.env_value}"
    return (*(f"# {text}".rstrip() for text in entry.env_comment), line)
