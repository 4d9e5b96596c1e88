"""`python benchmarks/crashes.py`: a payment API killed under load, again and again, loses nothing.

Clients create payments, each with a key of its own, and retry with that key until they are
answered, as a careful client does. Meanwhile the app is ended by SIGKILL and started anew. The
provider honours its own idempotency key, as Stripe does. In the end

- every client has been answered with a payment, and the database has it;
- every charge at the provider belongs to one payment of the database, and each to another one;
- no key of a client has been charged twice.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOAD = Path(__file__).with_name("load")
sys.path.insert(0, str(LOAD))

from bench import STORED, generated, migrate, python_of  # noqa: E402 - beside us
from contest import PATH, PAYMENT, token  # noqa: E402
from http_client import Connection  # noqa: E402
from servers import Server, app_settings, free_port, serving  # noqa: E402

PATIENCE = 240.0  # seconds until every client has to be answered
CREATED = 201
LOCK_ENDS_AFTER = "0.5s"
"""The provider's deadline in the app: a key whose attempt died waits a little longer than that."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left when all clients have been answered."""

    answered: Mapping[str, str]
    """The payment's id, by the key of the client."""
    rows: Mapping[str, str]
    """The status of each payment of the database, by its id."""
    charges: Mapping[str, int]
    """How often the provider was asked, by the id of the payment that it charged for."""
    kills: int
    retries: int

    def faults(self) -> list[str]:
        """Say what is wrong; nothing, if the app keeps its promises."""
        found = []
        twice = [ids for ids, count in Counter(self.answered.values()).items() if count > 1]
        lost = set(self.answered.values()) - self.rows.keys()
        unpaid = {row for row in self.answered.values() if self.rows.get(row) != "succeeded"}
        nobodys = self.charges.keys() - self.rows.keys()
        uncharged = set(self.answered.values()) - self.charges.keys()
        double = self.charges.keys() - set(self.answered.values())
        for what, which in (
            ("payments that two clients were told of", twice),
            ("payments that were answered, and are not in the database", lost),
            ("payments that were answered, and have not succeeded", unpaid),
            ("charges without a payment in the database", nobodys),
            ("payments that were answered, and never charged", uncharged),
            ("charges beside the one that the client was told of", double),
        ):
            if which:
                found.append(f"{len(which)} {what}: {sorted(which)[:3]}")
        return found


class Clients:
    """Careful clients: each has one payment to make, and a key for it."""

    def __init__(self, port: int, number: int) -> None:
        self.port = port
        self.keys = [uuid.uuid4().hex for _ in range(number)]
        self.answered: dict[str, str] = {}
        self.retries = 0
        self._headers = {
            "Authorization": f"Bearer {token()}",
            "Content-Type": "application/json",
        }

    async def all_answered(self, at_a_time: int) -> None:
        """Work through the keys."""
        left = iter(self.keys)

        async def work() -> None:
            connection = Connection(self.port)
            for key in left:
                await self._until_answered(connection, key)
            connection.close()

        await asyncio.gather(*(work() for _ in range(at_a_time)))

    async def _until_answered(self, connection: Connection, key: str) -> None:
        headers = self._headers | {"Idempotency-Key": key}
        while True:
            try:
                answer = await connection.request("POST", PATH, headers, PAYMENT)
            except (OSError, EOFError, ValueError):
                answer = None  # killed, or not there yet
            if answer is not None and answer.status == CREATED:
                self.answered[key] = answer.json()["payment_id"]
                return
            if answer is not None and answer.status not in {409, 503}:
                raise RuntimeError(f"{key}: {answer.status} {answer.body!r}")
            self.retries += 1
            await asyncio.sleep(0.1)


async def _kill_again_and_again(
    start: Callable[[], Server], clients: Clients, kills: int, at_a_time: int
) -> int:
    """Kill and start the app while the clients work; return how often it was killed."""
    server = start()
    working = asyncio.create_task(clients.all_answered(at_a_time))
    killed = 0
    total = len(clients.keys)
    while killed < kills and not working.done():
        due = total * (killed + 1) // (kills + 1)
        while len(clients.answered) < due and not working.done():  # noqa: ASYNC110 - or it fails
            await asyncio.sleep(0.005)
        if not working.done():
            server.process.kill()
            server.process.wait()
            killed += 1
            server = await asyncio.to_thread(start)
    async with asyncio.timeout(PATIENCE):
        await working
    return killed


def crash(
    python: Path, work: Path, database: str, *, payments: int, kills: int, at_a_time: int
) -> Outcome:
    """Let clients make payments in an app that is killed meanwhile; return what is left.

    `database` is the URL of an empty database; the project lies in `work`, and is generated there
    where it does not yet.
    """
    root = work / "api"
    if not root.exists():
        generated(STORED, root)
    fake = work / "upstream"
    fake.mkdir(exist_ok=True)
    shutil.copy(LOAD / "upstream.py", fake)
    with ExitStack() as stack:
        upstream = stack.enter_context(serving(python, "upstream", fake, {}))
        settings = app_settings(upstream, database) | {"PAYMENT_TIMEOUT": LOCK_ENDS_AFTER}
        migrate(python, root, settings)
        port = free_port()

        def start() -> Server:
            return stack.enter_context(serving(python, "app.asgi", root, settings, port))

        clients = Clients(port, payments)
        killed = asyncio.run(_kill_again_and_again(start, clients, kills, at_a_time))
        found = asyncio.run(_look(port, upstream.port))
        return Outcome(clients.answered, found[0], found[1], killed, clients.retries)


async def _look(port: int, upstream: int) -> tuple[dict[str, str], dict[str, int]]:
    """Read all payments through the history, and all charges from the provider."""
    rows: dict[str, str] = {}
    connection, cursor = Connection(port), ""
    headers = {"Authorization": f"Bearer {token()}"}
    while True:
        answer = await connection.request("GET", f"{PATH}?limit=100{cursor}", headers)
        page: dict[str, Any] = answer.json()
        rows |= {row["payment_id"]: row["status"] for row in page["items"]}
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    connection.close()
    other = Connection(upstream)
    charges = (await other.request("GET", "/charges", {})).json()["charges"]
    other.close()
    return rows, {charge["reference"]: charge["requests"] for charge in charges}


def shorten_locks(root: Path) -> None:
    """Make a key's lock outlive its attempt by a second, not by half a minute.

    Nothing else changes: clients only wait less for what a dead attempt has left locked.
    """
    module = root / "app" / "core" / "idempotency.py"
    text = module.read_text(encoding="utf-8")
    changed = text.replace("MARGIN = timedelta(seconds=30)", "MARGIN = timedelta(seconds=1)")
    if changed == text:
        raise SystemExit("the margin of locks stands elsewhere: mend shorten_locks")
    module.write_text(changed, encoding="utf-8")


def main() -> int:
    """Run it on SQLite, and on PostgreSQL where its URL is given; 1 where a promise is broken."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--payments", type=int, default=2000)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--clients", type=int, default=16, help="at a time")
    options.add_argument("--postgres", action="store_true", help="also on a server of its own")
    given = options.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="featuregen-crashes-") as scratch:
        work = Path(scratch)
        root = generated(STORED, work / "api")
        shorten_locks(root)
        python = python_of(root)
        for name, url in _databases(work, with_postgres=given.postgres):
            outcome = crash(
                python,
                work,
                url,
                payments=given.payments,
                kills=given.kills,
                at_a_time=given.clients,
            )
            faults = outcome.faults()
            sys.stdout.write(
                f"{name}: {len(outcome.answered)} payments, killed {outcome.kills} times, "
                f"{outcome.retries} retries, {len(outcome.charges)} charges "
                f"of {sum(outcome.charges.values())} asked for: {'; '.join(faults) or 'no fault'}\n"
            )
            good &= not faults and len(outcome.answered) == given.payments
    return 0 if good else 1


def _databases(work: Path, *, with_postgres: bool) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite+aiosqlite:///{work}/crashes.db"
    if with_postgres:
        with _postgres() as url:
            yield "PostgreSQL", url


@contextmanager
def _postgres() -> Iterator[str]:
    """Start a PostgreSQL server, as the tests do."""
    sys.path.insert(0, str(LOAD.parents[1] / "tests"))
    import database_servers

    with database_servers.postgres_server() as server:
        yield server.new_database()


if __name__ == "__main__":
    sys.exit(main())
