"""The PostgreSQL server that all runs of a user share, and servers of the benchmarks' own beside it."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

HOLDING = Path(__file__).with_name("holding")
MEMORY = "/dev/shm"
SETTINGS = """
SELECT name, setting FROM pg_settings
WHERE source = 'command line' AND name NOT IN ('config_file', 'data_directory', 'port', 'unix_socket_directories')
"""


class Wheel:
    """PostgreSQL from the wheel, which runs while a run uses it: here one that does nothing else."""

    def __init__(self) -> None:
        self._run: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Have the server run until it is to stop."""
        if self._run is None:
            self.url()

    def url(self) -> URL:
        """Have the server run, and return the address of a database there that is empty."""
        self.close()
        self._run = subprocess.Popen(
            [sys.executable, "-m", "pytest", str(HOLDING), "-c", str(HOLDING / "pytest.ini")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"ACCORD_DATABASE_URL": ""},
        )
        assert self._run.stdout
        return next(make_url(line.strip()) for line in self._run.stdout if line.startswith("postgresql"))

    def close(self) -> None:
        """Have the server stop, unless others use it."""
        if self._run is not None:
            self._run.communicate()
            self._run = None


@contextmanager
def wheel() -> Iterator[URL]:
    """Yield the address of an empty database on PostgreSQL from the wheel, which runs all the while."""
    with closing(Wheel()) as server:
        yield server.url()


def query(url: URL, statement: str) -> list[Any]:
    """Return the rows that a statement gives, if it gives some."""

    async def ask() -> list[Any]:
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            result = await connection.exec_driver_sql(statement)
            rows = list(result) if result.returns_rows else []
        await engine.dispose()
        return rows

    return asyncio.run(ask())


@contextmanager
def server(directory: Path) -> Iterator[URL]:
    """Yield the address of a server whose data is in `directory`: programs, account and settings are the wheel's."""
    with wheel() as shared:
        [(programs,)] = query(shared, "SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        [(data,)] = query(shared, "SHOW data_directory")
        settings = [f"-c {name}='{setting}'" for name, setting in query(shared, SETTINGS)]
    status = os.stat(data)
    os.chown(directory, status.st_uid, status.st_gid)
    # PostgreSQL refuses to run as root.
    rights: dict[str, Any] = {}
    if os.geteuid() == 0:
        rights = {"user": status.st_uid, "group": status.st_gid, "extra_groups": [], "cwd": directory}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [f"{programs}/{program}", "-D", f"{directory}/data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            **rights,
        )

    run("initdb", "--no-sync", "--username=postgres", "--auth=trust", "--locale-provider=builtin", "--locale=C.UTF-8")
    sockets = f"-c listen_addresses='' -c unix_socket_directories='{directory}'"
    run("pg_ctl", "-w", "-l", f"{directory}/log", "-o", " ".join([*settings, sockets]), "start")
    try:
        yield URL.create("postgresql+asyncpg", "postgres", database="postgres", query={"host": str(directory)})
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")


@contextmanager
def server_in_memory() -> Iterator[URL]:
    """Yield the address of a server whose data is in memory: there a file costs as little as it can."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, server(Path(name)) as url:
        yield url
