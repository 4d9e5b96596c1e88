"""`git-remote-featuregen`: gives git the copier template of the installed featuregen, offline.

copier versions its templates by git, and a wheel is no repository. git runs this helper for the URL
`featuregen::templates`; it makes a bare repository out of the template's two files, once for each
version, and hands the connection to `git upload-pack`. Every release has its tag in it, since
`copier update` asks for the one that a project was made from: what that one holds does not matter,
because the old render lies in the lock. The same version makes the same commits everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from featuregen.cache import cache_dir
from featuregen.version import VERSION

RELEASES = ("0.1.0",)
"""Every version that was released, the oldest first; the last is this one."""

_AUTHOR = "featuregen <featuregen@example.invalid> 1767225600 +0000"  # 2026-01-01
_UPLOAD = "git-upload-pack"


def main() -> int:
    """Speak git's remote helper protocol on stdin and stdout: `connect` is all that there is."""
    while command := _line():
        if command == "capabilities":
            _say("connect\n\n")
        elif command == f"connect {_UPLOAD}":
            repository = template_repository()
            _say("\n")
            return subprocess.call(
                ["git", "upload-pack", str(repository)], env=_plain_environment()
            )
        elif command.startswith("connect "):
            _say("fallback\n")
        else:
            print("featuregen: the templates can only be read", file=sys.stderr)
            return 1
    return 0


def template_repository() -> Path:
    """The bare repository, made when it is not there; a tag for each release."""
    home = cache_dir("templates")
    stream = fast_import()
    place = home / f"{VERSION}-{_digest(stream)}.git"
    if (place / "HEAD").is_file():
        return place
    building = home / f".{place.name}.{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(building))
    _git("-C", str(building), "fast-import", "--quiet", stdin=stream)
    _git("-C", str(building), "config", "uploadpack.allowFilter", "true")
    try:
        building.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(building, ignore_errors=True)
    return place


def fast_import() -> bytes:
    """What `git fast-import` makes the repository from."""
    root = template_root()
    files = [root / "copier.yml", *sorted((root / "answers").iterdir())]
    stream = []
    for version in RELEASES:
        stream += [
            b"commit refs/heads/main\n",
            f"author {_AUTHOR}\ncommitter {_AUTHOR}\n".encode(),
            _data(f"featuregen {version}\n".encode()),
            b"deleteall\n",
        ]
        for file in files:
            name = file.relative_to(root).as_posix()
            stream += [f'M 100644 inline "{name}"\n'.encode(), _data(file.read_bytes())]
        stream += [
            f"tag v{version}\nfrom refs/heads/main\ntagger {_AUTHOR}\n".encode(),
            _data(f"featuregen {version}\n".encode()),
        ]
    return b"".join(stream)


def template_root() -> Path:
    """The folder with `copier.yml` and `answers/`: packed into the wheel, or the checkout's."""
    here = Path(__file__).resolve().parent
    packed = here / "_copier"
    return packed if packed.is_dir() else here.parents[1]


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _digest(stream: bytes) -> str:
    import hashlib

    return hashlib.sha256(stream).hexdigest()[:16]


def _git(*arguments: str, stdin: bytes = b"") -> None:
    subprocess.run(["git", *arguments], input=stdin, check=True, env=_plain_environment())


def _plain_environment() -> dict[str, str]:
    """Without the variables by which git tells a helper about the repository that it works in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _line() -> str:
    """One line of stdin, not a byte more: what follows it is for `git upload-pack`."""
    read = b""
    while byte := os.read(0, 1):
        if byte == b"\n":
            break
        read += byte
    return read.decode()


def _say(text: str) -> None:
    os.write(1, text.encode())


if __name__ == "__main__":
    sys.exit(main())
