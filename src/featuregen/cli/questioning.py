"""`featuregen questions --interactive`: one question at a time, those that matter most first."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from featuregen.cli.dialogue import HELP, STOP, ask, in_one_line, say
from featuregen.cli.question_text import changed_lines, changes, question_text
from featuregen.cli.questions import save
from featuregen.errors import FeaturegenError
from featuregen.questions import answer_all, chosen, explain, most_important, waive
from featuregen.terminal import style_of, visible

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.cli.questions import Answers
    from featuregen.questions import Question

_AT_ONCE = 5
_SKIP = frozenset({"s", "skip"})
_NO = re.compile(r"no\b[\s,:]*(?:because\b[\s,:]*)?(.*)", re.IGNORECASE | re.DOTALL)
_HOW = "a letter; Enter for the default; ? explains; s skips; q stops; or: no, because …"


def converse(answers: Answers, path: Path | None) -> Answers:
    """Ask until nothing is open, or the person stops; each answer is saved to `path` at once."""
    skipped: set[tuple[str, str]] = set()
    asked = 0
    while True:
        left = [one for one in answers.open() if (one.id, one.at) not in skipped]
        if not left or (asked and asked % _AT_ONCE == 0 and not _goes_on(len(left))):
            return answers
        if not asked:
            say(_HOW)
        [question] = most_important(left, 1)
        asked += 1
        replied = _reply(question, answers)
        if replied is None:
            return answers
        if replied is answers:
            skipped.add((question.id, question.at))
        answers = replied if path is None else save(replied, path)


def _goes_on(left: int) -> bool:
    more = "1 more is open" if left == 1 else f"{left} more are open"
    return (ask(f"{more}. Go on? [y/N]") or "").lower() in {"y", "yes"}


def _reply(question: Question, answers: Answers) -> Answers | None:
    """The text with the answer; the same where it is skipped; None to stop."""
    say("\n" + question_text(question, answers.text, style_of(sys.stderr)).rstrip("\n"))
    while True:
        given = ask(f"{question.id} [{question.default}]:")
        word = (given or "").lower()
        if given is None or word in STOP:
            return None
        if word in _SKIP:
            return answers
        if word in HELP:
            _explain(question, answers.text)
            continue
        try:
            return _taken(question, given, answers)
        except FeaturegenError as error:
            say(visible(in_one_line(error)))


def _taken(question: Question, given: str, answers: Answers) -> Answers:
    if no := _NO.fullmatch(given):
        because = no[1].strip()
        text = waive(answers.text, question, because)
        return replace(answers, text=text, waived=(*answers.waived, (question, because)))
    name = f"{question.id}@{question.at}={given or question.default}"
    [one] = chosen([question], [name])
    text = answer_all(answers.text, [one])
    return replace(answers, text=text, given=(*answers.given, one))


def _explain(question: Question, text: str) -> None:
    """The rule, and every change with the lines around it."""
    rule = explain(question.id)
    if rule is not None:
        say(f"{rule.id}: {rule.title}. {rule.why}")
    style = style_of(sys.stderr)
    for change in changes(question, text):
        say(f"{change.option.key}) {visible(change.option.label)}")
        if change.fault is not None:
            say(f"   {visible(change.fault)}")
        for line in changed_lines(change.diff, style, whole=True)[2:]:
            say(f"   {line}")
    say(_HOW)
