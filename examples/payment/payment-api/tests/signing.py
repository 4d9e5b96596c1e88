"""What senders of webhooks do: the headers that go with a payload."""

import hmac
import time


def sign_stripe(
    payload: bytes, *secrets: str, header: str = "stripe-signature", age: float = 0
) -> dict[str, str]:
    """Sign by Stripe's scheme, `age` seconds ago, with every one of `secrets`."""
    stamp = str(int(time.time() - age))
    signed = stamp.encode() + b"." + payload
    digests = [hmac.new(secret.encode(), signed, "sha256").hexdigest() for secret in secrets]
    return {header: ",".join([f"t={stamp}", *(f"v1={digest}" for digest in digests)])}
