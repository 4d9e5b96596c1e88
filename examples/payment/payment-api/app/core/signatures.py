"""How senders sign their webhooks. What is signed are the raw bytes, not what JSON makes of them.

Each is checked against several secrets, so that one can be rotated: the old one stays in its
setting, behind the new one and a space, until the sender has changed over.
"""

import hmac
import re
import time
from collections.abc import Iterable, Mapping, Sequence

from app.core.errors import SignatureError

_UNIX_TIME = re.compile(r"[0-9]{1,12}")  # int() alone also reads "+1", "1_0" and other alphabets


def _check_age(stamp: str, tolerance: float) -> None:
    """Refuse what was signed too long ago, or is to be signed later: clocks differ, both ways."""
    if not _UNIX_TIME.fullmatch(stamp) or abs(time.time() - int(stamp)) > tolerance:
        raise SignatureError("The timestamp is missing, malformed, or too far from now")


def _check_match(given: Iterable[str], expected: Iterable[str]) -> None:
    pairs = [(one.encode(), other.encode()) for one in given for other in expected]
    if not any(hmac.compare_digest(*pair) for pair in pairs):
        raise SignatureError("No signature matches")


def verify_stripe(
    payload: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    *,
    header: str = "stripe-signature",
    tolerance: float = 300,
) -> None:
    """Check Stripe's scheme: `t=<unix time>,v1=<hex HMAC of "time.payload">`, or several `v1`.

    Raises `SignatureError`. `tolerance` is in seconds.
    """
    pairs = [item.strip().partition("=") for item in headers.get(header, "").split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    if len(stamps) != 1:
        raise SignatureError("The signature names no time, or several")
    _check_age(stamps[0], tolerance)
    signed = stamps[0].encode() + b"." + payload
    _check_match(
        (value for name, _, value in pairs if name == "v1"),
        [hmac.new(secret.encode(), signed, "sha256").hexdigest() for secret in secrets],
    )
