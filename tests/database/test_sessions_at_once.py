"""Any sequence of transactions of several sessions leaves what it leaves in production, or is refused by name.

Sessions are opened inside others, in the same task and in child tasks, and side by side, on several engines, by
requests one after another and at once. Each writes rows of its own: those of others would really have to be waited for.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from accord.errors import AccordError
from accord.isolation.isolation import Isolation
from tests.helpers.production import in_production
from tests.helpers.servers import engine_with

T = TypeVar("T")


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "row_of_a_session"
    key: Mapped[str] = mapped_column(String, primary_key=True)
    value: Mapped[int]


@dataclass(frozen=True)
class Do:
    """One action of a session; `then` is what is done inside of it."""

    what: str
    key: int = 0
    then: "tuple[Do, ...]" = ()
    sessions: "tuple[Program, ...]" = ()


@dataclass(frozen=True)
class Program:
    """What a session does, on which engine, and how it ends."""

    engine: int
    actions: tuple[Do, ...]
    end: str


class GoneError(Exception):
    pass


Outcome = tuple[dict[str, list[object]], dict[str, int]]
"""What each session saw of its own rows, and the rows that are there at the end."""

simple = st.builds(Do, st.sampled_from(["put", "put", "change", "remove", "read"]), st.integers(0, 1))
ending = st.builds(Do, st.sampled_from(["commit", "rollback"]))
savepoint = st.builds(Do, st.sampled_from(["release", "attempt"]), then=st.lists(simple, max_size=3).map(tuple))
leaf = st.lists(st.one_of(simple, simple, simple, ending, savepoint), max_size=4).map(tuple)
ends = st.sampled_from(["commit", "commit", "rollback", "close"])
programs = st.recursive(
    st.builds(Program, st.integers(0, 2), leaf, ends),
    lambda inner: st.builds(
        Program,
        st.integers(0, 2),
        st.lists(
            st.one_of(
                simple,
                ending,
                savepoint,
                st.builds(Do, st.just("nested"), sessions=st.tuples(inner)),
                st.builds(Do, st.just("gathered"), sessions=st.lists(inner, min_size=1, max_size=3).map(tuple)),
                st.builds(Do, st.just("beside"), sessions=st.lists(inner, min_size=2, max_size=2).map(tuple)),
            ),
            max_size=5,
        ).map(tuple),
        ends,
    ),
    max_leaves=5,
)


async def gather(sent: Iterable[Awaitable[T]]) -> list[T]:
    """Await all of them, also where one raises an error, and raise that then."""
    results = await asyncio.gather(*sent, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


class Service:
    """Carries out programs, each in a request."""

    def __init__(self, url: str) -> None:
        self.engines = [
            create_async_engine(url),
            create_async_engine(url, pool_size=20, isolation_level="REPEATABLE READ"),
            create_async_engine(url, pool_size=20, isolation_level="AUTOCOMMIT"),
        ]
        self.sessions = [async_sessionmaker(engine) for engine in self.engines]
        self.seen: dict[str, list[object]] = {}
        self.app = FastAPI()
        self.programs: dict[str, Program] = {}
        self.app.post("/{path}")(self.serve)

    async def serve(self, path: str) -> None:
        """Carry out a program."""
        await self.run(path, self.programs[path])

    async def run(self, path: str, program: Program) -> None:
        """Open a session, carry out what it is to do, and end it."""
        async with self.sessions[program.engine]() as session:
            for number, do in enumerate(program.actions):
                await self.attempt(session, f"{path}.{number}", path, do)
            await self.end(session, path, program)

    async def end(self, session: AsyncSession, path: str, program: Program) -> None:
        """End the session as its program says; one that is closed is rolled back."""
        if program.end != "close":
            await self.attempt(session, path, path, Do(program.end))

    async def attempt(self, session: AsyncSession, inner: str, path: str, do: Do) -> None:
        """Do one thing; its error is noted."""
        try:
            await self.do(session, inner, path, do)
        except SQLAlchemyError as error:
            original = error.orig if isinstance(error, DBAPIError) else error
            self.seen.setdefault(path, []).append(type(original).__name__)

    async def do(self, session: AsyncSession, inner: str, path: str, do: Do) -> None:
        """Do one thing, as part of the session at `path`."""
        key = f"{path}:{do.key}"
        match do.what:
            case "put":
                await session.execute(insert(Row).values(key=key, value=0))
            case "change":
                await session.execute(update(Row).where(Row.key == key).values(value=Row.value + 1))
            case "remove":
                await session.execute(delete(Row).where(Row.key == key))
            case "read":
                rows = await session.execute(select(Row.key, Row.value).where(Row.key.startswith(f"{path}:")))
                self.seen.setdefault(path, []).append(sorted((row.key, row.value) for row in rows))
            case "commit":
                await session.commit()
            case "rollback":
                await session.rollback()
            case "release":
                async with session.begin_nested():
                    for it in do.then:
                        await self.do(session, inner, path, it)
            case "attempt":
                try:
                    async with session.begin_nested():
                        for it in do.then:
                            await self.do(session, inner, path, it)
                        raise GoneError
                except GoneError:
                    pass
            case "nested":
                await self.run(f"{inner}.0", do.sessions[0])
            case "gathered":
                await gather(self.run(f"{inner}.{number}", it) for number, it in enumerate(do.sessions))
            case "beside":
                await self.run_beside(inner, do.sessions)

    async def run_beside(self, inner: str, programs: tuple[Program, ...]) -> None:
        """Carry out two programs in turns."""
        async with AsyncExitStack() as stack:
            paths = [f"{inner}.{number}" for number in range(len(programs))]
            sessions = [await stack.enter_async_context(self.sessions[it.engine]()) for it in programs]
            for number, both in enumerate(zip_longest(*(it.actions for it in programs))):
                for session, path, do in zip(sessions, paths, both, strict=True):
                    if do is not None:
                        await self.attempt(session, f"{path}.{number}", path, do)
            for session, path, program in zip(sessions, paths, programs, strict=True):
                await self.end(session, path, program)

    async def outcome(self, client: httpx.AsyncClient, groups: list[list[Program]]) -> Outcome:
        """Carry out the programs of each group in requests at once."""
        for number, group in enumerate(groups):
            self.programs = {f"{number}-{request}": program for request, program in enumerate(group)}
            answers = await gather(client.post(f"/{path}") for path in self.programs)
            assert {answer.status_code for answer in answers} <= {200}
        async with self.sessions[0]() as session:
            return self.seen, {row.key: row.value for row in await session.execute(select(Row.key, Row.value))}


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[Service]:
    service = Service(url)
    try:
        yield service
    finally:
        for engine in service.engines:
            await engine.dispose()


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with engine_with(Base.metadata, database_url) as engine:
        yield engine


@pytest.fixture(scope="module")
def counted() -> Iterator[Counter[str]]:
    """How many of the programs were refused: few, or what is said of the others would say little."""
    counter = Counter[str]()
    yield counter
    assert counter["the same"] > 3 * counter["refused"], counter


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(programs, min_size=1, max_size=3), min_size=1, max_size=3))
async def test_sessions_leave_what_they_leave_in_production_or_are_refused_by_name(
    engine: AsyncEngine, isolation: Isolation, database_url: str, counted: Counter[str], groups: list[list[Program]]
) -> None:
    async with in_production(isolation), serving(database_url) as service:
        transport = httpx.ASGITransport(service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            expected = await service.outcome(client, groups)
        async with service.engines[0].begin() as connection:
            await connection.execute(delete(Row))
    async with serving(database_url) as service, isolation.session(engine):
        transport_in_scenario = isolation.transport(service.app)
        try:
            async with httpx.AsyncClient(transport=transport_in_scenario, base_url="http://test") as client:
                outcome = await service.outcome(client, groups)
            isolation.outage.check_at_end()
        except AccordError:
            counted["refused"] += 1
        else:
            counted["the same"] += 1
            assert outcome == expected
