"""`featuregen questions`: what a spec leaves open, and the answers, written into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from featuregen.cli.question_text import changed_lines, count, question_text, reasons
from featuregen.cli.run import CONFLICT, DONE, Outcome, run
from featuregen.cli.spec_files import replace_text
from featuregen.questions import answer_all, answer_defaults, chosen, open_questions, waive
from featuregen.spec.edit import diff
from featuregen.spec.load import load_spec, parse_spec
from featuregen.terminal import visible

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from featuregen.documents import Document
    from featuregen.questions import Given, Question
    from featuregen.terminal import Style


@dataclass(frozen=True, slots=True)
class Answers:
    """A spec's text before and after the answers of one run."""

    file: str
    before: str
    saved: str
    """What the file says by now."""
    text: str
    given: tuple[Given, ...] = ()
    waived: tuple[tuple[Question, str], ...] = ()
    """With the reason."""
    left: tuple[tuple[Question, str], ...] = ()
    """Whose answer cannot be written for you; with the reason."""
    asked: bool = False
    """Answers were asked for, also where there turned out to be none."""

    def open(self) -> tuple[Question, ...]:
        """What the text leaves open now."""
        return open_questions(parse_spec(self.text, self.file))

    @property
    def written(self) -> bool:
        return self.saved != self.before

    @property
    def diff(self) -> str:
        """What the answers change."""
        return diff(self.before, self.text, self.file)


def questions_command(given: Namespace) -> int:
    """List the open questions; with answers, write them."""
    return run("questions", lambda: _outcome(_answers(given)), json=given.json)


def _answers(given: Namespace) -> Answers:
    spec = load_spec(given.spec)
    text = spec.source.text
    found = Answers(spec.source.file, before=text, saved=text, text=text)
    if given.answer:
        found = _answered(found, given.answer)
    for waiver in given.waive or ():
        found = _waived(found, waiver)
    if given.interactive:
        from featuregen.cli.questioning import converse

        found = converse(found, None if given.dry_run else given.spec)
    if given.defaults:
        found = _defaulted(found)
    if not given.dry_run:
        found = save(found, given.spec)
    asked = given.answer or given.waive or given.interactive or given.defaults
    return replace(found, asked=bool(asked))


def save(answers: Answers, path: Path) -> Answers:
    """Write the text, if it says something new."""
    if answers.text != answers.saved:
        replace_text(path, answers.saved, answers.text)
    return replace(answers, saved=answers.text)


def _answered(found: Answers, texts: Sequence[str]) -> Answers:
    given = chosen(found.open(), texts)
    return replace(found, text=answer_all(found.text, given), given=given)


def _waived(found: Answers, text: str) -> Answers:
    """`FGQ012@models.Note=because`: named as in an answer."""
    name, _, because = text.partition("=")
    for one in chosen(found.open(), [f"{name}=a"]):
        found = replace(
            found,
            text=waive(found.text, one.question, because),
            waived=(*found.waived, (one.question, because.strip())),
        )
    return found


def _defaulted(found: Answers) -> Answers:
    answered = answer_defaults(found.text, found.file)
    given = (*found.given, *answered.given)
    return replace(found, text=answered.text, given=given, left=answered.left)


def _outcome(found: Answers) -> Outcome:
    still_open = found.open()

    def document() -> Document:
        from featuregen.cli.spec_documents import questions_document

        return questions_document(found, still_open, code)

    def text(style: Style) -> str:
        return _told(found, still_open, style) if found.asked else _list(found, still_open, style)

    code = CONFLICT if found.left else DONE
    return Outcome(text=text, document=document, exit_code=code)


def _list(found: Answers, questions: tuple[Question, ...], style: Style) -> str:
    head = f"{visible(found.file)}: {count(questions)}\n"
    blocks = [question_text(one, found.text, style) for one in questions]
    if not blocks:
        return head
    file = visible(found.file)
    one = questions[0]
    tail = (
        f"answer them:  featuregen questions {file} --interactive\n"
        f"or by name:   featuregen questions {file} --answer {one.id}={one.default}\n"
    )
    return "\n".join((head, *blocks, tail))


def _told(found: Answers, questions: tuple[Question, ...], style: Style) -> str:
    """What was answered and written."""
    file = visible(found.file)
    number = len(found.given) + len(found.waived)
    what = f"{number} answer{'' if number == 1 else 's'}"
    verdict = "written" if found.written else "nothing is written"
    lines = [f"{file}: {what}, {verdict}"]
    lines += [
        f"  {one.question.id} at {visible(one.question.at)}: {visible(one.option.label)}"
        for one in found.given
    ]
    lines += [
        f"  {one.id} at {visible(one.at)}: no, because {visible(why)}" for one, why in found.waived
    ]
    if found.diff:
        lines += ["", *changed_lines(found.diff, style, whole=True), ""]
    lines.append(f"{file}: {count(questions)}")
    return "\n".join(lines) + "\n" + reasons(found.left)
