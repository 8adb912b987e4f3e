from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://stock:stock@postgres/stock", echo=False, pool_recycle=3600)
session_factory = async_sessionmaker(bind=engine, autoflush=False)


async def get_session_factory() -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    yield session_factory


SessionFactory = Annotated[async_sessionmaker[AsyncSession], Depends(get_session_factory)]
