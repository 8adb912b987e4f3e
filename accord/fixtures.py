"""The fixtures that come with Accord, which a conftest builds on, or overrides."""

import asyncio
import os
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import make_url

from accord.basics.failures import text_of
from accord.database import provision
from accord.database.address import VARIABLE, DatabaseParts, given, given_in, parts, rendered
from accord.database.provision import Prepare
from accord.errors import AccordError
from accord.guards.guard import STATE_GUARD, StateGuard
from accord.isolation.isolation import ISOLATION, Isolation
from accord.reporting.failures import FIXTURE_FAILURES
from accord.running import RUNNING, stop_run
from accord.steps.unawaited import UNAWAITED


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session_loop(pytestconfig: pytest.Config) -> AsyncIterator[asyncio.AbstractEventLoop]:
    """The event loop of the whole run, on which async steps and fixtures run."""
    for setting in ("asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope"):
        if pytestconfig.getini(setting) != "session":
            pytest.fail(
                f'async steps need one event loop for the whole run: set {setting} = "session" '
                "in the pytest configuration.",
                pytrace=False,
            )
    running, loop = pytestconfig.stash[RUNNING], asyncio.get_running_loop()
    running.loop = loop
    if (unawaited := pytestconfig.stash.get(UNAWAITED, None)) is None:
        yield loop
    else:
        with unawaited.listening(loop):
            yield loop
    running.loop = None


@pytest.fixture(scope="session")
def prepare_database() -> Prepare:
    """What makes the tables, once a run, in the database at an address. Override it; by itself it makes none."""
    return provision.leave_empty


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_url(
    pytestconfig: pytest.Config, isolation: Isolation, prepare_database: Prepare
) -> AsyncIterator[str]:
    """The URL of a database for this run, prepared: at the address that was given, else on PostgreSQL from the wheel.

    The address is that of `--accord-database-url`, else of ACCORD_DATABASE_URL, else of DATABASE_URL; the first that is
    set counts, and one that is empty means PostgreSQL from the wheel.
    Each worker of pytest-xdist has a copy of its own.

    On PostgreSQL from the wheel there is no `%` in the URL, so that Alembic's `config.set_main_option` takes it. In the
    URL of a server of your own, what a user or a password has of `@ : / %` and the like stays percent-encoded, and
    `set_main_option` wants each `%` doubled: `database_url.replace("%", "%%")`.
    """
    server, name = given(pytestconfig.getoption("accord_database_url")), os.environ.get("PYTEST_XDIST_WORKER")
    # The id of the run is what all its workers share, and no other run has.
    worker = provision.Worker(name, os.environ["PYTEST_XDIST_TESTRUNUID"]) if name else None
    prepare = _answering_for_its_errors(pytestconfig, prepare_database, is_from_wheel=server is None)
    provided = provision.database(
        server.address if server else None,
        worker,
        prepare,
        isolation.lose,
        tcp=pytestconfig.getini("accord_postgres_tcp"),
    )
    try:
        with given_in(server.source if server else VARIABLE):
            async with provided as url, isolation.outage.watch(url):
                yield rendered(url)
    except AccordError as error:
        stop_run(pytestconfig, str(error))


@pytest.fixture(scope="session")
def database_parts(database_url: str) -> DatabaseParts:
    """The parts of `database_url`, for settings that are split: host, port, user, password and name.

    The host of PostgreSQL from the wheel is the directory of its socket; with `accord_postgres_tcp = true` in pytest's
    configuration it is 127.0.0.1, with a port and a password.
    """
    return parts(make_url(database_url))


def _answering_for_its_errors(config: pytest.Config, prepare: Prepare, *, is_from_wheel: bool) -> Prepare:
    """Have what prepares the database named where it fails, as a fixture is."""
    failures = config.stash.get(FIXTURE_FAILURES, None)

    async def prepare_or_fail(url: str) -> None:
        __tracebackhide__ = True
        try:
            await prepare(url)
        except Exception as error:
            if is_from_wheel and re.search(r'extension ".+" is not available', text_of(error)):
                error.add_note(
                    "PostgreSQL from the wheel comes without this extension: "
                    f"set {VARIABLE} to use a server that has it."
                )
            if failures is not None:
                failures.note(error, "prepare_database", prepare)
            raise

    return prepare_or_fail


@pytest.fixture(scope="session")
def isolation(pytestconfig: pytest.Config) -> Isolation:
    """What keeps scenarios apart from each other, and requests from the steps around them."""
    if (found := pytestconfig.stash.get(ISOLATION, None)) is None:
        pytest.fail("This run leaves accord.isolation out: run it without `-p no:accord.isolation`.", pytrace=False)
    return found


@pytest.fixture(scope="session")
def state_guard(pytestconfig: pytest.Config) -> StateGuard:
    """What no test may leave changed: the environment, the clock, logging, and what is added here."""
    # Nothing is compared where the room is left out, and whoever adds to it need not know.
    guard = pytestconfig.stash.get(STATE_GUARD, None)
    return StateGuard(pytestconfig.rootpath) if guard is None else guard
