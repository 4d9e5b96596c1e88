"""Later runs: an update with nothing to do, a small one beside copier's own, one of a hundred."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from measure import Command, Cost, costs, environment

FEATUREGEN = Path(sys.executable).with_name("featuregen")
COPIER = Path(sys.executable).with_name("copier")
CLASSIC = "copier's own render and merge"
UNRELATED = 3_000
SERVICE = "feature/app/services/feature_service.py.jinja"


def nothing_to_do(project: Path, work: Path, runs: int) -> tuple[Cost, Cost]:
    """An update of an up-to-date project; then with many unrelated files in it."""
    crowded = work / "crowded"
    shutil.copytree(project, crowded)
    for number in range(UNRELATED):
        place = crowded / "data" / str(number % 50)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text("unrelated\n")
    plain, among = costs([_update("nothing", project), _update("crowded", crowded)], runs)
    return plain, among


def small_change(project: Path, work: Path, runs: int) -> tuple[Cost, Cost]:
    """One bound of the spec changes; copier has the same two trees as versions of a template."""
    changed, classic = work / "changed", work / "classic"

    def prepare() -> None:
        shutil.rmtree(changed, ignore_errors=True)
        shutil.copytree(project, changed)
        spec = changed / "features" / "payment.yaml"
        spec.write_text(spec.read_text().replace("max_length: 500", "max_length: 400"))

    prepare()
    subprocess.run(_update("once", changed).arguments, stdout=subprocess.DEVNULL, check=True)
    template = _template(work / "template", project, changed)

    def prepare_classic() -> None:
        shutil.rmtree(classic, ignore_errors=True)
        _copier("copy", "--vcs-ref", "v1", str(template), str(classic))
        _git(classic, "init", "-q")
        _commit(classic, "one")

    theirs = Command(
        "classic", [COPIER, "update", "--defaults", "--quiet", "."], classic, prepare_classic
    )
    mine, its = costs([_update("small", changed, prepare), theirs], runs)
    return mine, its


def one_template_for_all(shop: Path, work: Path, runs: int) -> Cost:
    """A house template changes what every feature of the project renders."""
    housed = work / "housed"
    original = Path(__file__).resolve().parents[1] / "templates" / SERVICE

    def prepare() -> None:
        shutil.rmtree(housed, ignore_errors=True)
        shutil.copytree(shop, housed)
        ours = housed / "house" / SERVICE
        ours.parent.mkdir(parents=True)
        ours.write_text(original.read_text() + "\n# Of our house.\n")
        pyproject = housed / "pyproject.toml"
        text = pyproject.read_text()
        pyproject.write_text(
            text.replace("[tool.featuregen]\n", '[tool.featuregen]\ntemplates = "house/"\n')
        )

    (cost,) = costs([_update("all", housed, prepare)], runs)
    return cost


def _update(name: str, project: Path, prepare: object = None) -> Command:
    arguments: Sequence[str | Path] = [
        FEATUREGEN, "update", "--all", "--into", project, "--no-verify",
    ]  # fmt: skip
    return Command(name, arguments, project.parent, prepare if callable(prepare) else _nothing)


def _nothing() -> None:
    pass


def _template(folder: Path, old: Path, new: Path) -> Path:
    """A plain copier template with two versions: the tree as it was, and as it is."""
    folder.mkdir()
    _git(folder, "init", "-q")
    for tag, tree in (("v1", old), ("v2", new)):
        shutil.rmtree(folder / "template", ignore_errors=True)
        shutil.copytree(tree, folder / "template", ignore=shutil.ignore_patterns(".featuregen"))
        (folder / "copier.yml").write_text(
            "_subdirectory: template\nname: {type: str, default: a}\n"
        )
        answers = folder / "template" / "{{ _copier_conf.answers_file }}.jinja"
        answers.write_text("{{ _copier_answers|to_nice_yaml -}}\n")
        _commit(folder, tag)
        _git(folder, "tag", tag)
    return folder


def _copier(*arguments: str) -> None:
    subprocess.run(
        [COPIER, arguments[0], "--defaults", "--quiet", *arguments[1:]],
        env=dict(environment()),
        check=True,
    )


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-qm", message)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
