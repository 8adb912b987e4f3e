"""The layered fixtures: setup_db > db_session > client > test_user > auth_client. Steps and plain tests use them.

What the first three are made of comes with Accord, to which a conftest says in `app` what its service is.
"""

from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from dotenv import load_dotenv
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from accord import StateGuard

# Before any module of the app is imported, and over what the shell has: no test sends mail by a developer's settings.
load_dotenv(Path(__file__).with_name(".env.test"), override=True)

from app.core.config import get_settings
from app.core.security import create_access_token, hash_password
from app.main import app as task_service
from app.models.user import User

# One steps module may import another, in whichever order they are loaded.
pytest.register_assert_rewrite("steps")
pytest_plugins = [
    "pytester",
    "steps.accounts",
    "steps.at_once",
    "steps.changing",
    "steps.clock",
    "steps.listing",
    "steps.outgoing",
    "steps.responses",
    "steps.service",
    "steps.signing_in",
    "steps.tasks",
]


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """The service, whose migrations are found by `[tool.alembic]` in pyproject.toml."""
    return task_service


@pytest.fixture(scope="session")
def setup_db(setup_db: AsyncEngine) -> AsyncEngine:
    """The run's database, migrated once a run: each worker of pytest-xdist has a copy."""
    return setup_db


@pytest.fixture
def db_session(setup_db: AsyncEngine, db_session: AsyncSession) -> AsyncSession:
    """A session whose transaction is rolled back at the end, whatever was committed in between."""
    return db_session


@pytest.fixture
def client(db_session: AsyncSession, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """An HTTP client of the app, whose requests run on the transaction of `db_session`."""
    return client


@pytest_asyncio.fixture
async def test_user(db_session: AsyncSession) -> User:
    """An account that is in the database."""
    user = User(username="testuser", email="test@example.com", hashed_password=hash_password("testpassword123"))
    db_session.add(user)
    await db_session.commit()
    return user


@pytest.fixture
def auth_client(client: httpx.AsyncClient, test_user: User) -> httpx.AsyncClient:
    """The client, signed in as `test_user`."""
    client.headers["Authorization"] = f"Bearer {create_access_token(test_user.id)}"
    return client


@pytest.fixture(scope="session", autouse=True)
def left_as_it_was(app: FastAPI, state_guard: StateGuard) -> None:
    """No test leaves another dependency behind in the app, or other settings."""
    state_guard.add(
        "app.dependency_overrides",
        read=lambda: dict(app.dependency_overrides),
        restore=lambda overrides: setattr(app, "dependency_overrides", overrides),
    )
    state_guard.add("the settings", read=_settings, restore=lambda _: get_settings.cache_clear())


def _settings() -> dict[str, object]:
    """The settings as the app has them, or would read them: to look at them is not to have them kept."""
    settings = get_settings() if get_settings.cache_info().currsize else get_settings.__wrapped__()
    return vars(settings).copy()
