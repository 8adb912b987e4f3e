"""Engines on psycopg and psycopg2, which are led to the run's database, and may not write there in a scenario."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from accord.errors import UsageError
from tests.helpers.items import DEVELOPER, app_engine, db, engine, names, put

__all__ = ["db", "engine"]

DRIVERS = ["psycopg", "psycopg2"]
COUNT = text("SELECT count(*) FROM item")


@contextmanager
def engine_on(driver: str) -> Iterator[Engine]:
    engine = create_engine(DEVELOPER.replace("asyncpg", driver))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("driver", DRIVERS)
async def test_it_reads_from_the_runs_database(db: AsyncSession, driver: str) -> None:
    with engine_on(driver) as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == await db.scalar(
            text("SELECT current_database()")
        )
        assert connection.scalar(COUNT) == 0


WRITES = [
    "INSERT INTO item (name) VALUES ('milk')",
    "WITH made AS (INSERT INTO item (name) VALUES ('milk') RETURNING id) SELECT * FROM made",
    "CREATE TABLE made (id int)",
    "SELECT put('milk')",
    "/* the id */ SELECT nextval('item_id_seq'), put('milk')",
]


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize("driver", DRIVERS)
async def test_what_it_would_write_in_a_scenario_is_refused(db: AsyncSession, driver: str, statement: str) -> None:
    with engine_on(driver) as engine:
        with (
            engine.connect() as connection,
            pytest.raises(UsageError, match=rf"writes to the database by {driver}, .*: tag the scenario @real_commits"),
        ):
            connection.execute(text(statement))
        with engine.connect() as connection:
            assert connection.scalar(COUNT) == 0


async def test_an_async_engine_is_refused_too(db: AsyncSession) -> None:
    engine = create_async_engine(DEVELOPER.replace("asyncpg", "psycopg"))
    async with engine.connect() as connection:
        assert await names(connection) == []
        with pytest.raises(UsageError, match="writes to the database by psycopg"):
            await put(connection, "milk")
    await engine.dispose()


@pytest.mark.real_commits
@pytest.mark.parametrize("driver", DRIVERS)
async def test_with_real_commits_it_writes_where_the_others_do(db: AsyncSession, driver: str) -> None:
    with engine_on(driver) as engine, engine.begin() as connection:
        connection.execute(text("INSERT INTO item (name) VALUES ('milk')"))
    assert await names(db) == ["milk"]


@pytest.fixture(scope="module", params=DRIVERS)
def lasting(request: pytest.FixtureRequest, engine: AsyncEngine) -> Iterator[Engine]:
    """An engine that is used before, in and between scenarios."""
    with engine_on(request.param) as lasting:
        with lasting.connect() as connection:
            assert connection.scalar(COUNT) == 0
        yield lasting


async def test_an_engine_leads_to_the_runs_database_again(db: AsyncSession, lasting: Engine) -> None:
    await put(db, "bread")
    await db.commit()
    with lasting.connect() as connection:
        assert connection.scalar(COUNT) == 0


@pytest.mark.real_commits
async def test_an_engine_leads_to_the_copy_while_there_is_one(db: AsyncSession, lasting: Engine) -> None:
    await put(db, "bread")
    await db.commit()
    with lasting.connect() as connection:
        assert connection.scalar(COUNT) == 1


async def test_an_engine_leads_back_from_the_copy(db: AsyncSession, lasting: Engine) -> None:
    with lasting.connect() as connection:
        assert connection.scalar(COUNT) == 0
    async with app_engine().begin() as other:
        await put(other, "milk")
    assert await names(db) == ["milk"]


@pytest.fixture(scope="class", params=DRIVERS)
def column(request: pytest.FixtureRequest, engine: AsyncEngine) -> Iterator[None]:
    """As a migration makes one, while what the last scenario did is still to be rolled back."""
    with engine_on(request.param) as migrating:
        with migrating.begin() as connection:
            connection.execute(text("ALTER TABLE item ADD COLUMN made int"))
        yield
        with migrating.begin() as connection:
            connection.execute(text("ALTER TABLE item DROP COLUMN made"))


async def test_a_scenario_that_wrote_is_over_when_it_ends(db: AsyncSession) -> None:
    await put(db, "a")
    await db.commit()


class TestWithAColumn:
    async def test_a_fixture_that_lasts_changes_the_schema_through_it(self, column: None, db: AsyncSession) -> None:
        assert list((await db.execute(text("SELECT * FROM item"))).keys()) == ["id", "name", "made"]
        await put(db, "a")
        await db.commit()
