"""What is cancelled, takes too long, or is left open leaves the scenario, and the next one, as they would be."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from accord.errors import UsageError
from accord.isolation.isolation import Isolation
from tests.helpers.items import app_engine, app_sessions, db, driver_connection, engine, names, put

__all__ = ["db", "engine"]


async def write() -> None:
    async with app_engine().begin() as connection:
        await put(connection, "a")
        await connection.execute(text("INSERT INTO booking DEFAULT VALUES"))


async def call_and_set() -> None:
    settings = {"server_settings": {"app.tenant": "a"}}
    async with app_engine(connect_args=settings).begin() as connection:
        await connection.execute(text("SELECT set_config('app.tenant', 'b', true)"))
        await connection.execute(text("SELECT put('a')"))


async def nest() -> None:
    sessions = app_sessions()
    async with sessions.begin() as outer:
        await put(outer, "a")
        async with outer.begin_nested():
            await put(outer, "b")
        async with sessions() as inner:
            await names(inner)


async def write_in_autocommit() -> None:
    async with app_engine(isolation_level="AUTOCOMMIT").connect() as connection:
        await put(connection, "a")


async def change_schema() -> None:
    async with app_engine().begin() as connection:
        await connection.execute(text("CREATE TEMP TABLE scratch (number int) ON COMMIT DROP"))
        await connection.execute(text("SELECT put('a')"))


async def read_by_functions_of_its_own() -> None:
    async with app_engine().begin() as connection:
        raw = await driver_connection(connection)
        await raw.set_type_codec("mood", schema="tenant_a", encoder=str, decoder=str.upper)
        await put(connection, "a")


ACTIONS: list[Callable[[], Awaitable[None]]] = [
    write,
    call_and_set,
    nest,
    write_in_autocommit,
    change_schema,
    read_by_functions_of_its_own,
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
async def test_what_is_cancelled_wherever_it_waits_happened_or_did_not(
    db: AsyncSession, isolation: Isolation, action: Callable[[], Any]
) -> None:
    await db.execute(text("CREATE TYPE tenant_a.mood AS ENUM ('glad', 'sad')"))
    await db.commit()
    outcomes = set()
    is_done, turns = False, 0
    while not is_done:
        task = asyncio.create_task(action())
        for _ in range(turns):
            await asyncio.sleep(0)
        is_done = task.done()
        task.cancel()
        await asyncio.wait([task])
        isolation.outage.check_at_end()
        outcomes.add(tuple(await names(db)))
        await db.execute(text("DELETE FROM item"))
        await db.commit()
        # A turn of the event loop takes less time than an answer of the server.
        turns += 1 if turns < 20 else 7
    assert () in outcomes
    assert outcomes - {()} in ({("a",)}, {("a", "b")})


async def test_a_statement_that_takes_too_long_undoes_its_own_transaction_alone(db: AsyncSession) -> None:
    await put(db, "a")
    await db.commit()
    async with app_engine().connect() as connection:
        raw = await driver_connection(connection)
        await put(connection, "b")
        with pytest.raises(TimeoutError):
            await raw.execute("SELECT pg_sleep(60)", timeout=0.01)
    assert await names(db) == ["a"]
    async with app_engine().connect() as connection:
        await put(connection, "b")
        await connection.execute(text("SET LOCAL statement_timeout = '10ms'"))
        with pytest.raises(SQLAlchemyError, match="statement timeout"):
            await connection.execute(text("SELECT pg_sleep(60)"))
    assert await names(db) == ["a"]
    assert await db.scalar(text("SHOW statement_timeout")) == "0"


async def test_a_setting_that_postgresql_does_not_take_fails_where_it_is_used_alone(db: AsyncSession) -> None:
    engine = app_engine(connect_args={"server_settings": {"work_mem": "plenty"}})
    with pytest.raises(SQLAlchemyError, match='invalid value for parameter "work_mem"'):
        async with engine.connect() as connection:
            await put(connection, "a")
    await put(db, "b")
    await db.commit()
    assert await names(db) == ["b"]


LEFT: list[AsyncSession] = []


async def test_a_session_may_be_left_open(db: AsyncSession) -> None:
    LEFT.append(app_sessions()())
    await put(LEFT[0], "left")


async def test_a_session_that_was_left_open_begins_anew_in_the_next_scenario(db: AsyncSession) -> None:
    session = LEFT.pop()
    assert await names(session) == []
    await put(session, "a")
    await session.commit()
    await session.close()
    assert await names(db) == ["a"]


async def test_a_session_that_nobody_closes_is_undone_when_it_is_garbage(db: AsyncSession) -> None:
    async def leave() -> None:
        await put(app_sessions()(), "left")

    with warnings.catch_warnings():
        # Of SQLAlchemy, as in production.
        warnings.simplefilter("ignore")
        await asyncio.create_task(leave())
        gc.collect()
    # Inside of no other transaction it would have to wait for one that is open.
    assert await asyncio.create_task(names(db)) == []


async def test_a_pool_that_is_disposed_of_leaves_open_transactions_as_they_are(db: AsyncSession) -> None:
    engine = app_engine()
    async with engine.connect() as connection:
        await put(connection, "a")
        await engine.dispose()
        await connection.commit()
    assert await names(db) == ["a"]


async def test_another_event_loop_cant_reach_the_scenarios_transaction_and_is_named(db: AsyncSession) -> None:
    await put(db, "a")
    await db.commit()
    with pytest.raises(UsageError, match="uses the database in another thread"):
        await asyncio.to_thread(asyncio.run, write())
    assert await names(db) == ["a"]


# With each other parameter it is torn down when the next test has begun.
@pytest.fixture(scope="class", params=[1, 2])
def column(engine: object) -> Any:
    """As Alembic makes one, in a fixture that is not async, while what the last scenario did is to be rolled back."""
    asyncio.run(execute("ALTER TABLE item ADD COLUMN made int"))
    yield
    asyncio.run(execute("ALTER TABLE item DROP COLUMN made"))


async def execute(statement: str) -> None:
    engine = app_engine()
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def columns(db: AsyncSession) -> list[str]:
    return list((await db.execute(text("SELECT * FROM item"))).keys())


async def test_a_scenario_that_wrote_is_over_when_it_ends(db: AsyncSession) -> None:
    await put(db, "a")
    await db.commit()
    assert await columns(db) == ["id", "name"]


class TestWithAColumn:
    async def test_a_schema_that_a_fixture_changes_on_another_event_loop_is_there(
        self, column: None, db: AsyncSession
    ) -> None:
        assert await columns(db) == ["id", "name", "made"]
        await put(db, "a")
        await db.commit()


async def test_a_schema_that_a_fixture_changes_back_is_as_it_was(db: AsyncSession) -> None:
    assert await columns(db) == ["id", "name"]
