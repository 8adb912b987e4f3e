"""A service with two databases, one of which keeps its tenants apart by row level security."""

import pytest
import pytest_asyncio
from service import events, tenants
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

MADE = (
    # It belongs to the server, and other runs may have made it.
    "DO $$ BEGIN CREATE ROLE accord_tenant; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
    "CREATE TABLE invoices (tenant text)",
    "GRANT ALL ON invoices TO accord_tenant",
    "ALTER TABLE invoices ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON invoices USING (tenant = current_setting('app.tenant', true))",
)


@pytest.fixture(scope="session")
def prepare_database():
    async def prepare(_url):
        async with tenants.begin() as connection:
            for statement in MADE:
                await connection.execute(text(statement))
        async with events.begin() as connection:
            await connection.execute(text("CREATE TABLE events (kind text)"))
            await connection.execute(text("GRANT ALL ON events TO PUBLIC"))

    return prepare


@pytest_asyncio.fixture
async def session(database_url, isolation):
    async with isolation.session(create_async_engine(database_url)) as session:
        yield session
