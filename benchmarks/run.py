"""`make bench`: what featuregen costs, beside its peer; the README gets the table."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_set import NUMBER, OPERATIONS, write_specs
from measure import Command, Cost, costs, environment
from peer import NAME as PEER
from peer import command as peer_command
from peer import openapi
from updates import CLASSIC, UNRELATED, nothing_to_do, one_template_for_all, small_change

REPOSITORY = Path(__file__).resolve().parents[1]
PAYMENT = REPOSITORY / "tests" / "cases" / "ok" / "payment-upstream.yaml"
OTHER = REPOSITORY / "tests" / "cases" / "ok" / "order.yaml"
FEATUREGEN = Path(sys.executable).with_name("featuregen")
FLAT = 1.15
"""Four times the features may take this much more memory: each is on the disk before the next."""
MARKS = re.compile(r"(<!-- benchmarks: begin -->\n).*(<!-- benchmarks: end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `limit` is CPU seconds, `most` MiB, `ratio` the peer's share at most."""

    what: str
    ours: Cost
    limit: float
    theirs: Cost | None = None
    ratio: float | None = None
    most: float | None = None

    @property
    def share(self) -> float | None:
        return self.ours.cpu / self.theirs.cpu if self.theirs else None

    @property
    def holds(self) -> bool:
        return (
            self.ours.cpu <= self.limit
            and (self.most is None or self.ours.memory <= self.most)
            and (self.ratio is None or self.share is None or self.share <= self.ratio)
        )


def main() -> int:
    """Measure, print, and write the README's table; 1 where a budget is exceeded."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=11, help="of the short commands")
    options.add_argument("--keep-readme", action="store_true", help="print the table only")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="featuregen-bench-") as scratch:
        work = Path(scratch)
        few = given.runs // 3 or 1
        rows = [check(work, given.runs), new(work, given.runs), *many(work, few)]
        rows += later(work, few)
        text = table(rows) + "\n" + proof(work)
    sys.stdout.write(text)
    if not given.keep_readme:
        readme = REPOSITORY / "README.md"
        page = readme.read_text(encoding="utf-8")
        readme.write_text(MARKS.sub(lambda m: f"{m[1]}{text}{m[2]}", page), encoding="utf-8")
    exceeded = [row.what for row in rows if not row.holds]
    sys.stderr.write("".join(f"over its budget: {what}\n" for what in exceeded))
    return 1 if exceeded else 0


def generate(specs: Sequence[Path], into: Path) -> None:
    """Without verification, and without being measured."""
    arguments: list[str | Path] = [FEATUREGEN, "new", *specs, "--into", into, "--no-verify"]
    subprocess.run(arguments, stdout=subprocess.DEVNULL, env=dict(environment()), check=True)


def check(work: Path, runs: int) -> Row:
    (cost,) = costs([Command("check", [FEATUREGEN, "check", PAYMENT], work)], runs)
    return Row("`check` the payment API", cost, limit=0.15)


def new(work: Path, runs: int) -> Row:
    existing, project, alone = work / "existing", work / "project", work / "payment-api"
    generate([OTHER], existing)
    generate([PAYMENT], alone)

    def prepare() -> None:
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(existing, project)

    ours = Command(
        "new", [FEATUREGEN, "new", PAYMENT, "--into", project, "--no-verify"], work, prepare
    )
    theirs = peer_command(openapi(alone, work / "payment.json"), work / "peer")
    mine, its = costs([ours, theirs], runs)
    what = "`new --no-verify`: the payment API into a project"
    return Row(what, mine, 0.35, its, ratio=0.6, most=70)


def many(work: Path, runs: int) -> list[Row]:
    specs, shop = write_specs(work / "specs"), work / "shop-api"

    def prepare() -> None:
        shutil.rmtree(shop, ignore_errors=True)

    def ours(number: int) -> Command:
        chosen = specs[:number]
        arguments: list[str | Path] = [FEATUREGEN, "new", *chosen, "--into", shop, "--no-verify"]
        return Command("new of many", arguments, work, prepare)

    generate(specs, shop)
    theirs = peer_command(openapi(shop, work / "shop.json"), work / "peer-of-many")
    quarter, mine, its = costs([ours(NUMBER // 4), ours(NUMBER), theirs], runs)
    operations = NUMBER * OPERATIONS
    return [
        Row(
            f"{NUMBER // 4} features with {operations // 4} operations in one run",
            quarter,
            limit=1.5,
        ),
        Row(
            f"{NUMBER} features with {operations} operations in one run",
            mine,
            4,
            its,
            ratio=1,
            most=FLAT * quarter.memory,
        ),
    ]


def later(work: Path, runs: int) -> list[Row]:
    """Updates, on the projects that the other rows have made; the peer is copier itself."""
    plain, among = nothing_to_do(work / "payment-api", work, runs)
    mine, its = small_change(work / "payment-api", work, runs)
    everything = one_template_for_all(work / "shop-api", work, 1)
    return [
        Row("`update --all`, nothing to do", plain, 0.15),
        Row(f"the same with {UNRELATED} unrelated files in the project", among, 0.15),
        Row(
            f"`update --no-verify`, a small change; beside it {CLASSIC}", mine, 0.4, its, ratio=0.2
        ),
        Row(f"{NUMBER} features, one template changed", everything, 6, most=50),
    ]


def table(rows: Sequence[Row]) -> str:
    """Markdown: medians, budgets and the peer."""
    head = f"| CPU of the whole process, peak memory | featuregen | {PEER} | ratio | budget |\n"
    lines = [
        f"| {row.what} | {shown(row.ours)} | {shown(row.theirs)} | "
        f"{f'{row.share:.2f}' if row.share else ''} | {budget(row)} |\n"
        for row in rows
    ]
    return head + "|---|---|---|---|---|\n" + "".join(lines)


def shown(cost: Cost | None) -> str:
    return f"{cost.cpu:.2f} s, {cost.memory:.0f} MiB" if cost else ""


def budget(row: Row) -> str:
    parts = [
        f"{row.limit:g} s",
        *([f"{row.most:.0f} MiB"] if row.most else []),
        *([f"ratio {row.ratio:g}"] if row.ratio else []),
    ]
    return ", ".join(parts) + ("" if row.holds else ": **exceeded**")


def proof(work: Path) -> str:
    """Where the time of a verified run goes, with the environment at hand: the best of three."""
    said = min((proven(work / f"verified-{number}") for number in range(3)), key=seconds)
    verification = said["verification"]
    return (
        "Medians on 2 cores; `make bench` measures again. The peer writes models and stubs from "
        "the same API as OpenAPI: no logic, no test.\n\n"
        f"With its proof, `new` of the payment API into a project takes {seconds(said):.1f} s by "
        f"the clock, the environment being at hand: {listed(said['stages'])}. At the same time "
        f"within `verify`: {listed(verification['stages'])}, for {len(verification['tests'])} "
        "tests.\n"
    )


def proven(project: Path) -> dict[str, Any]:
    """The document of a run with its proof, into a project that has another feature."""
    generate([OTHER], project)
    arguments: list[str | Path] = [FEATUREGEN, "new", PAYMENT, "--into", project, "--json"]
    done = subprocess.run(
        arguments, capture_output=True, text=True, env=dict(environment()), check=True
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def seconds(document: Mapping[str, Any]) -> float:
    """By the clock, of all stages together."""
    return float(sum(stage["seconds"] for stage in document["stages"]))


def listed(stages: Sequence[Mapping[str, Any]]) -> str:
    """Each stage with its time."""
    return ", ".join(f"{stage['name']} {stage['seconds']:.2f} s" for stage in stages)


if __name__ == "__main__":
    sys.exit(main())
