"""What was prepared is there, and what another run, or another test, did to it is not."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def test_shelves(database_url):
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO shelves VALUES (2)"))
        numbers = list(await connection.scalars(text("SELECT number FROM shelves")))
    await engine.dispose()
    assert numbers == [1, 2]
