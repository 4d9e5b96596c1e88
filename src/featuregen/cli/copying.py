"""`featuregen _apply` and `featuregen _check`: what copier calls, from `copier.yml`.

The first argument is the version of the template that calls; it is what a later featuregen, or an
earlier one, can rely on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.cli.live import progress
from featuregen.cli.run import Outcome, run
from featuregen.cli.runs import run_outcome

if TYPE_CHECKING:
    from featuregen.pipeline import Options


def apply_command(template: str, answers_file: str, wishes: Sequence[str]) -> int:
    """Apply the answers that copier has just written, in the folder that it works in."""
    return run("copier", lambda: _apply(template, answers_file, wishes))


def check_command(template: str, answers_file: str) -> int:
    """Whether `copier update` may go on."""
    return run("copier", lambda: _check(template, answers_file))


def _apply(template: str, answers_file: str, wishes: Sequence[str]) -> Outcome:
    from featuregen.copying import apply_answers, check_version

    check_version(template)
    with progress() as told:
        result = apply_answers(Path.cwd(), answers_file, _options(wishes), told)
    return run_outcome(result)


def _check(template: str, answers_file: str) -> Outcome:
    from featuregen.copying import check_answers, check_version

    check_version(template)
    check_answers(Path.cwd(), answers_file)
    return Outcome(lambda _: "", dict)


def _options(wishes: Sequence[str]) -> Options:
    from featuregen.pipeline import Options

    given = dict(wish.split("=", 1) for wish in wishes)
    python = given.get("python")
    return Options(
        verify=given.get("verify", "True") == "True",
        python=Path(python) if python else None,
        offline=given.get("offline") == "True",
    )
