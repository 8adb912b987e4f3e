"""The service that the specimens are tried on: some of its operations break what they promise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import JSONResponse
from sqlalchemy import ForeignKey, Numeric, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base of all models."""


class Note(Base):
    """Something written down; it may answer another, which is checked at the commit."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    answers: Mapped[int | None] = mapped_column(ForeignKey("notes.id", deferrable=True, initially="DEFERRED"))


async def get_session() -> AsyncIterator[AsyncSession]:
    """Both halves put their own in its place."""
    raise NotImplementedError
    yield


Database = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI()


@app.get("/notes")
async def read_notes(db: Database) -> list[str]:
    """Show all notes."""
    return list(await db.scalars(select(Note.text).order_by(Note.id)))


@app.post("/notes/{text}", responses={409: {}})
async def keep_note(db: Database, text: str) -> None:
    """Keep a note, unless there is one with that text."""
    db.add(Note(text=text))
    # Has a second request come in between, if one is under way.
    await asyncio.sleep(0)
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()
        raise HTTPException(409) from error


@app.post("/forgotten/{text}")
async def forget_note(db: Database, text: str) -> None:
    """Forget to commit."""
    db.add(Note(text=text))
    await db.flush()


@app.get("/prices")
async def read_price(db: Database) -> str:
    """Show the price."""
    return str((await db.scalars(select(Note))).one().price)


@app.post("/answers")
async def answer_nothing(db: Database) -> None:
    """Answer a note that does not exist."""
    db.add(Note(text="answer", answers=1_000_000))
    await db.commit()


@app.get("/halves/{number}")
async def halve(number: int) -> int:
    """Fail on odd numbers, with an error that nobody handles."""
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


@app.get("/count", response_model=int)
async def count() -> JSONResponse:
    """Answer in words where the document promises a number."""
    return JSONResponse("three")


@asynccontextmanager
async def _unlicensed(_app: FastAPI) -> AsyncIterator[None]:
    raise RuntimeError("the service has no licence")
    yield


unlicensed = FastAPI(lifespan=_unlicensed)
unlicensed.include_router(app.router)
