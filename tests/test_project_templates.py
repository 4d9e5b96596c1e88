"""The skeleton of a project, rendered for several sets of needs: tidy, strict, tested, served."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import jinja2
import pytest

from featuregen.environment import project_environment
from featuregen.plan.contribution import (
    Contribution,
    ErrorEntry,
    Import,
    RouterEntry,
    SettingEntry,
)
from featuregen.plan.needs import DEV_DEPENDENCIES, NEEDS, dependencies

TEMPLATES = Path(__file__).parent.parent / "templates" / "project"
STORING = (
    "auth", "metrics", "pending", "storage", "paging", "search", "conflict", "etag", "if_match",
    "patch", "stored_decimal", "stored_json", "stored_duration",
)  # fmt: skip
MONEY = (
    "auth", "cache", "conflict", "event_jobs", "idempotency", "jobs", "metrics", "storage",
    "webhook_hmac", "webhook_standard", "webhook_stripe", "webhooks",
)  # fmt: skip
COMBINATIONS: dict[str, tuple[str, ...]] = {
    "none": (),
    "auth": ("auth",),
    "rate_limit": ("rate_limit",),
    "auth+rate_limit": ("auth", "rate_limit"),
    "upstream": ("metrics", "upstream"),
    "storage": ("metrics", "storage"),
    "cache": ("cache",),
    "storing": STORING,
    "money": MONEY,
    "all": tuple(NEEDS),
}

SKELETON = (  # what is covered without a feature: the rest is covered by the features that need it
    "app/*.py",
    "app/api/*",
    "app/db/*",
    *(
        f"app/core/{name}.py"
        for name in (
            "attempts",
            "auth",
            "cache",
            "config",
            "errors",
            "faults",
            "idempotency",
            "jobs",
            "logging",
            "middleware",
            "openapi",
            "pagination",
            "patches",
            "preconditions",
            "ratelimit",
            "redaction",
            "resources",
            "signatures",
            "telemetry",
            "validation",
            "webhooks",
        )
    ),
)

NOTES = Contribution(
    feature="note",
    title="Notes",
    routers=(RouterEntry("notes"),),
    settings=(
        SettingEntry(
            name="notes_key",
            declaration='SecretStr = Field(min_length=1, examples=["k1"], description="A key")',
            imports=(Import("pydantic", "SecretStr"), Import("pydantic", "Field")),
            env_comment=("A key",),
            env_value="k1",
            env_active=True,
            readme_row="| `NOTES_KEY` | yes | | A key |",
        ),
        SettingEntry(
            name="notes_max",
            declaration="PositiveInt = 10",
            imports=(Import("pydantic", "PositiveInt"),),
            env_comment=(),
            env_value="10",
            env_active=False,
            readme_row="| `NOTES_MAX` | no | `10` | |",
        ),
    ),
    errors=(
        ErrorEntry(
            name="NotesClosedError",
            status=503,
            code='"notes_closed"',
            title='"Notes are closed"',
            docstring='"""Notes are closed."""',
            retry_after=30,
        ),
    ),
    fakes=(),
    needs=("auth", "rate_limit"),
    permissions=("notes.create",),
    routes=(),
    readme="## Notes\n\nWrites notes.\n",
)
NOTES_ROUTER = '''"""Notes."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.auth import CurrentUser, OptionalUser, User, require_permission
from app.core.errors import (
    ForbiddenError,
    NotesClosedError,
    NotFoundError,
    NotImplementedYetError,
    RateLimitedError,
    UnauthorizedError,
    problems,
)
from app.core.ratelimit import rate_limit, rate_limit_by_address

router = APIRouter(prefix="/api/v1/notes", tags=["notes"])

Writer = Annotated[User, Depends(require_permission("notes.create"))]
NoteId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,20}$", examples=["n1"])]


class Note(BaseModel):
    """A note."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "milk", "stars": 3}]}
    )

    text: str = Field(min_length=1, max_length=20)
    stars: int | None = Field(default=None, ge=1, le=5)

    @model_validator(mode="after")
    def must_be_earned(self) -> Self:
        """Five stars take more than a word."""
        if self.stars == 5 and len(self.text) < 10:  # noqa: PLR2004
            raise PydanticCustomError("rule_violated", "Five stars take ten characters")
        return self


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(rate_limit("10/minute"))],
    responses=problems(UnauthorizedError, ForbiddenError, RateLimitedError, NotesClosedError),
)
async def create_note(note: Note, user: Writer) -> Note:
    """Write a note."""
    if user.id == "closed":
        raise NotesClosedError
    return note


@router.get("", responses=problems(UnauthorizedError, RateLimitedError, validation_status=400))
async def list_notes(user: OptionalUser, limit: Annotated[int, Query(ge=1, le=9)] = 9) -> list[str]:
    """List notes."""
    return [] if user is None else ["milk"][:limit]


@router.get(
    "/{note_id}",
    dependencies=[Depends(rate_limit_by_address("10/minute"))],
    responses=problems(NotFoundError, RateLimitedError),
)
async def get_note(note_id: NoteId) -> Note:
    """Get a note."""
    if note_id != "n1":
        raise NotFoundError
    return Note(text="milk")


@router.delete("/{note_id}", responses=problems(UnauthorizedError, NotImplementedYetError))
async def delete_note(note_id: NoteId, user: CurrentUser) -> None:
    """Delete a note."""
    raise NotImplementedYetError(f"{user.id} {note_id}")
'''


@dataclass(frozen=True)
class ProjectContext:
    """`project` in a template."""

    needs: dict[str, bool]
    name: str = "shop-api"
    title: str = "Shop API"
    title_literal: str = '"Shop API"'
    dependencies: tuple[str, ...] = ()
    dev_dependencies: tuple[str, ...] = DEV_DEPENDENCIES
    house: str | None = None


def render(needs: tuple[str, ...], features: tuple[Contribution, ...] = ()) -> dict[str, str]:
    environment = jinja2.Environment(  # noqa: S701 - it renders Python, not HTML
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    project = ProjectContext(
        needs={name: name in needs for name in NEEDS}, dependencies=dependencies(needs)
    )
    rendered = {
        name.removesuffix(".jinja"): environment.get_template(name).render(
            project=project, features=features
        )
        for name in environment.list_templates()
    }
    return {path: text for path, text in rendered.items() if text.strip()}


def run(root: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), **variables}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def ruff(root: Path, *arguments: str) -> str:
    done = run(root, sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", ".")
    return done.stdout + done.stderr


def write(root: Path, needs: tuple[str, ...], features: tuple[Contribution, ...] = ()) -> None:
    files = render(needs, features)
    if features:
        files["app/api/endpoints/notes.py"] = NOTES_ROUTER
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    ruff(root, "check", "--fix", "--select", "I,F401")
    ruff(root, "format")


@pytest.mark.parametrize("needs", COMBINATIONS.values(), ids=COMBINATIONS)
def test_the_skeleton_is_tidy(needs: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path, needs)
    assert ruff(tmp_path, "check") == ""
    assert ruff(tmp_path, "format", "--check") == ""


def test_a_project_with_a_feature_is_tidy(tmp_path: Path) -> None:
    write(tmp_path, NOTES.needs, (NOTES,))
    assert ruff(tmp_path, "check") == ""
    assert ruff(tmp_path, "format", "--check") == ""


def test_a_file_is_there_only_when_it_is_needed() -> None:
    bare = render(()).keys()
    assert render(("auth",)).keys() - bare == {"app/core/auth.py", "tests/test_core_auth.py"}
    assert render(("rate_limit",)).keys() - bare == {
        "app/core/ratelimit.py",
        "tests/test_core_ratelimit.py",
    }
    assert render(("upstream",)).keys() - bare >= {
        "app/clients/__init__.py",
        "tests/fakes/upstream.py",
    }
    assert render((), (NOTES,)).keys() - bare == {"tests/test_conformance.py"}
    assert render(("storage",)).keys() - bare == {
        "alembic.ini",
        "app/db/__init__.py",
        "app/db/base.py",
        "app/db/queries.py",
        "app/db/session.py",
        "app/tables/__init__.py",
        "migrations/env.py",
        "migrations/script.py.mako",
        "tests/database.py",
        "tests/test_core_db.py",
        "tests/test_core_migrations.py",
    }


@pytest.mark.parametrize(
    ("need", "words"),
    [
        ("auth", ("jwt", "Bearer", "token")),
        ("rate_limit", ("rate_limit", "RateLimit", "limits")),
        ("upstream", ("stamina", "transports", "upstream")),
        ("storage", ("sqlalchemy", "alembic", "database", "lifespan(")),
    ],
)
def test_a_project_knows_nothing_of_what_it_does_not_need(
    need: str, words: tuple[str, ...]
) -> None:
    code = {path: text for path, text in render(()).items() if path.startswith("app/")}
    redaction = {"app/core/redaction.py", "app/core/middleware.py", "app/curl.py"}
    health = "app/api/endpoints/health.py"
    found = {
        path: word
        for path, text in code.items()
        for word in words
        if word in text and path not in redaction | {health}
    }
    assert (need, found) == (need, {})


def test_what_a_feature_adds_stands_in_the_shared_files(tmp_path: Path) -> None:
    write(tmp_path, NOTES.needs, (NOTES,))

    def read(path: str) -> str:
        return (tmp_path / path).read_text(encoding="utf-8")

    assert "from app.api.endpoints import health, notes\n" in read("app/main.py")
    routers = "    app.include_router(health.router)\n    app.include_router(notes.router)\n"
    assert routers in read("app/main.py")
    assert "from pydantic import Field, PositiveInt, SecretStr\n" in read("app/core/config.py")
    assert "\n\n    notes_key: SecretStr = Field(" in read("app/core/config.py")
    assert "    notes_max: PositiveInt = 10\n" in read("app/core/config.py")
    assert (
        "class NotesClosedError(AppError):\n"
        '    """Notes are closed."""\n\n'
        '    status, code, title = 503, "notes_closed", "Notes are closed"\n'
        "    retry_after = 30\n"
    ) in read("app/core/errors.py")
    assert read(".env.example").endswith("# A key\nNOTES_KEY=k1\n# NOTES_MAX=10\n")
    assert read("README.md").endswith(
        "\n\n<!-- featuregen:note -->\n## Notes\n\nWrites notes.\n\n<!-- /featuregen:note -->\n"
    )


def test_features_stand_in_the_given_order(tmp_path: Path) -> None:
    other = replace(
        NOTES, feature="zebra", routers=(RouterEntry("zebras"),), settings=(), errors=()
    )
    write(tmp_path, NOTES.needs, (NOTES, other))
    main = (tmp_path / "app/main.py").read_text(encoding="utf-8")
    routers = re.findall(r"include_router\((\w+)\.router\)", main)
    assert routers == ["health", "notes", "zebras"]


def test_pyproject_names_what_the_project_needs(tmp_path: Path) -> None:
    write(tmp_path, ("auth",))
    pyproject = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["dependencies"] == list(dependencies(("auth",)))
    assert pyproject["dependency-groups"]["dev"] == list(DEV_DEPENDENCIES)
    assert pyproject["tool"]["featuregen"] == {"version": 1}


@pytest.mark.parametrize("needs", COMBINATIONS.values(), ids=COMBINATIONS)
def test_the_readme_tells_of_what_is_there(needs: tuple[str, ...]) -> None:
    files = render(needs)
    readme = files["README.md"]
    places = re.findall(r"^\| `((?:app|tests)/[^`]*)`", readme, flags=re.MULTILINE)
    assert len(places) > 3
    assert [place for place in places if not any(path.startswith(place) for path in files)] == []
    fields = set(re.findall(r"^    (\w+): .*", files["app/core/config.py"], flags=re.MULTILINE))
    variables = re.findall(r"^\| `([A-Z_]+)`", readme, flags=re.MULTILINE)
    assert {name.lower() for name in variables} == fields
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", files[".env.example"], flags=re.MULTILINE)) == set(
        variables
    )


def python_of(root: Path) -> str:
    """The Python of the environment that the project asks for."""
    return str(project_environment(root, (root / "pyproject.toml").read_text()).python)


def check(root: Path, *arguments: str, **variables: str) -> None:
    done = run(root, python_of(root), "-m", *arguments, **variables)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.heavy
@pytest.mark.parametrize("needs", COMBINATIONS.values(), ids=COMBINATIONS)
def test_the_skeleton_is_strict_and_tested(needs: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path, needs)
    check(tmp_path, "mypy")
    check(tmp_path, "pyright", "--pythonpath", python_of(tmp_path))
    check(tmp_path, "bandit", "-q", "-r", "app")
    check(tmp_path, "coverage", "run", "-m", "pytest", "-q")
    check(tmp_path, "coverage", "report", "--fail-under=100", f"--include={','.join(SKELETON)}")


@pytest.mark.heavy
def test_the_core_of_a_storing_project_works_on_postgresql(
    tmp_path: Path, postgres_url: str
) -> None:
    write(tmp_path, STORING)
    check(tmp_path, "pytest", "-q", "-n", "2", TEST_DATABASE_URL=postgres_url)


@pytest.mark.heavy
def test_keys_events_jobs_and_answers_work_on_postgresql_and_redis(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    write(tmp_path, MONEY)
    servers = {"TEST_DATABASE_URL": postgres_url, "TEST_REDIS_URL": redis_url}
    check(tmp_path, "pytest", "-q", "-n", "2", **servers)


@pytest.mark.heavy
def test_a_project_with_a_feature_conforms_to_its_openapi(tmp_path: Path) -> None:
    write(tmp_path, (*NOTES.needs, "hooks"), (NOTES,))
    check(tmp_path, "mypy")
    check(tmp_path, "pyright", "--pythonpath", python_of(tmp_path))
    check(tmp_path, "pytest", "-q")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[list[str]]:
    """What the development server prints of a project with notes."""
    write(tmp_path, NOTES.needs, (NOTES,))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [python_of(tmp_path), "-m", "app.dev", "--port", port]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines: list[str] = []
        for line in server.stdout:
            lines.append(line.rstrip("\n"))
            if "Uvicorn running" in line:
                break
        yield lines
        server.terminate()


@pytest.mark.heavy
def test_the_development_server_answers_the_line_that_it_prints(
    served: list[str], tmp_path: Path
) -> None:
    (line,) = [each.removeprefix("Try: ") for each in served if each.startswith("Try: ")]
    answer = run(tmp_path, "sh", "-c", line)
    assert json.loads(answer.stdout) == {"text": "milk", "stars": 3}
    (docs,) = [each.removeprefix("Docs: ") for each in served if each.startswith("Docs: ")]
    assert "swagger-ui" in run(tmp_path, "curl", "-sS", docs).stdout


if __name__ == "__main__":  # python tests/test_project_templates.py DIRECTORY [notes] NEED...
    write(
        Path(sys.argv[1]),
        tuple(need for need in sys.argv[2:] if need in NEEDS),
        (NOTES,) if "notes" in sys.argv else (),
    )
