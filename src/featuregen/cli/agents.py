"""`featuregen agents` and `featuregen mcp`: featuregen for coding agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import USAGE, Outcome, run
from featuregen.cli.runs import run_outcome
from featuregen.errors import FeaturegenError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from featuregen.pipeline import Options
    from featuregen.results import RunResult
    from featuregen.terminal import Style


def agents_command(given: Namespace) -> int:
    """Bring skills, subagents and configuration in."""
    return run("agents", lambda: _agents(given), json=given.json)


def _agents(given: Namespace) -> Outcome:
    from featuregen.agents.installing import install

    if given.action != "install":
        raise FeaturegenError(
            f"no such action: {given.action}", hint="it is 'install'", exit_code=USAGE
        )
    result = install(given.into, tuple(given.agents), check=given.check)
    return run_outcome(result, text=lambda style: _installed(result, style))


def _installed(result: RunResult, style: Style) -> str:
    due = result.outcome == "due"
    words = {
        "create": "to create" if due else "created",
        "modify": "to change" if due else "changed",
    }
    lines = [f"{words.get(one.action, one.action)}  {visible(one.path)}" for one in result.files]
    lines += [f"note: {visible(note)}" for note in result.notes]
    lines += [f"conflict: {visible(one.path)}: {visible(one.reason)}" for one in result.conflicts]
    lines += [f"by hand, in {visible(one.path)}:\n\n{one.instructions}" for one in result.by_hand]
    if not lines:
        lines = [style.paint("up to date", "green")]
    return "".join(f"{line}\n" for line in lines)


def mcp_command(root: Path, options: Options, port: str | None, *, json: bool) -> int:
    """Serve until the client is gone."""
    return run("mcp", lambda: _mcp(root, options, port), json=json)


def _mcp(root: Path, options: Options, port: str | None) -> Outcome:
    if not root.is_dir():
        raise FeaturegenError("there is no such folder", where=str(root), exit_code=USAGE)
    number = None if port is None else _port(port)
    try:
        from featuregen.mcp.serve import serve
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("featuregen"):
            raise
        raise FeaturegenError(
            "the MCP server needs an extra that is not installed",
            hint="pip install 'featuregen[mcp]'",
        ) from missing
    from featuregen.mcp.documents import frame

    serve(root, options, number)
    return Outcome(text=lambda _: "", document=lambda: frame("mcp"))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):  # noqa: PLR2004
        raise FeaturegenError(f"{text!r} is no port", hint="name one: --http 8765", exit_code=USAGE)
    return int(text)
