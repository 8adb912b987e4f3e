"""Where engines lead: to the run's database, and in a scenario onto its one connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import JSON, NullPool, StaticPool, create_engine, literal_column, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_scoped_session, create_async_engine

from accord.errors import UsageError
from tests.helpers.items import app_engine, app_sessions, db, driver_connection, engine, names, put

__all__ = ["db", "engine"]

RAW = "postgresql://developer:secret@127.0.0.1:1/development"


@pytest.mark.parametrize("number", [1, 2])
async def test_what_an_engine_made_for_another_database_commits_is_gone_with_the_scenario(
    db: AsyncSession, number: int
) -> None:
    assert await names(db) == []
    async with app_engine().begin() as connection:
        await put(connection, "milk")
    assert await names(db) == ["milk"]


POOLS: list[dict[str, Any]] = [
    {"pool_size": 1, "max_overflow": 0},
    {"poolclass": NullPool},
    {"poolclass": StaticPool},
    {"pool_pre_ping": True, "pool_recycle": 0},
    {"isolation_level": "AUTOCOMMIT"},
    {"pool_reset_on_return": None},
]


@pytest.mark.parametrize("options", POOLS, ids=lambda options: next(iter(options)))
async def test_an_engine_leads_into_the_scenario_whatever_its_pool_is(
    db: AsyncSession, options: dict[str, Any]
) -> None:
    engine = app_engine(**options)
    for number in range(3):
        async with engine.begin() as connection:
            await put(connection, f"note {number}")
        await engine.dispose() if number == 1 else None
    assert await names(db) == ["note 0", "note 1", "note 2"]


async def test_an_engine_that_opens_its_connections_itself_leads_into_the_scenario_too(db: AsyncSession) -> None:
    async def open_connection() -> None:
        raise AssertionError("the developer's database was reached")

    async with create_async_engine("postgresql+asyncpg://", async_creator=open_connection).begin() as connection:
        await put(connection, "milk")
    assert await names(db) == ["milk"]


async def test_a_session_of_each_task_leads_into_the_scenario(db: AsyncSession) -> None:
    scoped = async_scoped_session(app_sessions(), scopefunc=asyncio.current_task)

    async def add(name: str) -> None:
        await scoped.execute(text("INSERT INTO item (name) VALUES (:name)"), {"name": name})
        await scoped.commit()
        await scoped.remove()

    await asyncio.gather(*map(add, ["bread", "milk"]))
    assert await names(db) == ["bread", "milk"]


async def test_a_pool_of_asyncpg_reads_from_the_runs_database_and_may_not_write(db: AsyncSession) -> None:
    async with asyncpg.create_pool(RAW, min_size=1) as pool:
        assert await pool.fetchval("SELECT current_database()") == await db.scalar(text("SELECT current_database()"))
        for write in (
            pool.execute("INSERT INTO item (name) VALUES ('milk')"),
            pool.fetchval("SELECT put('milk')"),
            pool.fetch("INSERT INTO item (name) VALUES ('milk') RETURNING id"),
            pool.executemany("INSERT INTO item (name) VALUES ($1)", [("milk",)]),
            pool.fetchmany("INSERT INTO item (name) VALUES ($1) RETURNING id", [("milk",)]),
            pool.copy_records_to_table("item", records=[("milk",)], columns=["name"]),
        ):
            with pytest.raises(UsageError, match=r"writes to the database by a connection of asyncpg .*@real_commits"):
                await write
    assert await names(db) == []


async def test_what_one_scenario_leaves_on_a_connection_of_asyncpg_cant_be_written_there_either(
    db: AsyncSession,
) -> None:
    connection = await asyncpg.connect(RAW)
    prepared = await connection.prepare("SELECT count(*) FROM item")
    assert await prepared.fetchval() == 0
    with pytest.raises(UsageError, match="@real_commits"):
        await connection.prepare("DELETE FROM item")
    with pytest.raises(UsageError, match="@real_commits"):
        async with connection.transaction():
            await connection.cursor("DELETE FROM item RETURNING id")
    await connection.close()


async def test_the_drivers_own_connection_is_in_the_scenario(db: AsyncSession) -> None:
    async with app_engine().connect() as connection:
        raw = await driver_connection(connection)
        async with raw.transaction():
            await raw.execute("INSERT INTO item (name) VALUES ($1)", "a")
            async with raw.transaction():
                await raw.executemany("INSERT INTO item (name) VALUES ($1)", [("b",), ("c",)])
                await raw.fetchmany("INSERT INTO item (name) VALUES ($1) RETURNING id", [("d",)])
            inner = raw.transaction()
            await inner.start()
            await raw.copy_records_to_table("item", records=[("e",)], columns=["name"])
            await inner.rollback()
            assert await raw.fetchval("SELECT count(*) FROM item") == 4
            assert raw.is_in_transaction()
        assert not raw.is_in_transaction()
        assert raw.get_server_version().major >= 15
    assert await names(db) == ["a", "b", "c", "d"]


async def test_rows_are_streamed(db: AsyncSession) -> None:
    async with app_engine().connect() as connection:
        await connection.execute(text("INSERT INTO item (name) SELECT 'n' || g FROM generate_series(1, 200) g"))
        result = await connection.stream(text("SELECT name FROM item"))
        assert len([row async for row in result]) == 200


async def test_each_engine_reads_json_by_a_function_of_its_own(db: AsyncSession) -> None:
    one, other = app_engine(json_deserializer=lambda _: "one"), app_engine()
    statement = select(literal_column("'{}'::json", JSON))
    for _ in range(2):
        async with one.connect() as connection:
            assert await connection.scalar(statement) == "one"
        async with other.connect() as connection:
            assert await connection.scalar(statement) == {}


async def test_a_deferred_trigger_runs_where_its_transaction_commits(db: AsyncSession) -> None:
    count = text("SELECT count(*) FROM audit")
    async with app_sessions()() as session:
        await session.execute(text("INSERT INTO booking DEFAULT VALUES"))
        assert await session.scalar(count) == 0
        await session.commit()
    assert await db.scalar(count) == 1


async def test_a_function_that_writes_is_undone_unless_it_is_committed(db: AsyncSession) -> None:
    sessions = app_sessions()
    async with sessions() as session:
        await session.execute(text("SELECT put('milk')"))
    assert await names(db) == []
    async with sessions() as session:
        await session.execute(text("SELECT put('milk')"))
        await session.commit()
    assert await names(db) == ["milk"]


async def test_what_postgresql_does_in_no_transaction_is_refused_by_name(db: AsyncSession) -> None:
    async with app_engine(isolation_level="AUTOCOMMIT").connect() as connection:
        with pytest.raises(UsageError, match=r"carries out in no transaction \(VACUUM .*: tag it @real_commits"):
            await connection.execute(text("VACUUM item"))


async def test_an_error_leaves_other_transactions_as_they_are(db: AsyncSession) -> None:
    await put(db, "milk")
    await db.commit()
    async with app_engine().connect() as connection:
        with pytest.raises(SQLAlchemyError, match="division by zero"):
            await connection.execute(text("SELECT 1 / 0"))
        with pytest.raises(SQLAlchemyError, match="current transaction is aborted"):
            await connection.execute(text("SELECT 1"))
    assert await names(db) == ["milk"]


async def test_an_engine_on_another_database_system_is_its_own(db: AsyncSession) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE item (name text)"))
        assert connection.scalar(text("SELECT count(*) FROM item")) == 0
    engine.dispose()


async def test_a_new_engine_of_a_test_that_uses_no_database_is_its_own() -> None:
    with pytest.raises(OSError, match="Connect call failed"):
        await app_engine().connect()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncpg.connect(RAW, user="somebody_else")


@pytest_asyncio.fixture(scope="module")
async def pool(engine: AsyncEngine) -> AsyncIterator[asyncpg.Pool]:
    """A pool of asyncpg, as the start of an app opens one."""
    async with asyncpg.create_pool(RAW, min_size=1) as pool:
        await pool.execute("INSERT INTO audit (what) VALUES ('started')")
        yield pool
        await pool.execute("DELETE FROM audit")


@pytest.mark.parametrize("number", [1, 2])
async def test_a_pool_of_asyncpg_that_was_opened_before_the_scenario_reads_only(
    db: AsyncSession, pool: asyncpg.Pool, number: int
) -> None:
    await db.execute(text("DELETE FROM audit"))
    await db.commit()
    assert await pool.fetchval("SELECT count(*) FROM audit") == 1
    with pytest.raises(UsageError, match="@real_commits"):
        await pool.execute("DELETE FROM audit")


@pytest.mark.real_commits
async def test_a_pool_of_asyncpg_is_on_the_copy_with_real_commits(db: AsyncSession, pool: asyncpg.Pool) -> None:
    await pool.execute("INSERT INTO item (name) VALUES ('milk')")
    assert await names(db) == ["milk"]


@pytest.mark.real_commits
async def test_with_real_commits_each_engine_is_on_the_copy(db: AsyncSession) -> None:
    one, other = app_engine(), app_engine(isolation_level="AUTOCOMMIT")
    async with one.begin() as connection:
        await put(connection, "bread")
        async with other.connect() as beside:
            await put(beside, "milk")
            assert await names(beside) == ["milk"]
    assert await names(db) == ["bread", "milk"]


@pytest_asyncio.fixture(scope="module")
async def lasting(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """An engine that has connected before the scenario."""
    lasting = app_engine()
    async with lasting.connect() as connection:
        assert await names(connection) == []
    yield lasting
    await lasting.dispose()


@pytest.mark.parametrize(
    "number", [1, pytest.param(2, marks=pytest.mark.real_commits), 3, pytest.param(4, marks=pytest.mark.real_commits)]
)
async def test_an_engine_leads_where_each_scenario_is(db: AsyncSession, lasting: AsyncEngine, number: int) -> None:
    async with lasting.begin() as connection:
        assert await names(connection) == []
        await put(connection, "milk")
    assert await names(db) == ["milk"]
