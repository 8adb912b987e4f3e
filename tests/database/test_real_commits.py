"""Under @real_commits all that leads to the run's database leads to a copy of it, whoever holds it open."""

import gc
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

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
