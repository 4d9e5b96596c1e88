"""A command line that does not parse: said in the form of every other error, exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.faults import fault
from featuregen.cli.run import USAGE, finish
from featuregen.errors import FeaturegenError
from featuregen.terminal import to_stderr

if TYPE_CHECKING:
    import typer


def usage_fault(error: typer.TyperException, *, json: bool) -> int:
    """Print it; the exit code. A command line without a command gets the help."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and not json:
        to_stderr(error.format_message() + "\n")
        return USAGE
    command = context.command_path if context else "featuregen"
    what = error.format_message().rstrip(".") or "no command"
    stopped = FeaturegenError(what, hint=f"see '{command} --help'", exit_code=USAGE)
    return finish(
        fault(command.removeprefix("featuregen").strip() or "featuregen", stopped), json=json
    )
