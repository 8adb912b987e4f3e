"""How Alembic reaches the database: at the service's own address."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401  # makes the tables known
from app.core.config import get_settings
from app.core.database import Base


def migrate(connection: Connection) -> None:
    """Run the migrations that were asked for."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_service() -> None:
    """Run them on the service's own database."""
    engine = create_async_engine(get_settings().database_url)
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(migrate_service())
