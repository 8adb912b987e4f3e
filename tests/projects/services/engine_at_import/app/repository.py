import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Claim


class ClaimRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, claim: Claim) -> Claim:
        self.session.add(claim)
        await self.session.flush()
        await self.session.refresh(claim)
        return claim

    async def get(self, claim_id: uuid.UUID) -> Claim | None:
        return await self.session.get(Claim, claim_id, with_for_update=True)

    async def page(self, page: int, size: int) -> tuple[list[Claim], int]:
        total = await self.session.scalar(select(func.count(Claim.id)))
        query = select(Claim).order_by(Claim.spent_on, Claim.id).offset((page - 1) * size).limit(size)
        return list(await self.session.scalars(query)), total or 0
