"""The distributions: what pip and uv install is whole, and gives what the repository gives."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import PAYMENT, REPOSITORY, snapshot

EXAMPLE = REPOSITORY / "examples" / "payment"
TEMPLATES = {
    path.relative_to(REPOSITORY).as_posix()
    for path in (REPOSITORY / "templates").rglob("*")
    if path.is_file()
}


def uv(*arguments: str | Path) -> None:
    """Run uv; its cache makes this quick and, the second time, possible without a network."""
    from uv import find_uv_bin

    done = subprocess.run(
        [find_uv_bin(), "--quiet", *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--out-dir", folder)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a fresh environment with nothing but the wheel and what it asks for."""
    environment = tmp_path_factory.mktemp("fresh") / "env"
    uv("venv", environment)
    (wheel,) = built.glob("*.whl")
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    uv("pip", "install", "--python", python, wheel)
    return python.parent


def test_the_sdist_has_what_building_and_testing_takes(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= TEMPLATES
    assert names >= {"pyproject.toml", "README.md", "copier.yml", "src/featuregen/pipeline.py"}
    assert "tests/test_package.py" in names


def test_the_wheel_has_the_templates_and_no_tests(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names >= {f"featuregen/_{path}" for path in TEMPLATES}
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"featuregen"}


def test_the_installed_wheel_generates_the_committed_example(
    installed: Path, tmp_path: Path
) -> None:
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    spec = EXAMPLE / "payment.yaml"
    done = subprocess.run(
        [installed / "featuregen", "new", spec, "--into", "payment-api", "--no-verify"],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert snapshot(tmp_path / "payment-api") == snapshot(EXAMPLE / "payment-api")


def test_copier_copies_and_updates_offline_from_the_installed_wheel(
    installed: Path, tmp_path: Path
) -> None:
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {
        **elsewhere,
        "PATH": f"{installed}{os.pathsep}{elsewhere['PATH']}",
        "FEATUREGEN_CACHE_DIR": str(tmp_path / "cache"),
        "COPIER_CACHE_DIR": str(tmp_path / "copier"),
        "GIT_ALLOW_PROTOCOL": "file:featuregen",  # any other is a network's
        **{
            f"GIT_{role}_{what}": "test@example.invalid"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }

    def run(*command: str | Path, cwd: Path = tmp_path) -> None:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    copier = (installed / "copier", "--trust", "--data", "verify=false")
    project = tmp_path / "payment-api"
    template = "git+featuregen::templates"
    twin = tmp_path / "twin" / "payment-api"
    run(copier[0], "copy", *copier[1:], "--data-file", PAYMENT, template, project)
    run(installed / "featuregen", "new", PAYMENT, "--into", twin, "--no-verify")
    assert snapshot(project) == snapshot(twin)
    spec = project / "features" / "payment.yaml"
    spec.write_text(spec.read_text() + "# edited\n")
    for words in (["init"], ["add", "--all"], ["commit", "--message", "x"]):
        run("git", *words, cwd=project)
    run(copier[0], "update", *copier[1:], "-a", ".featuregen/payment.yml", cwd=project)
    assert "  # edited\n" in (project / ".featuregen" / "payment.yml").read_text()
