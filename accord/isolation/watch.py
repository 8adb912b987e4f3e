"""What is seen of the scenario's transactions: which are open, what is sent, and what goes wrong."""

from collections.abc import Callable

from accord.errors import AccordError, UsageError
from accord.isolation.limits import Limits
from accord.isolation.outage import Outage
from accord.isolation.route import Place
from accord.isolation.scenario import Scenario
from accord.isolation.shared_transaction import SharedTransaction
from accord.isolation.statements import read
from accord.isolation.work import Work
from accord.running import SERVED, Running, Served

# From this status on a request is expected to leave nothing.
_FAILED = 400


class Watch:
    """Sees each transaction and each statement, and says what can't be done in a scenario."""

    def __init__(self, scenario: Scenario, running: Running, outage: Outage) -> None:
        self._scenario = scenario
        self._running = running
        self._outage = outage
        self.role: str | None = None
        """The role as which the app's transactions run, if it is another than the run's own."""
        self.observe_sql: Callable[[str], None] | None = None
        self.limits = Limits()
        self._open = dict[Work, None]()
        self._undone: list[Served] = []

    def begin(self) -> None:
        """A scenario begins."""
        self._undone.clear()
        self.forget_open()
        self.limits.begin()

    def forget_open(self) -> None:
        """What is open is rolled back."""
        self._open.clear()

    def work(self, session: dict[str, str]) -> Work:
        """Return what stands for a transaction that begins now."""
        work = Work(self.name, SERVED.get() is not None, session)
        if work.is_of_app and self.role is not None:
            work.local["role"] = self.role
        return work

    @property
    def name(self) -> str:
        """Who sends what is sent now, as messages name it."""
        return self._running.name if (served := SERVED.get()) is None else served.name

    def open_work(self) -> Work | None:
        """Return the transaction in which a step, or a fixture, wrote something that it has not committed."""
        return next((it for it in self._open if it.leaves_rows and not it.is_of_app and not it.is_failed), None)

    def note_begin(self, work: Work) -> None:
        """A transaction has begun."""
        self._open[work] = None

    def note_end(self, work: Work) -> None:
        """It has ended."""
        self._open.pop(work, None)

    def note_rollback(self, work: Work) -> None:
        """What it did is undone."""
        if work.leaves_rows and (served := SERVED.get()) is not None and served.scope:
            self._undone.append(served)

    def uncommitted(self) -> list[str]:
        """Return a sentence on each request that was answered with success, and whose changes were undone."""
        names = [it.name for it in self._undone if it.status is not None and it.status < _FAILED]
        return [
            f"{name} changed the database and did not commit that before it ended: nobody will see it."
            for name in dict.fromkeys(names)
        ]

    def note(self, work: Work, sql: str, place: Place) -> None:
        """A statement is sent. Raises UsageError where nothing would undo what it writes."""
        if isinstance(place, SharedTransaction):
            self.limits.note(work, sql)
        elif self._scenario.is_rolled_back and read(sql).leaves_rows:
            raise self.in_another_thread()
        if self.observe_sql is not None and sql and self._scenario.is_under_way:
            self.observe_sql(sql)

    def note_error(self, error: BaseException, place: Place) -> None:
        """A statement fails."""
        shared = place.connection.physical if isinstance(place, SharedTransaction) else None
        is_cut = shared is not None and shared.connection.is_closed()
        self._outage.note(error, is_cut=is_cut)

    def report(self, error: AccordError, is_raised: bool = True) -> AccordError:
        """Have the scenario fail with this error, whatever the app makes of it; returns it."""
        self._outage.report(error, is_raised=is_raised and SERVED.get() is None)
        return error

    def in_another_thread(self) -> AccordError:
        """Report, and return, the error that says that the scenario's transaction is in another thread."""
        return self.report(
            UsageError(
                f"{self.name} uses the database in another thread, as under TestClient or "
                "asyncio.to_thread, from where the scenario's transaction can't be reached: make the step `async def`, "
                "and send requests by httpx.AsyncClient with `isolation.transport(app)`, or tag it @real_commits."
            )
        )

    def not_on_the_copy(self, by: str) -> AccordError:
        """Report, and return, the error that says that what writes would write into the run's own database."""
        return self.report(
            UsageError(
                f"{self.name} writes to the database by {by}, which was opened before there was the copy of it that "
                "@real_commits makes: request the fixture `db_session`."
            )
        )

    def cannot_take_part(self, by: str) -> AccordError:
        """Report, and return, the error that says that what writes can't take part in the scenario's transaction."""
        return self.report(
            UsageError(
                f"{self.name} writes to the database by {by}, which can't take part in the "
                "scenario's transaction, as an engine on asyncpg does: tag the scenario @real_commits."
            )
        )
