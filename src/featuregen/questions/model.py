"""What a clarifying question is, and what a rule says to raise one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from featuregen.spec.edit import Append, Edit, dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from featuregen.errors import Position
    from featuregen.questions.survey import Survey
    from featuregen.spec.model import Path

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer, and exactly what it changes in the spec."""

    key: str  # "a", "b", …
    label: str
    edits: tuple[Edit, ...]
    waives: bool = False
    """Its only edit is an entry of `waive`."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a spec leaves open at one place. `id` and `at` together name it for good."""

    id: str
    path: Path
    file: str
    position: Position
    severity: Severity
    text: str
    why: str
    options: tuple[Option, ...]
    default: str
    """Key of the option that is taken where nobody chooses."""

    @property
    def at(self) -> str:
        """The path as a `waive` entry writes it."""
        return dotted(self.path)

    @property
    def place(self) -> str:
        """`payment.yaml:14:7`."""
        return f"{self.file}:{self.position.line}:{self.position.column}"

    def option(self, key: str) -> Option | None:
        """The option with this key."""
        return next((one for one in self.options if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """An option before it has a key; with `because` it is a waiver and has no edits."""

    label: str
    edits: tuple[Edit, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where a rule asks. The first choice is the default unless `default` differs."""

    path: Path
    text: str
    choices: tuple[Choice, ...]
    severity: Severity | None = None  # None: the rule's own
    default: int = 0


Ask: TypeAlias = "Callable[[Survey], Iterator[Gap]]"


@dataclass(frozen=True, slots=True)
class Rule:
    """A question that is asked wherever `gaps` finds cause."""

    id: str
    severity: Severity
    title: str
    why: str
    gaps: Ask

    def questions(self, survey: Survey) -> Iterator[Question]:
        """Every question that this rule raises, waived or not."""
        for gap in self.gaps(survey):
            yield Question(
                self.id,
                gap.path,
                survey.spec.source.file,
                survey.position(gap.path),
                gap.severity or self.severity,
                gap.text,
                self.why,
                tuple(self._option(at, choice, gap.path) for at, choice in enumerate(gap.choices)),
                _key(gap.default),
            )

    def _option(self, at: int, choice: Choice, path: Path) -> Option:
        if choice.because is None:
            return Option(_key(at), choice.label, choice.edits)
        edit = waiver(self.id, dotted(path), choice.because)
        return Option(_key(at), choice.label, (edit,), waives=True)


def waiver(question: str, at: str, because: str) -> Edit:
    """The edit that answers a question with "no, because"."""
    return Append(("waive",), {"question": question, "at": at, "because": because})


def _key(at: int) -> str:
    return "abcdefgh"[at]
