"""Which address counts, how it is given to a suite, and that none leads to another database than it names."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import alembic.config
import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

import accord
from accord.database.address import connect, parts, rendered
from accord.database.given import Given, given, given_in
from accord.database.provision import clone, database
from accord.errors import UsageError
from accord.isolation.isolation import Isolation
from tests.helpers.project import Project
from tests.helpers.servers import at, databases, query


@pytest.fixture(autouse=True)
def given_for_apps() -> Iterator[None]:
    """As where DATABASE_URL gave the address; the run of these tests may have been given its own elsewhere."""
    with given_in("DATABASE_URL"):
        yield


@pytest.fixture
async def production(provided: URL) -> AsyncIterator[URL]:
    """A database of somebody's on the server, which no run may change."""
    await query(provided, "CREATE DATABASE prod")
    there = provided.set(database="prod")
    await query(there, "CREATE TABLE customers AS SELECT generate_series(1, 100) AS number")
    before = await databases(provided)
    yield there
    assert await query(there, "SELECT count(*) FROM customers") == [100]
    assert await databases(provided) == before
    await query(provided, "DROP DATABASE prod")


async def prepare(url: str) -> None:
    """Do what a recipe does: drop what is there, and make it anew."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE IF EXISTS customers")
    await engine.dispose()


async def refusal(address: str) -> str:
    """Return the sentence with which a run at the address is refused."""
    with pytest.raises(UsageError) as refused:
        async with database(address, prepare=prepare):
            pass
    return str(refused.value)


@pytest.mark.parametrize(
    "setting",
    [
        "database=prod",
        "database=prod&database=x_test",
        "database=x_test&database=prod",
        "%64atabase=prod",
        "DATABASE=prod",
        "dbname=prod",
        "dsn=postgresql://localhost/prod",
        "service=prod",
        "servicefile=/etc/pg_service.conf&service=prod",
        "host=&database=prod",
    ],
)
async def test_a_setting_that_overrides_the_path_is_an_error(production: URL, setting: str) -> None:
    address = production.set(database="x_test").render_as_string(hide_password=False)

    sentence = await refusal(f"{address}?{setting}")

    assert "may lead to another: remove that setting." in sentence


@pytest.mark.parametrize(
    "path",
    ["prod?x_test", "prod%3Fx_test", "prod%23x_test", "prod#x_test", "prod%00_test", "prod/_test", "dbname=prod _test"],
)
async def test_a_name_that_drivers_read_differently_is_an_error(production: URL, path: str) -> None:
    address = production.set(database="").render_as_string(hide_password=False)

    assert await refusal(address + path)


@pytest.mark.parametrize("exists", [True, False])
async def test_variables_of_the_shell_lead_nowhere_else(
    production: URL, exists: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if exists:
        await query(production, "CREATE DATABASE x_test")
    services = tmp_path / "services"
    services.write_text("[prod]\ndbname=prod\n")
    for name, value in {"PGDATABASE": "prod", "PGSERVICE": "prod", "PGSERVICEFILE": str(services)}.items():
        monkeypatch.setenv(name, value)
    address = production.set(database="x_test").render_as_string(hide_password=False)

    async with database(address, prepare=prepare) as url:
        assert await query(url, "SELECT current_database()") == [url.database]

    if exists:
        await query(production, "DROP DATABASE x_test")


async def test_several_servers_are_an_error() -> None:
    assert await refusal("postgresql+asyncpg://u@/x_test?host=one:5432&host=two:5432") == (
        "DATABASE_URL names more than one server, and a run uses one: name that alone."
    )
    assert "more than one server" in await refusal("postgresql+asyncpg://u@/x_test?host=one,two&port=5432,5432")


async def test_where_a_connection_leads_is_looked_at(production: URL) -> None:
    # As where a pooler calls a database by another name.
    with pytest.raises(UsageError, match=r'database "x_test" at 127.0.0.1:\d+ leads to the database "prod": correct'):
        await connect(production.set(database="x_test", query={"database": "prod"}))


@pytest.mark.parametrize(("name", "settings"), [("prod", {}), ("x_test", {"dbname": "prod"})])
async def test_only_a_database_for_tests_is_copied(production: URL, name: str, settings: dict[str, str]) -> None:
    url = production.set(database=name, query=settings)

    with pytest.raises(UsageError, match="The engine's address names the database"):
        async with clone(url):
            pass


async def test_no_scenario_runs_on_an_engine_that_leads_elsewhere(production: URL) -> None:
    engine = create_async_engine(production.set(database="x_test", query={"database": "prod"}))

    with pytest.raises(UsageError, match=r"^The engine's address names the database .x_test., and its setting"):
        async with Isolation().session(engine):
            pass

    await engine.dispose()


@pytest.mark.parametrize(
    ("option", "own", "of_apps", "expected"),
    [
        ("o", "a", "d", Given("o", "--accord-database-url")),
        (None, "a", "d", Given("a", "ACCORD_DATABASE_URL")),
        (None, None, "d", Given("d", "DATABASE_URL")),
        (None, None, None, None),
        ("", "a", "d", None),
        (None, "", "d", None),
        (None, None, "", None),
    ],
)
def test_the_first_address_that_is_set_counts_and_an_empty_one_means_none(
    monkeypatch: pytest.MonkeyPatch, option: str | None, own: str | None, of_apps: str | None, expected: Given | None
) -> None:
    for name, value in {"ACCORD_DATABASE_URL": own, "DATABASE_URL": of_apps}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    assert given(option) == expected


@pytest.mark.parametrize("source", ["--accord-database-url", "ACCORD_DATABASE_URL", "DATABASE_URL"])
async def test_what_is_said_of_an_address_names_where_it_was_given(provided: URL, source: str) -> None:
    addresses = {
        "nonsense": "is not a database",
        "mysql://localhost/shop_test": "begins with mysql",
        at(provided, "shop"): "names the database",
        at(provided, "a" * 60 + "_test"): "cuts names off",
        at(provided, "shop_test") + "?host=a,b": "more than one server",
        at(provided, "shop_test") + "?ssl=sometimes": "has settings",
        at(provided.set(port=1), "shop_test"): "No PostgreSQL server answers",
        at(provided, "shop_test", "postgres", "guessed"): "does not let you in",
    }
    with given_in(source):
        for address, words in addresses.items():
            sentence = await refusal(address)
            assert words in sentence
            assert source in sentence.replace(", or set ACCORD_DATABASE_URL, which goes before it", "")
            assert source == "DATABASE_URL" or " DATABASE_URL" not in sentence


async def test_another_run_is_told_to_name_another_database_where_it_named_this_one(provided: URL) -> None:
    await query(provided, "CREATE DATABASE taken_test")
    with given_in("--accord-database-url"):
        async with database(at(provided, "taken_test")):
            assert (await refusal(at(provided, "taken_test"))).endswith("or name another in --accord-database-url.")
    await query(provided, "DROP DATABASE taken_test")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+asyncpg://postgres@:5432/x_test?host=/run/accord-1/sockets",
        "postgresql+asyncpg://postgres@:5433/x_test?host=/run/accord-1&timeout=3",
        "postgresql+asyncpg://postgres:a-b_c@127.0.0.1:5432/x_test",
    ],
)
def test_an_address_is_given_as_alembic_takes_it(address: str) -> None:
    url = rendered(make_url(address))
    config = alembic.config.Config()

    config.set_main_option("sqlalchemy.url", url)

    assert config.get_main_option("sqlalchemy.url") == url
    assert parts(make_url(url)) == parts(make_url(address))
    dialect = make_url(url).get_dialect()()
    assert dialect.create_connect_args(make_url(url))[1].get("host") == parts(make_url(address)).host


@pytest.mark.parametrize("odd", ["p@ss", "a/b:c?d#e", "50%", "é", "a b+c&d=e", "[x]"])
def test_an_address_with_odd_characters_means_the_same_when_it_is_read_again(odd: str) -> None:
    url = URL.create(
        "postgresql+asyncpg", odd, odd, "127.0.0.1", 5432, "x_test", {"host": f"/tmp/{odd}", "server_settings": odd}
    )

    assert make_url(rendered(url)) == url


def test_the_parts_of_an_address_are_what_settings_that_are_split_want() -> None:
    of_server = parts(make_url("postgresql+asyncpg://alice:p%40ss@db.example:5433/x_test"))
    of_socket = parts(make_url("postgresql+asyncpg://postgres@/x_test?host=/run/sockets"))

    assert of_server == accord.DatabaseParts("db.example", 5433, "alice", "p@ss", "x_test")
    assert of_socket == accord.DatabaseParts("/run/sockets", 5432, "postgres", None, "x_test")


BY_PARTS = """
import subprocess
import sys

import asyncpg


async def test_it(pytestconfig, database_parts, database_url):
    it, tcp = database_parts, pytestconfig.getini("accord_postgres_tcp")
    assert it.host == "127.0.0.1" if tcp else it.host.startswith("/")
    assert "%" not in database_url
    connection = await asyncpg.connect(host=it.host, port=it.port, user=it.user, password=it.password, database=it.name)
    if tcp:
        subprocess.run([sys.executable, "-m", "pytest"], check=True)
    assert await connection.fetchval("SELECT current_database()") == it.name
    await connection.close()
    await (await asyncpg.connect(database_url.replace("+asyncpg", ""))).close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there it is on TCP in any case")
def test_a_run_on_tcp_and_one_on_a_socket_run_side_by_side(project: Project) -> None:
    project.pytester.makepyfile(BY_PARTS)

    project.run_process("-o", "accord_postgres_tcp=true").assert_outcomes(passed=1)


NAMES = """
def test_it(database_parts):
    print(database_parts.name)
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "worker"])
def test_the_option_goes_before_the_environment(
    project: Project, provided: URL, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    monkeypatch.setenv("ACCORD_DATABASE_URL", at(provided, "of_accord_test"))
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/dev")
    project.pytester.makepyfile(NAMES)
    option = at(provided, "of_option_test")

    project.run_process("-rP", *workers).stdout.re_match_lines(["of_accord_.*_test"])
    project.run_process("-rP", *workers, "--accord-database-url", option).stdout.re_match_lines(["of_option_.*_test"])


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
def test_an_address_that_a_conftest_sets_for_the_app_is_the_apps(
    project: Project, provided: URL, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    project.pytester.makeconftest(
        'import os\nos.environ["DATABASE_URL"] = os.environ["ACCORD_DATABASE_URL"] = "postgresql://dev@localhost/dev"'
    )
    project.pytester.makepyfile(NAMES)

    project.run_process("-rP", *workers).stdout.re_match_lines(["accord_.*_test"])
    monkeypatch.setenv("DATABASE_URL", at(provided, "of_shell_test"))
    project.run_process("-rP", *workers).stdout.re_match_lines(["of_shell_.*_test"])


def test_an_option_that_no_run_takes_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/dev_test")
    project.pytester.makepyfile(NAMES)

    result = project.run_process("--accord-database-url", "postgresql://localhost/production")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert '--accord-database-url names the database "production"' in result.outlines[-1]
