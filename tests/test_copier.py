"""Plain copier: the trees of featuregen's own commands, and no success where they have none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from cli_process import BAD, GOOD, REPOSITORY, featuregen
from conftest import OK_CASES, PAYMENT, snapshot
from copier_process import OURS, Copier, commit, git, template_repository

from featuregen.answers import load_answers
from featuregen.version import VERSION

ANSWERS = ".featuregen/greeting.yml"
MORE = (
    f"{GOOD}  say_bye: {{method: GET, path: /bye, response: Greeting, auth: none, hook: say_bye}}\n"
)
OTHER = GOOD.replace("greeting", "welcome").replace("Greeting", "Welcome")


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> Copier:
    return Copier(tmp_path_factory.mktemp("copier"))


@pytest.fixture(scope="module")
def _copied(copier: Copier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copied")
    (folder / "greeting.yaml").write_text(GOOD)
    done = copier("copy", "--data-file", "greeting.yaml", OURS, "shop-api", cwd=folder)
    assert done.returncode == 0, done.stderr
    commit(folder / "shop-api")
    return folder / "shop-api"


@pytest.fixture
def copied(_copied: Path, tmp_path: Path) -> Path:
    """A project that copier has made, committed."""
    root = tmp_path / "shop-api"
    shutil.copytree(_copied, root)
    return root


def tree(root: Path) -> Mapping[str, object]:
    return {path: file for path, file in snapshot(root).items() if not path.startswith(".git/")}


def edit(root: Path, spec: str) -> None:
    (root / "features" / "greeting.yaml").write_text(spec)


@pytest.mark.parametrize(
    "spec",
    [PAYMENT, pytest.param(OK_CASES[0], marks=pytest.mark.heavy)],
    ids=lambda path: path.stem,
)
def test_copier_copy_gives_the_tree_of_featuregen_new(
    spec: Path, copier: Copier, tmp_path: Path
) -> None:
    roots = [tmp_path / name / "shop-api" for name in ("ours", "copier")]
    made = featuregen("new", spec, "--no-verify", "--into", roots[0])
    assert made.returncode == 0, made.stderr
    done = copier("copy", "--data-file", spec, OURS, roots[1], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert tree(roots[0]) == tree(roots[1])


def test_a_second_feature_comes_by_copier_as_by_featuregen(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    other = tmp_path / "welcome.yaml"
    other.write_text(OTHER)
    twin = tmp_path / "twin" / "shop-api"
    shutil.copytree(copied, twin)
    assert copier("copy", "--data-file", other, OURS, copied, cwd=tmp_path).returncode == 0
    assert featuregen("new", other, "--no-verify", "--into", twin).returncode == 0
    assert tree(copied) == tree(twin)


@pytest.mark.heavy
def test_a_template_in_a_repository_differs_by_its_name_alone(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    repository = template_repository(tmp_path / "featuregen", VERSION)
    spec = tmp_path / "greeting.yaml"
    spec.write_text(GOOD)
    root = tmp_path / "two" / "shop-api"
    assert copier("copy", "--data-file", spec, repository, root, cwd=tmp_path).returncode == 0
    ours, theirs = dict(tree(copied)), dict(tree(root))
    answers = [str(each.pop(ANSWERS)) for each in (ours, theirs)]
    assert ours == theirs
    assert answers[0].replace(OURS, str(repository)) == answers[1]


@pytest.mark.heavy
def test_the_spec_may_be_given_as_one_text(copier: Copier, copied: Path, tmp_path: Path) -> None:
    root = tmp_path / "two" / "shop-api"
    text = GOOD.rstrip("\n")  # as $(cat spec.yaml) gives it
    assert copier("copy", "--data", f"spec={text}", OURS, root, cwd=tmp_path).returncode == 0
    assert tree(root) == tree(copied)


def test_comments_order_and_words_of_the_data_file_survive(copier: Copier, tmp_path: Path) -> None:
    text = (
        f"# why\n{GOOD}title: no\nrequirements: {{notes: [yes, 12:30:00, 2026-01-01]}} # YAML 1.2\n"
    )
    (tmp_path / "spec.yaml").write_text(text)
    root = tmp_path / "api"
    done = copier("copy", "--data-file=spec.yaml", OURS, "api", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (root / "features/greeting.yaml").read_text() == text
    answers = load_answers(root, "greeting")
    assert answers is not None
    assert answers.spec == text


@pytest.mark.heavy
def test_values_without_a_file_are_written_out_in_their_order(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    program = (
        "import copier, sys, yaml\n"
        "data = yaml.safe_load(sys.stdin)\n"
        f"copier.run_copy({OURS!r}, 'api', data={{**data, 'verify': False}}, unsafe=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=copier.environment,
        input=GOOD,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "api/features/greeting.yaml").read_text()
    assert yaml.safe_load(written) == yaml.safe_load(GOOD)
    assert list(yaml.safe_load(written)) == list(yaml.safe_load(GOOD))
    service = "app/services/greeting_service.py"
    assert (tmp_path / "api" / service).read_bytes() == (copied / service).read_bytes()


def test_a_key_that_the_language_does_not_have_is_told_as_by_check(
    copier: Copier, tmp_path: Path
) -> None:
    (tmp_path / "spec.yaml").write_text(GOOD.replace("models:", "modells:"))
    done = copier("copy", "--data-file", "spec.yaml", OURS, "api", cwd=tmp_path)
    assert done.returncode == 1
    assert "spec.yaml:3:1: error" in done.stderr
    assert "did you mean 'models'?" in done.stderr


def test_a_bad_spec_stops_copy_before_anything_is_made(copier: Copier, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(BAD)
    done = copier("copy", "--data-file", "spec.yaml", OURS, "api", cwd=tmp_path)
    assert done.returncode == 1
    assert "unknown type 'monney'" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["spec.yaml"]


def test_a_bad_spec_stops_a_second_copy_with_the_project_untouched(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    before = tree(copied)
    (tmp_path / "spec.yaml").write_text(BAD.replace("greeting", "welcome"))
    assert copier("copy", "--data-file", "spec.yaml", OURS, copied, cwd=tmp_path).returncode == 1
    assert tree(copied) == before


def test_a_feature_that_cannot_be_added_leaves_nothing_of_itself(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    (copied / "app/services/welcome_service.py").write_text("# mine\n")
    before = tree(copied)
    (tmp_path / "spec.yaml").write_text(OTHER)
    done = copier("copy", "--data-file", "spec.yaml", OURS, copied, cwd=tmp_path)
    assert done.returncode == 1
    assert "app/services/welcome_service.py exists already" in done.stderr
    assert tree(copied) == before


@pytest.mark.heavy
def test_no_spec_at_all_is_told(copier: Copier, tmp_path: Path) -> None:
    done = copier("copy", OURS, "api", cwd=tmp_path)
    assert done.returncode == 1
    assert "copier was given no spec" in done.stderr
    assert not (tmp_path / "api").exists()


def test_a_folder_that_holds_something_else_is_not_touched(copier: Copier, tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "mine.txt").write_text("mine\n")
    (tmp_path / "spec.yaml").write_text(GOOD)
    done = copier("copy", "--data-file", "spec.yaml", OURS, "api", cwd=tmp_path)
    assert done.returncode == 1
    assert "this folder is not empty, and no featuregen project" in done.stderr
    assert [path.name for path in (tmp_path / "api").iterdir()] == ["mine.txt"]


def test_copying_a_feature_again_points_to_update(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    before = tree(copied)
    (tmp_path / "spec.yaml").write_text(MORE)
    done = copier("copy", "--data-file", "spec.yaml", OURS, copied, cwd=tmp_path)
    assert done.returncode == 1
    assert "featuregen update greeting" in done.stderr
    assert tree(copied) == before


def test_copying_the_same_spec_again_changes_nothing(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    before = tree(copied)
    (tmp_path / "spec.yaml").write_text(GOOD)
    assert copier("copy", "--data-file", "spec.yaml", OURS, copied, cwd=tmp_path).returncode == 0
    assert tree(copied) == before


def test_copier_update_gives_the_tree_of_featuregen_update(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    service = copied / "app/services/greeting_service.py"
    service.write_text(service.read_text() + "\n\ndef mine() -> int:\n    return 1\n")
    edit(copied, MORE)
    commit(copied)
    twin = tmp_path / "twin" / "shop-api"
    shutil.copytree(copied, twin)
    done = copier("update", "--answers-file", ANSWERS, cwd=copied)
    assert done.returncode == 0, done.stderr
    assert featuregen("update", "--no-verify", "--into", twin).returncode == 0
    assert tree(copied) == tree(twin)
    assert "async def say_bye" in service.read_text()
    assert "def mine() -> int:" in service.read_text()
    answers = load_answers(copied, "greeting")
    assert answers is not None
    assert answers.spec == MORE


def test_a_project_made_by_featuregen_is_updated_by_copier(copier: Copier, tmp_path: Path) -> None:
    (tmp_path / "greeting.yaml").write_text(GOOD)
    root = tmp_path / "api"
    made = featuregen("new", "greeting.yaml", "--no-verify", "--into", root, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    edit(root, MORE)
    commit(root)
    done = copier("update", "--answers-file", ANSWERS, cwd=root)
    assert done.returncode == 0, done.stderr
    assert "async def say_bye" in (root / "app/services/greeting_service.py").read_text()


def test_an_update_with_nothing_new_changes_nothing(copier: Copier, copied: Path) -> None:
    done = copier("update", "--answers-file", ANSWERS, cwd=copied)
    assert done.returncode == 0, done.stderr
    assert git(copied, "status", "--porcelain") == ""


def test_an_update_takes_a_new_spec_from_its_data(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.yaml").write_text(MORE)
    spec = tmp_path / "new.yaml"
    done = copier("update", "--answers-file", ANSWERS, "--data-file", spec, cwd=copied)
    assert done.returncode == 0, done.stderr
    assert (copied / "features/greeting.yaml").read_text() == MORE
    assert "async def say_bye" in (copied / "app/services/greeting_service.py").read_text()


@pytest.mark.parametrize(
    ("edited", "given", "told"),
    [
        pytest.param(BAD, None, "unknown type 'monney'", id="edited to a bad one"),
        pytest.param(None, BAD, "unknown type 'monney'", id="given a bad one"),
        pytest.param(
            None,
            OTHER,
            "these are the answers of 'greeting'",
            id="of another feature",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            GOOD + "# edited\n", MORE, "copier is given another one", id="edited and another given"
        ),
    ],
)
def test_a_spec_that_cannot_be_stops_an_update_with_the_project_untouched(
    edited: str | None, given: str | None, told: str, copier: Copier, copied: Path, tmp_path: Path
) -> None:
    if edited is not None:
        edit(copied, edited)
        commit(copied)
    data: list[str | Path] = []
    if given is not None:
        (tmp_path / "given.yaml").write_text(given)
        data = ["--data-file", tmp_path / "given.yaml"]
    done = copier("update", "--answers-file", ANSWERS, *data, cwd=copied)
    assert done.returncode == 1
    assert told in done.stderr
    assert git(copied, "status", "--porcelain") == ""


def set_against_the_spec(copied: Path) -> Path:
    """An edit of the line that the spec changes, too."""
    model = copied / "app/models/greeting.py"
    model.write_text(model.read_text().replace("    text: ", "    text: int  # mine: "))
    edit(copied, GOOD.replace("text: string", "text: {type: string, max_length: 5}"))
    commit(copied)
    return model


def test_a_conflict_is_no_success(copier: Copier, copied: Path) -> None:
    service = set_against_the_spec(copied)
    done = copier("update", "--answers-file", ANSWERS, cwd=copied)
    assert done.returncode == 1
    assert "returned non-zero exit status 3" in done.stderr
    assert "<<<<<<<" in service.read_text()


UPDATE = """
from copier import run_update
from copier.errors import TaskError
try:
    given = {"data": {"verify": False}, "unsafe": True, "overwrite": True, "quiet": True}
    run_update(".", answers_file=%r, **given)
except TaskError as error:
    raise SystemExit(error.returncode)
"""


def test_copiers_python_interface_tells_a_conflict_from_a_fault(
    copier: Copier, copied: Path
) -> None:
    set_against_the_spec(copied)
    done = subprocess.run(
        [sys.executable, "-P", "-c", UPDATE % ANSWERS],
        cwd=copied,
        env=copier.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr


def test_recopy_keeps_what_was_edited(copier: Copier, copied: Path) -> None:
    service = copied / "app/services/greeting_service.py"
    service.write_text(service.read_text() + "\n\ndef mine() -> int:\n    return 1\n")
    before = tree(copied)
    done = copier("recopy", "--answers-file", ANSWERS, "--force", cwd=copied)
    assert done.returncode == 0, done.stderr
    assert tree(copied) == before


def test_a_newer_template_is_refused_with_the_command_that_fixes_it(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    repository = template_repository(tmp_path / "featuregen", VERSION, "99.0.0")
    spec = tmp_path / "greeting.yaml"
    spec.write_text(GOOD)
    fresh = copier("copy", "--data-file", spec, repository, "fresh", cwd=tmp_path)
    answers = copied / ANSWERS
    answers.write_text(answers.read_text().replace(OURS, str(repository)))
    commit(copied)
    update = copier("update", "--answers-file", ANSWERS, cwd=copied)
    for done in (fresh, update):
        assert done.returncode == 1
        assert "pip install 'featuregen==99.0.0'" in done.stderr
    assert not (tmp_path / "fresh").exists()
    assert git(copied, "status", "--porcelain") == ""


@pytest.mark.heavy
def test_the_template_that_fits_can_be_named(copier: Copier, tmp_path: Path) -> None:
    repository = template_repository(tmp_path / "featuregen", VERSION, "99.0.0")
    spec = tmp_path / "greeting.yaml"
    spec.write_text(GOOD)
    done = copier(
        "copy", "--data-file", spec, "--vcs-ref", f"v{VERSION}", repository, "api", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


def test_an_update_from_an_older_template_goes_through(
    copier: Copier, copied: Path, tmp_path: Path
) -> None:
    repository = template_repository(tmp_path / "featuregen", "0.0.1", VERSION)
    answers = copied / ANSWERS
    old = answers.read_text().replace(OURS, str(repository))
    answers.write_text(old.replace(f"v{VERSION}", "v0.0.1"))
    commit(copied)
    done = copier("update", "--answers-file", ANSWERS, cwd=copied)
    assert done.returncode == 0, done.stderr
    assert answers.read_text() == old


def test_without_trust_nothing_runs(copier: Copier, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "copier", "copy", "--data-file", "spec.yaml", OURS, "api"],
        cwd=tmp_path, env=copier.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert not (tmp_path / "api").exists()


def test_a_module_of_the_projects_does_not_take_the_place_of_ours(
    copier: Copier, copied: Path
) -> None:
    (copied / "featuregen.py").write_text("raise SystemExit('mine')\n")
    (copied / "yaml.py").write_text("raise SystemExit('mine')\n")
    edit(copied, MORE)
    commit(copied)
    assert copier("update", "--answers-file", ANSWERS, cwd=copied).returncode == 0


def test_the_versions_in_the_template_are_this_version() -> None:
    text = (REPOSITORY / "copier.yml").read_text()
    assert set(re.findall(r"['\"](\d+\.\d+\.\d+)['\"]", text.partition("_tasks:")[2])) == {VERSION}
