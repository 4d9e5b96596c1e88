"""Questions put to the person at the client, where the client can: one form, one field each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mcp.server.mcpserver import Elicit
from pydantic import BaseModel, ConfigDict, Field, create_model

from featuregen.errors import FeaturegenError
from featuregen.mcp.work import answered, urgent
from featuregen.spec.load import parse_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from featuregen.mcp.bench import Bench
    from featuregen.questions import Question

LEFT_OPEN = "leave it open"


class Replies(BaseModel):
    """What a person chose: `q1`, `q2`, … are options as the form shows them."""

    model_config = ConfigDict(extra="allow")


def form(bench: Bench, spec: str, answers: Sequence[str]) -> Replies | Elicit[Replies]:
    """The form for what keeps a spec from being planned; no replies where nothing does."""
    try:
        questions = _questions(bench, spec, answers)
    except FeaturegenError:
        return Replies()  # the tool itself tells it
    if not questions:
        return Replies()
    fields: dict[str, Any] = {
        f"q{number}": (_choices(one), Field(title=one.text, description=one.why))
        for number, one in enumerate(questions, 1)
    }
    file = questions[0].file
    message = f"{file} leaves {len(questions)} important question(s) open."
    return Elicit(message, create_model("Answers", __base__=Replies, **fields))


def replies_as_answers(
    bench: Bench, spec: str, answers: Sequence[str], replies: Replies
) -> list[str]:
    """The answers that the tool was called with, and those of the form."""
    given = replies.model_extra or {}
    chosen = {**replies.model_dump(), **given}
    if not chosen:
        return list(answers)
    found = list(answers)
    for number, one in enumerate(_questions(bench, spec, answers), 1):
        reply = str(chosen.get(f"q{number}", LEFT_OPEN))
        if reply != LEFT_OPEN:
            found.append(f"{one.id}@{one.at}={reply.partition(':')[0]}")
    return found


def _questions(bench: Bench, spec: str, answers: Sequence[str]) -> tuple[Question, ...]:
    given = bench.read_spec(spec)
    loaded = parse_spec(given.text, given.shown_as)
    return urgent(answered(given, loaded, answers)[1])


def _choices(question: Question) -> Any:  # noqa: ANN401 - a type made of values
    labels = [f"{option.key}: {option.label}" for option in question.options]
    return Literal[(*labels, LEFT_OPEN)]
