"""The service that the tests try a database on: it keeps notes, and some of its operations go wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import ForeignKey, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.datastructures import State


class Base(DeclarativeBase):
    """The base of all models."""


class Note(Base):
    """Something written down; it may answer another, which is checked at the commit."""

    __tablename__ = "notes"
    # What is not logged fills the disk of the table alone, and so fails one statement and not the server.
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)
    answers: Mapped[int | None] = mapped_column(ForeignKey("notes.id", deferrable=True, initially="DEFERRED"))


async def get_session() -> AsyncIterator[AsyncSession]:
    """Each suite puts its own in its place."""
    raise AssertionError("no test uses the service's own sessions")
    yield


Database = Annotated[AsyncSession, Depends(get_session)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start up and shut down, unless the app's state says otherwise."""
    await go_wrong(app.state, "startup")
    yield
    await go_wrong(app.state, "shutdown")


async def go_wrong(state: State, phase: str) -> None:
    """Fail or hang where the state has it so."""
    if getattr(state, phase, None) == "fails":
        raise TimeoutError("out of ink")
    if getattr(state, phase, None) == "hangs":
        await asyncio.Event().wait()


app = FastAPI(lifespan=lifespan)
signal = asyncio.Event()


@app.get("/notes")
async def read_notes(db: Database) -> list[str]:
    """Show all notes."""
    return list(await db.scalars(select(Note.text).order_by(Note.id)))


@app.get("/objects")
async def read_objects(db: Database) -> list[str]:
    """Show all notes, by way of the objects that the session knows."""
    return [note.text for note in await db.scalars(select(Note).order_by(Note.id))]


@app.post("/notes/{note}")
async def keep_note(db: Database, note: str) -> None:
    """Keep a note; one of a kind."""
    db.add(Note(text=note))
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()
        raise HTTPException(409) from error


@app.post("/forgotten/{note}")
async def forget_to_commit(db: Database, note: str) -> None:
    """Write, and forget to commit."""
    db.add(Note(text=note))
    await db.flush()


@app.post("/undone/{note}")
async def roll_back(db: Database, note: str) -> None:
    """Write, and take it back."""
    db.add(Note(text=note))
    await db.flush()
    await db.rollback()


@app.post("/crashed/{note}")
async def crash(db: Database, note: str) -> None:
    """Write, and fail with an error that nobody handles."""
    db.add(Note(text=note))
    await db.flush()
    raise RuntimeError("out of ink")


@app.post("/answers/{number}")
async def answer_note(db: Database, number: int) -> None:
    """Answer a note, which may not be there."""
    db.add(Note(text="answer", answers=number))
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()
        raise HTTPException(409) from error


@app.post("/later")
async def answer_a_note_that_is_written_later(db: Database) -> None:
    """Write an answer before its question."""
    db.add(Note(id=1, text="answer", answers=2))
    async with db.begin_nested():
        await db.flush()
    await db.execute(insert(Note).values(id=2, text="question"))
    await db.commit()


@app.post("/writing")
async def write_and_wait_for_signal(db: Database) -> None:
    """Write, and wait for another request before that is committed."""
    db.add(Note(text="writing"))
    await db.flush()
    await signal.wait()
    await db.commit()


@app.post("/waiting")
async def wait_for_a_signal() -> None:
    """Wait for another request."""
    await signal.wait()


@app.post("/signal")
async def give_a_signal() -> None:
    """Let those who wait go on."""
    signal.set()


@app.post("/cut")
async def cut(db: Database) -> None:
    """Lose the connection to the database."""
    await db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@app.post("/much")
async def write_much(db: Database) -> None:
    """Write 100 MB."""
    much = "INSERT INTO notes (text) SELECT repeat('x', 1000) || number FROM generate_series(1, 100000) AS number"
    await db.execute(text(much))
    await db.commit()
