"""Transactions of several sessions in one scenario: nested, side by side, and who waits for whom."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.helpers.items import app_engine, app_sessions, db, driver_connection, engine, names, put

__all__ = ["db", "engine"]


async def test_sessions_that_commit_in_the_order_in_which_they_began_keep_what_each_wrote(db: AsyncSession) -> None:
    sessions = app_sessions()
    async with sessions() as one, sessions() as other:
        await put(one, "bread")
        await put(other, "milk")
        await one.commit()
        await other.commit()
    assert await names(db) == ["bread", "milk"]


async def test_a_session_that_commits_inside_one_that_only_read_outlives_its_rollback(db: AsyncSession) -> None:
    sessions = app_sessions()
    async with sessions() as outer:
        assert await names(outer) == []
        async with sessions.begin() as inner:
            await put(inner, "milk")
        await put(outer, "bread")
        await outer.rollback()
    assert await names(db) == ["milk"]


async def test_a_session_that_commits_inside_one_that_wrote_outlasts_it_if_both_commit(db: AsyncSession) -> None:
    sessions = app_sessions()
    async with sessions.begin() as outer:
        await put(outer, "bread")
        async with sessions.begin() as inner:
            await put(inner, "milk")
    assert await names(db) == ["bread", "milk"]


async def test_sessions_gathered_inside_one_that_wrote_are_served(db: AsyncSession) -> None:
    sessions = app_sessions()

    async def add(name: str) -> None:
        async with sessions.begin() as session:
            await put(session, name)

    async with sessions.begin() as outer:
        await put(outer, "bread")
        await asyncio.gather(*map(add, ["butter", "jam", "milk"]))
    assert await names(db) == ["bread", "butter", "jam", "milk"]


async def test_what_a_failed_transaction_wrote_is_gone_for_one_that_logs_the_failure(db: AsyncSession) -> None:
    sessions = app_sessions()
    async with sessions() as session:
        await put(session, "milk")
        with pytest.raises(IntegrityError):
            await put(session, "milk")
        async with sessions.begin() as log:
            assert await names(log) == []
            await put(log, "a failure")
        with pytest.raises(SQLAlchemyError, match="aborted"):
            await session.execute(text("SELECT 1"))
        await session.rollback()
    assert await names(db) == ["a failure"]


async def test_an_error_inside_a_savepoint_undoes_that_alone(db: AsyncSession) -> None:
    async with app_sessions().begin() as session:
        await put(session, "bread")
        for _ in range(2):
            with pytest.raises(IntegrityError):
                async with session.begin_nested():
                    await put(session, "bread")
        await put(session, "milk")
    assert await names(db) == ["bread", "milk"]


async def test_an_engine_in_autocommit_has_nobody_wait_for_what_it_wrote(db: AsyncSession) -> None:
    engine = app_engine(isolation_level="AUTOCOMMIT")

    async def add(name: str) -> None:
        async with engine.connect() as connection:
            await put(connection, name)

    # Each in a task of its own, inside of which nothing else has begun.
    await asyncio.create_task(add("bread"))
    await asyncio.create_task(add("milk"))
    assert await names(db) == ["bread", "milk"]


async def test_an_engine_in_autocommit_has_no_savepoints(db: AsyncSession) -> None:
    async with app_engine(isolation_level="AUTOCOMMIT").connect() as connection:
        with pytest.raises(SQLAlchemyError, match="can only be used in transaction blocks"):
            await connection.execute(text("SAVEPOINT its_own"))


async def test_what_an_engine_in_autocommit_writes_is_there_at_once(db: AsyncSession) -> None:
    async with app_engine(isolation_level="AUTOCOMMIT").connect() as connection:
        await put(connection, "milk")
        assert await names(db) == ["milk"]
        await connection.rollback()
    assert await names(db) == ["milk"]


async def test_what_follows_a_commit_as_text_commits_by_itself(db: AsyncSession) -> None:
    async with app_engine().connect() as connection:
        await put(connection, "bread")
        await connection.execute(text("COMMIT"))
        await put(connection, "milk")
        await connection.rollback()
    assert await names(db) == ["bread", "milk"]


async def test_a_script_that_begins_and_ends_transactions_does_so_in_the_scenario(db: AsyncSession) -> None:
    engine = app_engine(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        raw = await driver_connection(connection)
        await raw.execute(
            """
            BEGIN; INSERT INTO item (name) VALUES ('bread; butter'); ROLLBACK;
            BEGIN; INSERT INTO item (name) VALUES ('milk'); COMMIT;
            """
        )
    assert await names(db) == ["milk"]


async def test_what_a_script_committed_is_gone_with_the_scenario(db: AsyncSession) -> None:
    assert await names(db) == []


async def test_a_savepoint_that_does_not_exist_undoes_nothing_of_another_transaction(db: AsyncSession) -> None:
    async with app_sessions().begin() as outer:
        await put(outer, "milk")
        async with app_engine().connect() as inner:
            with pytest.raises(SQLAlchemyError, match="does not exist"):
                await inner.execute(text("RELEASE SAVEPOINT nobodys"))
    assert await names(db) == ["milk"]
