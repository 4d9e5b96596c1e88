"""pytest for one mutant after another: a server that has imported the libraries forks for each.

    python warm_pytest.py serve SOCKET      in the project's folder, in its environment
    python -S -E warm_pytest.py ask SOCKET ARGUMENT…    exits as pytest did

To import FastAPI, SQLAlchemy and the rest costs more than the tests that find most mutants. The
project's own modules are imported anew by each fork, so that each sees its own mutant.
"""

import os
import socket
import sys


def ask(path: str, arguments: list[str]) -> int:
    """Have the server run pytest, and return its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall("\0".join(arguments).encode() + b"\n")
        answer = connection.recv(16)
    return int(answer or b"70")


def serve(path: str) -> None:
    """Import what the project's tests import, then fork for whoever asks."""
    import importlib
    import signal

    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `python -m pytest` does
    for name in ("pytest", "app.main", "app.replay", "tests.conftest"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    for name in [each for each in sys.modules if each.split(".")[0] in {"app", "tests"}]:
        del sys.modules[name]
    importlib.invalidate_caches()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _work(connection)
            connection.close()


def _work(connection: socket.socket) -> None:
    import signal
    import threading

    import pytest

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    received = b""
    while not received.endswith(b"\n"):
        received += connection.recv(65_536)
    arguments = received[:-1].decode().split("\0")

    def end_with_the_client() -> None:
        connection.recv(1)  # nothing comes: it has got its answer, or was killed
        os._exit(1)

    threading.Thread(target=end_with_the_client, daemon=True).start()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    # A mutant must not be found compiled by the next; collecting compiles everything else once.
    sys.dont_write_bytecode = "--collect-only" not in arguments
    # Plugins that are imported already cannot have their own asserts rewritten.
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    connection.sendall(str(int(pytest.main(arguments))).encode())
    os._exit(0)


if __name__ == "__main__":
    command, where, *rest = sys.argv[1:]
    if command == "serve":
        serve(where)
    sys.exit(ask(where, rest))
