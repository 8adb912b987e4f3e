import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("postgresql+asyncpg://parcels:parcels@db/parcels", pool_size=10)
async_session = async_sessionmaker(engine, expire_on_commit=True)


class Base(DeclarativeBase):
    pass


class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    recipient: Mapped[str]
    address: Mapped[str]


class Position(Base):
    __tablename__ = "positions"

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcels.id"))
    place: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Letter(Base):
    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    text: Mapped[str]


async def get_session():
    async with async_session() as session:
        yield session


async def write_letter(recipient: str, text: str) -> None:
    async with async_session() as session:
        session.add(Letter(recipient=recipient, text=text))
        await session.commit()
