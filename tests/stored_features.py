"""Features that store, made of entities alone, in a project that only alembic works on."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from featuregen.migrations.chain import Chain
from featuregen.plan.contribution import Contribution
from featuregen.plan.project import plan_project
from featuregen.plan.schema import Table
from featuregen.plan.tables import plan_table_module
from featuregen.render import environment, format_files, project_context, templates_of
from featuregen.spec.load import parse_spec
from featuregen.spec.model import Entity, FeatureSpec, Field, Generated, TypeRef

NEEDS = ("auth", "storage", "stored_decimal", "stored_duration", "stored_json")
PARTS = (
    "alembic.ini", "migrations/", "app/__init__.py", "app/db/", "app/tables/",
    "app/core/__init__.py", "app/core/config.py", "app/core/errors.py", "app/core/resources.py",
)  # fmt: skip
"""What alembic needs of the skeleton."""
SPEC = """\
featuregen: 1
feature: {feature}
operations:
  ping: {{method: POST, path: /, response: none, hook: ping}}
"""


def entity(name: str, *fields: Field, table: str | None = None, **more: Any) -> Entity:  # noqa: ANN401
    """An entity with an id of its own; its table is `<name>s`."""
    known = f"{name.lower()}_"
    row = Field("id", TypeRef("id"), prefix=known, generated=Generated("id"))
    return Entity(name, table or f"{name.lower()}s", (row, *fields), **more)


def column(name: str, kind: str = "string", **more: Any) -> Field:  # noqa: ANN401
    """One field: `column("note", required=False)`."""
    return Field(name, TypeRef(kind), **more)


def stored(*entities: Entity, feature: str = "shop", allow: Sequence[str] = ()) -> FeatureSpec:
    """A feature with these entities."""
    spec = parse_spec(SPEC.format(feature=feature), f"{feature}.yaml")
    return replace(spec, entities={each.name: each for each in entities}, allow=tuple(allow))


def tables_of(spec: FeatureSpec) -> tuple[Table, ...]:
    return tuple(table.stored for table in plan_table_module(spec).tables)


def module_of(spec: FeatureSpec) -> str:
    """`app/tables/<feature>.py`."""
    template = environment().get_template("feature/app/tables/feature.py.jinja")
    text = template.render(tables=plan_table_module(spec))
    return format_files({"app/tables/it.py": text})["app/tables/it.py"]


def skeleton(*needs: str) -> dict[str, object]:
    """What the skeleton's templates see."""
    contribution = Contribution("x", "X", (), (), (), (), (*NEEDS, *needs), (), "")
    return project_context(plan_project("shop", (contribution,)), (contribution,))


def pyproject(*needs: str) -> str:
    """The project's `pyproject.toml`."""
    return environment().get_template("project/pyproject.toml.jinja").render(skeleton(*needs))


@dataclass
class StoredProject:
    """A skeleton with storage; features bring their tables and their migrations to it."""

    root: Path
    needs: tuple[str, ...] = ()  # with any, the whole app is there
    tables: dict[str, tuple[Table, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        context = skeleton(*self.needs)
        for template in templates_of("project"):
            path = template.removeprefix("project/").removesuffix(".jinja")
            if path.startswith("app/" if self.needs else PARTS) or path.startswith(PARTS):
                self._write({path: environment().get_template(template).render(context)})

    def bring(self, *specs: FeatureSpec) -> list[str]:
        """The next migration of each feature that changes; their paths."""
        chain = Chain(self.root)
        found: list[str] = []
        for spec in specs:
            new = tables_of(spec)
            made = chain.extend(spec, self.tables.get(spec.feature, ()), new)
            self._write(format_files(made))
            self._write({f"app/tables/{spec.feature}.py": module_of(spec)})
            self.tables[spec.feature] = new
            found += made
        return found

    def _write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")


def names(tables: Iterable[Table]) -> list[str]:
    return [table.name for table in tables]


class MigrationError(Exception):
    """What the driver met."""


class Driver:
    """`cases/migrations/driver.py` in the environment of generated projects, kept running."""

    def __init__(self, python: Path) -> None:
        script = Path(__file__).parent / "cases" / "migrations" / "driver.py"
        self._process = subprocess.Popen(
            [str(python), "-B", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": ""},
        )

    def __call__(self, root: Path, url: str, do: str, **more: object) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"root": str(root), "url": url, "do": do, **more}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        if "fault" in told:
            raise MigrationError(told["fault"])
        return told["answer"]

    def close(self) -> None:
        self._process.communicate()


@dataclass
class Database:
    """A database of one project."""

    project: StoredProject
    url: str
    driver: Driver

    def upgrade(self, to: str = "head") -> None:
        self.driver(self.project.root, self.url, "upgrade", to=to)

    def downgrade(self, to: str = "-1") -> None:
        self.driver(self.project.root, self.url, "downgrade", to=to)

    def check(self) -> None:
        """What alembic finds between the tables and the classes is a fault."""
        self.driver(self.project.root, self.url, "check")

    def insert(self, count: int = 2, start: int = 1) -> None:
        self.driver(self.project.root, self.url, "insert", count=count, start=start)

    def execute(self, sql: str) -> None:
        self.driver(self.project.root, self.url, "execute", sql=sql)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = self.driver(self.project.root, self.url, "rows")
        return found
