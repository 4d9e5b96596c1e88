"""The tools' answers as pydantic models: those of `--json` with what an agent needs beside them."""

from __future__ import annotations

from typing import Any, Literal

from featuregen import json_models
from featuregen.json_models import Part


class Fix(Part):
    """Write `new` for `old` at this place of the spec; `line` and `column` count from 1."""

    line: int
    column: int
    old: str
    new: str


class Diagnostic(json_models.Diagnostic):
    fix: Fix | None


class Step(Part):
    """What to call now. `tool` is empty where it is the agent's own turn."""

    tool: str
    arguments: dict[str, Any]
    why: str


class More(Part):
    """A list or a text that was cut: `explain(subject)` has all of it, in pages."""

    what: str
    shown: int
    total: int
    subject: str


class Option(Part):
    """One answer to a question; `edit` is what it changes in the spec."""

    key: str
    label: str
    edit: str


class Question(Part):
    """What the spec leaves open. Answer it with `FGQ012=b`, or `FGQ012@models.Payment=b`."""

    id: str
    at: str
    line: int
    severity: Literal["high", "medium", "low"]
    text: str
    why: str
    default: str
    options: tuple[Option, ...]


class Answer(json_models.Document):
    """What every answer has; a tool that was stopped answers with this alone."""

    diagnostics: tuple[Diagnostic, ...]
    status: Literal["done", "needs_input", "stopped"]
    next: tuple[Step, ...]
    more: tuple[More, ...]


class SpecAnswer(Answer):
    """What answers about a spec have: `spec_id` stands for its text from here on.

    `spec_diff` is what answers and fixes have changed in it.
    """

    spec_id: str
    spec_diff: str
    questions: tuple[Question, ...]
    open_questions: int


class CheckAnswer(SpecAnswer, json_models.CheckDocument):
    pass


class PlanAnswer(SpecAnswer, json_models.PlanDocument):
    """Of a new feature."""

    plan_id: str


class UpdatePlanAnswer(SpecAnswer, json_models.RunDocument):
    """Of a feature that is there already."""

    plan_id: str


class QuestionsAnswer(SpecAnswer):
    """Of a plan that waits for answers."""

    plan_id: Literal[""]


class RunAnswer(Answer, json_models.RunDocument):
    pass


class ProjectAnswer(Answer):
    """What stands in the folder; `project` and `features` are those of `status --json`."""

    root: str
    exists: bool
    project: json_models.FeatureStatus | None
    features: tuple[json_models.FeatureStatus, ...]
    routes: tuple[str, ...]
    specs: tuple[str, ...]


class TextAnswer(Answer):
    """A page of text."""

    subject: str
    text: str
    page: int
    pages: int
