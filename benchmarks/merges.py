"""The merge fuzz, put to copier's own update and to ours: what each loses, misplaces and says.

    python benchmarks/merges.py [--cases 500] [--write]

Each case is a module of repetitive code that the user and the template have both edited; an oracle
knows every edit (`tests/merge_oracle.py`, `tests/merge_judge.py`). copier gets all of them as the
files of one project, made from a plain template with two versions: its own render and `git apply`.
A few of the cases are updated one by one as well, for the exit code that each of them gives.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import environment

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.append(str(REPOSITORY / "tests"))

from merge_judge import judge  # noqa: E402 - found by the line above
from merge_oracle import Case, make_case  # noqa: E402

COPIER = Path(sys.executable).with_name("copier")
DOCUMENT = REPOSITORY / "docs" / "lifecycle.md"
MARKS = re.compile(r"(<!-- merges: begin -->\n).*(<!-- merges: end -->)", re.DOTALL)
_OURS, _SPLIT, _THEIRS = "<<<<<<< ", "=======", ">>>>>>> "


@dataclass
class Tally:
    """What came of all cases. Each kind of fault counts the cases that have it."""

    name: str
    faults: Counter[str] = field(default_factory=Counter)
    clashing: set[int] = field(default_factory=set)
    """Numbers of the cases that are left to a person."""
    cpu: float = 0.0
    exits: int = 0
    """How many runs with a conflict the exit codes are of."""
    silent_exits: int = 0

    def judged(self, number: int, case: Case, result: str, shown: str | None) -> None:
        """Count the kinds of fault in one result."""
        if shown is not None:
            self.clashing.add(number)
        self.faults.update({each.partition(":")[0] for each in judge(case, result, shown)})


def main() -> int:
    """Print the table, and write it where it is asked for; 1 where ours has a fault."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=500, help="with few edits, and with many")
    options.add_argument("--one-by-one", type=int, default=5, help="runs for exit codes")
    options.add_argument("--write", action="store_true", help="the table into docs/lifecycle.md")
    given = options.parse_args()
    ours, theirs = compare(given.cases, given.one_by_one)
    table = shown((ours, theirs), 2 * given.cases)
    print(table)
    if given.write:
        text = DOCUMENT.read_text()
        DOCUMENT.write_text(MARKS.sub(lambda marks: f"{marks[1]}{table}{marks[2]}", text))
    return 1 if ours.faults or ours.silent_exits else 0


def compare(number: int, one_by_one: int) -> tuple[Tally, Tally]:
    """Ours and copier's own on the same cases: some with few edits on each side, some with many."""
    seeds = range(20_000, 20_000 + number)
    cases = [make_case(seed, most=most) for most in (4, 10) for seed in seeds]
    ours, theirs = by_featuregen(cases), by_copier(cases)
    for chosen in sorted(ours.clashing & theirs.clashing)[:one_by_one]:
        for tally, alone in ((ours, _featuregen_alone), (theirs, _copier_alone)):
            tally.exits += 1
            tally.silent_exits += alone(cases[chosen]) == 0
    return ours, theirs


def by_featuregen(cases: Sequence[Case]) -> Tally:
    """The merge that `update` does, file by file."""
    from featuregen.merge import FileState, merge_file

    tally = Tally("featuregen")
    for number, case in enumerate(cases):
        sides = [FileState(text.encode()) for text in (case.base, case.ours, case.theirs)]
        start = time.process_time()
        merged = merge_file("module.py", *sides)
        tally.cpu += time.process_time() - start
        if merged.state is None:
            raise SystemExit(f"case {case.seed}: the file is gone")
        text = merged.state.text.decode()
        decided = merged.resolved or merged.state.text
        tally.judged(number, case, decided.decode(), text if merged.conflicts else None)
    return tally


def by_copier(cases: Sequence[Case]) -> Tally:
    """One `copier update` of a project that has a file for each case."""
    tally = Tally("copier update")
    with tempfile.TemporaryDirectory(prefix="merges-") as folder:
        project = _project(Path(folder), cases)
        _, tally.cpu = _update(project)
        for number, case in enumerate(cases):
            text = (project / f"module_{number}.py").read_text()
            rejected = (project / f"module_{number}.py.rej").exists()
            in_conflict = any(line.startswith(_OURS) for line in text.splitlines())
            tally.judged(number, case, users_side(text), text if in_conflict or rejected else None)
    return tally


def users_side(text: str) -> str:
    """What stands there where each conflict is decided for the user."""
    kept: list[str] = []
    side = "both"
    for line in text.split("\n"):
        if line.startswith(_OURS):
            side = "ours"
        elif line == _SPLIT and side == "ours":
            side = "theirs"
        elif line.startswith(_THEIRS) and side == "theirs":
            side = "both"
        elif side != "theirs":
            kept.append(line)
    return "\n".join(kept)


def _project(folder: Path, cases: Sequence[Case]) -> Path:
    """The user's project, made from the first version of a template, then edited."""
    template, project = folder / "template", folder / "project"
    (template / "files").mkdir(parents=True)
    (template / "copier.yml").write_text("_subdirectory: files\nname: {type: str, default: a}\n")
    answers = template / "files" / "{{ _copier_conf.answers_file }}.jinja"
    answers.write_text("{{ _copier_answers|to_nice_yaml -}}\n")
    _git(template, "init", "-q")
    for tag, texts in (("v1", [case.base for case in cases]), ("v2", [c.theirs for c in cases])):
        for number, text in enumerate(texts):
            (template / "files" / f"module_{number}.py").write_text(text)
        _commit(template, tag)
        _git(template, "tag", tag)
    _copier("copy", "--vcs-ref", "v1", str(template), str(project))
    _git(project, "init", "-q")
    _commit(project, "made")
    for number, case in enumerate(cases):
        (project / f"module_{number}.py").write_text(case.ours)
    _commit(project, "edited")
    return project


def _copier_alone(case: Case) -> int:
    """The exit code of an update of this case."""
    with tempfile.TemporaryDirectory(prefix="merges-") as folder:
        project = _project(Path(folder), [case])
        return _update(project)[0]


def _featuregen_alone(case: Case) -> int:
    """The exit code of `featuregen update` of a project in which this case is a house template."""
    featuregen = Path(sys.executable).with_name("featuregen")
    with tempfile.TemporaryDirectory(prefix="merges-") as folder:
        root = Path(folder) / "shop-api"
        spec = Path(folder) / "note.yaml"
        spec.write_text(_SPEC)
        run: list[str | Path] = [featuregen, "new", spec, "--into", root, "--no-verify"]
        subprocess.run(run, env=dict(environment()), check=True, capture_output=True)
        house = root / "house/project/app/case.py.jinja"
        house.parent.mkdir(parents=True)
        house.write_text(f"{{% raw %}}{case.base}{{% endraw %}}")
        pyproject = root / "pyproject.toml"
        head = "[tool.featuregen]\n"
        pyproject.write_text(pyproject.read_text().replace(head, f'{head}templates = "house/"\n'))
        update: list[str | Path] = [featuregen, "update", "--all", "--into", root, "--no-verify"]
        subprocess.run(update, env=dict(environment()), check=True, capture_output=True)
        (root / "app/case.py").write_text(case.ours)
        house.write_text(f"{{% raw %}}{case.theirs}{{% endraw %}}")
        done = subprocess.run(update, env=dict(environment()), check=False, capture_output=True)
        return done.returncode


_SPEC = """\
featuregen: 1
feature: note
operations:
  ping: {method: POST, path: /, response: none, auth: none, hook: ping}
"""


def _update(project: Path) -> tuple[int, float]:
    """The exit code, and the seconds of CPU with all that it starts."""
    before = os.times()
    done = subprocess.run(
        [COPIER, "update", "--defaults", "--quiet", "."],
        cwd=project, env=dict(environment()), check=False, capture_output=True,
    )  # fmt: skip
    after = os.times()
    spent = after.children_user - before.children_user
    return done.returncode, spent + after.children_system - before.children_system


def _copier(*arguments: str) -> None:
    command: list[str | Path] = [COPIER, arguments[0], "--defaults", "--quiet", *arguments[1:]]
    subprocess.run(command, env=dict(environment()), check=True, capture_output=True)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-qm", message)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def shown(tallies: Sequence[Tally], cases: int) -> str:
    """The table, as the document has it."""
    version = subprocess.run([COPIER, "--version"], capture_output=True, text=True, check=True)
    name = " ".join(version.stdout.split())
    rows: dict[str, Callable[[Tally], object]] = {
        "an edit is lost": lambda one: one.faults["lost"],
        "an edit stands in another function, or twice": lambda one: one.faults["misplaced"],
        "what the user had removed is back": lambda one: one.faults["returned"],
        "a name is not imported any more": lambda one: one.faults["unbound"],
        "the result is no Python": lambda one: one.faults["syntax"],
        "conflicts, shown to a person": lambda one: len(one.clashing),
        "a conflict that exits with 0": lambda one: f"{one.silent_exits} of {one.exits} tried",
        "CPU of all": lambda one: f"{one.cpu:.1f} s",
    }
    lines = [
        f"| {cases} modules that both sides have edited | featuregen | {name} |",
        "|---|---|---|",
        *(
            f"| {what} | {' | '.join(str(count(one)) for one in tallies)} |"
            for what, count in rows.items()
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
