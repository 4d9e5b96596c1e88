"""Calls of others: deadline, retries, repeated POSTs, who we are to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.rules.meaning import is_money
from featuregen.questions.survey import spoken
from featuregen.spec.edit import Set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.model import Severity
    from featuregen.questions.survey import Survey
    from featuregen.spec.model import Call, Json

_COSTLY = ("charge", "payment", "payout", "transfer", "refund", "order", "invoice", "subscription")


def deadline(survey: Survey) -> Iterator[Gap]:
    """An upstream without a deadline of its own."""
    for name in survey.spec.upstreams:
        path = ("upstreams", name)
        if survey.has(*path, "timeout"):
            continue
        setting = f"{name}_timeout"
        described = f"Deadline of one call of {spoken(name)} with all its retries"
        value: dict[str, Json] = {"type": "duration", "default": "10s", "description": described}
        choices = [
            Choice("10 seconds", (Set((*path, "timeout"), "10s"),)),
            Choice("30 seconds", (Set((*path, "timeout"), "30s"),)),
        ]
        if setting not in survey.spec.settings:
            own = (Set(("settings", setting), value), Set((*path, "timeout"), setting))
            choices.append(Choice(f"a setting, {setting}, 10 seconds by default", own))
        yield Gap(path, f"How long may a call of `{name}` take in all?", tuple(choices))


def retries(survey: Survey) -> Iterator[Gap]:
    """An upstream that does not say how often a failed call is repeated."""
    for name in survey.spec.upstreams:
        path = ("upstreams", name, "retries")
        if not survey.has(*path):
            text = f"How often is a failed call of `{name}` repeated, where that is safe?"
            twice, never = Choice("twice", (Set(path, 2),)), Choice("never", (Set(path, 0),))
            yield Gap(("upstreams", name), text, (twice, never))


def repeated_post(survey: Survey) -> Iterator[Gap]:
    """A POST to an upstream that cannot tell a repetition from a second order."""
    for name, upstream in survey.spec.upstreams.items():
        posts = [call for _, call in survey.calls_of(upstream) if call.method == "POST"]
        if upstream.idempotency_header is not None or not posts:
            continue
        path = ("upstreams", name)
        once = Choice(
            "no: a POST is sent once",
            because="it is not known to take an idempotency key, so a POST is sent once",
        )
        key = Set((*path, "idempotency_header"), "Idempotency-Key")
        known = Choice("yes: Idempotency-Key, so that it may be repeated", (key,))
        text = f"Does `{name}` recognise a repeated POST by a header?"
        severity: Severity | None = "high" if any(_is_costly(call) for call in posts) else None
        yield Gap(path, text, (once, known), severity)


def _is_costly(call: Call) -> bool:
    sends_money = any(is_money(part) for mapping in call.send for part in mapping.target)
    return sends_money or any(word in call.path.lower() for word in _COSTLY)


def credentials(survey: Survey) -> Iterator[Gap]:
    """An upstream that is not said to want credentials, nor to want none."""
    for name in survey.spec.upstreams:
        path = ("upstreams", name, "auth")
        if survey.has(*path):
            continue
        setting = f"{name}_api_key"
        value: dict[str, Json] = {
            "type": "secret",
            "example": "key_...",
            "description": f"Key of {spoken(name)}",
        }
        bearer = (Set(("settings", setting), value), Set(path, {"bearer": setting}))
        choices = [Choice("no credentials", (Set(path, "none"),))]
        if setting not in survey.spec.settings:
            choices.append(Choice(f"a bearer token, in the setting {setting}", bearer))
        text = f"How does `{name}` know that it is us?"
        yield Gap(("upstreams", name), text, tuple(choices))
