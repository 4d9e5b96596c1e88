"""Run the server: over stdio, as clients start it, or over HTTP on this machine alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.mcp.bench import Bench
from featuregen.mcp.server import FeatureServer

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.pipeline import Options

LOOPBACK = "127.0.0.1"


def serve(root: Path, options: Options, port: int | None) -> None:
    """Serve one folder until the client is gone, or for good on a port."""
    server = FeatureServer(Bench(root, options))
    if port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", host=LOOPBACK, port=port)
