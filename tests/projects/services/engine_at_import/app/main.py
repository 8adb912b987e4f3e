import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from app.database import UnitOfWork
from app.models import Claim

router = APIRouter(prefix="/claims", responses={404: {"description": "No such claim"}})
Work = Annotated[UnitOfWork, Depends()]


class ClaimIn(BaseModel):
    purpose: str = Field(min_length=1, max_length=200)
    amount: Decimal = Field(gt=0, decimal_places=2)
    spent_on: date


class ClaimOut(ClaimIn):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    status: Literal["draft", "submitted", "approved"]
    created_at: datetime


class ClaimPage(BaseModel):
    items: list[ClaimOut]
    total: int
    page: int


@router.post("", status_code=201)
async def create_claim(data: ClaimIn, work: Work) -> ClaimOut:
    async with work:
        claim = ClaimOut.model_validate(await work.claims.add(Claim(**data.model_dump())))
        await work.commit()
        return claim


@router.get("")
async def list_claims(work: Work, page: Annotated[int, Query(ge=1)] = 1, size: int = 10) -> ClaimPage:
    async with work:
        items, total = await work.claims.page(page, size)
        return ClaimPage(items=[ClaimOut.model_validate(item) for item in items], total=total, page=page)


async def move(work: UnitOfWork, claim_id: uuid.UUID, old: str, new: str) -> ClaimOut:
    async with work:
        claim = await work.claims.get(claim_id)
        if claim is None:
            raise HTTPException(404)
        if claim.status != old:
            raise HTTPException(409, f"The claim is {claim.status}")
        claim.status = new
        moved = ClaimOut.model_validate(claim)
        await work.commit()
        return moved


@router.post("/{claim_id}/submit")
async def submit(claim_id: uuid.UUID, work: Work) -> ClaimOut:
    return await move(work, claim_id, "draft", "submitted")


@router.post("/{claim_id}/approve")
async def approve(claim_id: uuid.UUID, work: Work) -> ClaimOut:
    return await move(work, claim_id, "submitted", "approved")


app = FastAPI(title="Expenses")
app.include_router(router)
