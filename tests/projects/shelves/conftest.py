"""A suite that has something prepared in its database."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture(scope="session")
def prepare_database():
    async def prepare(url):
        with Path("prepared").open("a") as file:
            file.write("once\n")
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE shelves AS SELECT 1 AS number"))
        await engine.dispose()

    return prepare
