"""Durations and rates as a spec writes them: `30s`, `500ms`, `10/minute`."""

from __future__ import annotations

import re

from featuregen.spec.grammar import DURATION, RATE
from featuregen.spec.model import RateLimit

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_RATE_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def seconds(text: str) -> float | None:
    """`5m` → 300.0; None for what is no duration."""
    match = re.fullmatch(DURATION, text)
    if match is None:
        return None
    unit = match[2]
    amount = float(text[: -len(unit)])
    return amount / 1000 if unit == "ms" else amount * _SECONDS[unit]


def rate_limit(text: str) -> RateLimit | None:
    """`10/minute`, `10 per 5 minutes` → how many in how many seconds; None for what is no rate."""
    match = re.fullmatch(RATE, text)
    if match is None:
        return None
    amount = int(re.match(r"[0-9]+", text)[0])  # type: ignore[index]  # said by the pattern
    multiple, unit = int((match[2] or "1").strip()), match[3]
    window = unit if multiple == 1 else f"{multiple} {unit}s"
    return RateLimit(f"{amount}/{window}", amount, multiple * _RATE_SECONDS[unit])
