"""What two people do at the same moment: their requests are under way at once, on connections of their own."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from pytest_bdd import then, when
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from steps.accounts import People
from steps.answers import accepted, refused
from steps.sentences import sentence
from steps.tasks import TaskList


def requests(what: str, people: People, tasks: TaskList) -> list[Coroutine[Any, Any, httpx.Response]]:
    """Return what each of the two asks for, who `register the name "alice"`, for example."""
    if found := re.fullmatch(r'change the title of the task "(.+)" to "(.+)" and its description to "(.+)"', what):
        title, new, description = found.groups()
        return [tasks.change(title, json=change) for change in ({"title": new}, {"description": description})]
    found = re.fullmatch(r'(register|complete|delete) the (name|address|task) "(.+)"', what)
    assert found, f"there is no way for two people to {what}"
    deed, kind, thing = found.groups()
    if kind == "task":
        return [tasks.do(deed, tasks.number(thing)) for _ in range(2)]
    if kind == "name":
        return [people.register(thing, email=f"{other}@example.com") for other in ("one", "two")]
    return [people.register(other, email=thing) for other in ("one", "two")]


async def at_the_same_moment(database: AsyncEngine, asked: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Send requests that write, so that none of them writes before each has read what it goes by."""
    async with asyncio.timeout(10), database.connect() as gate:
        await gate.execute(text("LOCK TABLE tasks, users IN SHARE MODE"))
        sent = [asyncio.ensure_future(request) for request in asked]
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
def answer(answers: list[httpx.Response]) -> httpx.Response:
    """What either is told, where both are told the same."""
    first, second = answers
    assert first.status_code == second.status_code, f"one is told: {first.text}, the other: {second.text}"
    return first


@when(sentence("two people {what} at the same moment"), target_fixture="answers")
async def _(db_session: AsyncSession, people: People, tasks: TaskList, what: str) -> list[httpx.Response]:
    assert isinstance(db_session.bind, AsyncEngine), "tag the feature with @real_commits: here, requests take turns"
    return await at_the_same_moment(db_session.bind, requests(what, people, tasks))


@then(sentence("one of them succeeds, and the other is told that {reason}"))
async def _(answers: list[httpx.Response], reason: str) -> None:
    success, refusal = sorted(answers, key=lambda answer: answer.status_code)
    accepted(success)
    refused(refusal, reason)
