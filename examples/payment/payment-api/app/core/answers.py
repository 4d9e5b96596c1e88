"""How values of an upstream's answer become ours. What is absent stays absent."""

from collections.abc import Mapping


def choose(value: object, table: Mapping[str, str], otherwise: str | None = None) -> str | None:
    """Return the entry of an upstream's word, or `otherwise`."""
    return table.get(value, otherwise) if isinstance(value, str) else None
