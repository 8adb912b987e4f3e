from contextvars import ContextVar
from functools import wraps
from uuid import uuid4

from sqlalchemy import Delete, Insert, Update
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

session_context: ContextVar[str] = ContextVar("session_context")
engines = {
    "writer": create_async_engine("postgresql+asyncpg://club:club@writer:5432/club", pool_recycle=3600),
    "reader": create_async_engine("postgresql+asyncpg://club:club@reader:5432/club", pool_recycle=3600),
}


class RoutingSession(Session):
    def get_bind(self, mapper=None, clause=None, **kwargs):
        if self._flushing or isinstance(clause, (Update, Delete, Insert)):
            return engines["writer"].sync_engine
        return engines["reader"].sync_engine


session = async_scoped_session(
    async_sessionmaker(class_=AsyncSession, sync_session_class=RoutingSession, expire_on_commit=False),
    scopefunc=session_context.get,
)


class Base(DeclarativeBase):
    pass


def transactional(function):
    @wraps(function)
    async def decorator(*args, **kwargs):
        try:
            result = await function(*args, **kwargs)
            await session.commit()
        except Exception:
            await session.rollback()
            raise
        return result

    return decorator


class SQLAlchemyMiddleware:
    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        context = session_context.set(str(uuid4()))
        try:
            await self.app(scope, receive, send)
        finally:
            await session.remove()
            session_context.reset(context)
