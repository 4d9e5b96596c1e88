"""`python benchmarks/load/bench.py`: generated payment APIs under load, beside others.

- with storage: beside the same behaviour, written by hand (`handwritten/`);
- without: beside the least that FastAPI and httpx2 can do (`passthrough.py`);
- and whether memory stays flat over many requests.

Everything is on the loopback, one uvicorn worker each, the upstream in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from contest import Contestant, Load, contest, cpu_ratio, create_payments, throughput_ratio
from servers import HERE, Server, app_settings, serving

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

REPOSITORY = HERE.parents[1]
STORED = REPOSITORY / "examples/payment/payment.yaml"
UPSTREAM_ONLY = REPOSITORY / "tests/cases/ok/payment-upstream.yaml"
WITH_STORAGE, WITHOUT = 0.95, 0.6
"""The share of the other's throughput that ours has to reach."""
FLAT = 1.05
"""How much more memory the last requests may find than those after the first tenth."""


def generated(spec: Path, root: Path) -> Path:
    """Generate a project whose rate limits stop no load."""
    raised = root.with_suffix(".yaml")
    text = spec.read_text(encoding="utf-8").replace("10/minute", "1000000/minute")
    raised.write_text(text, encoding="utf-8")
    new(raised, root, Options(verify=False), Silent())
    return root


def python_of(root: Path) -> Path:
    """Return an interpreter with what the project needs."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return project_environment(root, text).python


def migrate(python: Path, root: Path, settings: Mapping[str, str]) -> None:
    """Make the project's tables."""
    command = [str(python), "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=root, env=dict(settings), check=True, capture_output=True)


@contextmanager
def stored(python: Path, work: Path, upstream: Server) -> Iterator[tuple[Contestant, Contestant]]:
    """The generated payment API with storage, and the one written by hand."""
    root = generated(STORED, work / "stored-api")
    other = work / "handwritten"
    shutil.copytree(HERE / "handwritten", other)
    ours = app_settings(upstream, f"sqlite+aiosqlite:///{root}/app.db")
    theirs = app_settings(upstream, f"sqlite+aiosqlite:///{other}/app.db")
    migrate(python, root, ours)
    with (
        serving(python, "app.asgi", root, ours) as mine,
        serving(python, "handwritten", other, theirs) as its,
    ):
        yield Contestant("generated, with storage", mine), Contestant("written by hand", its)


@contextmanager
def upstream_only(
    python: Path, work: Path, upstream: Server
) -> Iterator[tuple[Contestant, Contestant]]:
    """The generated payment API without storage, and the bare pass-through."""
    root = generated(UPSTREAM_ONLY, work / "upstream-api")
    other = work / "passthrough"
    other.mkdir()
    shutil.copy(HERE / "passthrough.py", other)
    settings = app_settings(upstream, "")
    with (
        serving(python, "app.asgi", root, settings) as mine,
        serving(python, "passthrough", other, settings) as its,
    ):
        yield Contestant("generated, upstream only", mine), Contestant("bare pass-through", its)


def compared(ours: Contestant, theirs: Contestant, bound: float) -> str:
    """A line of Markdown for each, and the ratio."""
    lines = [
        f"| {it.name} | {median(it.rates):.0f} | {median(it.cpu):.2f} ms | {it.errors} | |\n"
        for it in (ours, theirs)
    ]
    rates, cpu = throughput_ratio(ours, theirs), cpu_ratio(ours, theirs)
    verdict = _passes(rates >= bound)
    lines.append(f"| ratio (at least {bound}) | **{rates:.2f}** | {cpu:.2f} | | {verdict} |\n")
    return "".join(lines)


def _passes(good: bool) -> str:  # noqa: FBT001 - one fact
    return "holds" if good else "**does not hold**"


async def memory(server: Server, requests: int, clients: int) -> tuple[float, float]:
    """MiB after the first tenth of the requests, and after all of them."""
    part = Load(requests // 10, clients, with_keys=True)
    found = []
    for _ in range(10):
        if await create_payments(server.port, part):
            raise SystemExit("requests have failed")
        found.append(server.memory())
    return found[0], found[-1]


def main() -> int:
    """Run it all; 1 where a bound does not hold, or any request has failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--requests", type=int, default=300, help="in each turn")
    options.add_argument("--clients", type=int, default=16, help="at a time")
    options.add_argument("--memory", type=int, default=50_000, help="requests; 0 leaves it out")
    options.add_argument("--only", choices=["stored", "upstream"])
    given = options.parse_args()
    head = "| | requests/s | CPU of the server, a request | errors | |\n|---|---|---|---|---|\n"
    sys.stdout.write(head)
    good = True
    # In memory where there is such a place: a disk that others write to would be what is measured.
    memory_disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - ours in it
    with (
        tempfile.TemporaryDirectory(prefix="featuregen-load-", dir=memory_disk) as scratch,
        ExitStack() as stack,
    ):
        work = Path(scratch)
        python = python_of(generated(STORED, work / "for-its-environment"))
        fake = work / "upstream"
        fake.mkdir()
        shutil.copy(HERE / "upstream.py", fake)
        upstream = stack.enter_context(serving(python, "upstream", fake, {}))
        for name, bound, arena, with_keys in (
            ("stored", WITH_STORAGE, stored, True),
            ("upstream", WITHOUT, upstream_only, False),
        ):
            if given.only in {None, name}:
                load = Load(given.requests, given.clients, with_keys)
                with arena(python, work, upstream) as (ours, theirs):
                    asyncio.run(contest(ours, theirs, load, given.rounds))
                    sys.stdout.write(compared(ours, theirs, bound))
                    sys.stdout.flush()
                    good &= throughput_ratio(ours, theirs) >= bound
                    good &= not ours.errors + theirs.errors
                    if name == "stored" and given.memory:
                        first, last = asyncio.run(memory(ours.server, given.memory, given.clients))
                        flat = last <= FLAT * first
                        found = f"{given.memory:,} requests | {first:.0f} → {last:.0f} MiB"
                        sys.stdout.write(f"| memory over {found} | | 0 | {_passes(flat)} |\n")
                        good &= flat
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
