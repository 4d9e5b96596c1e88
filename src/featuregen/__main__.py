"""`featuregen` and `python -m featuregen`.

`featuregen check FILE…` is what editors and hooks run: with plain file names it goes to its command
directly, which saves the 0.09 s CPU of importing typer. Everything else is parsed by `cli.app`.
"""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process; its exit code."""
    try:
        return _dispatch(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the part that says so
        return _INTERRUPTED


def _dispatch(arguments: list[str]) -> int:
    from featuregen.cli.run import prepare

    prepare()
    match arguments:
        case ["check", _, *_] if not any(one.startswith("-") for one in arguments):
            from featuregen.cli.check import check_command

            return check_command(arguments[1:])
    from featuregen.cli.app import run_app

    return run_app(arguments)


if __name__ == "__main__":
    sys.exit(main())
