"""The database: the base of all models, and the engine, which is made at its first use."""

from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.core.config import get_settings

# What an INTEGER column holds; PostgreSQL fails on any other number.
SMALLEST_ID, LARGEST_ID = -2_147_483_648, 2_147_483_647


class Base(DeclarativeBase):
    """The base of all models."""


@lru_cache
def get_engine() -> AsyncEngine:
    """Return the engine, made once; nothing is connected to yet."""
    return create_async_engine(get_settings().database_url)


def get_session_factory() -> async_sessionmaker[AsyncSession]:
    """Return what makes a session for each request."""
    return async_sessionmaker(get_engine(), expire_on_commit=False)


async def dispose_engine() -> None:
    """Close the engine's connections; it connects anew when it is used again."""
    await get_engine().dispose()
