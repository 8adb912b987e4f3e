"""The run's databases, at the address that counts for it: prepared, with all engines led there, removed at the end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from accord.compat.xdist import worker_of
from accord.database import provision
from accord.database.address import beside, connect, rendered
from accord.database.given import VARIABLE, given_in, given_to
from accord.database.provision import Prepare
from accord.isolation import policies
from accord.isolation.isolation import Isolation
from accord.running import RUNNING


@asynccontextmanager
async def prepared(config: pytest.Config, isolation: Isolation, prepare: Prepare) -> AsyncIterator[str]:
    """Yield the URL of the run's database, or of this worker's copy of it.

    Raises PreparationError where `prepare` fails, and other AccordErrors where there is no database to prepare.
    """
    server, worker = given_to(config), worker_of(config)
    sandbox, running = isolation.sandbox, config.stash[RUNNING]
    if config.option.verbose > 0:
        sandbox.engines.tell = running.notices.append
    provide = partial(
        provision.database,
        lost=isolation.lose,
        tcp=config.getini("accord_postgres_tcp"),
        postgres=_postgres(config),
        notice=running.notices.append,
    )
    address = server.address if server else None
    with given_in(server.source if server else VARIABLE):
        async with AsyncExitStack() as stack:
            others = {
                name: await stack.enter_async_context(provide(beside(address, name)))
                for name in config.getini("accord_databases")
            }
            # What is prepared in several databases at once is copied from none.
            url = await stack.enter_async_context(
                provide(address, None if others else worker, sandbox.led(prepare, others))
            )
            await stack.enter_async_context(isolation.outage.watch(url))
            sandbox.watch.role = config.getini("accord_role") or None
            connection = await connect(url)
            try:
                isolation.observe_database(f"PostgreSQL {connection.get_settings().server_version}")
                ignored = await policies.check(connection, url, sandbox.watch.role)
            finally:
                await connection.close()
            if ignored is not None:
                running.notices.append(ignored)
            with sandbox.leading_to(url, others):
                yield rendered(url)
                await sandbox.close()


def _postgres(config: pytest.Config) -> Path | None:
    """Return the directory of the PostgreSQL that the configuration names; a relative one is below the root."""
    directory = config.getini("accord_postgres")
    return config.rootpath / Path(directory).expanduser() if directory else None
