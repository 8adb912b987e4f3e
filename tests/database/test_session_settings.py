"""Settings, temporary tables, schema changes and isolation levels, which each transaction has for itself."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tests.helpers.items import app_engine, db, engine, names, put

__all__ = ["db", "engine"]


@pytest.mark.parametrize("level", ["SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED"])
async def test_an_engine_has_the_isolation_level_that_it_asks_for(db: AsyncSession, level: str) -> None:
    engine = app_engine(isolation_level=level)
    for number in range(2):
        async with engine.begin() as connection:
            assert await connection.scalar(text("SHOW transaction_isolation")) == level.lower()
            await put(connection, f"note {number}")
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await put(connection, "note 2")
    assert await names(db) == ["note 0", "note 1", "note 2"]


async def test_a_transaction_sets_its_isolation_level_by_a_statement(db: AsyncSession) -> None:
    async with app_engine().begin() as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        assert await connection.scalar(text("SHOW transaction_isolation")) == "serializable"
        await put(connection, "milk")
    assert await names(db) == ["milk"]


async def test_a_transaction_that_only_reads_may_not_write(db: AsyncSession) -> None:
    engine = app_engine()
    async with engine.connect() as connection:
        await connection.execution_options(postgresql_readonly=True)
        assert await names(connection) == []
        with pytest.raises(SQLAlchemyError, match="read-only"):
            await put(connection, "milk")
    async with engine.begin() as connection:
        await put(connection, "milk")
    assert await names(db) == ["milk"]


async def test_each_engine_has_settings_of_its_own(db: AsyncSession) -> None:
    settings = {"search_path": "tenant_a", "application_name": "one"}
    one, other = app_engine(connect_args={"server_settings": settings}), app_engine()
    for number in range(2):
        async with one.begin() as connection:
            await put(connection, f"of a tenant {number}")
            assert await connection.scalar(text("SHOW application_name")) == "one"
        async with other.begin() as connection:
            assert await names(connection) == []
            assert await connection.scalar(text("SHOW application_name")) != "one"
    assert await db.scalar(text("SELECT count(*) FROM tenant_a.item")) == 2


async def test_tables_of_one_name_in_two_schemas_may_differ(db: AsyncSession) -> None:
    one, other = app_engine(connect_args={"server_settings": {"search_path": "tenant_a"}}), app_engine()
    for _ in range(2):
        async with one.connect() as connection:
            assert list((await connection.execute(text("SELECT * FROM item"))).keys()) == ["name", "id"]
        async with other.connect() as connection:
            assert list((await connection.execute(text("SELECT * FROM item"))).keys()) == ["id", "name"]


async def test_what_an_engine_sets_for_each_new_connection_holds_on_it(db: AsyncSession) -> None:
    engine = app_engine()

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET search_path TO tenant_a")
        cursor.close()
        connection.commit()

    async with engine.begin() as connection:
        await put(connection, "milk")
    assert await names(db) == []
    assert await db.scalar(text("SELECT count(*) FROM tenant_a.item")) == 1


SETTING = ["SET LOCAL search_path TO tenant_a", "SELECT set_config('search_path', 'tenant_a', true)"]


@pytest.mark.parametrize("statement", SETTING)
async def test_a_local_setting_is_gone_when_its_transaction_ends(db: AsyncSession, statement: str) -> None:
    engine = app_engine()
    for end in ("commit", "rollback"):
        async with engine.connect() as connection:
            before = await connection.scalar(text("SHOW search_path"))
            await connection.execute(text(statement))
            assert await connection.scalar(text("SHOW search_path")) == "tenant_a"
            await getattr(connection, end)()
            assert await connection.scalar(text("SHOW search_path")) == before


async def test_a_temporary_table_is_gone_when_its_transaction_ends(db: AsyncSession) -> None:
    engine = app_engine()
    for _ in range(3):
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TEMP TABLE scratch (number int) ON COMMIT DROP"))
            await connection.execute(text("INSERT INTO scratch VALUES (1)"))
    async with engine.connect() as connection:
        with pytest.raises(SQLAlchemyError, match="does not exist"):
            await connection.execute(text("SELECT * FROM scratch"))


@pytest.mark.parametrize("number", range(3))
async def test_a_scenario_that_changes_the_schema_leaves_it_to_the_next_as_it_was(
    db: AsyncSession, number: int
) -> None:
    engine = app_engine()
    async with engine.begin() as connection:
        assert list((await connection.execute(text("SELECT * FROM item"))).keys()) == ["id", "name"]
        await connection.execute(text(f"ALTER TABLE item ADD COLUMN column_{number} int"))
        await connection.execute(text("CREATE TYPE mood AS ENUM ('glad', 'sad')"))
        await connection.execute(text("CREATE TABLE person (mood mood)"))
        await connection.execute(text("INSERT INTO person VALUES ('glad')"))
    async with engine.begin() as connection:
        assert f"column_{number}" in (await connection.execute(text("SELECT * FROM item"))).keys()  # noqa: SIM118
        assert await connection.scalar(text("SELECT mood FROM person")) == "glad"


async def test_what_a_savepoint_changed_in_the_schema_is_gone_when_that_is_rolled_back(db: AsyncSession) -> None:
    async with app_engine().connect() as connection:
        savepoint = await connection.begin_nested()
        await connection.execute(text("ALTER TABLE item ADD COLUMN added int"))
        assert list((await connection.execute(text("SELECT * FROM item"))).keys()) == ["id", "name", "added"]
        await savepoint.rollback()
        assert list((await connection.execute(text("SELECT * FROM item"))).keys()) == ["id", "name"]


@pytest.mark.parametrize("labels", [["glad", "sad"], ["sad", "calm"]])
async def test_a_type_is_that_of_the_scenario(db: AsyncSession, labels: list[str]) -> None:
    listed = ", ".join(f"'{label}'" for label in labels)
    async with app_engine().begin() as connection:
        await connection.execute(text(f"CREATE TYPE mood AS ENUM ({listed})"))
        assert await connection.scalar(text(f"SELECT ARRAY[{listed}]::mood[]")) == labels


async def test_a_temporary_table_that_is_gone_takes_no_other_of_its_name_with_it(db: AsyncSession) -> None:
    engine = app_engine()
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TEMP TABLE item ON COMMIT DROP AS SELECT 1 AS number"))
        await connection.execute(text("DROP TABLE item"))
        savepoint = await connection.begin_nested()
        await connection.execute(text("CREATE TEMP TABLE scratch (number int) ON COMMIT DELETE ROWS"))
        await savepoint.rollback()
        await put(connection, "milk")
    assert await names(db) == ["milk"]


async def test_a_type_is_read_by_a_function_of_the_engine_that_sets_one(db: AsyncSession) -> None:
    one, other = app_engine(), app_engine()

    @event.listens_for(one.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.run_async(lambda it: it.set_type_codec("mood", encoder=str, decoder=str.upper))

    with pytest.raises(ValueError, match=r"unknown type: public\.mood"):
        await one.connect()
    await db.execute(text("CREATE TYPE mood AS ENUM ('glad')"))
    await db.commit()
    for _ in range(2):
        async with one.connect() as connection:
            assert await connection.scalar(text("SELECT 'glad'::mood")) == "GLAD"
        async with other.connect() as connection:
            assert await connection.scalar(text("SELECT 'glad'::mood")) == "glad"


@pytest_asyncio.fixture(scope="module")
async def started_up(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """An engine that has connected before the scenario, as at the start of an app."""
    started = app_engine()

    @event.listens_for(started.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET search_path TO tenant_a")
        cursor.close()
        connection.commit()

    async with started.connect() as connection:
        assert await connection.scalar(text("SHOW search_path")) == "tenant_a"
    yield started
    await started.dispose()


async def test_what_an_engine_set_before_the_scenario_holds_in_it(db: AsyncSession, started_up: AsyncEngine) -> None:
    async with started_up.connect() as connection:
        assert await connection.scalar(text("SHOW search_path")) == "tenant_a"
