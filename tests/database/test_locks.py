"""What lasts for many scenarios waits for no locks of the last one, which is rolled back when the next one begins."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from accord.isolation.isolation import Isolation


@pytest_asyncio.fixture(scope="module")
async def held(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection whose transaction is open meanwhile."""
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TABLE held (number int)"))
        await connection.commit()
        await connection.execute(text("SELECT 1"))
        yield connection
        await connection.execute(text("DROP TABLE held"))
        await connection.commit()
    await engine.dispose()


async def test_a_transaction_that_a_fixture_holds_goes_on(held: AsyncConnection, isolation: Isolation) -> None:
    async with isolation.session(create_async_engine(held.engine.url)) as session:
        await session.execute(text("INSERT INTO held VALUES (1)"))
        await session.commit()
