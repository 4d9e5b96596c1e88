"""A team's own templates over featuregen's."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from cli_process import REPOSITORY, featuregen
from conftest import snapshot

from featuregen.errors import FeaturegenError
from featuregen.house import ejected, find_house, house_templates, our_templates
from featuregen.lifecycle.rebuilding import rebuild
from featuregen.lifecycle.removing import remove
from featuregen.lifecycle.statuses import status
from featuregen.lifecycle.updating import update
from featuregen.lock import load_lock
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

SERVICE = "feature/app/services/feature_service.py.jinja"
LOGGING = "project/app/core/logging.py.jinja"
TABLE = re.compile(r'\[tool\.featuregen\]\n(templates = ".*"\n)?')
FAST = Options(verify=False)

NOTE = """\
featuregen: 1
feature: note
models:
  Note: {fields: {text: string}}
operations:
  read_note: {method: GET, path: /one, response: Note, auth: none, hook: read_note}
  call_note: {method: GET, path: /two, response: Note, auth: none, hook: call_note}
"""
MEMO = NOTE.replace("note", "memo").replace("Note", "Memo")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return made(tmp_path, NOTE)


def made(tmp_path: Path, *specs: str) -> Path:
    root = tmp_path / "notes-api"
    for spec in specs:
        path = tmp_path / "spec.yaml"
        path.write_text(spec)
        new(path, root, FAST, Silent())
    return root


def settle(root: Path, setting: str = "house/") -> None:
    """Name the team's templates in pyproject.toml."""
    pyproject = root / "pyproject.toml"
    pyproject.write_text(
        TABLE.sub(f'[tool.featuregen]\ntemplates = "{setting}"\n', pyproject.read_text())
    )


def put(root: Path, name: str, text: str) -> None:
    path = root / "house" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def hook_log(text: str) -> str:
    return (
        f'{{% extends "featuregen/{SERVICE}" %}}\n'
        "{% block log_hook %}\n"
        f'        log.info("{text}.{{{{ operation.name }}}}")\n'
        "{% endblock %}\n"
    )


def test_a_block_changes_its_part_in_every_operation_and_nothing_else(project: Path) -> None:
    before = snapshot(project)
    settle(project)
    put(project, SERVICE, hook_log("house"))
    update(project, (), FAST, Silent())
    after = snapshot(project)
    changed = {path for path in before if after[path] != before[path]}
    service = (project / "app/services/note_service.py").read_text()
    assert re.findall(r'log\.info\("(.*)"\)', service) == ["house.read_note", "house.call_note"]
    assert {path for path in changed if not path.startswith(".featuregen/")} == {
        "app/services/note_service.py",
        "pyproject.toml",
    }


def test_a_file_of_the_same_path_takes_the_place_of_ours(project: Path) -> None:
    settle(project)
    put(project, "project/app/asgi.py.jinja", '"""The house\'s own."""\n')
    update(project, (), FAST, Silent())
    assert (project / "app/asgi.py").read_text() == '"""The house\'s own."""\n'


def test_new_files_join_once_for_a_feature_and_once_for_the_project(tmp_path: Path) -> None:
    root = made(tmp_path, NOTE, MEMO)
    settle(root)
    put(root, "feature/app/audit/feature_audit.py.jinja", 'NAME = "{{ feature.name }}"\n')
    put(root, "project/app/audit/__init__.py.jinja", '"""{{ features | length }} features."""\n')
    update(root, (), FAST, Silent())
    written = {path.name: path.read_text() for path in (root / "app/audit").iterdir()}
    assert written == {
        "__init__.py": '"""2 features."""\n',
        "note_audit.py": 'NAME = "note"\n',
        "memo_audit.py": 'NAME = "memo"\n',
    }


def test_a_new_feature_is_rendered_with_the_house(project: Path, tmp_path: Path) -> None:
    settle(project)
    put(project, SERVICE, hook_log("house"))
    update(project, (), FAST, Silent())
    made(tmp_path, MEMO)
    assert '"house.read_memo"' in (project / "app/services/memo_service.py").read_text()


def test_a_feature_added_under_a_changed_house_leaves_the_update_of_the_others_due(
    project: Path, tmp_path: Path
) -> None:
    settle(project)
    put(project, SERVICE, hook_log("first"))
    update(project, (), FAST, Silent())
    put(project, SERVICE, hook_log("second"))
    made(tmp_path, MEMO)
    assert '"first.read_note"' in (project / "app/services/note_service.py").read_text()
    assert update(project, (), FAST, Silent()).outcome == "updated"
    assert '"second.read_note"' in (project / "app/services/note_service.py").read_text()


def test_nothing_is_done_again_until_a_template_changes(project: Path) -> None:
    settle(project)
    put(project, SERVICE, hook_log("house"))
    update(project, (), FAST, Silent())
    before = snapshot(project)
    assert update(project, (), FAST, Silent()).outcome == "unchanged"
    assert snapshot(project) == before


def test_the_status_says_that_a_changed_house_is_due(project: Path) -> None:
    settle(project)
    put(project, SERVICE, hook_log("house"))
    update(project, (), FAST, Silent())
    assert [each.due for each in status(project).features] == [False]
    put(project, SERVICE, hook_log("new"))
    assert [each.due for each in status(project).features] == [True]


def test_taking_the_house_away_brings_ours_back(project: Path) -> None:
    service = project / "app/services/note_service.py"
    before = service.read_text()
    settle(project)
    put(project, SERVICE, hook_log("house"))
    update(project, (), FAST, Silent())
    assert service.read_text() != before
    pyproject = project / "pyproject.toml"
    pyproject.write_text(TABLE.sub("[tool.featuregen]\n", pyproject.read_text()))
    update(project, (), FAST, Silent())
    assert service.read_text() == before
    lock = load_lock(project, "project")
    assert lock is not None
    assert lock.house is None


def test_the_users_edits_survive_a_change_of_the_house(project: Path) -> None:
    service = project / "app/services/note_service.py"
    service.write_text(service.read_text() + "\n\ndef mine() -> int:\n    return 1\n")
    settle(project)
    put(project, SERVICE, hook_log("house"))
    update(project, (), FAST, Silent())
    text = service.read_text()
    assert '"house.read_note"' in text
    assert text.endswith("\n\ndef mine() -> int:\n    return 1\n")


def test_every_ejected_copy_is_ours_below_a_note() -> None:
    for name in our_templates():
        note, _, rest = ejected(name, blocks=False).partition("\n")
        assert note.startswith("{# from featuregen ")
        assert rest == (REPOSITORY / "templates" / name).read_text()


def test_ejected_blocks_change_nothing_until_they_are_filled(project: Path) -> None:
    before = snapshot(project)
    for name in (SERVICE, LOGGING, "project/app/main.py.jinja", "project/app/core/errors.py.jinja"):
        done = featuregen("templates", "eject", "--blocks", name, "--into", project)
        assert done.returncode == 0, done.stderr
    update(project, (), FAST, Silent())
    after = snapshot(project)
    assert {path for path in before if after[path] != before[path]} == {
        ".featuregen/project.lock",
        "pyproject.toml",
    }


def test_ejecting_names_the_folder_in_pyproject_once(project: Path) -> None:
    for name in (SERVICE, LOGGING):
        done = featuregen("templates", "eject", name, "--into", project, "--to", "own/")
        assert done.returncode == 0, done.stderr
    assert (project / "own" / SERVICE).is_file()
    assert (project / "pyproject.toml").read_text().count('templates = "own/"') == 1


def test_ejecting_twice_is_refused_and_keeps_the_teams_text(project: Path) -> None:
    featuregen("templates", "eject", SERVICE, "--into", project)
    mine = project / "house" / SERVICE
    mine.write_text("mine\n")
    done = featuregen("templates", "eject", SERVICE, "--into", project)
    assert done.returncode == 1
    assert "the team has this template already" in done.stderr
    assert mine.read_text() == "mine\n"


def test_a_template_that_is_not_there_is_a_usage_error_with_a_hint(project: Path) -> None:
    done = featuregen(
        "templates", "eject", SERVICE.replace("service.py", "servce.py"), "--into", project
    )
    assert done.returncode == 2
    assert f"did you mean '{SERVICE}'?" in done.stderr


def test_a_template_made_from_an_older_one_is_told_until_it_is_accepted(project: Path) -> None:
    featuregen("templates", "eject", SERVICE, "--into", project)
    path = project / "house" / SERVICE
    assert update(project, (), FAST, Silent()).notes == ()
    old = re.sub("sha256 [0-9a-f]{16}", "sha256 0123456789abcdef", path.read_text())
    path.write_text(old)
    [note] = [n for n in update(project, (), FAST, Silent()).notes if SERVICE in n]
    assert "featuregen's own has changed since yours was made from it" in note
    listed = featuregen("templates", "list", "--into", project).stdout
    assert f"{SERVICE}  replaced, ours has changed since" in listed
    assert featuregen("templates", "accept", SERVICE, "--into", project).returncode == 0
    assert update(project, (), FAST, Silent()).notes == ()


def test_a_copy_without_a_note_is_never_stale(project: Path) -> None:
    settle(project)
    put(project, SERVICE, (REPOSITORY / "templates" / SERVICE).read_text())
    house = find_house(project)
    assert house is not None
    [template] = house_templates(house)
    assert (template.replaces, template.extends, template.made_from, template.stale) == (
        True, False, None, False,
    )  # fmt: skip


def test_the_diff_shows_the_way_from_ours_to_the_teams(project: Path) -> None:
    featuregen("templates", "eject", SERVICE, "--into", project)
    path = project / "house" / SERVICE
    path.write_text(path.read_text().replace("get_logger(__name__)", 'get_logger("house")'))
    diff = featuregen("templates", "diff", SERVICE, "--into", project).stdout
    assert "\n-log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)\n" in diff
    assert '\n+log: structlog.stdlib.BoundLogger = structlog.get_logger("house")\n' in diff


def test_a_template_cannot_reach_pythons_inside(project: Path) -> None:
    settle(project)
    put(project, "project/app/asgi.py.jinja", "{{ ''.__class__.__mro__ }}\n")
    done = featuregen("update", "--no-verify", "--into", project)
    assert done.returncode != 0
    assert "__mro__" not in (project / "app/asgi.py").read_text()


def test_a_template_that_jinja_refuses_is_the_teams_fault_not_a_bug(project: Path) -> None:
    settle(project)
    put(project, SERVICE, "one\n{{ servce.docstring }}\n")
    before = snapshot(project)
    done = featuregen("update", "--no-verify", "--into", project)
    assert done.returncode == 1
    assert "'servce' is undefined" in done.stderr
    assert f"house/{SERVICE}:2" in done.stderr
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("nowhere/", "there is no folder 'nowhere/'"),
        ("/srv/house", "'/srv/house' is the path of one machine"),
        ("git+https://example.invalid/house.git", "is no git URL with a version"),
        ("git+ext::sh -c id@v1", "is no git URL with a version"),
    ],
)
def test_a_setting_that_leads_nowhere_is_told(project: Path, setting: str, told: str) -> None:
    settle(project, setting)
    with pytest.raises(FeaturegenError, match=re.escape(told)):
        find_house(project)


def test_a_file_that_two_features_would_write_is_refused(project: Path) -> None:
    settle(project)
    put(project, "feature/app/audit.py.jinja", "A = 1\n")
    with pytest.raises(FeaturegenError, match=r"two features would both write 'app/audit\.py'"):
        find_house(project)


def test_a_house_in_git_is_read_at_its_version(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path / "cache"))
    repository = tmp_path / "house"
    for number in (1, 2):
        path = repository / "sub" / SERVICE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(hook_log(f"v{number}"))
        git(repository, "init", "--quiet")
        git(repository, "add", "-A")
        git(repository, "commit", "--quiet", "-m", "x")
        git(repository, "tag", f"v{number}")
    for number in (2, 1):
        settle(project, f"git+file://{repository}@v{number}#sub")
        update(project, (), FAST, Silent())
        assert f'"v{number}.read_note"' in (project / "app/services/note_service.py").read_text()


def test_a_version_that_git_does_not_have_is_told(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path / "cache"))
    settle(project, f"git+file://{tmp_path / 'nothing'}@v1")
    with pytest.raises(FeaturegenError, match="git could not get the team's templates"):
        find_house(project)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_the_worked_example_of_the_documentation_works(project: Path) -> None:
    text = (REPOSITORY / "docs" / "house-templates.md").read_text()
    examples = re.findall(r"<!-- house/(\S+) -->\n```jinja\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in examples] == [SERVICE, LOGGING]
    settle(project)
    for name, example in examples:
        put(project, name, example)
    service = project / "app/services/note_service.py"
    before = service.read_text()
    update(project, (), FAST, Silent())
    assert 'structlog.get_logger(__name__).bind(feature="note")' in service.read_text()
    assert service.read_text() != before
    logging = (project / "app/core/logging.py").read_text()
    assert 'return {"service": "notes-api", **event_dict}' in logging
    assert '"app.health": {"level": "WARNING"},' in logging


# --- from the first run on -----------------------------------------------------------------------


JOINED = "project/app/house_rules.py.jinja"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "note.yaml"
    path.write_text(NOTE)
    return path


def test_a_new_project_has_the_house_from_its_first_run_on(spec: Path, tmp_path: Path) -> None:
    root = tmp_path / "notes-api"
    put(root, JOINED, "RULES = 1\n")
    done = new(spec, root, FAST, Silent(), templates=str(root / "house"))
    assert done.outcome == "created"
    assert (root / "app/house_rules.py").read_text() == "RULES = 1\n"
    assert 'templates = "house/"' in (root / "pyproject.toml").read_text()
    assert not any(
        each.edited or each.due for each in (status(root).project, *status(root).features)
    )
    assert update(root, (), FAST, Silent()).outcome == "unchanged"


def test_it_is_the_project_that_the_setting_gives_afterwards(spec: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "notes-api", tmp_path / "two" / "notes-api"
    put(first, JOINED, "RULES = 1\n")
    new(spec, first, FAST, Silent(), templates=str(first / "house"))
    new(spec, second, FAST, Silent())
    put(second, JOINED, "RULES = 1\n")
    settle(second)
    update(second, (), FAST, Silent())
    locks = (".featuregen/",)
    assert {path: one for path, one in snapshot(first).items() if not path.startswith(locks)} == {
        path: one for path, one in snapshot(second).items() if not path.startswith(locks)
    }


def test_a_house_beside_the_project_is_named_from_there(spec: Path, tmp_path: Path) -> None:
    put(tmp_path / "team", JOINED, "RULES = 1\n")
    root = tmp_path / "apis" / "notes-api"
    done = featuregen(
        "new", spec, "--into", root, "--templates", tmp_path / "team" / "house", "--no-verify"
    )
    assert done.returncode == 0, done.stderr
    assert 'templates = "../../team/house/"' in (root / "pyproject.toml").read_text()
    assert (root / "app/house_rules.py").is_file()


def test_the_setting_stays_with_later_features_and_updates(spec: Path, tmp_path: Path) -> None:
    root = tmp_path / "notes-api"
    put(root, JOINED, "RULES = 1\n")
    new(spec, root, FAST, Silent(), templates=str(root / "house"))
    memo = tmp_path / "memo.yaml"
    memo.write_text(MEMO)
    assert new(memo, root, FAST, Silent(), templates=str(root / "house")).outcome == "created"
    put(root, JOINED, "RULES = 2\n")
    update(root, (), FAST, Silent())
    assert (root / "app/house_rules.py").read_text() == "RULES = 2\n"
    assert (root / "pyproject.toml").read_text().count("templates = ") == 1


def test_taking_the_last_feature_out_leaves_the_house_alone(spec: Path, tmp_path: Path) -> None:
    root = tmp_path / "notes-api"
    put(root, JOINED, "RULES = 1\n")
    before = snapshot(root)
    new(spec, root, FAST, Silent(), templates=str(root / "house"))
    remove(root, "note", FAST, Silent())
    assert snapshot(root) == before


def test_lost_locks_are_rebuilt_with_the_house(spec: Path, tmp_path: Path) -> None:
    root = tmp_path / "notes-api"
    put(root, JOINED, "RULES = 1\n")
    new(spec, root, FAST, Silent(), templates=str(root / "house"))
    before = snapshot(root)
    (root / ".featuregen/project.lock").unlink()
    rebuild(root, Silent())
    assert snapshot(root) == before


@pytest.mark.parametrize("setting", [None, "house/"])
def test_a_project_keeps_the_templates_that_it_has(
    project: Path, spec: Path, tmp_path: Path, setting: str | None
) -> None:
    put(project, JOINED, "RULES = 1\n")
    if setting:
        settle(project, setting)
    (tmp_path / "others").mkdir()
    before = snapshot(project)
    done = featuregen(
        "new", spec, "--into", project, "--templates", tmp_path / "others", "--no-verify"
    )
    assert done.returncode == 2
    assert 'templates = "../others/"' in done.stderr
    assert snapshot(project) == before


def test_a_house_that_is_not_there_makes_no_project(spec: Path, tmp_path: Path) -> None:
    done = featuregen("new", spec, "--into", tmp_path / "a", "--templates", tmp_path / "no-house")
    assert done.returncode == 2
    assert "there is no folder" in done.stderr
    assert not (tmp_path / "a").exists()


def test_a_plan_shows_what_the_house_brings(spec: Path, tmp_path: Path) -> None:
    put(tmp_path, JOINED, "RULES = 1\n")
    place = tmp_path / "house"
    done = featuregen("plan", spec, "--into", tmp_path / "a", "--templates", place, "--json")
    assert done.returncode == 0, done.stderr
    files = [each["path"] for each in json.loads(done.stdout)["files"]]
    assert "app/house_rules.py" in files
