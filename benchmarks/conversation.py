"""One whole conversation of tool calls: a ticket with holes becomes a verified feature.

The agent's part is written down here, so that no model is needed; the answers are the server's.
`docs/payment-transcript.md` is this conversation as it ran (`python benchmarks/conversation.py`):
a test runs it again.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from featuregen.mcp.pages import compact
from featuregen.pipeline import Options

if TYPE_CHECKING:
    from mcp import Client

TICKET = Path(__file__).resolve().parent / "ticket"
TRANSCRIPT = Path(__file__).resolve().parents[1] / "docs" / "payment-transcript.md"
SPEC = "features/payment.yaml"
HOOKS = "app/services/payment_hooks.py"

Answer = dict[str, Any]

INTRODUCTION = """\
# The payment ticket, from text with holes to a report

What a coding agent and the MCP server of featuregen say to each other, as it ran. The agent's part
is fixed in `benchmarks/conversation.py`; the answers are the server's, and show here the keys that
matter at that point. A test runs the whole of it again, and fails where an answer differs by more
than a time, a count or an id. After a change of the templates or the language it is written anew by
`python benchmarks/conversation.py`.
"""


@dataclass
class Exchange:
    """One call and its answer, in bytes as they go over the wire."""

    tool: str
    sent: int
    received: int


@dataclass
class Conversation:
    """The talk so far: as text, and what its calls have cost."""

    client: Client
    root: Path
    text: list[str] = field(default_factory=lambda: [INTRODUCTION])
    exchanges: list[Exchange] = field(default_factory=list)
    spec: str = ""
    """As the agent wrote it."""

    def heading(self, title: str) -> None:
        self.text.append(f"## {title}\n")

    def say(self, text: str) -> None:
        self.text.append(f"{text}\n")

    def quote(self, who: str, text: str) -> None:
        lines = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
        self.text.append(f"> **{who}:**\n>\n{lines}\n")

    def block(self, language: str, text: str) -> None:
        self.text.append(f"```{language}\n{text.rstrip()}\n```\n")

    async def call(self, tool: str, show: Callable[[Answer], object], **given: object) -> Answer:
        """Call a tool; what `show` takes out of the answer is written down."""
        result = await self.client.call_tool(tool, given)
        if result.structured_content is None:
            raise SystemExit(f"{tool} has no answer: {result.content}")
        answer: Answer = result.structured_content
        self.exchanges.append(
            Exchange(tool, len(compact(given).encode()), len(compact(answer).encode()))
        )
        arguments = ", ".join(f"{name}={dumps(value)}" for name, value in given.items())
        self.say(f"**→ `{tool}({arguments})`**")
        self.block("json", dumps(show(answer), indent=2, ensure_ascii=False))
        return answer

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"{path} holds {old!r} {text.count(old)} times")
        self.write(path, text.replace(old, new))


def keys(*names: str) -> Callable[[Answer], object]:
    return lambda answer: {name: answer[name] for name in names}


async def hold(talk: Conversation) -> None:
    """From the ticket to the report."""
    await look(talk)
    spec = (TICKET / "payment.yaml").read_text(encoding="utf-8")
    talk.heading("The spec")
    talk.say(
        f"The agent writes `{SPEC}`. It has holes, because the ticket has, and a slip of the pen."
    )
    talk.block("yaml", spec)
    talk.write(SPEC, spec)
    talk.spec = spec
    await check(talk)
    plan = await ask(talk)
    hooks = await generate(talk, plan)
    proof = await fill(talk, hooks)
    report(talk, proof)


async def look(talk: Conversation) -> None:
    talk.heading("The ticket")
    talk.quote("PAY-142", (TICKET / "ticket.md").read_text(encoding="utf-8"))
    await talk.call("inspect_project", keys("exists", "features", "specs"))
    await talk.call("spec_reference", lambda answer: {"bytes": len(answer["text"].encode())})
    for topic in ("upstreams", "calls"):
        await talk.call(
            "spec_reference", lambda answer: {"bytes": len(answer["text"].encode())}, topic=topic
        )


async def check(talk: Conversation) -> None:
    talk.heading("The check")
    answer = await talk.call(
        "check_spec",
        lambda answer: {
            "status": answer["status"],
            "diagnostics": [
                {name: one[name] for name in ("code", "message", "hint", "fix")}
                for one in answer["diagnostics"][:1]
            ],
        },
        spec=SPEC,
    )
    fix = answer["diagnostics"][0]["fix"]
    talk.say(f"The agent makes the edit: `{fix['old']}` becomes `{fix['new']}`.")
    talk.replace(SPEC, fix["old"], fix["new"])


async def ask(talk: Conversation) -> Answer:
    talk.heading("The questions")
    waiting = await talk.call("check_spec", _questions, spec=SPEC)
    talk.say("No answer is in the ticket, and all are about money or access: the agent asks.")
    talk.quote(
        "The agent",
        "\n".join(f"{number}. {one['text']}" for number, one in enumerate(waiting["questions"], 1)),
    )
    talk.quote(
        "The customer",
        "1. Yes, it knows the header Idempotency-Key.\n2. Who may create payments, of course.\n"
        "3. Support only: whoever may read payments.\n4. Our gateway limits that already.",
    )
    given = [
        "FGQ032=b", "FGQ050=a", "FGQ053=a", "FGQ051=no, because the gateway in front limits it",
    ]  # fmt: skip
    plan = await talk.call("check_spec", _questions, spec=SPEC, answers=given)
    talk.say("Nothing urgent is open. The rest the agent decides, and will report.")
    decided = ["FGQ030=a", "FGQ034=a", "FGQ010=a", "FGQ001=a", "FGQ052=a"]
    return await talk.call(
        "plan_feature",
        lambda answer: {
            "open_questions": answer["open_questions"],
            "spec_diff": answer["spec_diff"].splitlines(),
            "routes": [_route(one) for one in answer["feature"]["routes"]],
            "files": _total(answer, "files"),
            "plan_id": answer["plan_id"],
        },
        spec=plan["spec_id"],
        answers=decided,
    )


def _questions(answer: Answer) -> object:
    return {
        "status": answer["status"],
        "open_questions": answer["open_questions"],
        "questions": [
            {
                "id": one["id"],
                "severity": one["severity"],
                "text": one["text"],
                "options": {option["key"]: option["label"] for option in one["options"]},
            }
            for one in answer["questions"]
        ],
    }


def _total(answer: Answer, what: str) -> int:
    cut = [one["total"] for one in answer["more"] if one["what"] == what]
    return cut[0] if cut else len(answer[what])


def _route(one: Answer) -> str:
    statuses = ", ".join(map(str, one["statuses"]))
    return f"{one['method']} {one['path']} ({one['access']}): {statuses}"


async def generate(talk: Conversation, plan: Answer) -> list[Answer]:
    talk.heading("The feature")
    answer = await talk.call(
        "generate_feature",
        lambda answer: {
            "outcome": answer["outcome"],
            "proof": _proof(answer),
            "next": [one["why"] for one in answer["next"]],
        },
        plan_id=plan["plan_id"],
    )
    hooks: list[Answer] = proven(answer)["feature"]["hooks"]
    return hooks


def proven(answer: Answer) -> Answer:
    """The answer, unless its proof failed: then the conversation has no happy end to show."""
    if not answer["ok"]:
        raise SystemExit(dumps(answer, indent=1))
    return answer


async def fill(talk: Conversation, hooks: list[Answer]) -> Answer:
    talk.heading("The hook")
    [hook] = hooks
    body = (TICKET / "quote_fee.py").read_text(encoding="utf-8")
    talk.say(f"`{hook['at']}` is the agent's to write. The file gives types, criteria and errors:")
    generated = (talk.root / HOOKS).read_text(encoding="utf-8")
    talk.block("python", generated)
    talk.say("The agent replaces the last line, and imports what it uses:")
    talk.block("python", body)
    talk.replace(HOOKS, '    raise NotImplementedYetError("quote_fee")\n', body)
    talk.replace(
        HOOKS,
        "from app.core.errors import NotImplementedYetError\n",
        "from decimal import ROUND_HALF_UP, Decimal\n\n",
    )
    answer = await talk.call(
        "verify_feature",
        lambda answer: {
            "outcome": answer["outcome"],
            "proof": _proof(answer),
            "hooks": answer["feature"]["hooks"],
        },
        features=["payment"],
    )
    return proven(answer)


def _proof(answer: Answer) -> object:
    if answer["verification"] is None:
        return "not run"
    return {one["name"]: one["summary"] for one in answer["verification"]["stages"]}


def report(talk: Conversation, proof: Answer) -> None:
    """Only what the answers say."""
    feature = proof["feature"]
    talk.heading("The report")
    routes = "\n".join(f"- {_route(one)}" for one in feature["routes"])
    settings = ", ".join(f"`{one['name']}`" for one in feature["settings"] if one["required"])
    tests = _proof(proof)
    measured = tests["tests"] if isinstance(tests, dict) else tests
    talk.quote(
        "The agent",
        f"PAY-142 is done.\n\n{routes}\n\nMeasured: tests {measured}; ruff and mypy 0 findings.\n\n"
        f"To set: {settings}.\n\nI decided: a deadline of 10 s for the provider, at most 255 "
        "characters for a payment method, at most 2,000 for a description.\n\n"
        "Waived: a rate limit of the fee, because the gateway in front limits it.",
    )


async def converse(options: Options) -> Conversation:
    """Hold the conversation in a folder that is gone afterwards."""
    from mcp import Client

    from featuregen.mcp.bench import Bench
    from featuregen.mcp.server import FeatureServer

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "payment-api"  # noqa: ASYNC240 - nothing else runs
        root.mkdir()
        async with Client(FeatureServer(Bench(root, options))) as client:
            talk = Conversation(client, root)
            await hold(talk)
    return talk


def transcript(talk: Conversation) -> str:
    return "\n".join(talk.text)


def main() -> None:
    talk = asyncio.run(converse(Options()))
    TRANSCRIPT.write_text(transcript(talk), encoding="utf-8")


if __name__ == "__main__":
    main()
