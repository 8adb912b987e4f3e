"""A suite whose database cannot be prepared."""

import pytest
from pytest_bdd import given, then
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture(scope="session")
def prepare_database():
    async def make(url):
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text('CREATE EXTENSION "no-such-thing"'))
        finally:
            await engine.dispose()

    return make


@given("ink")
def _(database_url): ...


@then("it writes")
async def _(): ...
