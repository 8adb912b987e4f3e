from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel, ConfigDict, Field

from app.db import SessionFactory
from app.models import Product
from app.use_cases import AddProduct, Reserve

app = FastAPI(title="Stockroom")
app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_methods=["*"], allow_headers=["*"])


class ProductIn(BaseModel):
    sku: str
    on_hand: int = Field(ge=0)


class ReservationIn(BaseModel):
    customer: str
    quantity: int = Field(gt=0)


class ReservationOut(ReservationIn):
    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: datetime


class ProductOut(ProductIn):
    model_config = ConfigDict(from_attributes=True)

    available: int
    reservations: list[ReservationOut]


@app.post("/products", status_code=204)
async def add_product(data: ProductIn, use_case: Annotated[AddProduct, Depends(AddProduct)]) -> None:
    await use_case.execute(data.sku, data.on_hand)


@app.get("/products/{sku}", response_model=ProductOut)
async def read_product(sku: str, session_factory: SessionFactory) -> ProductOut:
    async with session_factory() as session:
        product = await Product.read_by_sku(session, sku)
        if product is None:
            raise HTTPException(status_code=404)
        return ProductOut.model_validate(product)


@app.post("/products/{sku}/reservations", response_model=ReservationOut, status_code=201)
async def reserve(sku: str, data: ReservationIn, use_case: Annotated[Reserve, Depends(Reserve)]):
    return await use_case.execute(sku, data.customer, data.quantity)
