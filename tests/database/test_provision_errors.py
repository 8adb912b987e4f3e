"""What is said of an address that is refused, and of a server that gives no database."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from accord.compat.xdist import Worker
from accord.database import provision
from accord.database.embedded import Cluster
from accord.database.given import given_in
from accord.database.provision import database
from accord.errors import AccordError
from tests.helpers.servers import at, query

WORKER = Worker("gw0", "run")


@pytest.fixture(autouse=True)
def given_for_apps() -> Iterator[None]:
    """As where DATABASE_URL gave the address; the run of these tests may have been given its own elsewhere."""
    with given_in("DATABASE_URL"):
        yield


async def error(address: str, worker: Worker | None = None) -> str:
    """Return the sentence with which the address is refused, and see that it is one."""
    with pytest.raises(AccordError) as refused:
        async with database(address, worker):
            pass
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


async def test_a_cache_directory_that_cannot_be_created_is_reported(
    tmp_path: Path, lasting: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = tmp_path / "occupied"
    occupied.touch()
    monkeypatch.setattr(provision, "cluster", lambda: Cluster(occupied / "accord", lasting.account))

    sentence = await error("")

    assert f"cannot be kept in {occupied / 'accord'} (Not a directory): " in sentence
    assert sentence.endswith("set ACCORD_DATABASE_URL to use a server of your own.")
    assert ("XDG_CACHE_HOME" in sentence) is (lasting.account is None)


async def test_a_database_in_use_by_another_run_is_an_error(provided: URL) -> None:
    await query(provided, "CREATE DATABASE busy_test")
    async with database(at(provided, "busy_test")):
        assert await error(at(provided, "busy_test")) == (
            'Another run is using the database "busy_test": wait for it to end, or name another in DATABASE_URL.'
        )

    async with database(at(provided, "busy_test")):
        pass


@pytest.mark.parametrize("name", ["production", "production_tests", "test_production", "PRODUCTION_TEST", ""])
async def test_a_database_whose_name_does_not_end_in_test_is_an_error(provided: URL, name: str) -> None:
    # Nothing answers there, so nothing was asked before.
    address = at(provided.set(port=1), name)

    for worker in (None, WORKER):
        assert await error(address, worker) == (
            f'DATABASE_URL names the database "{name}", and Accord only takes one whose name ends in "_test", '
            f'since it drops tables there: name "{name or "tasks"}_test" instead, which need not exist, '
            "or set ACCORD_DATABASE_URL, which goes before it."
        )


async def test_a_name_that_postgresql_would_cut_is_an_error(provided: URL) -> None:
    name = "a" * 58 + "_test"
    async with database(at(provided, name)) as url:
        assert str(url.database).startswith("aaa")
        assert len(str(url.database)) == 63

    assert "cuts names off after 63 bytes: choose a shorter one." in await error(at(provided, f"a{name}"))
    assert f'names the database "{"a" * 58}_gw0_test"' in await error(at(provided, name), WORKER)


@pytest.mark.parametrize(
    "address", ["nonsense", "://", "shop_test", "postgresql+asyncpg://u:guessed@localhost:port/shop_test"]
)
async def test_what_is_not_an_address_is_an_error(address: str) -> None:
    assert await error(address) == (
        "DATABASE_URL is not a database's address: write it as postgresql+asyncpg://user:password@host/name_test."
    )


@pytest.mark.parametrize("driver", ["mysql", "sqlite", "postgres", "postgresql+psycopg"])
async def test_a_wrong_driver_is_an_error(driver: str) -> None:
    assert await error(f"{driver}://user:guessed@localhost/shop_test") == (
        f"DATABASE_URL begins with {driver}://, but Accord drives PostgreSQL through asyncpg: "
        "write postgresql+asyncpg://."
    )


@pytest.mark.parametrize("setting", ["sslmode=require", "ssl=sometimes", "port=first", "loop=here", "timeout=x"])
async def test_settings_that_the_driver_does_not_take_are_an_error(provided: URL, setting: str) -> None:
    sentence = await error(f"{at(provided, 'shop_test')}?{setting}")

    assert re.fullmatch(r"DATABASE_URL has settings that asyncpg does not take \(.+\): correct them\.", sentence)


async def test_a_server_that_cannot_be_reached_is_reported(provided: URL) -> None:
    assert re.fullmatch(
        r"No PostgreSQL server answers at 127.0.0.1:1 \(.*Connect call failed.*\): start it, correct DATABASE_URL, "
        r"or leave it out to use PostgreSQL from the wheel\.",
        await error(at(provided.set(port=1), "shop_test")),
    )
    assert "No PostgreSQL server answers at nowhere.invalid:" in await error(
        at(provided.set(host="nowhere.invalid"), "shop_test")
    )


async def test_a_server_that_is_not_postgresql_is_reported(provided: URL) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as other:
        port: int = other.sockets[0].getsockname()[1]
        assert f"No PostgreSQL server answers at 127.0.0.1:{port} (" in await error(
            at(provided.set(port=port), "shop_test")
        )


async def test_a_wrong_password_is_reported_and_not_repeated(provided: URL) -> None:
    sentence = await error(at(provided, "shop_test", "postgres", "guessed"))

    assert sentence == (
        f"The PostgreSQL server at 127.0.0.1:{provided.port} does not let you in (password authentication failed for "
        'user "postgres"): correct the user or the password in DATABASE_URL.'
    )


async def test_a_password_that_is_missing_is_reported(provided: URL) -> None:
    address = provided.set(database="shop_test", password=None).render_as_string()

    assert "does not let you in (" in await error(address)


async def test_a_missing_privilege_is_an_error_with_the_statement_that_gives_it(provided: URL) -> None:
    await query(provided, "CREATE ROLE reader LOGIN PASSWORD 'secret'")
    await query(provided, "CREATE DATABASE theirs_test")
    there = provided.set(database="theirs_test")
    await query(there, "REVOKE CONNECT ON DATABASE theirs_test FROM PUBLIC")
    await query(there, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    address = at(provided, "theirs_test", "reader", "secret")

    sentence = await error(address)
    assert sentence == (
        f'"reader" may not connect to the database "theirs_test" at 127.0.0.1:{provided.port}: '
        'GRANT CONNECT ON DATABASE "theirs_test" TO "reader".'
    )
    await query(there, sentence.rstrip(".").partition(": ")[2])
    sentence = await error(address)
    assert sentence == (
        '"reader" may not make tables in the database "theirs_test": '
        'GRANT USAGE, CREATE ON SCHEMA "public" TO "reader".'
    )
    await query(there, sentence.rstrip(".").partition(": ")[2])

    async with database(address) as url:
        await query(url, "CREATE TABLE tasks ()")


async def test_a_role_that_may_not_create_a_database_is_named_with_the_statement_that_lets_it(provided: URL) -> None:
    await query(provided, "CREATE ROLE newcomer LOGIN PASSWORD 'secret'")
    address = at(provided, "theirs_too_test", "newcomer", "secret")

    assert await error(address) == (
        'The database "theirs_too_test" does not exist, and "newcomer" may not make it: '
        'ALTER ROLE "newcomer" CREATEDB, or have it made.'
    )
    await query(provided, 'ALTER ROLE "newcomer" CREATEDB')

    async with database(address) as url:
        await query(url, "CREATE TABLE tasks ()")


async def test_a_server_without_the_maintenance_database_is_reported(provided: URL) -> None:
    there = provided.set(database="template1")
    await query(there, "ALTER DATABASE postgres RENAME TO hidden")
    try:
        sentence = (
            f'There is no database "postgres" at 127.0.0.1:{provided.port}, '
            "from which Accord makes databases and keeps them from other runs: have it made."
        )
        assert await error(at(provided, "shop_test")) == sentence
        await query(there, "CREATE DATABASE shop_test")
        assert await error(at(provided, "shop_test")) == sentence
    finally:
        await query(there, "DROP DATABASE IF EXISTS shop_test")
        await query(there, "ALTER DATABASE hidden RENAME TO postgres")


async def test_a_database_that_cannot_be_created_is_reported(provided: URL) -> None:
    await query(provided, "ALTER DATABASE template1 RENAME TO template_hidden")
    try:
        assert await error(at(provided, "shop_test")) == (
            'The database "shop_test" does not exist and cannot be made '
            '(template database "template1" does not exist): have it made.'
        )
    finally:
        await query(provided, "ALTER DATABASE template_hidden RENAME TO template1")
