"""The ten behaviours under behave: one engine, and for each scenario a transaction that is rolled back."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from behave.model import Scenario
from behave.runner import Context
from dotenv import load_dotenv
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

load_dotenv(Path(__file__).parents[2] / ".env.test", override=True)

from app.api.deps import get_db
from app.core.database import Base
from app.main import app


def before_all(context: Context) -> None:
    """Make the tables."""
    context.loop = asyncio.new_event_loop()
    asyncio.set_event_loop(context.loop)
    context.engine = create_async_engine(os.environ["DATABASE_URL"])
    context.loop.run_until_complete(_tables(context, "create_all"))


def after_all(context: Context) -> None:
    """Drop the tables."""
    context.loop.run_until_complete(_tables(context, "drop_all"))
    context.loop.run_until_complete(context.engine.dispose())


async def _tables(context: Context, what: str) -> None:
    async with context.engine.begin() as connection:
        await connection.run_sync(getattr(Base.metadata, what))


def before_scenario(context: Context, _scenario: Scenario) -> None:
    """Open the transaction, the session and the client."""
    context.loop.run_until_complete(_open(context))


def after_scenario(context: Context, _scenario: Scenario) -> None:
    """Roll back what the scenario did."""
    context.loop.run_until_complete(_close(context))


async def _open(context: Context) -> None:
    context.connection = await context.engine.connect()
    context.transaction = await context.connection.begin()
    session = AsyncSession(bind=context.connection, expire_on_commit=False, join_transaction_mode="create_savepoint")

    async def override_get_db() -> AsyncIterator[AsyncSession]:
        yield session

    app.dependency_overrides[get_db] = override_get_db
    context.session = session
    context.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def _close(context: Context) -> None:
    await context.client.aclose()
    await context.session.close()
    await context.transaction.rollback()
    await context.connection.close()
    app.dependency_overrides.clear()
