"""A database is one run's, and only what Accord made and nobody uses any more is removed, by whatever role."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import URL

from accord.database.marks import Found, generated_name, is_generated, new_token, token_of
from accord.database.ownership import LOCK
from accord.database.provision import database
from accord.errors import AccordError
from tests.helpers.servers import at, databases, owner_of, query, snatch

TOKEN = "0123456789abcdef0123456789abcdef"
ANOTHER = "fedcba9876543210fedcba9876543210"
NAME = generated_name("tasks_test", TOKEN)
OWN = Found(oid=16384, name=NAME, role="alice", cluster="7300000000000000001", comment=None)
MARKED = replace(OWN, comment=OWN.mark(TOKEN))


def test_a_name_has_a_random_part_that_is_known_again() -> None:
    assert NAME.startswith("tasks_0123456789ab")
    assert NAME.endswith("_test")
    assert is_generated(NAME)


@pytest.mark.parametrize("base", ["tasks_test", "a" * 58 + "_test", "ä" * 29 + "_test", "_test", NAME])
def test_any_name_leads_to_one_that_is_not_too_long(base: str) -> None:
    name = generated_name(base, new_token())

    assert is_generated(name)
    assert len(name.encode()) <= 63


def test_a_copy_has_one_random_part_too() -> None:
    assert len(generated_name(NAME, new_token())) == len(NAME)


@pytest.mark.parametrize("name", ["tasks_test", "tasks_0123456789abcdef_test", NAME[:-5], f"x{NAME}", ""])
def test_a_name_that_somebody_chose_is_not_taken_for_a_random_one(name: str) -> None:
    assert not is_generated(name)


def test_the_workers_of_a_run_find_the_same_token() -> None:
    assert token_of("run") == token_of("run") != token_of("another")
    assert len(token_of("run")) == len(new_token())


def test_a_database_that_was_marked_or_could_not_be_any_more_is_accords_own() -> None:
    assert MARKED.is_own
    assert OWN.is_own


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "tasks_test"},
        {"name": generated_name("tasks_test", ANOTHER)},
        {"name": generated_name("jobs_test", TOKEN)},
        {"oid": 16385},
        {"role": "bob"},
        {"cluster": "7300000000000000002"},
        {"comment": "accord made this"},
        {"comment": f"accord made this: {TOKEN}"},
        {"comment": "do not touch"},
        {"comment": ""},
        {"comment": OWN.mark(ANOTHER)},
    ],
    ids=str,
)
def test_a_database_that_somebody_changed_is_theirs(changed: dict[str, object]) -> None:
    assert not replace(MARKED, **changed).is_own  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["prod", "x_test", "tasks_0123456789abcdef_test"])
async def test_a_database_of_any_other_name_stays_whatever_its_comment_says(provided: URL, name: str) -> None:
    await query(provided, f'CREATE DATABASE "{name}"')
    await query(provided, f"COMMENT ON DATABASE \"{name}\" IS 'made by accord, kept by backend 1 since 1'")

    async with database(at(provided, "run_test")):
        pass

    assert name in await databases(provided)
    await query(provided, f'DROP DATABASE "{name}"')


async def test_a_database_that_was_made_and_not_marked_is_removed_by_the_next_run(provided: URL) -> None:
    await query(provided, f'CREATE DATABASE "{NAME}"')

    async with database(at(provided, "run_test")):
        assert NAME not in await databases(provided)


@pytest.mark.parametrize("change", ["RENAME TO taken_over_test", "OWNER TO somebody"])
async def test_a_database_that_somebody_took_over_stays(provided: URL, change: str) -> None:
    if "somebody" in change:
        await query(provided, "CREATE ROLE somebody")
    async with database(at(provided, "run_test")) as url:
        await query(provided, f'ALTER DATABASE "{url.database}" {change}')
        name = "taken_over_test" if "taken" in change else str(url.database)

    async with database(at(provided, "run_test")):
        assert name in await databases(provided)

    await query(provided, f'DROP DATABASE "{name}"')
    await query(provided, "DROP ROLE IF EXISTS somebody")


async def test_a_database_that_somebody_looks_into_stays_until_they_go(provided: URL) -> None:
    await query(provided, f'CREATE DATABASE "{NAME}"')
    somebody = await asyncpg.connect(at(provided.set(drivername="postgresql"), NAME))
    async with database(at(provided, "run_test")):
        assert NAME in await databases(provided)
    await somebody.close()

    async with database(at(provided, "run_test")):
        assert NAME not in await databases(provided)


@pytest.fixture
async def alice(provided: URL) -> AsyncIterator[URL]:
    """A role that acts as another, and so sees little of its own connections."""
    await query(provided, "CREATE ROLE devs CREATEDB")
    await query(provided, "CREATE ROLE alice LOGIN PASSWORD 'secret' IN ROLE devs NOINHERIT")
    await query(provided, "ALTER ROLE alice SET role = devs")
    yield provided.set(username="alice", password="secret")
    await query(provided, "DROP ROLE alice")
    await query(provided, "DROP ROLE devs")


async def test_a_role_that_may_see_little_does_not_remove_what_another_run_uses(alice: URL) -> None:
    async with database(at(alice, "one_test")) as one, database(at(alice, "two_test")) as two:
        assert {one.database, two.database} <= await databases(alice)

    assert not {name for name in await databases(alice) if name.startswith(("one", "two"))}


async def test_what_a_killed_run_of_such_a_role_left_is_removed(alice: URL) -> None:
    await query(alice, f'CREATE DATABASE "{NAME}"')

    async with database(at(alice, "run_test")):
        assert NAME not in await databases(alice)


async def taken_again(server: URL, name: str | None, before: int) -> None:
    """Wait until the database is owned again, by another connection than before."""
    async with asyncio.timeout(30):
        while True:
            try:
                if await owner_of(server, name) != before:
                    return
            except ValueError:
                pass


async def test_a_run_whose_connection_is_cut_takes_its_database_again(provided: URL) -> None:
    losses: list[str] = []
    async with database(at(provided, "cut_test"), lost=losses.append) as url:
        for _ in range(3):
            pid = await owner_of(provided, url.database)
            await query(provided, f"SELECT pg_terminate_backend({pid})")
            await taken_again(provided, url.database, pid)
        async with database(at(provided, "other_test")):
            assert url.database in await databases(provided)

    assert not losses
    assert url.database not in await databases(provided)


async def test_a_run_is_not_cut_off_for_being_idle(provided: URL) -> None:
    await query(provided, "ALTER SYSTEM SET idle_session_timeout = '100ms'")
    await query(provided, "SELECT pg_reload_conf()")
    try:
        async with database(at(provided, "idle_test")) as url:
            pid = await owner_of(provided, url.database)
            await query(provided, "SELECT pg_sleep(0.5)")
            assert await owner_of(provided, url.database) == pid
    finally:
        await query(provided, "ALTER SYSTEM RESET idle_session_timeout")
        await query(provided, "SELECT pg_reload_conf()")


@pytest.mark.parametrize("exists", [True, False])
async def test_a_run_that_has_lost_its_database_reports_that_and_leaves_it(provided: URL, exists: bool) -> None:
    if exists:
        await query(provided, "CREATE DATABASE lost_test")
    told: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def lost(sentence: str) -> None:
        loop.call_soon_threadsafe(told.put_nowait, sentence)

    async with database(at(provided, "lost_test"), lost=lost) as url:
        other = await snatch(url)
        async with asyncio.timeout(30):
            sentence = await told.get()

    assert sentence.startswith(f'This run has lost the database "{url.database}": the connection that held it was cut')
    assert url.database in await databases(provided)
    await other.close()
    await query(provided, f'DROP DATABASE "{url.database}"')


async def test_a_connection_that_is_cut_while_a_database_is_created_is_reported(provided: URL) -> None:
    before = await databases(provided)
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted"
    blocking = await asyncpg.connect(at(provided.set(drivername="postgresql"), "postgres"))
    try:
        await blocking.execute(f"SELECT pg_advisory_lock({LOCK})")
        beginning = asyncio.create_task(database(at(provided, "cut_test")).__aenter__())
        async with asyncio.timeout(30):
            while not await blocking.fetchval(cut):
                assert not beginning.done()
    finally:
        await blocking.close()

    with pytest.raises(AccordError, match=r"A connection to the PostgreSQL server was cut while .* \(.+\): see in the"):
        await beginning
    assert await databases(provided) == before
