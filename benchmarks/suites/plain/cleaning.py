"""The tutorial's fixtures, but for what keeps tests apart: BENCHMARK_CLEANING says how."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest_asyncio
from dotenv import load_dotenv
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

load_dotenv(Path(__file__).parents[2] / ".env.test", override=True)

from app.api.deps import get_db
from app.core.database import Base
from app.core.security import create_access_token, hash_password
from app.main import app
from app.models.user import User

CLEANING = os.environ["BENCHMARK_CLEANING"]
TABLES = [table.name for table in Base.metadata.sorted_tables]


@pytest_asyncio.fixture(scope="session")
async def setup_db(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The tables, as the models say."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    if CLEANING == "template":
        await engine.dispose()  # Nobody may be connected to what is copied.
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


@pytest_asyncio.fixture
async def engine(setup_db: AsyncEngine, database_url: str) -> AsyncIterator[AsyncEngine]:
    """The engine on a database that is clean, and clean again afterwards."""
    if CLEANING == "template":
        async with copied(database_url) as url, disposed(create_async_engine(url)) as engine:
            yield engine
        return
    yield setup_db
    async with setup_db.begin() as connection:
        if CLEANING == "delete":
            for table in reversed(TABLES):
                await connection.exec_driver_sql(f"DELETE FROM {table}")
        elif CLEANING == "truncate":
            await connection.exec_driver_sql(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
        else:
            await connection.run_sync(Base.metadata.drop_all)
            await connection.run_sync(Base.metadata.create_all)


@asynccontextmanager
async def copied(address: str) -> AsyncIterator[str]:
    """Yield the address of a copy of the database."""
    url = make_url(address)
    name = f"copy_{secrets.token_hex(4)}_test"
    dialect = url.get_dialect()()
    _, arguments = dialect.create_connect_args(url.set(database="postgres"))
    maintenance = await asyncpg.connect(**arguments)
    await maintenance.execute(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"')
    yield url.set(database=name).render_as_string(hide_password=False)
    await maintenance.execute(f'DROP DATABASE "{name}"')
    await maintenance.close()


@asynccontextmanager
async def disposed(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """Yield the engine, and close its connections."""
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture
async def client(engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, whose requests really commit."""

    async def override_get_db() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            yield session

    app.dependency_overrides[get_db] = override_get_db
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client
    app.dependency_overrides.clear()


@pytest_asyncio.fixture
async def test_user(engine: AsyncEngine) -> User:
    """An account."""
    user = User(username="testuser", email="test@example.com", hashed_password=hash_password("testpassword123"))
    async with AsyncSession(engine, expire_on_commit=False) as session:
        session.add(user)
        await session.commit()
    return user


@pytest_asyncio.fixture
async def auth_client(client: httpx.AsyncClient, test_user: User) -> httpx.AsyncClient:
    """The client, signed in."""
    client.headers["Authorization"] = f"Bearer {create_access_token(test_user.id)}"
    return client
