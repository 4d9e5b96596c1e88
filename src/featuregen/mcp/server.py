"""The MCP server: eight tools over one project folder, and resources that say the same.

A tool parses nothing: it hands its arguments to `work` or `look` on a worker thread, and puts the
answer on the wire, as structured content and as compact JSON for clients that read only text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

import anyio.to_thread
from mcp.server.mcpserver import Context, Elicit, ElicitationResult, MCPServer, Resolve
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from featuregen.errors import FeaturegenError
from featuregen.mcp import look, work
from featuregen.mcp.asking import Replies, form, replies_as_answers
from featuregen.mcp.bench import Bench
from featuregen.mcp.documents import stopped
from featuregen.mcp.pages import compact
from featuregen.mcp.reference import example_text, schema_text
from featuregen.mcp.telling import Telling
from featuregen.version import VERSION

if TYPE_CHECKING:
    from featuregen.mcp.documents import Document

INSTRUCTIONS = """\
featuregen turns a feature spec in YAML into a tested FastAPI feature; do not write that by hand.
inspect_project, then spec_reference; write the spec; check_spec; ask the user what it leaves open;
plan_feature; generate_feature (update_feature for a feature that is there); write the hooks it
lists; verify_feature. Every answer's `next` says what to call now; a diagnostic's `fix` is an exact
edit."""

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ok": {"type": "boolean"},
        "status": {"enum": ["done", "needs_input", "stopped"]},
        "diagnostics": {"type": "array"},
        "next": {"type": "array"},
        "more": {"type": "array"},
    },
    "required": ["ok", "status", "diagnostics", "next", "more"],
}
"""What all answers share. `featuregen.mcp.models` has each in full: eight of those would cost every
conversation 20 KB."""

Spec = Annotated[str, Field(description="YAML text, a path below the root, or a spec_id")]
Answers = Annotated[
    list[str],
    Field(default_factory=list, description="FGQ012=b, FGQ012@path=b, or FGQ012=no, because …"),
]
Features = Annotated[list[str], Field(default_factory=list, description="without, all")]
Fix = Annotated[bool, Field(description="make the fixes first")]
Into = Annotated[str, Field(description="the project's folder, below the root")]
PlanId = Annotated[str, Field(description="of plan_feature")]
Page = Annotated[int, Field(ge=1)]


class FeatureServer(MCPServer[None]):
    """An MCP server with its bench."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(
            "featuregen",
            version=VERSION,
            instructions=INSTRUCTIONS,
            tools=list(_tools()),
            log_level="WARNING",
        )
        self.bench = bench
        _add_resources(self)


def _bench(ctx: Context) -> Bench:
    return cast("FeatureServer", ctx.mcp_server).bench


async def inspect_project(ctx: Context, into: Into = ".") -> CallToolResult:
    """What stands in the folder: features, routes, what is due or edited, specs. Call it first."""
    return await _run(ctx, "status", partial(look.inspect_project, _bench(ctx), into))


async def spec_reference(ctx: Context, topic: str = "", page: Page = 1) -> CallToolResult:
    """The spec language: an overview with the list of topics, or one topic."""
    return await _run(ctx, "schema", partial(look.spec_reference, topic, page))


async def check_spec(
    ctx: Context,
    spec: Spec,
    answers: Answers,
    fix: Fix = False,  # noqa: FBT002 - a tool's arguments have names
) -> CallToolResult:
    """Every error of a spec, with exact fixes, and the questions that it leaves open."""
    return await _run(ctx, "check", partial(work.check_spec, _bench(ctx), spec, answers, fix=fix))


async def _ask(ctx: Context, spec: str, answers: list[str]) -> Replies | Elicit[Replies]:
    """The person is asked where the client can; else the plan says `needs_input`."""
    capabilities = ctx.client_capabilities
    if capabilities is None or capabilities.elicitation is None:
        return Replies()
    return await anyio.to_thread.run_sync(form, _bench(ctx), spec, answers)


async def plan_feature(
    ctx: Context,
    spec: Spec,
    replies: Annotated[ElicitationResult[Replies], Resolve(_ask)],
    answers: Answers,
    into: Into = ".",
) -> CallToolResult:
    """Show what would be written, and get its plan_id. Urgent open questions come first."""
    bench = _bench(ctx)

    def body() -> Document:
        given = replies.data if replies.action == "accept" else Replies()
        found = replies_as_answers(bench, spec, answers, given)
        return work.plan_feature(bench, spec, found, into)

    return await _run(ctx, "plan", body)


async def generate_feature(ctx: Context, plan_id: PlanId) -> CallToolResult:
    """Write a new feature with its tests: all of it, proven, or nothing."""
    body = partial(work.generate_feature, _bench(ctx), plan_id, Telling(ctx.report_progress))
    return await _run(ctx, "new", body)


async def update_feature(ctx: Context, plan_id: PlanId) -> CallToolResult:
    """Bring a changed spec into its feature; edits by hand stay."""
    body = partial(work.update_feature, _bench(ctx), plan_id, Telling(ctx.report_progress))
    return await _run(ctx, "update", body)


async def verify_feature(
    ctx: Context,
    features: Features,
    into: Into = ".",
) -> CallToolResult:
    """Run ruff, mypy and the tests with coverage; name the hooks that are still open."""
    telling = Telling(ctx.report_progress)
    return await _run(
        ctx, "verify", partial(look.verify_feature, _bench(ctx), features, into, telling)
    )


async def explain(
    ctx: Context,
    subject: Annotated[str, Field(description="FG103, FGQ012, or a subject of more[]")],
    page: Page = 1,
) -> CallToolResult:
    """What a code or a question means; the rest of an answer that was cut."""
    return await _run(ctx, "explain", partial(look.explain, _bench(ctx), subject, page))


async def _run(ctx: Context, command: str, body: Callable[[], Document]) -> CallToolResult:
    """Do the work on a thread of its own; what stopped it is an answer, too."""
    document = await anyio.to_thread.run_sync(partial(_answered, command, body))
    document = _bench(ctx).shelf.shortened(document)
    text = TextContent(type="text", text=compact(document))
    return CallToolResult(
        content=[text], structured_content=document, is_error=document["error"] is not None
    )


def _answered(command: str, body: Callable[[], Document]) -> Document:
    try:
        return body()
    except FeaturegenError as error:
        return stopped(command, error)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is told, with its traceback in a file
        from featuregen.crashes import crash

        return stopped(command, crash(error))


_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_PROVES = ToolAnnotations(read_only_hint=True)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True)

TOOLS = (
    (inspect_project, _READS),
    (spec_reference, _READS),
    (check_spec, _READS),
    (plan_feature, _READS),
    (generate_feature, _WRITES),
    (update_feature, _WRITES),
    (verify_feature, _PROVES),
    (explain, _READS),
)


def _tools() -> list[Tool]:
    tools = []
    for function, hints in TOOLS:
        tool = Tool.from_function(function, annotations=hints)
        tool.fn_metadata.output_schema = ANSWER_SCHEMA
        tool.parameters = _untitled(tool.parameters)
        tools.append(tool)
    return tools


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the titles that pydantic makes of the names."""
    properties = {
        name: {key: value for key, value in one.items() if key != "title"}
        for name, one in schema.get("properties", {}).items()
    }
    return {key: value for key, value in schema.items() if key != "title"} | {
        "properties": properties
    }


def _add_resources(server: FeatureServer) -> None:
    """The same as the tools tell, for clients whose people pick what a model reads."""

    @server.resource("featuregen://schema", mime_type="application/schema+json")
    def schema() -> str:
        """The JSON Schema of specs."""
        return schema_text()

    @server.resource("featuregen://examples/payment", mime_type="application/yaml")
    def payment() -> str:
        """A whole spec: a payment API over an upstream."""
        return example_text()

    @server.resource("featuregen://report/{feature}", mime_type="text/markdown")
    def report(feature: str) -> str:
        """A feature's report, without running its tests again."""
        return _report(server.bench, feature)

    @server.prompt()
    def implement_feature(ticket: str) -> str:
        """From a ticket to a finished feature."""
        return f"{INSTRUCTIONS}\n\nImplement this ticket with featuregen:\n\n{ticket}"


def _report(bench: Bench, feature: str) -> str:
    from featuregen.pipeline import Options, report
    from featuregen.progress import Silent
    from featuregen.report import as_markdown

    try:
        root = bench.project_root(".")
        return as_markdown(report(root, feature, Options(verify=False), Silent()))
    except FeaturegenError as error:
        raise ResourceNotFoundError(f"{error.what}; {error.hint or ''}".strip("; ")) from error


__all__ = ["ANSWER_SCHEMA", "TOOLS", "FeatureServer"]
