"""The same under Accord."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio
import service
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from accord import Contract, Isolation


@pytest_asyncio.fixture
async def loop() -> asyncio.AbstractEventLoop:
    """The event loop, for steps that are not async."""
    return asyncio.get_running_loop()


@pytest_asyncio.fixture(scope="session")
async def setup_db(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The tables."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(service.Base.metadata.create_all)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(service.Base.metadata.drop_all)
    await engine.dispose()


@pytest_asyncio.fixture
async def db_session(setup_db: AsyncEngine, isolation: Isolation) -> AsyncIterator[AsyncSession]:
    """The scenario's session."""
    async with isolation.session(setup_db) as session:
        yield session


@pytest.fixture
def app() -> FastAPI:
    """The service."""
    return service.app


@pytest.fixture
def contract() -> Contract | None:
    """No contract, so that each pitfall is avoided by itself."""
    return None


@pytest_asyncio.fixture
async def client(
    db_session: AsyncSession, app: FastAPI, isolation: Isolation, contract: Contract | None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service."""
    app.dependency_overrides[service.get_session] = isolation.request_session
    async with (
        LifespanManager(app) as running,
        httpx.AsyncClient(transport=isolation.transport(running.app, contract), base_url="http://test") as client,
    ):
        yield client
    app.dependency_overrides.clear()


@pytest.fixture
def ask(client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> Callable[[str, str], httpx.Response]:
    """Ask the service."""
    return lambda method, path: loop.run_until_complete(client.request(method, path))
