"""The common pattern: pytest-bdd, pytest-asyncio, and one session, shared between the test and the app."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio
import service
from fastapi import FastAPI
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine


@pytest_asyncio.fixture
async def loop() -> asyncio.AbstractEventLoop:
    """The event loop, for steps, which are not async."""
    return asyncio.get_running_loop()


@pytest_asyncio.fixture(scope="session")
async def setup_db() -> AsyncIterator[AsyncEngine]:
    """The tables."""
    # A connection for each scenario: one that two requests at once have broken would fail the next specimen as well.
    engine = create_async_engine(os.environ["PLAIN_DATABASE_URL"], poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(service.Base.metadata.create_all)
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture
async def db_session(setup_db: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose transaction is rolled back at the end."""
    async with setup_db.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(bind=connection, expire_on_commit=False) as session:
            yield session
        await transaction.rollback()


@pytest.fixture
def app() -> FastAPI:
    """The service."""
    return service.app


@pytest_asyncio.fixture
async def client(db_session: AsyncSession, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, which is given the test's own session."""

    async def override() -> AsyncIterator[AsyncSession]:
        yield db_session

    app.dependency_overrides[service.get_session] = override
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client
    app.dependency_overrides.clear()


@pytest.fixture
def ask(client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> Callable[[str, str], httpx.Response]:
    """Ask the service."""
    return lambda method, path: loop.run_until_complete(client.request(method, path))
