"""The migrations make the tables that the app has, there and back, and lose nothing halfway."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from app.db.session import create_engine
from tests.database import new_database, url_of

ROOT = Path(__file__).parent.parent
HEADER = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}
branch_labels = None
depends_on = None

"""
SHELVES_AND_BOOKS = """
def upgrade():
    op.create_table(
        "shelves",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(10)),
    )
    op.create_table(
        "books",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "shelf_id",
            sa.Integer(),
            sa.ForeignKey("shelves.id", ondelete="CASCADE", name="fk_books_shelf_id_shelves"),
        ),
    )
    op.execute("INSERT INTO shelves (id, name) VALUES (1, 'a')")
    op.execute("INSERT INTO books (id, shelf_id) VALUES (1, 1)")
"""
A_SHELF_ANEW = """
def upgrade():
    with op.batch_alter_table("shelves") as batch:
        batch.alter_column("name", existing_type=sa.String(10), nullable=False)
"""
HALF_A_STEP = """
def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    raise RuntimeError("a migration of two steps fails in the second")
"""
AN_ORPHAN = """
def upgrade():
    op.execute("DELETE FROM shelves")
    op.execute("INSERT INTO books (id, shelf_id) VALUES (2, 2)")
"""


@pytest.fixture
def url() -> Iterator[str]:
    """The URL of a database without tables."""
    url = url_of("migrations")
    with new_database(url):
        yield url


@pytest.fixture
def config(url: str) -> Config:
    """Alembic's settings, with that database in place of the app's."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


@pytest.fixture
def other_steps(config: Config, tmp_path: Path) -> Path:
    """A folder of revisions in place of the project's."""
    config.set_main_option("version_locations", str(tmp_path))
    return tmp_path


def write(folder: Path, *steps: str) -> None:
    for number, step in enumerate(steps, start=1):
        header = HEADER.format(revision=str(number), down=str(number - 1) if number > 1 else None)
        (folder / f"{number}.py").write_text(header + step)


def look(url: str, query: str | None = None) -> list[str]:
    """Return the names of the tables, or what a query finds in the first column."""

    def found(connection: Connection) -> list[str]:
        if query is None:
            return sorted(inspect(connection).get_table_names())
        return [str(value) for value in connection.scalars(text(query))]

    async def ask() -> list[str]:
        engine = create_engine(url)
        async with engine.connect() as connection:
            answer = await connection.run_sync(found)
        await engine.dispose()
        return answer

    return asyncio.run(ask())


def test_the_history_has_one_head() -> None:
    heads = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_heads()
    assert len(heads) <= 1, f"{heads} come after the same one: join them by `alembic merge heads`"


def test_the_migrations_make_what_the_app_has_and_take_it_back(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    command.check(config)
    tables = look(url)
    command.downgrade(config, "base")
    assert look(url) == ["alembic_version"]
    command.upgrade(config, "head")
    command.check(config)
    assert look(url) == tables


def test_each_step_can_be_taken_back(config: Config, url: str) -> None:
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    seen: list[list[str]] = []
    for step in reversed(steps):
        seen.append(look(url))
        command.upgrade(config, step.revision)
    for _ in steps:
        command.downgrade(config, "-1")
        assert [name for name in look(url) if name != "alembic_version"] == [
            name for name in seen.pop() if name != "alembic_version"
        ]


def test_the_migrations_can_be_written_as_sql(
    config: Config, url: str, other_steps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(other_steps, SHELVES_AND_BOOKS)
    command.upgrade(config, "head", sql=True)
    assert "CREATE TABLE shelves" in capsys.readouterr().out
    assert look(url) == []


def test_a_table_that_is_made_anew_keeps_the_rows_that_refer_to_it(
    config: Config, url: str, other_steps: Path
) -> None:
    write(other_steps, SHELVES_AND_BOOKS, A_SHELF_ANEW)
    command.upgrade(config, "head")
    assert look(url, "SELECT name FROM shelves") == ["a"]
    assert look(url, "SELECT shelf_id FROM books") == ["1"]


def test_a_migration_that_fails_leaves_nothing_behind(
    config: Config, url: str, other_steps: Path
) -> None:
    write(other_steps, SHELVES_AND_BOOKS, HALF_A_STEP)
    command.upgrade(config, "1")
    with pytest.raises(RuntimeError, match="fails in the second"):
        command.upgrade(config, "head")
    assert look(url) == ["alembic_version", "books", "shelves"]
    assert look(url, "SELECT version_num FROM alembic_version") == ["1"]


def test_a_migration_that_breaks_a_reference_is_refused(
    config: Config, url: str, other_steps: Path
) -> None:
    write(other_steps, SHELVES_AND_BOOKS, AN_ORPHAN)
    command.upgrade(config, "1")
    with pytest.raises((RuntimeError, IntegrityError)):
        command.upgrade(config, "head")
    assert look(url, "SELECT id FROM books") == ["1"]
