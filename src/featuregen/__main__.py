"""`featuregen` and `python -m featuregen`."""

from __future__ import annotations

import gc
import sys

_INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process; its exit code."""
    # Looking for cycles where there are next to none took a tenth of `new`.
    gc.set_threshold(100_000)
    try:
        from featuregen.cli.app import run_app
        from featuregen.cli.run import prepare

        prepare()
        return run_app(sys.argv[1:])
    except KeyboardInterrupt:  # outside of the part that says so: while importing, say
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
