"""Names in the shapes that code, paths and prose want."""

from __future__ import annotations

import re


def pascal(name: str) -> str:
    """`payment_provider` → `PaymentProvider`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)


def snake(name: str) -> str:
    """`PaymentResponse` → `payment_response`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()


def words(name: str) -> str:
    """`create_payment` → `create payment`."""
    return name.replace("_", " ")


def sentence(text: str) -> str:
    """Text as one line that ends with a full stop."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."
