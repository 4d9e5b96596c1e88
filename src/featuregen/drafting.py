"""A ticket → a first spec, written by a language model and held to the language.

    drafted = draft(ticket, "openai:gpt-5")

The model writes YAML text, not values for a JSON Schema: a spec's comments and order are worth
keeping, its keys are names that the author chooses (which the strict modes of several providers
forbid), diagnostics of a text have lines, and any provider can write text. What it writes is data
to us: it is parsed, never run. What the ticket leaves open stays open, as questions for people.

Needs the extra `featuregen[llm]`; a provider's own package and key are the user's choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError, SpecError

if TYPE_CHECKING:
    from asyncio import Runner
    from collections.abc import Iterable
    from decimal import Decimal

    from pydantic_ai import Agent, RunUsage
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model

    from featuregen.questions import Question
    from featuregen.spec.model import FeatureSpec

MOST_REQUESTS = 6
_MOST_DIAGNOSTICS = 20
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


def draft(ticket: str, model: str | Model) -> Drafted:
    """The spec of a ticket. Raises `FeaturegenError` where no attempt makes one that holds."""
    try:
        from pydantic_ai import Agent
    except ImportError as error:
        raise no_model("the extra featuregen[llm] is not installed") from error
    from featuregen.drafting_prompt import instructions

    found = _model(model)
    agent = Agent(found, instructions=instructions())
    return _Conversation(agent, f"{found.system}:{found.model_name}").run(ticket)


def _model(model: str | Model) -> Model:
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.models import infer_model

    try:
        return infer_model(model)
    except (ImportError, UserError) as error:
        raise no_model(f"the model '{model}' cannot be used: {error}") from error


class _Conversation:
    """Attempts until a spec holds; then once, what the ticket may answer of what it leaves open."""

    def __init__(self, agent: Agent[object, str], name: str) -> None:
        from pydantic_ai import RunUsage

        self.agent, self.name = agent, name
        self.usage: RunUsage = RunUsage()
        self.history: list[ModelMessage] = []
        self.best: FeatureSpec | None = None
        self.fault = ""

    def run(self, ticket: str) -> Drafted:
        from asyncio import Runner

        from pydantic_ai.exceptions import AgentRunError, UserError

        try:
            with Runner() as runner:  # one loop for all requests, and closed: `run_sync` leaves one
                self._talk(_first(ticket), runner)
        except (AgentRunError, UserError) as error:
            if self.best is None:
                raise FeaturegenError(
                    f"{self.name} gave no answer: {error}",
                    hint=f"nothing was written; {_spent(self)}",
                ) from error
            return self._drafted((f"the model stopped before its last answer: {error}",))
        return self._drafted()

    def _talk(self, prompt: str, runner: Runner) -> None:
        asked = False
        for _ in range(MOST_REQUESTS):
            text = runner.run(self._ask(prompt))
            spec, fault = _read(text)
            if spec is None:
                self.fault = fault
                prompt = _refused(fault)
                continue
            from featuregen.questions import open_questions

            self.best = spec
            questions = open_questions(spec)
            if asked or not questions:
                return
            asked = True
            prompt = _still_open(questions)

    async def _ask(self, prompt: str) -> str:
        from pydantic_ai import UsageLimits

        result = await self.agent.run(
            prompt,
            message_history=self.history,
            usage=self.usage,
            usage_limits=UsageLimits(request_limit=2 * MOST_REQUESTS),
        )
        self.history = result.all_messages()
        return yaml_of(result.output)

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


def _read(text: str) -> tuple[FeatureSpec | None, str]:
    """The spec, or why it does not hold."""
    from featuregen.diagnostics import render
    from featuregen.spec.load import parse_spec

    try:
        spec = parse_spec(text, _FILE)
    except SpecError as error:
        return None, render(error.diagnostics[:_MOST_DIAGNOSTICS], text)
    if spec.waivers:
        return None, "waive: a question is waived by a person only; leave `waive` out\n"
    return spec, ""


def _first(ticket: str) -> str:
    return f"Write the spec of this ticket.\n\n<ticket>\n{ticket.strip()}\n</ticket>"


def _refused(fault: str) -> str:
    return (
        f"The spec does not hold yet. Mend all of this, and write the whole spec again.\n\n{fault}"
    )


def _still_open(questions: Iterable[Question]) -> str:
    lines = [f"- {one.id} at {one.at} (line {one.position.line}): {one.text}" for one in questions]
    return (
        "The spec holds. It leaves these questions open. Where the ticket answers one, say so in "
        "the spec; where it does not, leave it open: a person will answer it. Invent nothing. "
        "Write the whole spec again.\n\n" + "\n".join(lines)
    )
