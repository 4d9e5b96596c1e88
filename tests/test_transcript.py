"""The payment ticket, from text with holes to a report: what `docs/` shows is what happens."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

pytest.importorskip("mcp", reason="the extra featuregen[mcp] is not installed")

from featuregen.pipeline import Options

sys.path.append(str(REPOSITORY / "benchmarks"))

import conversation
import tokens

COMMITTED = REPOSITORY / "docs" / "payment-transcript.md"
IDS = re.compile(r"\b(p-[0-9a-f]{12}|s-[0-9a-f]{8})\b")
COUNTS = re.compile(r'\d+(?= (?:passed|expected failure))|(?<="files": )\d+|(?<="bytes": )\d+')


@pytest.fixture(scope="module")
def talk(app_python: Path) -> conversation.Conversation:
    """The conversation with its proofs, held once."""
    return asyncio.run(conversation.converse(Options(python=app_python)))


def essence(transcript: str) -> str:
    """Without what may differ between two runs, or grow with the templates."""
    return COUNTS.sub("N", IDS.sub("ID", transcript))


def test_the_committed_transcript_is_what_happens(talk: conversation.Conversation) -> None:
    shown = COMMITTED.read_text(encoding="utf-8")
    assert essence(conversation.transcript(talk)) == essence(shown)


def test_the_feature_ends_proven_with_no_hook_open(talk: conversation.Conversation) -> None:
    text = conversation.transcript(talk)
    verified = text.rpartition("verify_feature(")[2]
    assert '"outcome": "verified"' in verified
    assert re.search(r'"tests": "\d+ passed"', verified)
    assert '"hooks": []' in verified


def test_the_whole_conversation_costs_less_than_the_code_it_saves(
    talk: conversation.Conversation,
) -> None:
    sent = sum(one.sent for one in talk.exchanges)
    received = sum(one.received for one in talk.exchanges)
    assert sent < 1_500
    assert received < 36_000
    assert max(one.received for one in talk.exchanges) < 9_000


def test_a_spec_is_a_fraction_of_what_it_makes_as_the_readme_says() -> None:
    payment = tokens.ratio(REPOSITORY / "examples" / "payment" / "payment.yaml")
    readme = " ".join((REPOSITORY / "README.md").read_text(encoding="utf-8").split())
    said = re.search(r"becomes are ([0-9]+) KB, ([0-9]+) times as much", readme)
    assert said is not None
    assert payment.factor == pytest.approx(int(said[2]), rel=0.15)
    assert payment.code.bytes + payment.tests.bytes == pytest.approx(int(said[1]) * 1000, rel=0.15)
