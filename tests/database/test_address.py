"""No address leads to another database than the one that its path names, whatever else stands in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from accord.database.address import connect
from accord.database.provision import clone, database
from accord.errors import UsageError
from accord.isolation.isolation import Isolation
from tests.helpers.servers import databases, query


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
