"""Talks to the MCP server as a client does, in memory; every answer is held against its model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from featuregen.mcp import models
from featuregen.mcp.bench import Bench
from featuregen.pipeline import Options

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client.session import ClientRequestContext, ElicitationFnT
    from mcp.types import ElicitRequestParams, ElicitResult

Answer = dict[str, Any]
Reply: TypeAlias = "Callable[[ElicitRequestParams], ElicitResult]"
"""A person at the client, who fills in a form."""

GREETING = """\
featuregen: 1
feature: greeting
models:
  Greeting: {fields: {text: {type: string, max_length: 100}}}
operations:
  say_hello:
    method: GET
    path: /
    response: Greeting
    permission: greetings.read
    hook: say_hello
"""

PUBLIC = GREETING.replace("permission: greetings.read", "auth: none")
"""Leaves a question of high severity open: a public endpoint without a rate limit."""


@asynccontextmanager
async def connected(
    root: Path,
    *,
    mode: str = "auto",
    options: Options | None = None,
    person: Reply | None = None,
) -> AsyncIterator[Client]:
    """A client of a server of its own."""
    from mcp import Client

    from featuregen.mcp.server import FeatureServer

    callback = None if person is None else _asked(person)
    server = FeatureServer(Bench(root, options or Options(verify=False)))
    async with Client(server, mode=mode, elicitation_callback=callback) as client:
        yield client


def _asked(reply: Reply) -> ElicitationFnT:
    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert context.request_id is not None
        return reply(params)

    return ask


async def call(client: Client, tool: str, /, **arguments: object) -> Answer:
    """The answer of a tool: it fits its model, and its text says the same."""
    from json import loads

    result = await client.call_tool(tool, arguments)
    assert result.structured_content is not None, result.content
    answer: Answer = result.structured_content
    [content] = result.content
    assert content.type == "text"
    assert loads(content.text) == answer
    assert result.is_error == (answer["error"] is not None)
    model_of(tool, answer).model_validate(answer)
    return answer


async def follow(client: Client, answer: Answer) -> Answer:
    """Do what the answer says is next."""
    [step] = answer["next"]
    return await call(client, step["tool"], **step["arguments"])


def model_of(tool: str, answer: Mapping[str, Any]) -> type[models.Answer]:
    if answer["error"] is not None:
        return models.Answer
    if tool == "plan_feature":
        if answer["status"] == "needs_input":
            return models.QuestionsAnswer
        return models.UpdatePlanAnswer if "outcome" in answer else models.PlanAnswer
    return _MODELS[tool]


_MODELS: dict[str, type[models.Answer]] = {
    "inspect_project": models.ProjectAnswer,
    "spec_reference": models.TextAnswer,
    "check_spec": models.CheckAnswer,
    "generate_feature": models.RunAnswer,
    "update_feature": models.RunAnswer,
    "verify_feature": models.RunAnswer,
    "explain": models.TextAnswer,
}
