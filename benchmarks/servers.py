"""PostgreSQL servers of the benchmarks' own, beside the one that all runs of a user share."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from accord.database.embedded import Cluster, cluster

MEMORY = "/dev/shm"


@contextmanager
def server(home: Path) -> Iterator[URL]:
    """Yield the address of a server whose data is in `home`, which its account can enter."""
    own = Cluster(home, cluster().account)
    try:
        yield own.start()
    finally:
        own.stop()


@contextmanager
def server_in_memory() -> Iterator[URL]:
    """Yield the address of a server whose data is in memory: there a file costs as little as it can."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        directory = Path(name)
        directory.chmod(0o755)
        with server(directory) as url:
            yield url
