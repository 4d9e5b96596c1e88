"""`benchmarks/load`: how ratios are found, and a short run of all of it."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks" / "load"))

from bench import STORED as SPEC
from bench import compared, generated, memory, python_of, stored, upstream_only
from contest import Contestant, Load, contest, cpu_ratio, throughput_ratio, token
from servers import HERE, Server, serving

NO_SERVER: Server = None  # type: ignore[assignment]


def measured(rates: list[float], cpu: list[float], errors: int = 0) -> Contestant:
    return Contestant("one", NO_SERVER, rates, cpu, errors)


def test_the_ratio_is_that_of_neighbouring_turns() -> None:
    ours, theirs = measured([90, 10, 95], [1, 9, 1]), measured([100, 10, 100], [2, 9, 2])
    assert throughput_ratio(ours, theirs) == 0.95
    assert cpu_ratio(ours, theirs) == 2


@pytest.mark.parametrize(("bound", "verdict"), [(0.9, "| holds |"), (0.96, "does not hold")])
def test_the_table_says_whether_the_bound_holds(bound: float, verdict: str) -> None:
    lines = compared(measured([95], [2.0], 3), measured([100], [1.0]), bound).splitlines()
    assert lines[0] == "| one | 95 | 2.00 ms | 3 | |"
    assert verdict in lines[-1]
    assert "**0.95** | 0.50" in lines[-1]


def test_a_token_says_who_it_is_and_what_they_may_do() -> None:
    claims = token("user_7").split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (found["sub"], "payments.create" in found["permissions"]) == ("user_7", True)


@pytest.mark.heavy
def test_all_contestants_answer_every_request(tmp_path: Path) -> None:
    python = python_of(generated(SPEC, tmp_path / "for-its-environment"))
    with ExitStack() as stack:
        fake = tmp_path / "upstream"
        fake.mkdir()
        (fake / "upstream.py").write_text((HERE / "upstream.py").read_text())
        upstream = stack.enter_context(serving(python, "upstream", fake, {}))
        for arena, with_keys in ((stored, True), (upstream_only, False)):
            with arena(python, tmp_path, upstream) as (ours, theirs):
                asyncio.run(contest(ours, theirs, Load(40, 8, with_keys), rounds=2))
                assert (ours.errors, theirs.errors) == (0, 0)
                assert len(ours.rates) == len(theirs.cpu) == 2
                first, last = asyncio.run(memory(ours.server, 400, 8))
                assert last < 1.5 * first
