"""A fault of featuregen itself: what to report, and the traceback, kept where it can be found."""

from __future__ import annotations

from featuregen.errors import FeaturegenError

BUG = 70


def crash(reason: BaseException, *, keep: bool = True) -> FeaturegenError:
    """The error to tell, with the file that now holds the traceback."""
    saved = _save(trace_of(reason)) if keep else None
    hint = (
        "this is a bug in featuregen, not in your spec or your project; please report it with the "
        "traceback, the spec and the output of 'featuregen --version'"
    )
    if keep and saved is None:
        hint += " (set FEATUREGEN_TRACEBACK=1 to see the traceback)"
    return FeaturegenError(
        f"featuregen itself failed: {type(reason).__name__}: {reason}".rstrip(": "),
        where=f"traceback in {saved}" if saved else None,
        hint=hint,
        exit_code=BUG,
    )


def trace_of(reason: BaseException) -> str:
    """The traceback as Python prints it."""
    import traceback

    return "".join(traceback.format_exception(reason))


def _save(trace: str) -> str | None:
    """The file that now holds the traceback; None where nothing can be written."""
    import sys
    import time
    from platform import platform

    from featuregen.cache import cache_dir
    from featuregen.version import VERSION

    head = f"featuregen {VERSION}, Python {sys.version.split()[0]}, {platform()}\n\n"
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}.txt"
    try:
        file = cache_dir("crashes") / name
        file.write_text(head + trace, encoding="utf-8", errors="backslashreplace")
    except (OSError, RuntimeError):  # a user without a home is a RuntimeError
        return None
    return str(file)
