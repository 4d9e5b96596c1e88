"""The version, as a constant: asking the metadata costs 20 ms and needs an installation."""

from __future__ import annotations

VERSION = "0.1.0"
