from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.repository import ClaimRepository

engine = create_async_engine("postgresql+asyncpg://developer:secret@127.0.0.1:1/expenses")
session_factory = async_sessionmaker(engine)


class UnitOfWork:
    async def __aenter__(self):
        self.session = session_factory()
        self.claims = ClaimRepository(self.session)
        return self

    async def __aexit__(self, *error):
        await self.session.rollback()
        await self.session.close()

    async def commit(self):
        await self.session.commit()
