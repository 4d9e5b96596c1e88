"""What may be told of an unforeseen error: never its message, which may hold personal data."""

from pathlib import Path
from traceback import extract_tb


def place_of(error: Exception) -> str:
    """Return the error's class, and where it was raised: `KeyError at note_hooks.py:17`."""
    last = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
