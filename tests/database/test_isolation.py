"""What a request boundary means on the transaction that a scenario is rolled back with."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from accord.errors import DeadlockError, UncommittedWorkError
from accord.isolation.isolation import Isolation
from tests.helpers.servers import engine_with
from tests.projects.notes.service import Base, Note, app, get_session, signal


@pytest_asyncio.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with engine_with(Base.metadata, database_url) as engine:
        yield engine


@pytest_asyncio.fixture
async def session(engine: AsyncEngine, isolation: Isolation) -> AsyncIterator[AsyncSession]:
    async with isolation.session(engine) as session:
        yield session


@pytest_asyncio.fixture
async def client(session: AsyncSession, isolation: Isolation) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(isolation) as client:
        yield client


def client_of(isolation: Isolation) -> httpx.AsyncClient:
    app.dependency_overrides[get_session] = isolation.request_session
    return httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test")


async def notes(client: httpx.AsyncClient) -> list[str]:
    answer = await client.get("/notes")
    kept: list[str] = answer.json()
    return kept


async def test_what_a_request_commits_is_seen_by_the_next(client: httpx.AsyncClient) -> None:
    await client.post("/notes/milk")
    assert await notes(client) == ["milk"]


async def test_what_a_request_commits_is_gone_with_the_scenario(engine: AsyncEngine, isolation: Isolation) -> None:
    async with isolation.session(engine) as session:
        session.add(Note(text="milk"))
        await session.commit()
    async with AsyncSession(engine) as outside:
        assert (await outside.scalars(select(Note))).all() == []


@pytest.mark.parametrize("way", ["forgotten", "undone", "crashed"])
async def test_what_a_request_does_not_commit_is_gone_when_it_ends(client: httpx.AsyncClient, way: str) -> None:
    await client.post("/notes/milk")
    await client.post(f"/{way}/bread")
    assert await notes(client) == ["milk"]


async def test_a_rollback_undoes_that_request_only(client: httpx.AsyncClient, session: AsyncSession) -> None:
    session.add(Note(text="given"))
    await session.commit()
    await client.post("/notes/milk")
    assert (await client.post("/notes/milk")).status_code == 409
    assert await notes(client) == ["given", "milk"]


async def test_a_request_answers_from_the_database_and_not_from_memory(
    client: httpx.AsyncClient, session: AsyncSession
) -> None:
    session.add(Note(text="milk"))
    await session.commit()
    assert (await client.get("/objects")).json() == ["milk"]
    await session.execute(update(Note).values(text="bread").execution_options(synchronize_session=False))
    await session.commit()
    assert (await client.get("/objects")).json() == ["bread"]


async def test_a_step_sees_what_a_request_changed_in_what_it_had_loaded(
    client: httpx.AsyncClient, session: AsyncSession
) -> None:
    note = Note(text="milk")
    session.add(note)
    await session.commit()
    await client.post("/notes/bread")
    await session.execute(text("UPDATE notes SET text = 'butter' WHERE text = 'milk'"))
    await session.commit()
    assert [note.text for note in await session.scalars(select(Note).order_by(Note.id))] == ["butter", "bread"]
    assert (await session.get_one(Note, note.id)).text == "butter"


async def test_requests_at_once_are_served_one_after_another(client: httpx.AsyncClient) -> None:
    wanted = [f"note {number}" for number in range(20)]
    answers = await asyncio.gather(*(client.post(f"/notes/{note}") for note in wanted))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(await notes(client)) == sorted(wanted)


async def test_a_deferred_constraint_is_checked_where_a_request_commits(client: httpx.AsyncClient) -> None:
    assert (await client.post("/answers/1000")).status_code == 409
    assert await notes(client) == []


async def test_a_deferred_constraint_is_checked_where_a_step_commits(session: AsyncSession) -> None:
    session.add(Note(text="answer", answers=1000))
    with pytest.raises(IntegrityError):
        await session.commit()


async def test_a_deferred_constraint_is_not_checked_before(client: httpx.AsyncClient) -> None:
    assert (await client.post("/later")).status_code == 200
    assert await notes(client) == ["answer", "question"]


async def test_a_deferred_constraint_is_deferred_again_after_a_commit(
    client: httpx.AsyncClient, session: AsyncSession
) -> None:
    await client.post("/notes/milk")
    session.add(Note(text="answer", answers=1000))
    await session.flush()
    await session.rollback()
    assert await notes(client) == ["milk"]


async def test_a_request_may_wait_for_one_behind_it_as_long_as_it_has_written_nothing(
    client: httpx.AsyncClient,
) -> None:
    signal.clear()
    answers = await asyncio.gather(client.post("/waiting"), client.post("/signal"))
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_request_that_waits_for_what_another_one_wrote_fails_within_five_seconds(
    engine: AsyncEngine, isolation: Isolation
) -> None:
    signal.clear()
    start = time.perf_counter()
    async with isolation.session(engine), client_of(isolation) as client:
        with pytest.raises(DeadlockError, match=r"^POST /notes/milk waits for POST /writing, which has not ended"):
            await asyncio.gather(client.post("/writing"), client.post("/notes/milk"))
    assert time.perf_counter() - start < 5


async def test_a_request_still_under_way_is_over_when_the_scenario_ends(
    engine: AsyncEngine, isolation: Isolation
) -> None:
    async with isolation.session(engine), client_of(isolation) as client:
        signal.clear()
        waiting = [asyncio.create_task(client.post("/waiting")) for _ in range(2)]
        await asyncio.sleep(0)
    assert [task.cancelled() for task in waiting] == [True, True]


@pytest.mark.parametrize("statement", ["SELECT", "INSERT"])
async def test_a_request_that_is_cancelled_while_a_statement_runs_is_undone_and_the_scenario_goes_on(
    engine: AsyncEngine, isolation: Isolation, statement: str
) -> None:
    def cancel(_connection: object, _cursor: object, sent: str, *_: object) -> None:
        if sent.startswith(statement):
            request.cancel()

    async with isolation.session(engine), client_of(isolation) as client:
        await client.post("/notes/bread")
        event.listen(engine.sync_engine, "before_cursor_execute", cancel)
        request = asyncio.create_task(client.get("/notes") if statement == "SELECT" else client.post("/notes/milk"))
        await asyncio.wait([request])
        event.remove(engine.sync_engine, "before_cursor_execute", cancel)
        assert request.cancelled()
        assert await notes(client) == ["bread"]


@pytest.mark.real_commits
async def test_with_real_commits_a_request_may_wait_for_one_behind_it(client: httpx.AsyncClient) -> None:
    signal.clear()
    answers = await asyncio.gather(client.post("/waiting"), client.post("/signal"))
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.real_commits
async def test_with_real_commits_others_see_what_is_committed(
    client: httpx.AsyncClient, session: AsyncSession, engine: AsyncEngine
) -> None:
    await client.post("/notes/milk")
    copy = (await session.connection()).engine.url
    assert copy.database != engine.url.database
    outside = create_async_engine(copy)
    async with AsyncSession(outside) as other:
        assert list(await other.scalars(select(Note.text))) == ["milk"]
    await outside.dispose()


@pytest.mark.real_commits
async def test_with_real_commits_a_step_that_leaves_work_uncommitted_is_named(
    client: httpx.AsyncClient, session: AsyncSession
) -> None:
    await insert_as_text(session)
    with pytest.raises(UncommittedWorkError, match="left changes in the database uncommitted"):
        await client.get("/notes")


async def test_real_commits_are_gone_with_the_scenario(
    engine: AsyncEngine, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolation.begin(real_commits=True)
    async with isolation.session(engine) as session:
        session.add(Note(text="milk"))
        await session.commit()
        copy = (await session.connection()).engine.url.database
    async with AsyncSession(engine) as outside:
        assert (await outside.scalars(select(Note))).all() == []
        assert await outside.scalar(text("SELECT count(*) FROM pg_database WHERE datname = :name"), {"name": copy}) == 0


async def test_an_unhandled_error_is_the_500_of_a_user_with_its_traceback_in_the_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.post("/crashed/milk")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    [record] = caplog.records
    assert record.getMessage() == "POST /crashed/milk failed in the app"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "out of ink"


async def test_a_request_without_a_session_says_which_fixture_is_missing(isolation: Isolation) -> None:
    with pytest.raises(RuntimeError, match="request that fixture first"):
        await anext(isolation.request_session())


async def add(session: AsyncSession) -> None:
    session.add(Note(text="milk"))


async def add_and_flush(session: AsyncSession) -> None:
    session.add(Note(text="milk"))
    await session.flush()


async def insert_as_text(session: AsyncSession) -> None:
    await session.execute(text("INSERT INTO notes (text) VALUES ('milk')"))


async def insert_within_a_query(session: AsyncSession) -> None:
    await session.execute(text("WITH made AS (INSERT INTO notes (text) VALUES ('milk') RETURNING id) TABLE made"))


async def change(session: AsyncSession) -> None:
    (await session.scalars(select(Note))).one().text = "bread"


async def delete(session: AsyncSession) -> None:
    await session.delete((await session.scalars(select(Note))).one())


@pytest.mark.parametrize("step", [add, add_and_flush, insert_as_text, insert_within_a_query, change, delete])
async def test_what_a_step_leaves_uncommitted_is_an_error_that_names_it(
    client: httpx.AsyncClient,
    session: AsyncSession,
    isolation: Isolation,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[AsyncSession], Awaitable[None]],
) -> None:
    session.add(Note(text="given"))
    await session.commit()
    monkeypatch.setattr(isolation.running, "step", "The step `Given milk` (features/notes.feature:3)")
    await step(session)
    isolation.sandbox.uncommitted.note()
    monkeypatch.setattr(isolation.running, "step", "The step `When I look` (features/notes.feature:4)")
    with pytest.raises(
        UncommittedWorkError, match=r"^The step `Given milk` \(features/notes.feature:3\) left changes .*commit"
    ):
        await client.get("/notes")


READS = [
    "SELECT 1",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH one AS (SELECT 1) SELECT * FROM one",
    "SELECT id FROM notes FOR UPDATE",
    "SHOW server_version",
    "TABLE notes",
]


@pytest.mark.parametrize("query", READS)
async def test_a_step_that_only_reads_is_no_error(client: httpx.AsyncClient, session: AsyncSession, query: str) -> None:
    await session.execute(text(query))
    assert await notes(client) == []


async def test_what_a_step_rolled_back_is_no_error(client: httpx.AsyncClient, session: AsyncSession) -> None:
    await add_and_flush(session)
    await session.rollback()
    assert await notes(client) == []


async def test_a_request_after_uncommitted_work_was_committed_goes_through(
    client: httpx.AsyncClient, session: AsyncSession, isolation: Isolation
) -> None:
    await add(session)
    isolation.sandbox.uncommitted.note()
    await session.commit()
    assert await notes(client) == ["milk"]


async def test_requests_have_sessions_with_the_settings_of_the_app(engine: AsyncEngine, isolation: Isolation) -> None:
    factory = async_sessionmaker(autoflush=False, info={"of": "the app"})
    async with isolation.session(engine, factory):
        session = await anext(isolation.request_session())
        assert (session.sync_session.autoflush, session.info) == (False, {"of": "the app"})
        await session.close()


def living_sessions() -> int:
    gc.collect()
    return sum(isinstance(item, AsyncSession) for item in gc.get_objects())


async def test_no_session_is_kept_alive_by_the_app(engine: AsyncEngine, isolation: Isolation) -> None:
    # A run within this one, in another test, may have left some to pytester's records.
    before = living_sessions()
    for _ in range(50):
        async with isolation.session(engine), client_of(isolation) as client:
            await client.post("/notes/milk")
    assert living_sessions() <= before + 1
