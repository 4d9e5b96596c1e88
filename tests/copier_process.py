"""Runs the real copier as its users do, with this checkout's template and without a network."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

from cli_process import REPOSITORY, environment

from featuregen.version import VERSION

OURS = "git+featuregen::templates"
"""The template of the installed featuregen."""

GIT_NAME = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Test"), ("EMAIL", "test@example.invalid"))
}


class Copier:
    """copier, with caches of its own and `git-remote-featuregen` on the PATH."""

    def __init__(self, folder: Path) -> None:
        helper = folder / "bin" / "git-remote-featuregen"
        helper.parent.mkdir(parents=True)
        helper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m featuregen.gitremote "$@"\n')
        helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
        self.environment = environment(
            PATH=f"{helper.parent}{os.pathsep}{os.environ['PATH']}",
            FEATUREGEN_CACHE_DIR=str(folder / "cache"),
            COPIER_CACHE_DIR=str(folder / "copier"),
            COPIER_SETTINGS_PATH=str(settings(folder)),
            **GIT_NAME,
        )

    def __call__(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Not verified: what copier adds to a run is the same with a proof in it."""
        command, *rest = map(str, arguments)
        return subprocess.run(
            [
                sys.executable,
                "-P",
                "-m",
                "copier",
                command,
                "--trust",
                "--data",
                "verify=false",
                *rest,
            ],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )


def settings(folder: Path) -> Path:
    path = folder / "copier-settings.yml"
    path.write_text("{}\n")
    return path


def git(folder: Path, *arguments: str) -> str:
    """git in `folder`; its output."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **GIT_NAME},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def commit(folder: Path, message: str = "as it is") -> None:
    """Commit everything in `folder`, which becomes a repository first."""
    if not (folder / ".git").is_dir():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def template_repository(folder: Path, *versions: str) -> Path:
    """A repository with the copier template of this checkout, a tag for each version."""
    names = git(REPOSITORY, "ls-files", "-co", "--exclude-standard", "copier.yml", "answers")
    for version in versions:
        for name in names.splitlines():
            path = folder / unquoted(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (REPOSITORY / unquoted(name)).read_text()
            path.write_text(re.sub(rf"(?<=['\"]){re.escape(VERSION)}(?=['\"])", version, text))
        (folder / "VERSION").write_text(version)
        commit(folder, version)
        git(folder, "tag", f"v{version}")
    return folder


def unquoted(name: str) -> str:
    return name.strip('"')
