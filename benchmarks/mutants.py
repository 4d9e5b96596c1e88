"""`python benchmarks/mutants.py SPEC…`: how many mutants of the generated code its own tests kill.

Two tools, since neither reaches everything: cosmic-ray changes operators, numbers, conditions and
decorators anywhere in a module; mutmut changes the arguments, texts and statements of functions
that have no decorator, which here are the service's. Models, routers and service are mutated; the
tests are those of the feature alone, in one process, until the first that fails.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

TOOLS = ("cosmic-ray==8.7.0", "mutmut==3.8.1")
WARM = Path(__file__).with_name("warm_pytest.py")
PYTEST = (
    "-q",
    "-x",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:cov",
)
TIMEOUT = 180.0  # seconds a mutant may take, on a machine that does other things as well
LEFT_OUT = (
    (
        "core/ReplaceBinaryOperator_BitOr_",
        "`str | None`: no module would import, any test kills it",
    ),
    ("core/ReplaceBinaryOperator_Mul_", "`*,` of parameters: the same"),
    ("core/ReplaceBinaryOperator_Pow_", "`**problems(…)`: the same, nothing is raised to a power"),
    ("core/ReplaceBinaryOperator_(Add|Sub)_(?!Add|Sub)", "no type that is added here has these"),
)
"""Mutants of cosmic-ray that are not counted, since they would flatter: operators, and why."""
TRIVIAL = re.compile("|".join(operators for operators, _ in LEFT_OUT))
SHOWN = ("json_schema_extra",)
"""Arguments whose numbers are not counted: an example shows one value, and any other would do."""
UNTOUCHED = ((r"log\.(info|warning)\(", "what the log says of a success is no promise to anybody"),)
"""Lines that mutmut leaves alone, and why."""
FIRST = {"/services/": "money", "/models/": "models", "_webhooks.py": "webhooks", "": "api"}
"""The tests that find most mutants of a module, by a part of its path."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that the tests have passed on."""

    module: str
    place: str
    change: str


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the mutants that one tool made of one module."""

    tool: str
    module: str
    mutants: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> float:
        return 1 - len(self.survivors) / self.mutants if self.mutants else 1.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A generated project whose feature is mutated."""

    root: Path
    python: Path
    feature: str

    @property
    def modules(self) -> list[str]:
        """Models, routers and service: what the feature's spec decides."""
        found = [f"app/models/{self.feature}.py", f"app/services/{self.feature}_service.py"]
        routers = (self.root / "app/api/endpoints").glob("*.py")
        ours = f"app.services.{self.feature}_service"
        found += [f"app/api/endpoints/{p.name}" for p in routers if ours in p.read_text()]
        return sorted(found)

    def tests(self, module: str) -> list[str]:
        """The feature's tests, those first that find this module's mutants soonest."""
        found = sorted(p.name for p in (self.root / "tests").glob(f"test_{self.feature}_*.py"))
        soonest = next(name for part, name in FIRST.items() if part in module)
        found.sort(key=lambda name: name != f"test_{self.feature}_{soonest}.py")
        return [f"tests/{name}" for name in found]

    def run(self, *arguments: str | Path, check: bool = True) -> str:
        """Run a program of the environment in the project's folder."""
        program, *rest = map(str, arguments)
        command = [str(self.python.with_name(program)), *rest]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise SystemExit(f"{program} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done.stdout


def subject(spec: Path, root: Path, python: Path | None = None) -> Subject:
    """Generate the feature, and have an environment for it and for the tools."""
    new(spec, root, Options(verify=False), Silent())
    if python is None:
        pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
        wanted = "".join(f'\n  "{tool}",' for tool in TOOLS)
        pyproject = pyproject.replace("\ndev = [", f"\ndev = [{wanted}", 1)
        python = project_environment(root, pyproject).python
    return Subject(root, python, _feature(root))


def _feature(root: Path) -> str:
    (spec,) = (root / "features").glob("*.yaml")
    return spec.stem


@contextmanager
def warm(subject: Subject) -> Iterator[str]:
    """Have a server that pytest's mutants are asked of; hands out the command that asks."""
    with tempfile.TemporaryDirectory(prefix="featuregen-mutants-") as folder:
        path = Path(folder) / "socket"
        serving = subprocess.Popen(
            [subject.python, WARM, "serve", path], cwd=subject.root, start_new_session=True
        )
        try:
            while not path.exists():
                if serving.poll() is not None:
                    raise SystemExit("the warm pytest did not start")
                time.sleep(0.05)
            ask = [str(subject.python), "-S", "-E", str(WARM), "ask", str(path), *PYTEST]
            subprocess.run([*ask, "--collect-only", *subject.tests("")], check=True)
            yield " ".join(ask)
        finally:
            serving.kill()
            serving.wait()


def baseline(subject: Subject) -> None:
    """Pass the tests as they are, which compiles all modules; a failure ends everything."""
    tests = subject.tests("")
    subject.run("python", "-m", "pytest", *PYTEST, *tests)


def cosmic_ray(
    subject: Subject, modules: Sequence[str], sample: int = 0, seed: int = 0
) -> list[Score]:
    """Mutate modules in place, each mutant in turn; `sample` many of them, or all."""
    with warm(subject) as ask:
        return [_cosmic_ray(subject, module, ask, sample, seed) for module in modules]


def _cosmic_ray(subject: Subject, module: str, ask: str, sample: int, seed: int) -> Score:
    name = f"cosmic-{Path(module).stem}"
    config, session = subject.root / f"{name}.toml", subject.root / f"{name}.sqlite"
    command = f"{ask} {' '.join(subject.tests(module))}"
    config.write_text(
        f"[cosmic-ray]\nmodule-path = {json.dumps(module)}\ntimeout = {TIMEOUT}\n"
        f"excluded-modules = []\ntest-command = {json.dumps(command)}\n"
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    subject.run("cosmic-ray", "init", config, session)
    _choose(session, _shown_lines(subject.root / module), sample, seed)
    subject.run("cosmic-ray", "exec", config, session)
    lines = subject.run("cosmic-ray", "dump", session).splitlines()
    found = [json.loads(line) for line in lines]
    survivors = [work for work, result in found if result["test_outcome"] == "survived"]
    return Score("cosmic-ray", module, len(found), tuple(_shown(subject, it) for it in survivors))


def _shown_lines(module: Path) -> frozenset[int]:
    """The lines of examples."""
    return frozenset(
        line
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg in SHOWN
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _choose(session: Path, shown: frozenset[int], sample: int, seed: int) -> None:
    with closing(sqlite3.connect(session)) as database:
        found = database.execute(
            "SELECT operator_name, occurrence, start_pos_row, job_id FROM mutation_specs"
        ).fetchall()
        kept = [
            job
            for operator, _, line, job in sorted(found)
            if not TRIVIAL.match(operator)
            and not (line in shown and operator == "core/NumberReplacer")
        ]
        if sample:
            kept = random.Random(seed).sample(kept, min(sample, len(kept)))  # noqa: S311 - a sample
        marks = ",".join("?" * len(kept))
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN ({marks})", kept)  # noqa: S608
        database.commit()


def _shown(subject: Subject, work: dict[str, Any]) -> Survivor:
    (mutation,) = work["mutations"]
    module, operator = mutation["module_path"], mutation["operator_name"].removeprefix("core/")
    line, column = mutation["start_pos"]
    source = (subject.root / module).read_text().splitlines()[line - 1].strip()
    place = f"{mutation.get('definition_name') or ''}:{line}"
    return Survivor(module, place, f"{operator} at column {column}: {source}")


def mutmut(subject: Subject) -> list[Score]:
    """Mutate the functions of the service, all in one file that picks one of them at run time."""
    module = f"app/services/{subject.feature}_service.py"
    pyproject = subject.root / "pyproject.toml"
    settings = {
        "source_paths": ["app"],
        "only_mutate": [module],
        "do_not_mutate_patterns": [pattern for pattern, _ in UNTOUCHED],
        "pytest_add_cli_args": list(PYTEST),
        "pytest_add_cli_args_test_selection": subject.tests(module),
        "also_copy": ["app", "tests", "migrations", "alembic.ini", "pyproject.toml"],
        "timeout_constant": TIMEOUT,
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    text = pyproject.read_text()
    pyproject.write_text(f"{text}\n[tool.mutmut]\n{lines}")
    try:
        subject.run("mutmut", "run", "--max-children", "1", check=False)
        listed = subject.run("mutmut", "results", "--all", "true")
        found = re.findall(r"^\s*(\S+): (.+)$", listed, re.MULTILINE)
        if not found:
            raise SystemExit(f"mutmut found nothing:\n{listed}")
        alive = [name for name, status in found if status not in {"killed", "timeout"}]
        survivors = tuple(
            _diff(module, name, subject.run("mutmut", "show", name)) for name in alive
        )
    finally:
        pyproject.write_text(text)
    return [Score("mutmut", module, len(found), survivors)]


def _diff(module: str, name: str, shown: str) -> Survivor:
    place = re.search(r"^@@ -(\d+)", shown, re.MULTILINE)
    lines = [line for line in shown.splitlines() if re.match(r"[-+](?![-+])", line)]
    short = name.rsplit(".", 1)[-1].replace("xǁ", "").replace("ǁ", ".")
    change = " → ".join(" ".join(line[1:].split()) for line in lines)
    return Survivor(module, f"{short}{f':{place[1]}' if place else ''}", change)


def report(feature: str, scores: Sequence[Score]) -> str:
    """Markdown: what was killed, and each survivor."""
    lines = [f"| {feature} | tool | mutants | killed | |", "|---|---|---|---|---|"]
    for score in scores:
        dead = score.mutants - len(score.survivors)
        lines.append(
            f"| `{score.module}` | {score.tool} | {score.mutants} | {dead} | {score.killed:.1%} |"
        )
    mutants = sum(score.mutants for score in scores)
    alive = sum(len(score.survivors) for score in scores)
    lines.append(f"| together | | {mutants} | {mutants - alive} | {1 - alive / mutants:.1%} |")
    lines += [""]
    lines += [
        f"- `{each.module}` {each.place}: `{each.change}`"
        for score in scores
        for each in score.survivors
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Mutate the features of the specs; 1 where fewer than nine in ten mutants are killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("specs", nargs="+", type=Path)
    options.add_argument("--sample", type=int, default=0, help="mutants of each module, not all")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--tool", choices=["cosmic-ray", "mutmut"], help="only this one")
    options.add_argument("--module", action="append", help="only this one, by the end of its path")
    options.add_argument("--python", type=Path, help="an environment that has the tools")
    options.add_argument("--keep", type=Path, help="a folder to work in, and to leave")
    given = options.parse_args()
    good = True
    for spec in given.specs:
        root = given.keep or Path(tempfile.mkdtemp(prefix="featuregen-mutants-"))
        it = subject(spec, root / "project", given.python)
        baseline(it)
        chosen = [m for m in it.modules if not given.module or m.endswith(tuple(given.module))]
        scores: list[Score] = []
        if given.tool != "mutmut":
            scores += cosmic_ray(it, chosen, given.sample, given.seed)
        if given.tool != "cosmic-ray" and not given.sample:
            scores += mutmut(it)
        sys.stdout.write(report(it.feature, scores))
        sys.stdout.flush()
        dead = sum(score.mutants * score.killed for score in scores)
        good = good and dead >= 0.9 * sum(score.mutants for score in scores)
        if not given.keep:
            shutil.rmtree(root)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
