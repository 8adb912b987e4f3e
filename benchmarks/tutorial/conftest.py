"""The fixtures of this pattern as its tutorials give them: one session, shared between the tests and the app."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
from dotenv import load_dotenv
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

load_dotenv(Path(__file__).parents[2] / ".env.test", override=True)

from app.api.deps import get_db
from app.core.database import Base
from app.core.security import create_access_token, hash_password
from app.main import app
from app.models.user import User


@pytest_asyncio.fixture(scope="session")
async def setup_db(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The tables, as the models say."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


@pytest_asyncio.fixture
async def db_session(setup_db: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose transaction is rolled back."""
    async with setup_db.connect() as connection:
        transaction = await connection.begin()
        session = AsyncSession(bind=connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        yield session
        await session.close()
        await transaction.rollback()


@pytest_asyncio.fixture
async def client(db_session: AsyncSession) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, which is given the test's own session."""

    async def override_get_db() -> AsyncIterator[AsyncSession]:
        yield db_session

    app.dependency_overrides[get_db] = override_get_db
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client
    app.dependency_overrides.clear()


@pytest_asyncio.fixture
async def test_user(db_session: AsyncSession) -> User:
    """An account."""
    user = User(username="testuser", email="test@example.com", hashed_password=hash_password("testpassword123"))
    db_session.add(user)
    await db_session.commit()
    return user


@pytest_asyncio.fixture
async def auth_client(client: httpx.AsyncClient, test_user: User) -> httpx.AsyncClient:
    """The client, signed in."""
    client.headers["Authorization"] = f"Bearer {create_access_token(test_user.id)}"
    return client
