"""`python -m app.replay`: the events that could not be applied, and another try at them.

    python -m app.replay              list the dead letters of all features
    python -m app.replay note         apply those of one feature, the oldest first

It exits with 0 when no letter is left, with 1 when some are, and with 2 when it is called wrongly.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import NamedTuple

from fastapi import FastAPI
from pydantic_core import from_json
from sqlalchemy import select

from app.core.resources import get_resource
from app.core.webhooks import FAILED, WEBHOOKS, Event, EventFailedError, Webhook
from app.db.session import Database
from app.main import create_app

MAX_ATTEMPTS = 20
"""What has failed as often needs a person: it is tried when `--event` names it."""


class Letter(NamedTuple):
    """An event that could not be applied."""

    webhook: Webhook
    event: Event
    attempts: int
    error: str | None

    def __str__(self) -> str:
        return (
            f"{self.webhook.feature} {self.webhook.name} {self.event.id} {self.event.type} "
            f"attempts={self.attempts} {self.error or 'interrupted'}"
        )


async def find_letters(app: FastAPI, feature: str | None) -> list[Letter]:
    """Return the dead letters of a feature, or of all, the oldest first."""
    letters: list[Letter] = []
    async with get_resource(app, Database).sessions() as session:
        for webhook in WEBHOOKS:
            if feature not in {None, webhook.feature}:
                continue
            table = webhook.table
            query = (
                select(table.id, table.type, table.payload, table.attempts, table.error)
                .where(table.webhook == webhook.name, table.outcome == FAILED)
                .order_by(table.received_at, table.id)
            )
            for event_id, event_type, payload, attempts, error in await session.execute(query):
                event = Event(event_id, event_type, from_json(payload or "{}"), payload or "{}")
                letters.append(Letter(webhook, event, attempts, error))
    return letters


async def replay(app: FastAPI, letters: Sequence[Letter]) -> int:
    """Try each letter once more; return how many are left."""
    left = 0
    for letter in letters:
        async with get_resource(app, Database).sessions() as session:
            try:
                outcome: str = await letter.webhook.deliver(app, session, letter.event)
            except EventFailedError:
                outcome = FAILED
                left += 1
        sys.stdout.write(f"{outcome}: {letter.event.id}\n")
    return left


async def run(app: FastAPI, options: argparse.Namespace) -> int:
    """Do what the command line asks for; return how many letters are left."""
    async with app.router.lifespan_context(app):
        letters = await find_letters(app, options.feature)
        if options.feature is None:
            sys.stdout.writelines(f"{letter}\n" for letter in letters)
            return len(letters)
        named: list[str] = options.event
        chosen = [
            letter
            for letter in letters
            if (letter.event.id in named if named else letter.attempts < MAX_ATTEMPTS)
        ]
        return await replay(app, chosen) + len(letters) - len(chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    """List or replay, as `arguments` say; return the exit code."""
    with redirect_stdout(sys.stderr):  # the log goes there, and the letters to stdout
        app = create_app()
    parser = argparse.ArgumentParser(prog="python -m app.replay", description=__doc__)
    features = sorted({webhook.feature for webhook in WEBHOOKS})
    parser.add_argument("feature", nargs="?", choices=features)
    parser.add_argument("--event", action="append", default=[], help="replay only this one")
    left = asyncio.run(run(app, parser.parse_args(arguments)))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
