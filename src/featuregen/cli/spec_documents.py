"""The documents of commands that work on a spec alone: its questions, and a first draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.documents import head, plain

if TYPE_CHECKING:
    from featuregen.cli.first_specs import FirstSpec
    from featuregen.cli.questions import Answers
    from featuregen.documents import Document
    from featuregen.drafting import Drafted
    from featuregen.questions import Given, Question


def questions_document(
    answers: Answers, still_open: tuple[Question, ...], exit_code: int
) -> Document:
    """The questions that are open now, with every option's change; and what was answered."""
    return head("questions", exit_code) | {
        "file": plain(answers.file),
        "questions": [_question(one, answers.text) for one in still_open],
        "given": [_given(one) for one in answers.given],
        "waived": [_named(question) | {"because": why} for question, why in answers.waived],
        "left": [_named(question) | {"reason": why} for question, why in answers.left],
        "diff": answers.diff,
        "written": answers.written,
    }


def first_spec_document(first: FirstSpec) -> Document:
    """A spec that was written or printed, and what it leaves open."""
    drafted = first.drafted
    return head(first.command, 0) | {
        "feature": first.feature,
        "file": plain(first.file),
        "text": first.text,
        "notes": plain(first.notes),
        "questions": [_question(one, first.text) for one in first.questions],
        "draft": None if drafted is None else _draft(drafted),
    }


def _draft(drafted: Drafted) -> Document:
    return {
        "model": drafted.model,
        "requests": drafted.requests,
        "input_tokens": drafted.input_tokens,
        "output_tokens": drafted.output_tokens,
        "cost": None if drafted.cost is None else str(drafted.cost),
        "notes": list(drafted.notes),
    }


def _question(question: Question, text: str) -> Document:
    from featuregen.cli.question_text import changes

    return _named(question) | {
        "file": plain(question.file),
        "line": question.position.line,
        "column": question.position.column,
        "severity": question.severity,
        "text": question.text,
        "why": question.why,
        "default": question.default,
        "options": [
            {
                "key": change.option.key,
                "label": change.option.label,
                "waives": change.option.waives,
                "diff": change.diff,
                "fault": change.fault,
            }
            for change in changes(question, text)
        ],
    }


def _given(given: Given) -> Document:
    return _named(given.question) | {"option": given.option.key, "label": given.option.label}


def _named(question: Question) -> Document:
    return {"id": question.id, "at": question.at}
