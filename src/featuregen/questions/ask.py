"""Which questions a spec leaves open, and which of them matter most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.catalog import RULES
from featuregen.questions.model import SEVERITIES
from featuregen.questions.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.questions.model import Question, Rule
    from featuregen.spec.model import FeatureSpec


def open_questions(spec: FeatureSpec) -> tuple[Question, ...]:
    """Every question that neither the spec nor a `waive` entry answers, in the text's order."""
    survey = Survey(spec)
    every = (question for rule in RULES for question in rule.questions(survey))
    left = [one for one in every if not survey.waived(one.id, one.at)]
    return tuple(sorted(left, key=lambda one: (one.position.line, one.position.column, one.id)))


def most_important(questions: Iterable[Question], limit: int = 5) -> tuple[Question, ...]:
    """The few to ask first: by severity, then in the order of the text."""
    ranked = sorted(questions, key=lambda one: SEVERITIES.index(one.severity))
    return tuple(ranked[:limit])


def explain(question: str) -> Rule | None:
    """The rule behind a question's id."""
    return next((rule for rule in RULES if rule.id == question.upper()), None)
