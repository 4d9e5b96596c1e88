"""The MCP server as clients start it: a process of its own, on stdio or on a local port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_process import FEATUREGEN, environment, featuregen, run_python

pytest.importorskip("mcp", reason="the extra featuregen[mcp] is not installed")

import anyio
from mcp import Client, StdioServerParameters
from mcp_client import GREETING, call, follow

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def process(root: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "featuregen", "mcp", "--into", str(root), "--no-verify"],
        env=environment(),
        cwd=root,
    )


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_feature_is_generated_over_stdio(tmp_path: Path, mode: str) -> None:
    async with Client(process(tmp_path), mode=mode) as client:
        assert (client.protocol_version >= "2026-07-28") == (mode == "auto")
        checked = await call(client, "check_spec", spec=GREETING)
        planned = await follow(client, checked)
        done = await follow(client, planned)
    assert done["outcome"] == "created"
    assert (tmp_path / "app" / "main.py").is_file()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path, port: int) -> Iterator[str]:
    command = [*FEATUREGEN, "mcp", "--into", str(tmp_path), "--http", str(port), "--no-verify"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL) as server:
        yield f"http://127.0.0.1:{port}/mcp"
        server.terminate()


async def listening(port: int) -> None:
    """Come back once the server takes connections."""
    with anyio.fail_after(30):
        while True:
            try:
                stream = await anyio.connect_tcp("127.0.0.1", port)
            except OSError:
                await anyio.sleep(0.05)
            else:
                await stream.aclose()
                return


async def test_http_serves_the_same_on_loopback_and_no_other_host(served: str, port: int) -> None:
    import httpx2

    await listening(port)
    for mode in ("auto", "legacy"):
        async with Client(served, mode=mode) as client:
            assert (await call(client, "inspect_project"))["exists"] is False
    async with httpx2.AsyncClient() as stranger:
        answer = await stranger.post(served, json={}, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    own = socket.gethostbyname(socket.gethostname())
    if own != "127.0.0.1":
        with pytest.raises(OSError, match="refused"):
            await anyio.connect_tcp(own, port)


def test_without_the_extra_the_command_names_it(tmp_path: Path) -> None:
    done = run_python(
        "import sys; sys.modules['mcp'] = None; "
        "from featuregen.__main__ import main; sys.argv[1:] = ['mcp', '--into', "
        f"{os.fspath(tmp_path)!r}]; sys.exit(main())"
    )
    assert done.returncode == 1
    assert "pip install 'featuregen[mcp]'" in done.stderr


@pytest.mark.parametrize("port", ["no", "0", "65536", "-1"])
def test_a_port_is_a_number_that_there_is(tmp_path: Path, port: str) -> None:
    done = featuregen("mcp", "--into", tmp_path, f"--http={port}")
    assert done.returncode == 2
    assert "is no port" in done.stderr


def test_the_root_has_to_be_there(tmp_path: Path) -> None:
    assert featuregen("mcp", "--into", tmp_path / "none").returncode == 2
