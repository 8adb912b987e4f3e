"""The fixtures that come with Accord: database_url > setup_db > db_session > client, and what they are made of.

A conftest gives one, `app`, and may build on each of the others, or override it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from accord import extras
from accord.basics.failures import named, own_traceback
from accord.compat.pytest import give_way
from accord.database.installations import missing_extension
from accord.errors import AccordError, PreparationError, UsageError
from accord.guards.guard import STATE_GUARD, StateGuard
from accord.isolation.isolation import ISOLATION, Isolation
from accord.isolation.lifespan import lifespan
from accord.recording.attaching import Attach, attach_to
from accord.recording.recorder import RECORDER
from accord.recording.redaction.redaction import REDACTION
from accord.running import RUNNING, stop_run
from accord.steps.unawaited import UNAWAITED

if TYPE_CHECKING:
    import httpx
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from accord.contract.check import Contract
    from accord.database.address import DatabaseParts
    from accord.database.provision import Prepare


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave the names of these fixtures to other plugins that have them, as pytest-django has `client`."""
    give_way(session, __name__)


@pytest.fixture(scope="session")
def app(pytestconfig: pytest.Config) -> Any:
    """The app that all requests go to: a conftest gives it, FastAPI's or any other of ASGI."""
    stop_run(
        pytestconfig,
        "Accord does not know your app: write a fixture named app into conftest.py, with "
        '@pytest.fixture(scope="session"), that returns it.',
    )


@pytest.fixture(scope="session")
def prepare_database(pytestconfig: pytest.Config) -> Prepare | None:
    """What makes the tables, once a run, in the database at an address.

    By itself it runs Alembic's migrations, where they are found below pytest's root: by an `alembic.ini`, or by
    `[tool.alembic]` in a `pyproject.toml`. Otherwise it makes none. Several of those stop the run.
    """
    if not _has_database(pytestconfig):
        return None
    from accord.database import migrations, provision

    try:
        file = migrations.find(pytestconfig.rootpath)
    except UsageError as error:
        stop_run(pytestconfig, str(error))
    return provision.leave_empty if file is None else migrations.migrations(file)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_url(
    pytestconfig: pytest.Config, isolation: Isolation, prepare_database: Prepare | None
) -> AsyncIterator[str | None]:
    """The URL of a database for this run, prepared: at the address that was given, else on PostgreSQL from the wheel.

    The address is that of `--accord-database-url`, else of ACCORD_DATABASE_URL, else of DATABASE_URL; the first that is
    set counts, and one that is empty means PostgreSQL from the wheel.
    Each worker of pytest-xdist has a copy of its own. None where nothing is installed by which an app may reach one.

    On PostgreSQL from the wheel there is no `%` in the URL, so that Alembic's `config.set_main_option` takes it. In the
    URL of a server of your own, what a user or a password has of `@ : / %` and the like stays percent-encoded, and
    `set_main_option` wants each `%` doubled: `database_url.replace("%", "%%")`.
    """
    if prepare_database is None:
        yield None
        return
    from accord.isolation.prepared import prepared

    try:
        async with prepared(pytestconfig, isolation, prepare_database) as url:
            yield url
    except PreparationError as error:
        _stop_unprepared(pytestconfig, error)
    except AccordError as error:
        stop_run(pytestconfig, str(error))


def _has_database(config: pytest.Config) -> bool:
    """Return whether there is what a run's database takes; stops a run whose app may have another one without it."""
    if not extras.missing("postgres"):
        return True
    if (driver := extras.driver()) is not None:
        stop_run(
            config,
            f"Your app may reach a database by {driver}, and nothing would keep scenarios apart there: pip install "
            '"accord[postgres]", or have setup_db and db_session return None in conftest.py if it has no database.',
        )
    return False


def _stop_unprepared(config: pytest.Config, failed: PreparationError) -> NoReturn:
    """End the run, since what prepares its database failed: with the sentence of its error, or one and a traceback."""
    error = failed.__cause__ or failed
    if isinstance(error, AccordError):
        stop_run(config, str(error))
    place, details = own_traceback(error, config.rootpath)
    where = f" ({place})" if place else ""
    remedy = str(failed) or "correct that"
    if not str(failed) and (extension := missing_extension(error)):
        remedy = f"have {extension} installed on that server"
    if isinstance(error, RuntimeError) and "asyncio.run() cannot be called" in str(error):
        remedy = 'have prepare_database return accord.migrations("alembic.ini"), which runs an async env.py in a thread'
    redacted = config.stash[REDACTION].text
    stop_run(
        config,
        redacted(f"The run's database cannot be prepared{where}: {named(error)}: {remedy.rstrip('.')}."),
        redacted(details),
    )


@pytest.fixture(scope="session")
def database_parts(database_url: str) -> DatabaseParts:
    """The parts of `database_url`, for settings that are split: host, port, user, password and name.

    The host of PostgreSQL from the wheel is the directory of its socket; with `accord_postgres_tcp = true` in pytest's
    configuration it is 127.0.0.1, with a port and a password.
    """
    from sqlalchemy import make_url

    from accord.database.address import parts

    return parts(make_url(database_url))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def setup_db(database_url: str | None) -> AsyncIterator[AsyncEngine | None]:
    """The engine of the run's database, which has its tables; None without a database."""
    if database_url is None:
        yield None
        return
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def db_session(setup_db: AsyncEngine | None, isolation: Isolation) -> AsyncIterator[AsyncSession | None]:
    """The scenario's session: what it changes, and what the app does, is rolled back, whatever was committed.

    None without a database.
    """
    if setup_db is None:
        yield None
        return
    async with isolation.session(setup_db) as session:
        yield session


@pytest.fixture(scope="session")
def contract(app: Any, pytestconfig: pytest.Config) -> Contract | None:
    """What the app's OpenAPI document says of each response; none where the app has no such document."""
    if not hasattr(app, "openapi"):
        return None
    _check_extra(pytestconfig, "contract")
    from accord.contract.check import Contract

    return Contract(app.openapi())


def _check_extra(config: pytest.Config, fixture: str) -> None:
    try:
        extras.check("fastapi", f"The fixture {fixture}")
    except UsageError as error:
        stop_run(config, str(error))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def transport(
    app: Any, setup_db: AsyncEngine | None, isolation: Isolation, contract: Contract | None, pytestconfig: pytest.Config
) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """The way to the app, which runs in this process, and is started up once, as in production."""
    _check_extra(pytestconfig, "transport")
    if not callable(app):
        stop_run(
            pytestconfig,
            f"The fixture app returned {app!r}, which is not an app: correct it in conftest.py, as with `return app`.",
        )
    async with lifespan(app) as started:
        yield isolation.transport(
            started,
            contract,
            client=_client_address(pytestconfig),
            raise_server_exceptions=pytestconfig.getini("accord_raise_server_exceptions"),
        )


def _base_url(config: pytest.Config) -> str:
    """Return the address that requests name; stops the run where the setting is none."""
    setting: str = config.getini("accord_base_url")
    parts = urlsplit(setting)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        stop_run(config, f"accord_base_url is {setting!r}, which is not an address: write it as http://localhost.")
    return setting


def _client_address(config: pytest.Config) -> tuple[str, int]:
    """Return the host and the port from which requests come; stops the run where the setting has no such two."""
    setting = config.getini("accord_client")
    try:
        parts = urlsplit(f"//{setting}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None:
        stop_run(config, f"accord_client is {setting!r}, which is no host and port: write it as 203.0.113.7:4242.")
    return host, port


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    transport: httpx.AsyncBaseTransport, db_session: AsyncSession | None, pytestconfig: pytest.Config
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the app, whose requests see what `db_session` has committed."""
    import httpx

    async with httpx.AsyncClient(transport=transport, base_url=_base_url(pytestconfig)) as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session_loop(pytestconfig: pytest.Config) -> AsyncIterator[asyncio.AbstractEventLoop]:
    """The event loop of the whole run, on which async steps and fixtures run."""
    running, loop = pytestconfig.stash[RUNNING], asyncio.get_running_loop()
    running.loop = loop
    if (unawaited := pytestconfig.stash.get(UNAWAITED, None)) is None:
        yield loop
    else:
        with unawaited.listening(loop):
            yield loop
    running.loop = None


@pytest.fixture
def attach(pytestconfig: pytest.Config) -> Attach:
    """Attach something to the step that runs: `attach("text")`, `attach({"a": 1})`, `attach(png, name="screen")`.

    It is in the messages file, and can be opened in the document. Secrets are hidden in text and JSON.
    """
    return attach_to(pytestconfig.stash.get(RECORDER, None))


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
