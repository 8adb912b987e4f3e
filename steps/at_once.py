"""What two people do at the same moment: their requests are under way at once, on connections of their own."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from pytest_bdd import then, when
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from accord import Isolation
from steps import parsers
from steps.accounts import People
from steps.responses import REASONS, Reason, assert_refused, assert_success
from steps.tasks import ACTIONS, Action, TaskList

Requests = list[Coroutine[Any, Any, httpx.Response]]


async def at_the_same_moment(database: AsyncEngine, requests: Requests) -> list[httpx.Response]:
    """Send requests that write, so that none of them writes before each has read what it goes by."""
    async with asyncio.timeout(10), database.connect() as gate:
        await gate.execute(text("LOCK TABLE tasks, users IN SHARE MODE"))
        sent = [asyncio.ensure_future(request) for request in requests]
        while await waiting(database) < len(sent) and not any(request.done() for request in sent):
            pass
        await gate.rollback()
        return await asyncio.gather(*sent)


async def waiting(database: AsyncEngine) -> int:
    """Return how many connections wait for a lock of another's."""
    # Every role sees all locks, and of what others wait for in `pg_stat_activity` only what is its own.
    query = """
        SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (
            SELECT locks.pid FROM pg_locks AS locks JOIN pg_database AS it ON it.oid = locks.database
            WHERE it.datname = current_database())
    """
    async with database.connect() as connection:
        return int(await connection.scalar(text(query)))


@pytest.fixture
def shared_database(db_session: AsyncSession, isolation: Isolation) -> AsyncEngine:
    """The database where each request has a connection of its own."""
    database = db_session.bind
    assert isolation.real_commits, "tag the feature with @real_commits: here, one request waits for another"
    assert isinstance(database, AsyncEngine)
    return database


@pytest.fixture
def response(responses: list[httpx.Response]) -> httpx.Response:
    """What either is told, where both are told the same."""
    first, second = responses
    assert first.status_code == second.status_code, f"one is told: {first.text}, the other: {second.text}"
    return first


@when(
    parsers.parse(
        'two people change the title of the task "{title}" to "{new}" and its description to "{description}" at the same moment',  # noqa: E501
    ),
    target_fixture="responses",
)
async def change_twice_at_once(
    shared_database: AsyncEngine, tasks: TaskList, title: str, new: str, description: str
) -> list[httpx.Response]:
    changes = {"title": new}, {"description": description}
    return await at_the_same_moment(shared_database, [tasks.change(title, json=change) for change in changes])


@when(
    parsers.parse('two people {action} the task "{title}" at the same moment', action=ACTIONS),
    target_fixture="responses",
)
async def act_twice_at_once(
    shared_database: AsyncEngine, tasks: TaskList, action: Action, title: str
) -> list[httpx.Response]:
    return await at_the_same_moment(shared_database, [tasks.act(action, tasks.number(title)) for _ in range(2)])


@when(parsers.parse('two people register the name "{name}" at the same moment'), target_fixture="responses")
async def register_name_twice_at_once(shared_database: AsyncEngine, people: People, name: str) -> list[httpx.Response]:
    addresses = "one@example.com", "two@example.com"
    return await at_the_same_moment(shared_database, [people.register(name, email=address) for address in addresses])


@when(parsers.parse('two people register the address "{address}" at the same moment'), target_fixture="responses")
async def register_address_twice_at_once(
    shared_database: AsyncEngine, people: People, address: str
) -> list[httpx.Response]:
    return await at_the_same_moment(shared_database, [people.register(name, email=address) for name in ("one", "two")])


@then(parsers.parse("one of them succeeds, and the other is told that {reason}", reason=REASONS))
async def assert_one_succeeds(responses: list[httpx.Response], reason: Reason) -> None:
    success, failure = sorted(responses, key=lambda response: response.status_code)
    assert_success(success)
    assert_refused(failure, reason)
