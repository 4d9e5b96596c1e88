"""The clarifying questions that a spec leaves open, and their answers as exact changes of its text.

    questions = open_questions(spec)
    text = answer(text, questions[0], "a")

Rules are deterministic; a question is closed by its answer, or by an entry of `waive`.
"""

from __future__ import annotations

from featuregen.questions.answers import (
    Answered,
    Given,
    answer,
    answer_all,
    answer_defaults,
    chosen,
    preview,
    waive,
)
from featuregen.questions.ask import explain, most_important, open_questions
from featuregen.questions.model import SEVERITIES, Option, Question, Rule, Severity

__all__ = [
    "SEVERITIES",
    "Answered",
    "Given",
    "Option",
    "Question",
    "Rule",
    "Severity",
    "answer",
    "answer_all",
    "answer_defaults",
    "chosen",
    "explain",
    "most_important",
    "open_questions",
    "preview",
    "waive",
]
