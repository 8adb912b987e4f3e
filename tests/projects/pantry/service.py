"""A service of the plainest kind, which makes its engine when it is imported."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("postgresql+asyncpg://developer@localhost:1/pantry")
sessions = async_sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Jar(Base):
    __tablename__ = "jars"
    __table_args__ = ({"schema": "cellar"},)
    name: Mapped[str] = mapped_column(primary_key=True)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI()


@app.post("/jars/{name}", status_code=201)
async def add(name: str, database: Database) -> None:
    database.add(Jar(name=name))
    await database.commit()


@app.get("/jars")
async def names(database: Database) -> list[str]:
    return list(await database.scalars(select(Jar.name)))


@app.get("/who")
async def who(request: Request) -> list[str]:
    assert request.client
    return [str(request.base_url), request.client.host, str(request.client.port)]


@app.get("/broken")
async def broken() -> None:
    raise LookupError("no such shelf")
