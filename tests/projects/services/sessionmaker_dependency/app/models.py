from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    on_hand: Mapped[int]
    reservations: Mapped[list["Reservation"]] = relationship(lazy="selectin", order_by="Reservation.id")

    @classmethod
    async def read_by_sku(cls, session: AsyncSession, sku: str, lock: bool = False) -> "Product | None":
        statement = select(cls).where(cls.sku == sku)
        return await session.scalar(statement.with_for_update() if lock else statement)

    @property
    def available(self) -> int:
        return self.on_hand - sum(reservation.quantity for reservation in self.reservations)


class Reservation(Base):
    __tablename__ = "reservations"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    customer: Mapped[str]
    quantity: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=datetime.now)
