"""How clarifying questions look: the place, why it matters, and what each option would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.questions import SEVERITIES, preview
from featuregen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.questions import Option, Question
    from featuregen.terminal import Style

_COLORS = {"high": "red", "medium": "yellow", "low": "cyan"}
_MARKS = {"+": "green", "-": "red"}


@dataclass(frozen=True, slots=True)
class Change:
    """What an option would do to the text; or why it cannot be written for you."""

    option: Option
    diff: str
    fault: str | None = None


def changes(question: Question, text: str) -> tuple[Change, ...]:
    """The change of every option of a question about `text`."""
    return tuple(_change(question, option, text) for option in question.options)


def _change(question: Question, option: Option, text: str) -> Change:
    try:
        return Change(option, preview(text, question, option.key))
    except FeaturegenError as error:
        return Change(option, "", f"{error.what}; {error.hint}" if error.hint else error.what)


def question_text(question: Question, text: str, style: Style) -> str:
    """One question with its options and the lines that each would change."""
    place = style.paint(visible(question.place), "bold")
    severity = style.paint(question.severity, _COLORS[question.severity])
    lines = [
        f"{place}  {question.id}  {severity}  {visible(question.text)}",
        f"  why: {question.why}",
    ]
    for change in changes(question, text):
        option = change.option
        default = " (default)" if option.key == question.default else ""
        lines.append(f"  {option.key}) {visible(option.label)}{default}")
        if change.fault is not None:
            lines.append(f"       {visible(change.fault)}")
        lines += [f"     {line}" for line in changed_lines(change.diff, style)]
    return "\n".join(lines) + "\n"


def changed_lines(diff: str, style: Style, *, whole: bool = False) -> list[str]:
    """Of a unified diff: the lines that come and go, or all; coloured."""
    lines = diff.split("\n")[:-1]
    shown = lines if whole else [line for line in lines[2:] if line[:1] in _MARKS]
    return [
        style.paint(visible(line), _MARKS[line[0]]) if line[:1] in _MARKS else visible(line)
        for line in shown
    ]


def count(questions: Sequence[Question]) -> str:
    """`3 open questions (1 high, 2 low)`."""
    if not questions:
        return "no open question"
    found = [one.severity for one in questions]
    each = (f"{found.count(one)} {one}" for one in SEVERITIES if one in found)
    plural = "s" if len(found) > 1 else ""
    return f"{len(found)} open question{plural} ({', '.join(each)})"


def reasons(left: Iterable[tuple[Question, str]]) -> str:
    """The questions whose answer a person has to write."""
    return "".join(
        f"{visible(question.place)}  {question.id}  by hand: {visible(reason)}\n"
        for question, reason in left
    )
