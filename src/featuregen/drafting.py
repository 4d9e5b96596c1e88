"""A ticket → a first spec, written by a language model and held to the language.

    drafted = draft(ticket, "openai:gpt-5")

The model answers with values for the language's own JSON Schema, which are written as YAML in the
language's order; with `as_text` it writes the YAML itself, for models that take no such schema.
What it answers is data to us: it is parsed, never run. Diagnostics, and once the questions that are
open, go back to it as retries. What the ticket leaves open stays open, as questions for people.

Needs the extra `featuregen[llm]`; a provider's own package and key are the user's choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from featuregen.drafting_prompt import instructions, model_schema
from featuregen.errors import FeaturegenError, SpecError
from featuregen.importing.imported import written
from featuregen.spec.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from pydantic_ai import RunUsage
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model

    from featuregen.errors import Diagnostic
    from featuregen.questions import Question
    from featuregen.spec.model import FeatureSpec
    from featuregen.spec.yaml_text import Plain

MOST_REQUESTS = 6
_MOST_DIAGNOSTICS = 20
_REFUSED_AS_IT_IS = (400, 413, 422)
_FENCED = re.compile(r"^```[a-z]*\s*\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_FILE = "spec.yaml"
_WITHOUT = """\
with a model: pip install 'featuregen[llm]'; featuregen draft TICKET --model PROVIDER:NAME
without one, a wizard asks for the feature: featuregen init
a coding agent writes the spec itself, over MCP: featuregen agents install, or featuregen mcp
and without MCP: featuregen schema, then featuregen questions SPEC --json
see docs/ticket-to-spec.md"""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A spec that holds, and what it took. `cost` is in US dollars; None where it is not known."""

    feature: str
    text: str
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    notes: tuple[str, ...] = ()


def no_model(what: str) -> FeaturegenError:
    """Why there is no draft, and the ways that need no model."""
    return FeaturegenError(what, hint=_WITHOUT)


def draft(ticket: str, model: str | Model, *, as_text: bool = False) -> Drafted:
    """The spec of a ticket. Raises `FeaturegenError` where no attempt makes one that holds."""
    try:
        import pydantic_ai  # noqa: F401 - says whether the extra is there
    except ImportError as error:
        raise no_model("the extra featuregen[llm] is not installed") from error
    return _Conversation(_model(model), as_text=as_text).run(ticket)


def _model(model: str | Model) -> Model:
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.models import infer_model

    try:
        return infer_model(model)
    except (ImportError, UserError) as error:
        raise no_model(f"the model '{model}' cannot be used: {error}") from error


class _Conversation:
    """Attempts until a spec holds; then once, what the ticket may answer of what it leaves open."""

    def __init__(self, model: Model, *, as_text: bool) -> None:
        from pydantic_ai import Agent, RunUsage

        self.name = f"{model.system}:{model.model_name}"
        self.as_text = as_text
        self.agent: Agent[object, Any] = Agent(
            model,
            output_type=str if as_text else _spec_type(),
            instructions=instructions(as_text=as_text),
            retries={"output": MOST_REQUESTS - 1},
        )
        self.agent.output_validator(self._held)
        self.usage: RunUsage = RunUsage()
        self.history: list[ModelMessage] = []
        self.best: FeatureSpec | None = None
        self.asked = False
        self.fault = "it answered with nothing that could be a spec"

    def run(self, ticket: str) -> Drafted:
        from asyncio import Runner

        from pydantic_ai.exceptions import AgentRunError, UserError

        try:
            with Runner() as runner:  # one loop for all requests, and closed: `run_sync` leaves one
                runner.run(self._ask(_first(ticket)))
        except (AgentRunError, UserError) as error:
            if self.usage.requests >= MOST_REQUESTS:
                return self._drafted()
            if self.best is None:
                raise FeaturegenError(
                    f"{self.name} gave no answer: {error}", hint=self._hint(error)
                ) from error
            return self._drafted((f"the model stopped before its last answer: {error}",))
        return self._drafted()

    async def _ask(self, prompt: str) -> None:
        from pydantic_ai import UsageLimits, capture_run_messages

        with capture_run_messages() as self.history:
            await self.agent.run(
                prompt, usage=self.usage, usage_limits=UsageLimits(request_limit=MOST_REQUESTS)
            )

    async def _held(self, answer: str | dict[str | int, Plain]) -> object:
        """The answer, once it makes a spec that holds and its questions were asked."""
        from pydantic_ai import ModelRetry

        from featuregen.questions import open_questions

        text = yaml_of(answer) if isinstance(answer, str) else written(canonical(answer), "")
        spec, fault = _read(text, with_lines=self.as_text)
        if spec is None:
            self.fault = fault
            raise ModelRetry(_refused(fault))
        self.best = spec
        questions = open_questions(spec)
        if questions and not self.asked:
            self.asked = True
            raise ModelRetry(_still_open(questions))
        return answer

    def _hint(self, error: Exception) -> str:
        spent = f"nothing was written; {_spent(self)}"
        if self.as_text or not _may_be_the_schema(error):
            return spent
        return f"{spent}\nwhere the model takes no such schema: featuregen draft TICKET --text"

    def _drafted(self, notes: tuple[str, ...] = ()) -> Drafted:
        if self.best is None:
            raise FeaturegenError(
                f"{self.name} wrote no spec that holds, in {self.usage.requests} attempts",
                hint=f"the last one: {self.fault.strip()}\n{_spent(self)}",
            )
        return Drafted(
            self.best.feature,
            self.best.source.text,
            self.name,
            self.usage.requests,
            self.usage.input_tokens,
            self.usage.output_tokens,
            cost_of(self.history),
            notes,
        )


def _spent(conversation: _Conversation) -> str:
    usage = conversation.usage
    return f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out were used"


def cost_of(history: Iterable[ModelMessage]) -> Decimal | None:
    """Of all answers; None as soon as one has no known price."""
    from decimal import Decimal

    from pydantic_ai.messages import ModelResponse

    try:
        prices = [one.cost().total_price for one in history if isinstance(one, ModelResponse)]
    except (LookupError, AssertionError):
        return None
    return sum(prices, Decimal(0))


def yaml_of(answer: str) -> str:
    """The spec in an answer: its first fenced block, or all of it."""
    block = _FENCED.search(answer)
    return (block[1] if block else answer).strip("\n") + "\n"


def _spec_type() -> type[dict[str, Any]]:
    from pydantic_ai import StructuredDict

    return StructuredDict(model_schema(), name="feature_spec", description="The whole spec")


def _may_be_the_schema(error: Exception) -> bool:
    """A request that was refused as it stands, or that this model has no way to make."""
    from pydantic_ai.exceptions import UserError

    return isinstance(error, UserError) or getattr(error, "status_code", None) in _REFUSED_AS_IT_IS


def _read(text: str, *, with_lines: bool) -> tuple[FeatureSpec | None, str]:
    """The spec, or why it does not hold."""
    from featuregen.spec.load import parse_spec

    try:
        spec = parse_spec(text, _FILE)
    except SpecError as error:
        return None, _told(error.diagnostics[:_MOST_DIAGNOSTICS], text, with_lines=with_lines)
    if spec.waivers:
        return None, "waive: a question is waived by a person only; leave `waive` out\n"
    return spec, ""


def _told(found: tuple[Diagnostic, ...], text: str, *, with_lines: bool) -> str:
    """Diagnostics with their lines for one who wrote the text, else with their paths."""
    if with_lines:
        from featuregen.diagnostics import render

        return render(found, text)
    return "".join(
        f"- {one.path or 'the spec'}: {one.severity}[{one.code}]: {one.message}"
        f"{f' ({one.hint})' if one.hint else ''}\n"
        for one in found
    )


def _first(ticket: str) -> str:
    return f"Write the spec of this ticket.\n\n<ticket>\n{ticket.strip()}\n</ticket>"


def _refused(fault: str) -> str:
    return (
        f"The spec does not hold yet. Mend all of this, and write the whole spec again.\n\n{fault}"
    )


def _still_open(questions: Iterable[Question]) -> str:
    lines = [f"- {one.id} at {one.at}: {one.text}" for one in questions]
    return (
        "The spec holds. It leaves these questions open. Where the ticket answers one, say so in "
        "the spec; where it does not, leave it open: a person will answer it. Invent nothing. "
        "Write the whole spec again.\n\n" + "\n".join(lines)
    )
