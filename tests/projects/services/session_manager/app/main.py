from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, EmailStr
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.middleware.trustedhost import TrustedHostMiddleware

from app.config import settings
from app.database import get_db, sessionmanager
from app.models import Event, SignUp


@asynccontextmanager
async def lifespan(app: FastAPI):
    sessionmanager.init(str(settings.postgres_dsn))
    async with sessionmanager.connect() as connection:
        await connection.execute(text("SELECT 1"))
    yield
    await sessionmanager.close()


app = FastAPI(title="Event desk", lifespan=lifespan)
app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts)
DbSession = Annotated[AsyncSession, Depends(get_db)]


def require_api_key(x_api_key: Annotated[str | None, Header()] = None) -> None:
    if x_api_key != settings.api_key.get_secret_value():
        raise HTTPException(status_code=401, detail="Invalid API key")


class EventIn(BaseModel):
    slug: str
    seats: int


class EventOut(EventIn):
    taken: int


class SignUpIn(BaseModel):
    email: EmailStr


async def event_by_slug(slug: str, db: DbSession) -> Event:
    event = (await db.execute(select(Event).where(Event.slug == slug).with_for_update())).scalar_one_or_none()
    if event is None:
        raise HTTPException(status_code=404, detail="Event not found")
    return event


FoundEvent = Annotated[Event, Depends(event_by_slug)]


async def count_taken(event: Event, db: AsyncSession) -> int:
    return await db.scalar(select(func.count()).where(SignUp.event_id == event.id))


@app.get("/health", include_in_schema=False)
async def health():
    async with sessionmanager.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return {"database": "ok"}


@app.post("/events", status_code=201, dependencies=[Depends(require_api_key)])
async def create_event(data: EventIn, db: DbSession) -> EventOut:
    event = Event(**data.model_dump())
    db.add(event)
    await db.commit()
    await db.refresh(event)
    return EventOut(slug=event.slug, seats=event.seats, taken=0)


@app.get("/events/{slug}")
async def read_event(event: FoundEvent, db: DbSession) -> EventOut:
    return EventOut(slug=event.slug, seats=event.seats, taken=await count_taken(event, db))


@app.post("/events/{slug}/sign-ups", status_code=204)
async def sign_up(data: SignUpIn, event: FoundEvent, db: DbSession) -> None:
    if await count_taken(event, db) >= event.seats:
        raise HTTPException(status_code=409, detail="Sold out")
    db.add(SignUp(event_id=event.id, email=data.email))
    try:
        await db.commit()
    except IntegrityError:
        await db.rollback()
        raise HTTPException(status_code=409, detail="Signed up already") from None
