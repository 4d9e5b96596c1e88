"""Which coding agent reads what, and where."""

from __future__ import annotations

from typing import Literal, NamedTuple

from featuregen.errors import FeaturegenError

Kind = Literal["file", "block", "json", "toml"]


class Asset(NamedTuple):
    """A file, or our part of one that may have other content."""

    path: str
    kind: Kind
    template: str | None = None  # None: the MCP server's entry


NOTE = Asset("AGENTS.md", "block", "AGENTS.md")

TARGETS: dict[str, tuple[Asset, ...]] = {
    "claude": (
        Asset(".claude/skills/implement-feature/SKILL.md", "file", "SKILL.md"),
        Asset(".claude/agents/featuregen.md", "file", "subagent.md"),
        Asset(".mcp.json", "json"),
        NOTE,
    ),
    "codex": (
        Asset(".agents/skills/implement-feature/SKILL.md", "file", "SKILL.md"),
        Asset(".codex/agents/featuregen.toml", "file", "subagent.toml"),
        Asset(".codex/config.toml", "toml"),
        NOTE,
    ),
    "cursor": (
        Asset(".cursor/skills/implement-feature/SKILL.md", "file", "SKILL.md"),
        Asset(".cursor/agents/featuregen.md", "file", "subagent.md"),
        Asset(".cursor/mcp.json", "json"),
        NOTE,
    ),
}
ALL = "all"


def assets(targets: tuple[str, ...]) -> tuple[Asset, ...]:
    """What the named agents read, each once; raises `FeaturegenError` for one that is not known."""
    for name in targets:
        if name not in {*TARGETS, ALL}:
            raise FeaturegenError(
                f"no coding agent {name!r}",
                hint=f"there is: {', '.join((*TARGETS, ALL))}",
                exit_code=2,
            )
    wanted = [*TARGETS] if ALL in targets else targets
    return tuple(dict.fromkeys(asset for name in wanted for asset in TARGETS[name]))


def text_of(asset: Asset) -> str:
    """What we would write: the template, or the entry of the MCP server."""
    from pathlib import Path

    if asset.template is None:
        return SERVERS[asset.kind]
    return (Path(__file__).parent / "templates" / asset.template).read_text(encoding="utf-8")


SERVERS: dict[Kind, str] = {
    "json": '{"command": "featuregen", "args": ["mcp"]}',
    "toml": '[mcp_servers.featuregen]\ncommand = "featuregen"\nargs = ["mcp"]\n',
}
