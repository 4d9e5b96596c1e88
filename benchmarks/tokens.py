"""What a feature costs an agent: the spec it writes, against the code and tests it does not.

Needs no model and no download: tokens are bytes divided by 4, an estimate. The ratios
do not depend on it.

    python benchmarks/tokens.py [--json]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conversation import Conversation, converse

from featuregen.agents.targets import SERVERS, TARGETS, text_of
from featuregen.mcp.pages import compact
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

BYTES_PER_TOKEN = 4
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@dataclass(frozen=True)
class Size:
    """One thing that a model reads or writes. `tokens` is an estimate."""

    what: str
    bytes: int

    @property
    def tokens(self) -> int:
        return round(self.bytes / BYTES_PER_TOKEN)


@dataclass(frozen=True)
class Ratio:
    """A spec, and the feature's own files that were made of it, without the skeleton."""

    example: str
    spec: Size
    code: Size
    tests: Size

    @property
    def factor(self) -> float:
        return (self.code.bytes + self.tests.bytes) / self.spec.bytes


def ratios() -> list[Ratio]:
    """Every example whose spec lies beside its project."""
    return [ratio(spec) for spec in sorted(EXAMPLES.glob("*/*.yaml"))]


def ratio(spec: Path) -> Ratio:
    """Generate, and count what the feature's lock names."""
    from featuregen.lock import load_lock

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "api"
        [feature] = new(spec, root, Options(verify=False), Silent()).features
        lock = load_lock(root, feature)
        if lock is None:
            raise SystemExit(f"{feature} has no lock")
        sizes = {path: len(item.text) for path, item in lock.files.items() if path.endswith(".py")}
    tests = sum(size for path, size in sizes.items() if path.startswith("tests/"))
    code = sum(sizes.values()) - tests
    return Ratio(
        spec.parent.name,
        Size("spec", len(spec.read_bytes())),
        Size("code", code),
        Size("tests", tests),
    )


def toolkit(talk: Conversation) -> list[Size]:
    """What every conversation starts with, and the whole of one."""
    sent = sum(one.sent for one in talk.exchanges)
    received = sum(one.received for one in talk.exchanges)
    skill = next(asset for asset in TARGETS["claude"] if asset.template == "SKILL.md")
    return [
        Size("MCP tool list", asyncio.run(tool_list())),
        Size("skill", len(text_of(skill).encode())),
        Size("MCP configuration", len(SERVERS["json"])),
        Size(f"conversation, {len(talk.exchanges)} calls: sent", sent),
        Size("conversation: received", received),
        Size("conversation: the spec, written once", len(talk.spec.encode())),
    ]


async def tool_list() -> int:
    """Bytes of the answer to `tools/list`."""
    from mcp import Client

    from featuregen.mcp.bench import Bench
    from featuregen.mcp.server import FeatureServer

    async with Client(FeatureServer(Bench(Path(tempfile.gettempdir()), Options()))) as client:
        tools = await client.list_tools()
    return len(compact(tools.model_dump(mode="json", by_alias=True, exclude_none=True)).encode())


def markdown(found: list[Ratio], sizes: list[Size]) -> str:
    """The tables of the README."""
    lines = [
        "| example | spec | code | tests | written for each byte of spec |",
        "|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one.example} | {_shown(one.spec)} | {_shown(one.code)} | {_shown(one.tests)} "
        f"| {one.factor:.1f} |"
        for one in found
    ]
    lines += ["", "| of the toolkit | size |", "|---|--:|"]
    lines += [f"| {one.what} | {_shown(one)} |" for one in sizes]
    return "\n".join(lines) + "\n"


def _shown(size: Size) -> str:
    return f"{size.bytes:,} B, ~{size.tokens:,} tokens"


def main() -> None:
    found = ratios()
    talk = asyncio.run(converse(Options(verify="--no-verify" not in sys.argv)))
    sizes = toolkit(talk)
    if "--json" in sys.argv:
        ratios_ = [asdict(one) | {"factor": round(one.factor, 2)} for one in found]
        print(compact({"ratios": ratios_, "toolkit": [asdict(one) for one in sizes]}))
    else:
        print(markdown(found, sizes), end="")


if __name__ == "__main__":
    main()
