"""Which interpreter verifies, and what is said when none can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from featuregen.environment import Environment, project_environment
from featuregen.environment.cache import (
    KEPT,
    cached_environment,
    environment_key,
    essence,
    prune,
    uv_variables,
)
from featuregen.environment.installed import interpreter_of
from featuregen.environment.requirements import Requirements, read_requirements
from featuregen.errors import FeaturegenError

TOOLS = {"mypy": "2.4.1", "pytest": "9.2.0", "pytest-cov": "7.1.0", "ruff": "0.17.6"}
OFFLINE = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1"}


def pyproject(*dependencies: str, more: str = "") -> str:
    listed = ", ".join(f'"{line}"' for line in dependencies)
    return f'[project]\nname = "x"\nversion = "1"\ndependencies = [{listed}]\n{more}'


def make_venv(
    folder: Path, distributions: dict[str, str], metadata: str = "", version: str = "3.12.4"
) -> Path:
    """The folders of a virtual environment that holds these distributions."""
    packages = folder / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion_info = {version}\n")
    for name, number in distributions.items():
        place = packages / f"{name.replace('-', '_')}-{number}.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(f"Name: {name}\nVersion: {number}\n{metadata}\nText\n")
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """uv without network and without what it has kept: an environment cannot be built."""
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path / "cache"))


# --- requirements ---------------------------------------------------------------------------------


def test_the_dev_group_and_what_it_includes_are_required() -> None:
    groups = """
requires-python = ">=3.11"
[dependency-groups]
dev = ["pytest>=9", {include-group = "Type.Checks"}]
type_checks = ["mypy>=2"]
docs = ["mkdocs"]
"""
    found = read_requirements(pyproject("FastAPI>=0.165", "PyJWT[crypto] >= 2", more=groups))
    assert found.lines == (
        "fastapi>=0.165",
        "mypy>=2",
        "pyjwt[crypto]>=2",
        "pytest-cov",
        "pytest>=9",
        "ruff",
    )
    assert found.python == ">=3.11"


def test_an_extra_stands_in_for_a_missing_dev_group() -> None:
    extras = '[project.optional-dependencies]\ntest = ["pytest>=9"]\nweb = ["flask"]\n'
    assert "pytest>=9" in read_requirements(pyproject(more=extras)).lines
    assert "flask" not in read_requirements(pyproject(more=extras)).lines


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[project", "not valid TOML"),
        (pyproject("not a requirement"), "no requirement"),
        (pyproject("--index-url=x"), "no requirement"),
        ("[project]\ndependencies = 'x'", "no list of strings"),
        ("[dependency-groups]\ndev = [{include-group = 'dev'}]", "includes itself"),
        ("[dependency-groups]\ndev = [{include-group = 'x'}]", "does not have: x"),
        ("[dependency-groups]\ndev = [1]", "entry in dependency-groups.dev"),
    ],
)
def test_a_pyproject_that_does_not_hold_is_said(text: str, why: str) -> None:
    with pytest.raises(FeaturegenError, match=r"pyproject\.toml") as caught:
        read_requirements(text)
    assert why in caught.value.what


def test_the_key_depends_on_the_requirements_not_on_their_order() -> None:
    one = read_requirements(pyproject("a>=1", "B"))
    two = read_requirements(pyproject("b", "A >=1"))
    other = read_requirements(pyproject("a>=2", "b"))
    assert environment_key(one) == environment_key(two) != environment_key(other)


# --- the project's own ----------------------------------------------------------------------------


def test_the_projects_venv_is_used_when_it_has_everything(tmp_path: Path) -> None:
    make_venv(tmp_path / ".venv", TOOLS | {"FastAPI": "0.165.2", "email_validator": "2.4"})
    found = project_environment(tmp_path, pyproject("fastapi>=0.165,<0.170", "email-validator"))
    assert (found.origin, found.note) == ("project-venv", "")
    assert found.python == tmp_path / ".venv" / "bin" / "python"


def test_the_key_changes_with_what_the_venv_has(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / ".venv", TOOLS | {"fastapi": "0.165.2"})
    first = project_environment(tmp_path, pyproject("fastapi"))
    assert first.key == project_environment(tmp_path, pyproject("fastapi")).key
    packages = venv / "lib/python3.12/site-packages"
    (packages / "fastapi-0.165.2.dist-info").rename(packages / "fastapi-0.166.dist-info")
    assert first.key != project_environment(tmp_path, pyproject("fastapi")).key


@pytest.mark.parametrize(
    ("dependency", "why"),
    [
        ("httpx2>=2.16", "httpx2>=2.16 is not installed"),
        ("fastapi>=0.170", "fastapi>=0.170 is needed, 0.165.2 is installed"),
        ("fastapi[all]", "orjson>=3 is not installed"),
    ],
)
@pytest.mark.usefixtures("no_network")
def test_a_venv_that_lacks_something_is_not_used(tmp_path: Path, dependency: str, why: str) -> None:
    needs = 'Requires-Dist: orjson>=3; extra == "all"\n'
    venv = make_venv(tmp_path / "other", TOOLS | {"fastapi": "0.165.2"}, needs)
    venv.rename(tmp_path / ".venv")
    with pytest.raises(FeaturegenError, match="cannot build an environment"):
        project_environment(tmp_path, pyproject(dependency))
    venv_tools = make_venv(tmp_path / "named", TOOLS | {"fastapi": "0.165.2"}, needs)
    (venv_tools / "bin" / "python").unlink()
    (venv_tools / "bin" / "python").write_text(
        f'#!/bin/sh\necho \'["3.12.4", ["{venv_tools}/lib/python3.12/site-packages"]]\'\n'
    )
    (venv_tools / "bin" / "python").chmod(0o755)
    found = project_environment(tmp_path, pyproject(dependency), python=venv_tools)
    assert found.note == f"{venv_tools} does not meet pyproject.toml: {why}"


def test_a_requirement_for_another_platform_is_not_missing(tmp_path: Path) -> None:
    make_venv(tmp_path / ".venv", TOOLS)
    other = "pywin32; sys_platform == 'nowhere'", "tomli; python_version < '3.12'"
    assert project_environment(tmp_path, pyproject(*other)).origin == "project-venv"


@pytest.mark.usefixtures("no_network")
def test_a_venv_with_a_python_that_is_too_old_is_not_used(tmp_path: Path) -> None:
    make_venv(tmp_path / ".venv", TOOLS, version="3.9.1")
    with pytest.raises(FeaturegenError, match="cannot build"):
        project_environment(tmp_path, pyproject(more='requires-python = ">=3.10"\n'))


@pytest.mark.usefixtures("no_network")
def test_a_venv_whose_python_is_gone_is_not_used(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / ".venv", TOOLS)
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to(tmp_path / "uninstalled")
    with pytest.raises(FeaturegenError, match="cannot build"):
        project_environment(tmp_path, pyproject())


# --- the one that is named ------------------------------------------------------------------------


def test_a_named_interpreter_wins_over_the_venv(tmp_path: Path) -> None:
    make_venv(tmp_path / ".venv", TOOLS)
    found = project_environment(tmp_path, pyproject(), python=Path(sys.executable))
    assert (found.origin, found.python) == ("option", Path(sys.executable).absolute())


def test_what_a_named_interpreter_lacks_is_noted(tmp_path: Path) -> None:
    found = project_environment(
        tmp_path, pyproject("no-such-thing>=1"), python=Path(sys.executable)
    )
    assert "no-such-thing>=1 is not installed" in found.note


@pytest.mark.parametrize("name", ["nowhere/python", "."])
def test_an_interpreter_that_is_not_there_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(FeaturegenError, match="no interpreter") as caught:
        project_environment(tmp_path, pyproject(), python=tmp_path / name)
    assert caught.value.exit_code == 2


def test_a_program_that_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeaturegenError, match="does not run as a Python"):
        project_environment(tmp_path, pyproject(), python=Path("/bin/true"))


# --- the one that is built ------------------------------------------------------------------------


@pytest.mark.usefixtures("no_network")
def test_an_environment_that_cannot_be_built_is_said_in_uvs_own_words(tmp_path: Path) -> None:
    with pytest.raises(FeaturegenError) as caught:
        project_environment(tmp_path, pyproject("no-such-thing-at-all"), offline=True)
    assert "was not found in the cache" in caught.value.what
    assert "\n" not in caught.value.what
    hint = caught.value.hint or ""
    assert all(word in hint for word in ("--python", "--no-verify", "UV_DEFAULT_INDEX"))
    left = [place.name for place in (tmp_path / "cache" / "environments").iterdir()]
    assert not [name for name in left if not name.endswith(".lock")]


@pytest.mark.usefixtures("no_network")
def test_a_dependency_from_a_path_is_not_taken_from_the_registry(tmp_path: Path) -> None:
    source = '[tool.uv.sources]\nour-lib = {path = "../our-lib"}\n'
    with pytest.raises(FeaturegenError, match=r"our-lib comes from \[tool.uv.sources\]") as caught:
        project_environment(tmp_path, pyproject("our_lib", more=source))
    assert "uv sync" in (caught.value.hint or "")


def test_the_essence_of_uvs_message_is_one_line_without_its_frame() -> None:
    stderr = (
        "Using CPython 3.11.7\nwarning: something\n"
        "  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:\n"
        "  ╰─▶ Because x was not found and you\n      require x, it is unsatisfiable.\n"
        "\n      hint: Packages were unavailable\n"
    )
    assert essence(stderr) == (
        "No solution found when resolving dependencies: Because x was not found and you "
        "require x, it is unsatisfiable."
    )
    assert essence("") == "uv gave no reason"
    assert essence("error: Request failed\n  Caused by: refused") == "Request failed: refused"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Environment]:
    """The cache folder and the environment of a project that needs only the tools."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEATUREGEN_CACHE_DIR", str(cache))
        patch.setenv("PYTHONPATH", "/nowhere")
        return cache, project_environment(cache / "no-project", pyproject("iniconfig>=2"))


def test_an_environment_is_built_with_bytecode_and_can_run(built: tuple[Path, Environment]) -> None:
    _, environment = built
    assert environment.origin == "cache"
    assert environment.note == "the project has no .venv"
    command = [str(environment.python), "-I", "-c", "import iniconfig; print(iniconfig.__cached__)"]
    cached = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(cached).is_file()


def test_an_environment_is_built_once(
    built: tuple[Path, Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, environment = built
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(cache))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    again = project_environment(cache / "no-project", pyproject("iniconfig >=2"))
    assert (again.python, again.key) == (environment.python, environment.key)
    names = [place.name for place in (cache / "environments").iterdir() if place.is_dir()]
    assert names == [environment.key]


def test_what_is_said_to_pip_is_said_to_uv_unless_uv_is_told_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_CERT", "/etc/company.pem")
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    variables = uv_variables()
    assert variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert variables["SSL_CERT_FILE"] == "/etc/company.pem"
    assert "VIRTUAL_ENV" not in variables
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
    assert uv_variables()["UV_DEFAULT_INDEX"] == "https://other.example/simple"


def requirements_of(number: int) -> Requirements:
    return Requirements((f"package-{number}",), None)


def make_kept(environments: Path, number: int, age: float) -> Path:
    home = make_venv(environments / environment_key(requirements_of(number)), {})
    os.utime(home, (time.time() - age, time.time() - age))
    return home


def test_the_environments_used_least_recently_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path))
    environments = tmp_path / "environments"
    homes = [make_kept(environments, number, 10_000 + number) for number in range(KEPT + 3)]
    used = cached_environment(requirements_of(KEPT + 2), tmp_path, offline=True)
    assert used == interpreter_of(homes[-1])
    dead = environments / "abc.building-1"
    dead.mkdir()
    os.utime(dead, (0, 0))
    busy = environments / "abc.building-2"
    busy.mkdir()
    prune(environments, homes[-1])
    assert not dead.exists()
    assert busy.exists()
    assert [home.exists() for home in homes] == [True] * (KEPT - 1) + [False] * 3 + [True]


def test_an_environment_is_not_found_half_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path))
    environments = tmp_path / "environments"
    homes = [make_kept(environments, number, 10_000 + number) for number in range(KEPT + 1)]

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prune(environments, homes[0])
    assert interpreter_of(homes[-1]) is None
    prune(environments, homes[0])
    assert sorted(environments.iterdir()) == sorted(homes[:-1])


def test_builders_of_the_same_environment_do_not_disturb_each_other(
    built: tuple[Path, Environment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del built  # so that uv has the packages
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path))
    found: list[Path] = []

    def build() -> None:
        found.append(project_environment(tmp_path / "none", pyproject("iniconfig>=2")).python)

    builders = [threading.Thread(target=build) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    assert subprocess.run([str(found[0]), "-c", "import pytest"], check=False).returncode == 0
    assert not [
        place for place in (tmp_path / "environments").iterdir() if "building" in place.name
    ]
