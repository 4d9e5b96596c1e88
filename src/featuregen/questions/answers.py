"""Answers → the new text of the spec, which holds, or is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError, SpecError
from featuregen.questions.ask import open_questions
from featuregen.questions.model import waiver
from featuregen.spec.edit import Append, apply_edits, diff
from featuregen.spec.load import parse_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.questions.model import Option, Question

_MOST_ROUNDS = 5
_USAGE = 2


@dataclass(frozen=True, slots=True)
class Given:
    """One answer to one question."""

    question: Question
    option: Option


@dataclass(frozen=True, slots=True)
class Answered:
    """The spec's text after answers. `left`: questions whose answer cannot be written for you."""

    text: str
    given: tuple[Given, ...]
    left: tuple[tuple[Question, str], ...] = ()
    """With the reason."""


def answer(text: str, question: Question, option: str) -> str:
    """The text with one option's change. Raises `FeaturegenError` where it does not fit."""
    return answer_all(text, [Given(question, _option(question, option))])


def preview(text: str, question: Question, option: str) -> str:
    """What an option changes, as a unified diff."""
    return diff(text, answer(text, question, option), question.file)


def waive(text: str, question: Question, because: str) -> str:
    """The text with "no, because": the question is not asked again at this place."""
    if not because.strip():
        raise FeaturegenError(
            f"{question.id} is waived without a reason", hint='"no, because …"', exit_code=_USAGE
        )
    edited = apply_edits(text, [waiver(question.id, question.at, because.strip())])
    return _holding(edited, question)


def answer_all(text: str, given: Iterable[Given]) -> str:
    """The text with the change of every answer."""
    answers = tuple(given)
    edited = apply_edits(text, [edit for one in answers for edit in one.option.edits])
    return _holding(edited, *(one.question for one in answers))


def answer_defaults(text: str, file: str) -> Answered:
    """Every open question answered by its default, also those that an answer raises."""
    given: list[Given] = []
    left: list[tuple[Question, str]] = []
    examples = False  # last, since they show what the other answers have made of the requests
    for _ in range(_MOST_ROUNDS):
        every = open_questions(parse_spec(text, file))
        asked = every if examples else [one for one in every if not _makes_example(one)]
        defaults = [Given(one, _option(one, one.default)) for one in asked]
        text, done, left = _one_round(text, defaults)
        given += done
        if not done and examples:
            break
        examples = examples or not done
    return Answered(text, tuple(given), tuple(left))


def _makes_example(question: Question) -> bool:
    edits = _option(question, question.default).edits
    return any(isinstance(edit, Append) and edit.path == ("examples",) for edit in edits)


def _one_round(
    text: str, defaults: list[Given]
) -> tuple[str, list[Given], list[tuple[Question, str]]]:
    """All at once; where that does not hold, one by one, so that the others still count."""
    try:
        return answer_all(text, defaults), defaults, []
    except FeaturegenError:
        done, refused = [], []
        for one in defaults:
            try:
                text = answer_all(text, [one])
                done.append(one)
            except FeaturegenError as error:
                refused.append((one.question, f"{error.what}; {error.hint or ''}".strip("; ")))
        return text, done, refused


def chosen(questions: Sequence[Question], answers: Iterable[str]) -> tuple[Given, ...]:
    """What `FGQ012=b` (wherever it is asked) and `FGQ012@models.Payment=b` (at one place) mean."""
    given: dict[tuple[str, str], Given] = {}
    for text in answers:
        name, equals, key = text.rpartition("=")
        if not equals or not key:
            raise _usage(f"'{text}' is no answer", "write FGQ012=b, or FGQ012@models.Payment=b")
        id_, _, at = name.partition("@")
        matching = [one for one in questions if one.id == id_.upper() and at in ("", one.at)]
        if not matching:
            raise _usage(f"'{name}' is no open question", _near(id_.upper(), questions))
        for one in matching:
            given[(one.id, one.at)] = Given(one, _option(one, key.lower()))
    return tuple(given.values())


def _option(question: Question, key: str) -> Option:
    found = question.option(key)
    if found is None:
        options = ", ".join(one.key for one in question.options)
        raise _usage(f"{question.id} has no option '{key}'", f"there are: {options}")
    return found


def _near(id_: str, questions: Sequence[Question]) -> str:
    from featuregen.spec.suggest import did_you_mean_or_list

    known = {one.id for one in questions} | {f"{one.id}@{one.at}" for one in questions}
    return did_you_mean_or_list(id_, known) or "run `featuregen questions` to see them"


def _usage(what: str, hint: str | None) -> FeaturegenError:
    return FeaturegenError(what, hint=hint, exit_code=_USAGE)


def _holding(text: str, *questions: Question) -> str:
    """The text, if it still is a spec."""
    file = questions[0].file if questions else "spec.yaml"
    try:
        parse_spec(text, file)
    except SpecError as error:
        first = error.diagnostics[0]
        names = ", ".join(dict.fromkeys(one.id for one in questions))
        where = f"{first.file}:{first.position.line}:{first.position.column}"
        raise FeaturegenError(
            f"the answer to {names} does not fit: {first.message}",
            where=where,
            hint="answer it by hand",
        ) from error
    return text
