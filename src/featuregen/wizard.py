"""`featuregen init` without a terminal: prompts out, answers in, a commented spec at the end.

    wizard = start()
    while (prompt := wizard.prompt()) is not None:
        match wizard.reply(input(prompt.text)):
            case Refused(message, hint): ...
            case Wizard() as wizard: ...
    wizard.spec()

Every answer is checked by the language itself: a spec is made of it and read, so that what the
wizard accepts also passes `check`. Nothing is stored anywhere, and `back()` takes an answer back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError, SpecError
from featuregen.spec.load import parse_spec
from featuregen.wizard_fields import FieldsError, read_fields
from featuregen.wizard_spec import OPERATIONS, compose_spec

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to ask now. An empty answer means `default`."""

    key: str
    text: str
    help: str
    default: str | None = None
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label); the answer is a value or its number. None: any text."""
    many: bool = False
    """Several choices, separated by commas."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer does not do; ask again."""

    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Wizard:
    """What has been answered so far, in order."""

    answers: tuple[tuple[str, str], ...] = ()

    def prompt(self) -> Prompt | None:
        """The next question; None where all are answered."""
        given = dict(self.answers)
        for step in _STEPS:
            if step.key not in given and _applies(step, given):
                return step
        return None

    def reply(self, text: str) -> Wizard | Refused:
        """The wizard with one answer more."""
        prompt = self.prompt()
        if prompt is None:
            return Refused("everything is answered")
        answer = " ".join(text.split()) or prompt.default
        if answer is None:
            return Refused("this has no default", prompt.help)
        chosen = _chosen(prompt, answer) if prompt.choices else answer
        if isinstance(chosen, Refused):
            return chosen
        answered = Wizard((*self.answers, (prompt.key, chosen)))
        return answered._fault(prompt) or answered

    def back(self) -> Wizard:
        """The wizard before the last answer."""
        return Wizard(self.answers[:-1])

    def spec(self) -> str:
        """The commented spec. Raises `FeaturegenError` while something is not answered."""
        prompt = self.prompt()
        if prompt is not None:
            raise FeaturegenError(f"'{prompt.key}' is not answered yet", exit_code=2)
        return compose_spec(dict(self.answers))

    def _fault(self, prompt: Prompt) -> Refused | None:
        """Why a spec of these answers, and of defaults for the rest, would not hold."""
        given = dict(self.answers)
        for step in _STEPS:
            if _applies(step, given):
                given.setdefault(step.key, step.default or _STAND_IN[step.key])
        try:
            if prompt.key == "fields":
                read_fields(given["fields"])
            parse_spec(compose_spec(given), "spec.yaml")
        except FieldsError as error:
            return Refused(error.message, error.hint)
        except SpecError as error:
            first = error.diagnostics[0]
            return Refused(first.message, first.hint)
        return None


def start(feature: str | None = None) -> Wizard:
    """A new wizard; a feature's name that is known already is not asked for."""
    wizard = Wizard()
    if feature is None:
        return wizard
    answered = wizard.reply(feature)
    if isinstance(answered, Refused):
        raise FeaturegenError(answered.message, hint=answered.hint, exit_code=2)
    return answered


def _chosen(prompt: Prompt, answer: str) -> str | Refused:
    values = [value for value, _ in prompt.choices]
    parts = answer.replace(",", " ").split() if prompt.many else [answer]
    found: list[str] = []
    for part in parts:
        at = int(part) - 1 if part.isascii() and part.isdigit() else -1
        if part.lower() in values:
            found.append(part.lower())
        elif 0 <= at < len(values):
            found.append(values[at])
        else:
            return Refused(f"'{part}' is not one of the choices", f"there are: {', '.join(values)}")
    return ",".join(value for value in values if value in found)


_STAND_IN = {"feature": "thing", "fields": "name string 1..100"}
_STEPS: tuple[Prompt, ...] = (
    Prompt("feature", "What is the feature called?",
           "one thing, singular, in snake_case: payment, support_ticket"),
    Prompt("summary", "What is it for, in one sentence?", "shown in the docs", "To be written"),
    Prompt("users", "Who uses it?", "customers, staff, other services", "signed-in users"),
    Prompt("work", "Who does the work?", "an upstream is an HTTP API that exists already", "code", (
        ("code", "functions that I write"), ("upstream", "another HTTP API, which is called"),
        ("stored", "the project's own database, which keeps them"))),
    Prompt("upstream", "What is that API called?", "a short name: provider, crm", "provider"),
    Prompt("credentials", "How does it know that it is us?", "kept in a setting", "bearer", (
        ("bearer", "a bearer token"), ("header", "a key in X-Api-Key"), ("none", "not at all"))),
    Prompt("fields", "Which fields does it have?",
           "amount decimal >0 <=10000 .2, currency string 3, status open|closed, note string? 500"),
    Prompt("operations", "What can be done with it?", "several, separated by commas", "create,get",
           tuple((name, label) for name, label in OPERATIONS.items()), many=True),
    Prompt("access", "Who may do it?", "a permission stands in the caller's token", "permission", (
        ("permission", "who holds a permission"), ("signed_in", "everyone who is signed in"),
        ("public", "anyone"))),
    Prompt("rate", "How often may one caller write?", "10/minute, 100/hour", "30/minute"),
)  # fmt: skip
_OF_UPSTREAMS = ("upstream", "credentials")
_NOT_OF_ROWS = ("rate",)  # `crud` says nothing of it


def _applies(step: Prompt, given: Mapping[str, str]) -> bool:
    if step.key in _NOT_OF_ROWS:
        return given.get("work") != "stored"
    return step.key not in _OF_UPSTREAMS or given.get("work") == "upstream"
