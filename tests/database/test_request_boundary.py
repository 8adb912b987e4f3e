"""Whatever requests do to the database, they leave through Accord what they leave in production."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple

import httpx
import pytest_asyncio
from fastapi import Depends, FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from accord.isolation.isolation import Isolation
from tests.helpers.production import in_production
from tests.helpers.servers import engine_with

KEYS = ["a", "b", "c"]


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "boundary_items"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    parent: Mapped[str | None] = mapped_column(
        ForeignKey("boundary_items.key", deferrable=True, initially="DEFERRED"), default=None
    )


class Do(NamedTuple):
    """One thing that a request does; `then` is done within a savepoint, which is released or rolled back."""

    action: str
    key: str = "a"
    value: int = 0
    then: tuple["Do", ...] = ()


class GoneError(Exception):
    """What an app may raise of its own."""


async def carry_out(db: AsyncSession, actions: tuple[Do, ...], seen: list[object]) -> None:
    for action in actions:
        await ACTIONS[action.action](db, action, seen)


async def add(db: AsyncSession, do: Do, _seen: list[object]) -> None:
    db.add(Item(key=do.key, value=do.value))


async def adopt(db: AsyncSession, do: Do, _seen: list[object]) -> None:
    await db.execute(update(Item).where(Item.key == do.key).values(parent=KEYS[do.value]))


async def put(db: AsyncSession, do: Do, _seen: list[object]) -> None:
    await db.execute(insert(Item).values(key=do.key, value=do.value))


async def change(db: AsyncSession, do: Do, _seen: list[object]) -> None:
    if item := await db.get(Item, do.key):
        item.value = do.value


async def remove(db: AsyncSession, do: Do, _seen: list[object]) -> None:
    if item := await db.get(Item, do.key):
        await db.delete(item)


async def erase(db: AsyncSession, do: Do, _seen: list[object]) -> None:
    await db.execute(delete(Item).where(Item.key == do.key))


async def read(db: AsyncSession, _do: Do, seen: list[object]) -> None:
    seen.append([(item.key, item.value, item.parent) for item in await db.scalars(select(Item).order_by(Item.key))])


async def flush(db: AsyncSession, _do: Do, _seen: list[object]) -> None:
    await db.flush()


async def commit(db: AsyncSession, _do: Do, _seen: list[object]) -> None:
    await db.commit()


async def commit_or_undo(db: AsyncSession, _do: Do, seen: list[object]) -> None:
    try:
        await db.commit()
    except SQLAlchemyError as error:
        await db.rollback()
        seen.append(type(error).__name__)


async def roll_back(db: AsyncSession, _do: Do, _seen: list[object]) -> None:
    await db.rollback()


async def fail(_db: AsyncSession, _do: Do, _seen: list[object]) -> None:
    raise GoneError


async def release(db: AsyncSession, do: Do, seen: list[object]) -> None:
    async with db.begin_nested():
        await carry_out(db, do.then, seen)


async def attempt(db: AsyncSession, do: Do, seen: list[object]) -> None:
    try:
        async with db.begin_nested():
            await carry_out(db, do.then, seen)
            raise GoneError
    except (SQLAlchemyError, GoneError) as error:
        seen.append(type(error).__name__)


SIMPLE = {action.__name__: action for action in (add, adopt, put, change, remove, erase, read, flush, fail)}
ENDING = {action.__name__: action for action in (commit, commit_or_undo, roll_back)}
NESTING = {action.__name__: action for action in (release, attempt)}
ACTIONS = SIMPLE | ENDING | NESTING

simple = st.sampled_from([Do(action, key, value) for action in SIMPLE for key in KEYS for value in range(len(KEYS))])
ending = st.sampled_from([Do(action) for action in ENDING])
nesting = st.builds(Do, st.sampled_from(list(NESTING)), then=st.lists(simple, max_size=3).map(tuple))
requests = st.lists(st.one_of(simple, simple, ending, nesting), max_size=6).map(tuple)


async def get_session() -> AsyncIterator[AsyncSession]:
    raise AssertionError("each way brings its own")
    yield


service = FastAPI()


@service.post("/")
async def serve(db: Annotated[AsyncSession, Depends(get_session)]) -> list[Any]:
    seen: list[object] = []
    await carry_out(db, service.state.actions, seen)
    return seen


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with engine_with(Base.metadata, database_url) as engine:
        yield engine


@asynccontextmanager
async def real_service(url: str, isolation: Isolation) -> AsyncIterator[httpx.AsyncClient]:
    """A session a request, and real commits."""
    async with in_production(isolation):
        engine = create_async_engine(url)
        sessions = async_sessionmaker(engine, expire_on_commit=False)

        async def session_of_request() -> AsyncIterator[AsyncSession]:
            async with sessions() as session:
                yield session

        service.dependency_overrides[get_session] = session_of_request
        transport = httpx.ASGITransport(service, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
        async with engine.begin() as connection:
            await connection.execute(delete(Item))
        await engine.dispose()


@asynccontextmanager
async def in_a_scenario(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[httpx.AsyncClient]:
    service.dependency_overrides[get_session] = isolation.request_session
    async with (
        isolation.session(engine),
        httpx.AsyncClient(transport=isolation.transport(service), base_url="http://test") as client,
    ):
        yield client


async def answers(client: httpx.AsyncClient, sequence: list[tuple[Do, ...]]) -> list[object]:
    """Return what each request answers, and what the next one then finds."""
    found: list[object] = []
    for request in sequence:
        for actions in (request, (Do("read"),)):
            service.state.actions = actions
            answer = await client.post("/")
            found.append((answer.status_code, answer.text))
    return found


@settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(requests, min_size=1, max_size=5))
@example([(Do("put"), Do("commit")), (Do("put"), Do("commit_or_undo"), Do("read"))])
@example([(Do("put"), Do("adopt", value=1), Do("commit"))])
@example([(Do("put"), Do("adopt", value=1), Do("release", then=(Do("read"),)), Do("commit_or_undo"), Do("read"))])
async def test_a_sequence_of_requests_leaves_what_it_leaves_in_production(
    engine: AsyncEngine, isolation: Isolation, database_url: str, sequence: list[tuple[Do, ...]]
) -> None:
    async with real_service(database_url, isolation) as client:
        wanted = await answers(client, sequence)
    async with in_a_scenario(engine, isolation) as client:
        assert await answers(client, sequence) == wanted
