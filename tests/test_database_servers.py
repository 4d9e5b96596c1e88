"""The servers that tests start for themselves."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import database_servers
import pytest
from database_servers import Postgres


def test_postgresql_answers_and_each_test_has_an_empty_database(
    postgres: Postgres, postgres_url: str
) -> None:
    name = urlsplit(postgres_url).path.removeprefix("/")
    assert postgres.run("SELECT 1 + 1", database=name) == "2\n"
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.run(tables, database=name) == "0\n"
    assert postgres.new_database() != postgres_url


def test_redis_keeps_what_it_is_given(redis_url: str) -> None:
    address = urlsplit(redis_url)
    with socket.create_connection((address.hostname or "", address.port or 0), 5) as connection:
        connection.sendall(b"SET a 1\r\nGET a\r\n")
        answer = b""
        while not answer.endswith(b"$1\r\n1\r\n"):
            answer += connection.recv(64)


@pytest.mark.parametrize(
    ("required", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)]
)
def test_a_server_that_is_not_installed_skips_the_test_or_fails_it(
    monkeypatch: pytest.MonkeyPatch, outcome: type[BaseException], *, required: bool
) -> None:
    monkeypatch.setattr(database_servers, "REQUIRED", required)
    with pytest.raises(outcome, match="no-such-server is not installed"):
        database_servers.installed("no-such-server")
