from fastapi import HTTPException
from sqlalchemy.exc import IntegrityError

from app.db import SessionFactory
from app.models import Product, Reservation


class AddProduct:
    def __init__(self, session_factory: SessionFactory) -> None:
        self.session_factory = session_factory

    async def execute(self, sku: str, on_hand: int) -> None:
        try:
            async with self.session_factory.begin() as session:
                session.add(Product(sku=sku, on_hand=on_hand))
        except IntegrityError as error:
            raise HTTPException(status_code=409, detail=f"{sku} is listed already") from error


class Reserve:
    def __init__(self, session_factory: SessionFactory) -> None:
        self.session_factory = session_factory

    async def execute(self, sku: str, customer: str, quantity: int) -> Reservation:
        async with self.session_factory.begin() as session:
            product = await Product.read_by_sku(session, sku, lock=True)
            if product is None:
                raise HTTPException(status_code=404)
            reservation = Reservation(product_id=product.id, customer=customer, quantity=quantity)
            session.add(reservation)
            await session.flush()
            await session.refresh(product, ["reservations"])
            if product.available < 0:
                raise HTTPException(status_code=409, detail="not enough in stock")
            await session.refresh(reservation)
            session.expunge(reservation)
            return reservation
