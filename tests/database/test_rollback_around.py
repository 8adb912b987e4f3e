"""A transaction that committed inside another one stays where that is rolled back, as in production."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from accord.errors import UsageError
from accord.isolation.isolation import Isolation
from tests.helpers.servers import engine_with


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "around_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Entry(Base):
    """What an audit log has, whose number the app has seen."""

    __tablename__ = "around_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with engine_with(Base.metadata, database_url) as engine:
        yield engine


@pytest_asyncio.fixture
async def session(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[AsyncSession]:
    async with isolation.session(engine) as session:
        yield session


@pytest.fixture
def sessions(session: AsyncSession) -> async_sessionmaker[AsyncSession]:
    app_engine = create_async_engine("postgresql+asyncpg://dev:secret@127.0.0.1:1/dev")
    return async_sessionmaker(app_engine, expire_on_commit=False)


async def log(sessions: async_sessionmaker[AsyncSession], what: str) -> tuple[int, str]:
    async with sessions() as session, session.begin():
        entry = Entry(what=what)
        session.add(entry)
    return entry.id, entry.what


async def order(session: AsyncSession, name: str) -> None:
    session.add(Order(name=name))
    await session.flush()


async def left(session: AsyncSession) -> tuple[list[str], list[tuple[int, str]]]:
    orders = list(await session.scalars(select(Order.name).order_by(Order.id)))
    return orders, [(entry.id, entry.what) for entry in await session.scalars(select(Entry).order_by(Entry.id))]


async def test_entries_stay_under_the_numbers_that_the_app_has_seen(
    session: AsyncSession, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as outer:
        await order(outer, "one")
        entries = [await log(sessions, "tried"), await log(sessions, "tried again")]
        await order(outer, "two")
        await outer.rollback()
    assert await left(session) == ([], entries)
    assert (await log(sessions, "later"))[0] > entries[-1][0]


async def test_entries_stay_where_an_error_has_the_outer_one_rolled_back(
    session: AsyncSession, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as outer:
        await order(outer, "one")
        entry = await log(sessions, "tried")
        with pytest.raises(DBAPIError):
            await outer.execute(text("SELECT 1 / 0"))
    assert await left(session) == ([], [entry])


@pytest.mark.parametrize("ends", ["commit", "rollback"])
async def test_entries_stay_where_a_savepoint_around_them_is_rolled_back(
    session: AsyncSession, sessions: async_sessionmaker[AsyncSession], ends: str
) -> None:
    async with sessions() as outer:
        await order(outer, "one")
        savepoint = await outer.begin_nested()
        await order(outer, "two")
        entry = await log(sessions, "tried")
        await savepoint.rollback()
        await getattr(outer, ends)()
    assert await left(session) == (["one"] if ends == "commit" else [], [entry])


async def test_entries_of_three_levels_stay(session: AsyncSession, sessions: async_sessionmaker[AsyncSession]) -> None:
    async with sessions() as outer, sessions() as inner:
        await order(outer, "one")
        await order(inner, "two")
        entry = await log(sessions, "tried")
        await inner.commit()
        await outer.rollback()
    assert await left(session) == (["two"], [entry])


async def test_what_depends_on_the_undone_is_an_error_that_names_both(
    session: AsyncSession, sessions: async_sessionmaker[AsyncSession], isolation: Isolation
) -> None:
    async with sessions() as outer:
        await order(outer, "one")
        async with sessions() as inner, inner.begin():
            made = insert(Entry).from_select(["what"], select(Order.name)).returning(Entry.what)
            assert list(await inner.scalars(made)) == ["one"]
        await outer.rollback()
    with pytest.raises(UsageError, match=r"undoes what it wrote, and with it would go .* Tag it @real_commits\.$"):
        isolation.outage.check_at_end()
