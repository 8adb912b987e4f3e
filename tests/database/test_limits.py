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


@pytest.mark.parametrize(
    ("statement", "fails"),
    [("SELECT now()", False), ("SELECT 'now()' -- CURRENT_TIMESTAMP", True), ("SELECT clock_timestamp()", True)],
)
def test_what_passes_or_only_mentions_it_is_not(failing: Project, statement: str, fails: bool) -> None:
    failing.path.joinpath("test_it.py").write_text(TEST.format(statement=statement, fails=fails), encoding="utf-8")
    failing.run_process().stdout.no_fnmatch_line(HEADING)
