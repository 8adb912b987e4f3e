"""The team's own migrations, of each of Alembic's templates, prepare the run's database and change nothing else."""

import logging
import logging.handlers
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import alembic.command
import alembic.config
import pytest
from sqlalchemy import URL

import accord
from accord.database.address import rendered
from accord.database.provision import database
from accord.errors import PreparationError, UsageError
from tests.helpers.project import Project
from tests.helpers.servers import query

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/dev"
REVISION = """
from alembic import op

revision = "{revision}"
down_revision = {down}


def upgrade():
    {upgrade}
"""


class Team:
    """A service's migrations, as `alembic init` sets them up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ini = path / "alembic.ini"
        self.migrations = path / "migrations"

    def init(self, template: str, address: str = NOWHERE) -> None:
        """Set them up; the configuration names a server that is not there."""
        (self.path / "pyproject.toml").write_text('[project]\nname = "service"\n', encoding="utf-8")
        config = alembic.config.Config(self.ini, self.path / "pyproject.toml")
        alembic.command.init(config, str(self.migrations), template=template)
        for file in [self.ini, *self.path.glob("migrations/*.ini")]:
            if file.exists():
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace("driver://user:pass@localhost/dbname", address), encoding="utf-8")

    def revise(self, revision: str, upgrade: str, down: str | None = None) -> None:
        """Write a revision whose upgrade does that."""
        text = REVISION.format(revision=revision, down=repr(down), upgrade=upgrade)
        (self.migrations / "versions").mkdir(exist_ok=True)
        (self.migrations / "versions" / f"{revision}_it.py").write_text(text, encoding="utf-8")

    def change_env(self, old: str, new: str) -> None:
        """Put something else into `env.py`."""
        file = self.migrations / "env.py"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Team:
    """A service in a directory of its own."""
    return Team(tmp_path)


@pytest.fixture
async def empty(provided: URL) -> AsyncIterator[URL]:
    """A database that is empty."""
    await query(provided, "CREATE DATABASE migrated_test")
    yield provided.set(database="migrated_test")
    await query(provided, "DROP DATABASE migrated_test")


async def tables(url: URL) -> set[str]:
    """Return the names of the tables."""
    return set(await query(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


async def migrate(file: str | Path, url: URL) -> None:
    """Have a run's database prepared by the migrations; it is there already, and stays."""
    async with database(rendered(url), prepare=accord.migrations(file)):
        pass


MAKE_ITEMS = 'op.execute("CREATE TABLE items (id serial)")'


@pytest.mark.parametrize(
    ("template", "file"),
    [
        ("generic", "alembic.ini"),
        ("async", "alembic.ini"),
        ("pyproject", "pyproject.toml"),
        ("pyproject", "alembic.ini"),
        ("pyproject_async", "pyproject.toml"),
    ],
)
async def test_the_env_of_each_stock_template_runs_as_it_is(team: Team, empty: URL, template: str, file: str) -> None:
    team.init(template)
    team.revise("a1", MAKE_ITEMS)
    team.revise("b2", 'op.execute("ALTER TABLE items ADD name text")', down="a1")

    await migrate(team.path / file, empty)

    assert await tables(empty) == {"alembic_version", "items"}
    assert await query(empty, "SELECT version_num FROM alembic_version") == ["b2"]
    await migrate(team.path / file, empty)


async def test_all_heads_are_upgraded_to(team: Team, empty: URL) -> None:
    team.init("async")
    team.revise("a1", MAKE_ITEMS)
    team.revise("b2", 'op.execute("CREATE TABLE left_side ()")', down="a1")
    team.revise("c3", 'op.execute("CREATE TABLE right_side ()")', down="a1")

    await migrate(team.ini, empty)

    assert await tables(empty) == {"alembic_version", "items", "left_side", "right_side"}


async def test_where_there_are_no_revisions_the_database_has_no_tables_of_the_service(team: Team, empty: URL) -> None:
    team.init("async")

    await migrate(team.ini, empty)

    assert await tables(empty) <= {"alembic_version"}


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "postgresql", "driver"])
async def test_a_driver_that_is_not_there_is_done_without(team: Team, empty: URL, driver: str) -> None:
    team.init("generic", f"{driver}://user:pass@localhost/dbname")
    team.revise("a1", MAKE_ITEMS)

    await migrate(team.ini, empty)

    assert "items" in await tables(empty)


async def test_a_password_with_a_percent_sign_is_the_drivers_again(team: Team, empty: URL, provided: URL) -> None:
    await query(provided, "CREATE ROLE odd SUPERUSER LOGIN PASSWORD 'a%b/c@d'")
    team.init("async")
    team.revise("a1", MAKE_ITEMS)

    await migrate(team.ini, empty.set(username="odd", password="a%b/c@d"))

    assert "items" in await tables(empty)
    await query(empty, "DROP OWNED BY odd")
    await query(provided, "DROP ROLE odd")


async def test_what_env_does_to_logging_is_undone(team: Team, empty: URL) -> None:
    team.init("async")
    team.revise("a1", MAKE_ITEMS)
    (team.path / "of_the_service.py").write_text("import logging\nlogging.getLogger('of_the_service')\n")
    team.change_env("from alembic import context\n", "from alembic import context\nimport of_the_service\n")
    team.ini.write_text(team.ini.read_text().replace("level = WARNING", "level = ERROR"))
    before = logging.getLogger("of_before")
    memory = logging.handlers.MemoryHandler(10)
    to_file = logging.FileHandler(team.path / "log", mode="w")
    before.addHandler(to_file)
    logging.root.addHandler(memory)
    root = logging.root.level, logging.root.handlers[:]

    try:
        await migrate(team.ini, empty)

        assert (logging.root.level, logging.root.handlers) == root
        assert not before.disabled
        assert not logging.getLogger("of_the_service").disabled
        before.error("it is heard")
        assert "it is heard" in (team.path / "log").read_text()
        assert [record.getMessage() for record in memory.buffer] == ["it is heard"]
    finally:
        logging.root.removeHandler(memory)
        before.removeHandler(to_file)
        to_file.close()


async def test_the_directory_and_the_path_are_as_they_were_and_nothing_is_printed(
    team: Team, empty: URL, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    team.init("async")
    team.ini.write_text(team.ini.read_text().replace("%(here)s/migrations", "migrations"))
    (team.path / "named_by_the_path.py").touch()
    team.change_env("from alembic import context\n", "from alembic import context\nimport named_by_the_path\n")
    team.revise("a1", MAKE_ITEMS)
    monkeypatch.chdir(team.path.parent)
    before = os.getcwd(), sys.path[:]
    capsys.readouterr()

    await migrate(f"{team.path.name}/alembic.ini", empty)

    assert (os.getcwd(), sys.path) == before
    assert capsys.readouterr().out == ""
    assert "items" in await tables(empty)


async def test_a_failure_of_a_migration_is_its_own_and_undoes_the_same(team: Team, empty: URL) -> None:
    team.init("async")
    team.revise("a1", "open('seed.sql')")
    before = os.getcwd(), sys.path[:], logging.root.handlers[:]

    with pytest.raises(PreparationError) as failed:
        await migrate(team.ini, empty)

    assert isinstance(failed.value.__cause__, FileNotFoundError)
    assert (os.getcwd(), sys.path, logging.root.handlers) == before


async def refusal(file: Path) -> str:
    """Return the sentence with which the file is refused."""
    with pytest.raises(UsageError) as refused:
        await accord.migrations(file)(NOWHERE)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


async def test_what_is_missing_or_not_supported_is_said_in_a_sentence(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"There is no file {team.ini}" in await refusal(team.ini)
    (team.path / "pyproject.toml").write_text("[project]\n")
    assert "No 'script_location' key found" in await refusal(team.path / "pyproject.toml")
    team.ini.write_text("nonsense")
    assert "cannot be read as Alembic's configuration" in await refusal(team.ini)
    (team.path / "pyproject.toml").write_text("nonsense")
    assert "cannot be read as Alembic's configuration" in await refusal(team.path / "pyproject.toml")
    (team.path / "pyproject.toml").unlink()
    team.ini.write_text(f"[alembic]\nscript_location = {team.path / 'nowhere'}\n")
    assert "Path doesn't exist" in await refusal(team.ini)
    (team.path / "nowhere").mkdir()
    assert f"There is no file {team.path / 'nowhere' / 'env.py'}" in await refusal(team.ini)
    monkeypatch.setitem(sys.modules, "alembic", None)
    assert "install alembic." in await refusal(team.ini)


async def test_the_template_for_several_databases_is_not_supported(team: Team) -> None:
    team.init("multidb")

    assert "is of Alembic's template multidb, which accord.migrations does not run" in await refusal(team.ini)


CONFTEST = """
import accord
import pytest

@pytest.fixture(scope="session")
def prepare_database():
    return accord.migrations("alembic.ini")
"""
TEST = """
import asyncpg

async def test_it(database_parts):
    it = database_parts
    connection = await asyncpg.connect(host=it.host, port=it.port, user=it.user, password=it.password, database=it.name)
    assert await connection.fetchval("SELECT count(*) FROM items") == 0
    await connection.close()
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "worker"])
def test_a_run_is_prepared_by_them(project: Project, workers: list[str]) -> None:
    team = Team(project.path)
    team.init("async")
    team.revise("a1", MAKE_ITEMS)
    project.pytester.makeconftest(CONFTEST)
    project.pytester.makepyfile(TEST)

    project.run_process(*workers).assert_outcomes(passed=1)


def test_a_run_whose_migrations_fail_shows_the_line_that_does(project: Project) -> None:
    team = Team(project.path)
    team.init("async")
    team.revise("a1", 'op.execute("CREATE nonsense")')
    project.pytester.makeconftest(CONFTEST)
    project.pytester.makepyfile(TEST)

    result = project.run_process()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(result.outlines) < 40
    assert result.outlines[-1].startswith(
        "! _pytest.outcomes.Exit: The run's database cannot be prepared (migrations/versions/a1_it.py:9): "
    )
    assert 'syntax error at or near "nonsense"' in result.outlines[-1]
    assert result.stdout.str().count('op.execute("CREATE nonsense")') == 1


ADDRESSES = {
    "env.py has one of its own": '"postgresql+asyncpg://nobody@127.0.0.1:1/dev"',
    "the environment has one": 'os.environ["SERVICE_DATABASE"]',
    "the configuration has one": 'config.get_main_option("service.database")',
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "worker"])
def test_whatever_address_env_reads_the_migrations_run_in_the_runs_database(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: list[str], address: str
) -> None:
    monkeypatch.setenv("SERVICE_DATABASE", NOWHERE)
    team = Team(project.path)
    team.init("async")
    team.ini.write_text(team.ini.read_text().replace("[alembic]\n", f"[alembic]\nservice.database = {NOWHERE}\n", 1))
    team.change_env("from alembic import context\n", "import os\nfrom alembic import context\n")
    team.change_env("config.get_section(config.config_ini_section, {})", f'{{"sqlalchemy.url": {address}}}')
    team.revise("a1", MAKE_ITEMS)
    project.pytester.makeconftest(CONFTEST)
    project.pytester.makepyfile(TEST)

    project.run_process(*workers).assert_outcomes(passed=1)


def test_a_sync_env_with_an_address_of_its_own_runs_in_the_runs_database(project: Project) -> None:
    team = Team(project.path)
    team.init("generic")
    team.change_env("config.get_section(config.config_ini_section, {})", f'{{"sqlalchemy.url": "{NOWHERE}"}}')
    team.revise("a1", MAKE_ITEMS)
    project.pytester.makeconftest(CONFTEST)
    project.pytester.makepyfile(TEST)

    project.run_process().assert_outcomes(passed=1)


DEMANDING = """
    op.execute("CREATE TYPE mood AS ENUM ('sad')")
    op.create_table("items", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'ok'")
        op.create_index("by_name", "items", ["name"], postgresql_concurrently=True)
    with sa.orm.Session(op.get_bind()) as session:
        session.execute(sa.text("INSERT INTO items (name) VALUES ('seed')"))
        session.execute(sa.text("DELETE FROM items"))
        session.commit()
"""


@pytest.mark.parametrize("template", ["generic", "async"])
def test_migrations_may_leave_their_transaction_as_in_production(project: Project, template: str) -> None:
    team = Team(project.path)
    team.init(template)
    team.revise("a1", f"import sqlalchemy as sa, sqlalchemy.orm{DEMANDING}")
    team.revise("b2", "op.execute(\"SELECT 'ok'::mood\")", down="a1")
    project.pytester.makeconftest(CONFTEST)
    project.pytester.makepyfile(TEST)

    project.run_process("-n", "1").assert_outcomes(passed=1)
    project.run_process().assert_outcomes(passed=1)
