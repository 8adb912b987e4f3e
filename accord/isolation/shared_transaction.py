"""The scenario's one transaction, in which each transaction of the app is a savepoint, and who waits for whom in it.

One that only reads needs no savepoint. While one has written and not ended, another waits, unless it began inside that
one (a context variable knows, which tasks inherit): there it nests. What ends a scenario is sent with what begins the
next.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import asyncpg

from accord.errors import AccordError, DeadlockError, UsageError
from accord.isolation.journal import Journal
from accord.isolation.physical import PhysicalConnection
from accord.isolation.savepoints import CrosswiseError, Savepoints
from accord.isolation.scenario_connection import ScenarioConnection, to_its_end
from accord.isolation.statements import Statement, settings_of
from accord.isolation.work import Work

# How long a transaction waits for another one that does not end.
PATIENCE_SECONDS = 4

T = TypeVar("T")
# The transactions inside which the code runs.
_AROUND: ContextVar[tuple[Work, ...]] = ContextVar("_AROUND", default=())


class SharedTransaction:
    """Carries out one statement after another, whoever sends them, where its transaction is.

    `report` has the scenario fail with an error, whatever the app makes of it, and returns it; it takes whether
    that is raised, too.
    """

    def __init__(self, connection: ScenarioConnection, report: Callable[[AccordError, bool], AccordError]) -> None:
        self.connection = connection
        self._report = report
        self._waiting: list[asyncio.Future[None]] = []
        self._journal = Journal()
        self.begin()

    def begin(self) -> None:
        """A scenario begins."""
        self.connection.begin()
        self._scenario = object()
        self._savepoints = Savepoints()
        self._journal.clear()
        self._wake()

    # One statement.

    async def prepare(self, work: Work, sql: str, statement: Statement) -> Any:
        """Return the statement as the server has prepared it. Raises what `run` raises."""
        self._enter(work, statement)
        if (known := self._known(work, sql)) is not None:
            return known
        lock = await self._acquire(work)
        try:
            return await self._watched(work, self._prepare(work, sql, statement))
        finally:
            lock.release()

    def _known(self, work: Work, sql: str) -> Any:
        physical = self.connection.physical
        if not self.connection.is_begun or physical is None or physical.connection.is_closed():
            return None
        return physical.known(sql, work.setting("search_path"))

    async def _prepare(self, work: Work, sql: str, statement: Statement) -> Any:
        return await (await self._ready(work, statement)).prepared(sql)

    async def run(
        self,
        work: Work,
        statement: Statement,
        call: Callable[[PhysicalConnection], Awaitable[T]],
        arguments: tuple[object, ...] = (),
    ) -> T:
        """Carry out a statement where its transaction is.

        Raises what PostgreSQL raises, DeadlockError where another transaction does not end for four seconds, and
        UsageError for what is not possible within a transaction, or on one connection.
        """
        self._enter(work, statement)
        lock = await self._acquire(work)
        try:
            return await self._watched(work, self._run(work, statement, call, arguments))
        finally:
            lock.release()

    async def _run(
        self,
        work: Work,
        statement: Statement,
        call: Callable[[PhysicalConnection], Awaitable[T]],
        arguments: tuple[object, ...],
    ) -> T:
        physical = await self._ready(work, statement)
        names, is_local = settings_of(statement, arguments) if statement.settings else ([], False)
        if names:
            await self.connection.settings.learn(physical.connection, names)
        changes = not statement.reads or self.connection.catalog.writes(statement)
        is_undone_with_another = changes and self._savepoints.is_inside(work)
        if is_undone_with_another:
            await to_its_end(self._journal.begin(work, physical.connection))
        result = await call(physical)
        if names:
            await self.connection.settings.note(physical.connection, work, names, is_local=is_local)
        undone = self._note(work, statement)
        if is_undone_with_another:
            self._journal.note(work, call, result)
        if undone:
            await self._restore(work, undone)
        return result

    def _enter(self, work: Work, statement: Statement) -> None:
        if work.scenario is not self._scenario:
            # Also one that was left from the last scenario, with which all that it did was rolled back.
            work.scenario, work.is_failed, work.leaves_rows = self._scenario, False, False
            work.at_commit.clear()
            _AROUND.set((*(it for it in _AROUND.get() if it.scenario is self._scenario), work))
        verb, name = statement.savepoint or (None, "")
        if work.is_failed and verb != "ROLLBACK":
            raise asyncpg.InFailedSQLTransactionError(
                "current transaction is aborted, commands ignored until end of transaction block"
            )
        if verb in ("RELEASE", "ROLLBACK"):
            try:
                is_there = self._savepoints.check(work, verb, name)
            except CrosswiseError as error:
                raise self._report(self._crosswise(work, error.other), True) from None
            if not is_there:
                self._fail(work)
                raise asyncpg.InvalidSavepointSpecificationError(f'savepoint "{name}" does not exist')

    async def _acquire(self, work: Work) -> asyncio.Lock:
        """Wait until the connection is free, and no other transaction has written and not ended."""
        if self.connection.loop is not (loop := asyncio.get_running_loop()):
            self._move_to(loop, work)
        while True:
            if (other := self._in_the_way(work)) is None:
                lock = self.connection.lock
                await lock.acquire()
                if (other := self._in_the_way(work)) is None:
                    return lock
                lock.release()
            waiter = loop.create_future()
            self._waiting.append(waiter)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await waiter
            except TimeoutError:
                raise self._report(
                    DeadlockError(
                        f"{work.name} waits for {other.name}, which has not ended for {PATIENCE_SECONDS} seconds what "
                        "it began to write, and a scenario has one connection to the database: tag it @real_commits "
                        "if one needs the other."
                    ),
                    True,
                ) from None
            finally:
                self._waiting.remove(waiter)

    def _in_the_way(self, work: Work) -> Work | None:
        for owner in self._savepoints.owners():
            if owner is not work and owner not in _AROUND.get():
                return owner
        return None

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _move_to(self, loop: asyncio.AbstractEventLoop, work: Work) -> None:
        if self.connection.is_begun:
            raise self._report(
                UsageError(
                    f"{work.name} uses the database on another event loop than the scenario began on, from where its "
                    "transaction can't be reached: have all of it on one event loop, or tag it @real_commits."
                ),
                True,
            )
        self.connection.move_to(loop)

    async def _ready(self, work: Work, statement: Statement) -> PhysicalConnection:
        """Send what has to come before the statement, in one go, and return the connection."""
        physical = await self.connection.begun()
        before = self._savepoints.take_pending()
        asks_catalog = bool(statement.calls) and self.connection.catalog.is_stale
        unknown = self.connection.settings.unknown(work)
        if asks_catalog or unknown or not physical.uses(work.codecs):
            await self.connection.send(*before)
            await to_its_end(self._learn(physical, work, unknown, asks_catalog=asks_catalog))
            before = []
        writes = not statement.reads or work.readonly or self.connection.catalog.writes(statement)
        if self._savepoints.needs_one(work, writes=writes):
            before += self._savepoints.place(work)
            if work.readonly:
                before.append("SET LOCAL transaction_read_only = on")
        before += self.connection.settings.changes_for(work)
        await self.connection.send(*before)
        physical.search_path = work.setting("search_path")
        return physical

    async def _learn(self, physical: PhysicalConnection, work: Work, names: list[str], *, asks_catalog: bool) -> None:
        """Ask what has to be known before a statement is sent."""
        if asks_catalog:
            await self.connection.catalog.ask(physical.connection)
        await physical.use_codecs(work.codecs)
        await self.connection.settings.learn(physical.connection, names)

    async def _watched(self, work: Work, result: Awaitable[T]) -> T:
        try:
            return await result
        except asyncpg.ActiveSQLTransactionError as error:
            self._fail(work)
            raise self._report(
                UsageError(
                    f"{work.name} sent a statement that PostgreSQL carries out in no transaction ({error.message}), "
                    "and a scenario is one: tag it @real_commits."
                ),
                True,
            ) from error
        except (asyncpg.PostgresError, asyncio.CancelledError, TimeoutError) as error:
            # Of one that was cancelled, or took too long, nobody knows whether it was carried out.
            self._fail(work, is_certain=isinstance(error, asyncpg.PostgresError))
            raise

    def _fail(self, work: Work, *, is_certain: bool = True) -> None:
        self._savepoints.fail(work, is_certain=is_certain)
        self.connection.settings.doubt()
        self._wake()

    def _note(self, work: Work, statement: Statement) -> list[Work]:
        undone = []
        if statement.savepoint is not None:
            undone = self._savepoints.note(work, *statement.savepoint)
            if statement.savepoint[0] == "ROLLBACK":
                self.connection.settings.doubt()
                self.connection.schema_rolled_back()
        if statement.leaves_rows or self.connection.catalog.writes(statement):
            work.leaves_rows = True
        if statement.at_commit is not None:
            work.at_commit.append(statement.at_commit)
        if statement.changes_schema:
            self.connection.schema_changed()
        return undone

    # The end of a transaction.

    async def commit(self, work: Work) -> None:
        """End a transaction, whose work others see then.

        Raises what PostgreSQL raises at a commit, where constraints are deferred.
        """
        if work.scenario is not self._scenario:
            return
        if work.is_failed or work.readonly:
            # As PostgreSQL answers the COMMIT of a transaction that has failed.
            await self.rollback(work)
            return
        if work.leaves_rows and self._savepoints.has_any(work):
            try:
                await self._before_commit(work)
            except BaseException:
                self.abandon(work)
                raise
        if work.local:
            self.connection.settings.doubt()
        work.session.update(work.changed)
        self._savepoints.commit(work)
        self._leave(work)
        self._forget_undoable()

    async def _before_commit(self, work: Work) -> None:
        """Do what PostgreSQL does at a commit."""
        lock = await self._acquire(work)
        try:
            physical = self.connection.physical
            assert physical is not None, "what has written was sent there"
            if self.connection.catalog.is_stale:
                await self.connection.send(*self._savepoints.take_pending())
                await to_its_end(self.connection.catalog.ask(physical.connection))
            if sent := [*self.connection.catalog.at_commit(), *work.at_commit]:
                await self.connection.send(*self._savepoints.take_pending(), *sent)
        finally:
            lock.release()

    async def rollback(self, work: Work) -> None:
        """End a transaction, whose work is undone.

        The scenario fails where that of another is undone with it, and can't be done again as it was.
        """
        undone = self._undo(work)
        if undone:
            lock = await self._acquire(work)
            try:
                await self._restore(work, undone)
            finally:
                lock.release()
        self._forget_undoable()

    def abandon(self, work: Work) -> None:
        """Undo a transaction that nobody ends."""
        if undone := self._undo(work):
            self._report(self._crosswise(work, undone[0]), False)
        self._forget_undoable()

    def _forget_undoable(self) -> None:
        if not self._savepoints.owners():
            self._journal.clear()

    def _undo(self, work: Work) -> list[Work]:
        if work.scenario is not self._scenario:
            return []
        if self._savepoints.has_any(work):
            self.connection.settings.doubt()
            self.connection.schema_rolled_back()
        try:
            return self._savepoints.rollback(work)
        except CrosswiseError as error:
            # Raised here, it would keep SQLAlchemy from giving the connection back.
            self._report(self._crosswise(work, error.other), False)
            return []
        finally:
            self._leave(work)

    async def _restore(self, work: Work, undone: list[Work]) -> None:
        """Do again what transactions had committed inside one that is rolled back."""
        physical = self.connection.physical
        assert physical is not None, "what has written was sent there"

        async def become(other: Work) -> None:
            await physical.use_codecs(other.codecs)
            await self.connection.send(*self.connection.settings.changes_for(other))
            physical.search_path = other.setting("search_path")

        await self.connection.send(*self._savepoints.take_pending(), "SAVEPOINT accord_again")
        try:
            is_as_before = await self._journal.repeat(undone, physical, become)
        except asyncpg.PostgresError:
            is_as_before = False
        self.connection.settings.doubt()
        if not is_as_before:
            await self.connection.send("ROLLBACK TO accord_again", "RELEASE accord_again")
            self._report(self._crosswise(work, undone[0]), False)
            return
        await self.connection.send("RELEASE accord_again")
        self._savepoints.adopt(undone)

    def _leave(self, work: Work) -> None:
        work.scenario = None
        if work in _AROUND.get():
            _AROUND.set(tuple(it for it in _AROUND.get() if it is not work))
        self._wake()

    def _crosswise(self, work: Work, other: Work) -> AccordError:
        return UsageError(
            f"{work.name} undoes what it wrote, and with it would go what {other.name} wrote meanwhile in a "
            "transaction of its own, which in production stays: a scenario has one connection to the database. "
            "Tag it @real_commits."
        )
