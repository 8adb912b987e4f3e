"""What one transaction cannot show is said where a scenario fails that has met it."""

import pytest

from tests.helpers.project import Project

TEST = """
from sqlalchemy import text


async def test_it(session):
    for _ in range(2):
        await session.execute(text("{statement}"))
        await session.execute(text("SELECT 1"))
        await session.commit()
    assert not {fails}
"""
HEADING = "*What one transaction cannot show*"


@pytest.fixture
def failing(project: Project) -> Project:
    project.copy("tenants")
    return project


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("INSERT INTO invoices VALUES (now()::text)", "now() stood still: *"),
        ("SELECT CURRENT_TIMESTAMP", "now() stood still: *"),
        ("NOTIFY paid", "LISTEN heard nothing: *"),
        ("SELECT pg_current_xact_id()", "All transactions of the scenario had one number: *"),
        ("SELECT pg_try_advisory_xact_lock(1)", "No lock was in another transaction's way: *"),
        ("SELECT * FROM invoices FOR UPDATE SKIP LOCKED", "No lock was in another transaction's way: *"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "No transaction failed to serialize: *"),
    ],
)
def test_what_a_failing_scenario_met_is_named(failing: Project, statement: str, sentence: str) -> None:
    failing.path.joinpath("test_it.py").write_text(TEST.format(statement=statement, fails=True), encoding="utf-8")
    failing.run_process().stdout.fnmatch_lines([HEADING, sentence, "*tag the scenario @real_commits*"])


APART = {
    "a connection of asyncpg that no engine of SQLAlchemy made": """
    connection = await asyncpg.connect("postgresql://dev@127.0.0.1:1/dev")
    found = await connection.fetch("{statement}")
    await connection.close()
""",
    "psycopg": """
    engine = create_async_engine("postgresql+psycopg://dev@127.0.0.1:1/dev")
    async with engine.connect() as connection:
        found = (await connection.execute(text("{statement}"))).all()
    await engine.dispose()
""",
}
APART_TEST = """
import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def test_it(session):
    {body}
    assert not found
"""


@pytest.mark.parametrize("by", APART)
@pytest.mark.parametrize(("statement", "is_named"), [("SELECT relname FROM pg_class", True), ("SELECT 1", False)])
def test_what_is_read_apart_from_the_scenario_is_named(
    failing: Project, by: str, statement: str, is_named: bool
) -> None:
    body = APART[by].format(statement=statement)
    failing.path.joinpath("test_it.py").write_text(APART_TEST.format(body=body), encoding="utf-8")
    result = failing.run_process()
    result.assert_outcomes(failed=1)
    if is_named:
        result.stdout.fnmatch_lines([HEADING, f"What is read by {by} does not show what the scenario wrote."])
    else:
        result.stdout.no_fnmatch_line(HEADING)


@pytest.mark.parametrize(
    ("statement", "fails"),
    [("SELECT now()", False), ("SELECT 'now()' -- CURRENT_TIMESTAMP", True), ("SELECT clock_timestamp()", True)],
)
def test_what_passes_or_only_mentions_it_is_not(failing: Project, statement: str, fails: bool) -> None:
    failing.path.joinpath("test_it.py").write_text(TEST.format(statement=statement, fails=fails), encoding="utf-8")
    failing.run_process().stdout.no_fnmatch_line(HEADING)
