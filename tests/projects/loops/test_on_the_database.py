"""A plain test that uses the run's database, and a fixture of the project's."""

import pytest
from sqlalchemy import text

from conftest import note


@pytest.mark.asyncio
async def test_rows(db_session, of_the_test):
    note()
    assert await db_session.scalar(text("SELECT 1")) == 1
