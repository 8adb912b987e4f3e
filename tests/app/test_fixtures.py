"""The layered fixtures of the root conftest.py, as a plain test uses them."""

import asyncio
from pathlib import Path

import alembic.command
import alembic.config
import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.config import get_settings
from app.core.database import get_session_factory
from app.main import app
from app.models import Task, User

CURRENT = text("SELECT current_database()")


async def test_client_reaches_the_app(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_client_and_db_session_see_what_the_other_commits(
    client: httpx.AsyncClient, db_session: AsyncSession
) -> None:
    db_session.add(Task(title="Buy milk"))
    await db_session.commit()
    await client.post("/tasks/", json={"title": "Call Anna"})
    assert [task["title"] for task in (await client.get("/tasks/")).json()] == ["Buy milk", "Call Anna"]
    assert list(await db_session.scalars(select(Task.title).order_by(Task.id))) == ["Buy milk", "Call Anna"]


async def test_auth_client_is_signed_in_as_test_user(auth_client: httpx.AsyncClient, test_user: User) -> None:
    answer = await auth_client.get("/me")
    assert answer.json() == {"id": test_user.id, "username": "testuser", "email": "test@example.com"}


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_starts_with_empty_tables(
    client: httpx.AsyncClient, db_session: AsyncSession, turn: int
) -> None:
    assert (await client.get("/tasks/")).json() == []
    assert await db_session.scalar(select(func.count()).select_from(User)) == 0
    assert (await client.post("/tasks/", json={"title": "Buy milk"})).status_code == 201


async def test_the_app_has_no_override_without_client(db_session: AsyncSession) -> None:
    assert app.dependency_overrides == {}


async def test_the_service_reaches_the_database_of_this_run_whatever_its_settings_name(
    db_session: AsyncSession, database_url: str
) -> None:
    assert get_settings().database_url != database_url
    async with get_session_factory()() as session:
        assert await session.scalar(CURRENT) == await db_session.scalar(CURRENT)


async def test_the_migrations_make_what_the_models_say(setup_db: AsyncEngine) -> None:
    config = alembic.config.Config(toml_file=Path(__file__).parents[2] / "pyproject.toml")
    await asyncio.to_thread(alembic.command.check, config)
