"""Under @real_commits all that leads to the run's database leads to a copy of it, whoever holds it open."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from anyio.from_thread import start_blocking_portal
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from accord.errors import UsageError
from accord.isolation.isolation import Isolation

DEVELOPERS = "postgresql://dev:secret@127.0.0.1:1/dev"
CURRENT = "SELECT current_database()"
WAYS = ["undone", pytest.param("real", marks=pytest.mark.real_commits), "undone again"]


@pytest_asyncio.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Any]:
    """As an app's lifespan holds one."""
    async with asyncpg.create_pool(DEVELOPERS, min_size=2) as pool:
        yield pool


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """As an app's lifespan has used one."""
    engine = create_async_engine(DEVELOPERS.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE really (number int)"))
    yield engine
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE really"))
    await engine.dispose()


@pytest_asyncio.fixture
async def session(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[AsyncSession]:
    async with isolation.session(engine) as session:
        yield session


@pytest.mark.parametrize("way", WAYS)
async def test_a_pool_without_an_engine_leads_where_the_scenario_is(pool: Any, session: AsyncSession, way: str) -> None:
    assert await pool.fetchval(CURRENT) == await session.scalar(text(CURRENT))
    if way == "real":
        await pool.execute("INSERT INTO really VALUES (1)")
        assert await session.scalar(text("SELECT number FROM really")) == 1


@pytest_asyncio.fixture(scope="module")
async def late_pool(database_url: str) -> AsyncIterator[Any]:
    """As the app's lifespan holds one, where that begins in a scenario whose copy has been made."""
    async with asyncpg.create_pool(DEVELOPERS, min_size=2) as pool:
        yield pool


@pytest.fixture
def after_the_copy(session: AsyncSession, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("late_pool")


@pytest.mark.real_commits
async def test_a_pool_that_the_apps_startup_fills_once_there_is_a_copy_leads_to_that(
    session: AsyncSession, after_the_copy: Any, isolation: Isolation
) -> None:
    async with isolation.request("GET /"):
        assert await after_the_copy.fetchval(CURRENT) == await session.scalar(text(CURRENT))


@pytest.mark.parametrize("way", WAYS)
async def test_an_engine_that_was_used_before_leads_where_the_scenario_is(
    engine: AsyncEngine, session: AsyncSession, way: str
) -> None:
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM really")) == 0
        await connection.execute(text("INSERT INTO really VALUES (1)"))
        assert await connection.scalar(text(CURRENT)) == await session.scalar(text(CURRENT))
    assert await session.scalar(text("SELECT number FROM really")) == 1


@pytest.mark.real_commits
@pytest.mark.parametrize("number", [1, 2])
async def test_a_test_without_the_scenarios_session_leaves_nothing_to_the_next(
    engine: AsyncEngine, number: int
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO really VALUES (1)"))
        assert await connection.scalar(text("SELECT count(*) FROM really")) == 1


async def used_and_dropped() -> None:
    engine = create_async_engine(DEVELOPERS.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


@pytest_asyncio.fixture(scope="module")
async def undisposed(engine: AsyncEngine, isolation: Isolation) -> None:
    """What a fixture leaves that forgets to dispose of its engine."""
    with isolation.outside():
        await used_and_dropped()
    gc.collect()


@pytest.mark.real_commits
async def test_an_engine_that_nobody_has_any_more_does_not_hold_the_database_open(
    undisposed: None, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM really")) == 0


@pytest_asyncio.fixture(scope="module")
async def by_asyncpg(engine: AsyncEngine) -> AsyncIterator["asyncio.Task[Any]"]:
    """What a pool does that keeps its least size: it opens another connection when one was closed."""
    connecting = asyncio.create_task(asyncpg.connect(DEVELOPERS))
    # It begins, and no more: one turn of the event loop, not a wait.
    await asyncio.sleep(0)
    yield connecting
    await (await connecting).close()


@pytest.mark.real_commits
async def test_a_connection_that_is_being_opened_does_not_hold_the_database_open(
    by_asyncpg: "asyncio.Task[Any]", session: AsyncSession
) -> None:
    assert await session.scalar(text("SELECT count(*) FROM really")) == 0
    assert await (await by_asyncpg).fetchval(CURRENT) == await session.scalar(text(CURRENT))


@pytest_asyncio.fixture(scope="module")
async def by_engine(engine: AsyncEngine) -> AsyncIterator["asyncio.Task[Any]"]:
    """What an app does that asks its database from time to time, in a task of its own."""

    async def ask() -> Any:
        async with engine.connect() as connection:
            return await connection.scalar(text("SELECT 1"))

    asking = asyncio.create_task(ask())
    # It begins, and no more: one turn of the event loop, not a wait.
    await asyncio.sleep(0)
    yield asking
    await asking


@pytest.mark.real_commits
async def test_nor_does_one_that_an_engine_opens(by_engine: "asyncio.Task[Any]", session: AsyncSession) -> None:
    assert await session.scalar(text("SELECT count(*) FROM really")) == 0
    assert await by_engine == 1


@pytest.fixture(scope="module")
def ask_elsewhere(database_url: str) -> Iterator[Callable[[str], Any]]:
    """As a client of Starlette's serves an app, whose lifespan holds a pool: on an event loop of another thread."""

    async def opened() -> Any:
        return await asyncpg.create_pool(DEVELOPERS, min_size=2)

    with start_blocking_portal() as portal:
        pool = portal.call(opened)
        yield lambda sql: portal.call(pool.fetchval, sql)
        portal.call(pool.close)


@pytest.mark.parametrize("way", WAYS)
async def test_a_pool_of_another_thread_leads_where_the_scenario_is(
    ask_elsewhere: Callable[[str], Any], session: AsyncSession, way: str
) -> None:
    assert ask_elsewhere(CURRENT) == await session.scalar(text(CURRENT))


@pytest_asyncio.fixture(scope="module")
async def lasting(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(DEVELOPERS)
    yield connection
    await connection.close()


@pytest.mark.real_commits
async def test_a_connection_that_was_opened_before_there_is_a_copy_may_not_write(lasting: Any) -> None:
    with pytest.raises(UsageError, match=r"opened before there was the copy of it .*request the fixture `db_session`"):
        await lasting.execute("CREATE TABLE made (id int)")


@pytest.mark.real_commits
@pytest.mark.parametrize("number", [1, 2])
async def test_but_a_pool_leads_to_the_copy_in_each_request(pool: Any, isolation: Isolation, number: int) -> None:
    async with isolation.request("GET /"):
        await pool.execute("CREATE TABLE made (id int)")
