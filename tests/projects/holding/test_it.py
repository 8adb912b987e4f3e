"""A run that holds its database until it is told to go on by a line of its input."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture
async def connected(database_url):
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        name = await connection.scalar(text("SELECT current_database()"))
    await engine.dispose()
    Path(name).touch()
    return database_url


def test_holds_its_database(connected):
    print("", connected, sep="\n", flush=True)
    sys.__stdin__.readline()
