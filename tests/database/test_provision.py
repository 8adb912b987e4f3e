"""Where a run's database comes from, and what happens to it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import platformdirs
import pytest
from sqlalchemy import URL, make_url

from accord.compat.xdist import Worker
from accord.database import provision
from accord.database.embedded import Cluster, cluster
from accord.database.provision import clone, database
from accord.errors import AccordError
from tests.helpers.project import Project
from tests.helpers.servers import at, databases, kill, query

# What may be on for the run that these tests are part of, and is not for those that they start.
OF_THIS_RUN = ("ACCORD_DATABASE_URL", "DATABASE_URL")
CACHE = platformdirs.user_cache_dir()


class Run:
    """A run of pytest whose one test holds its database until it is told to go on."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said = ""

    def url(self) -> str:
        """Wait until the run has its database, and return its URL."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith("postgresql"):
                return line.strip()
        raise AssertionError(f"the run got no database:\n{self.said}")

    def go_on(self) -> None:
        """Let the run end, and see that it passed."""
        self.said += self.process.communicate("\n", timeout=60)[0]
        assert self.process.returncode == 0, self.said

    def end(self, by: signal.Signals) -> None:
        """Send the signal and wait for the end."""
        self.process.send_signal(by)
        self.said += self.process.communicate(timeout=60)[0]


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of one test, which uses a database, run with nothing of this run's environment."""
    for name in OF_THIS_RUN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    if sys.dont_write_bytecode:
        # Else each run would compile all that it imports, which takes longer than the run.
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
        monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp() / "bytecode"))
    project.copy("holding")
    return project


@pytest.fixture
def wheel(project: Project, server: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster that is used here and by the project's runs, where they would use the user's own."""
    monkeypatch.setattr(provision, "cluster", lambda: server)
    project.pytester.makeconftest(
        "from pathlib import Path\n"
        "from accord.database import embedded, provision\n"
        f"provision.cluster = lambda: embedded.Cluster(Path({str(server.directory)!r}), {server.account!r})\n"
    )
    return server


@pytest.fixture
def begin(project: Project) -> Iterator[Callable[[], Run]]:
    """Begin a run of the project."""
    begun: list[Run] = []

    def begin() -> Run:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(Run(process))
        return begun[-1]

    yield begin
    for run in begun:
        if run.process.poll() is None:
            run.end(signal.SIGKILL)


async def deserted(server: URL, name: str | None) -> None:
    """Wait until the server has seen that nobody is connected to the database any more."""
    async with asyncio.timeout(30):
        while await query(server, f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'") != [0]:
            pass


def test_without_an_address_a_run_uses_the_cluster_of_its_user(begin: Callable[[], Run]) -> None:
    run = begin()

    url = make_url(run.url())

    assert Path(str(url.query["host"])).is_relative_to(cluster().directory)
    run.go_on()


@pytest.mark.parametrize("address", [None, ""])
async def test_a_run_without_an_address_gets_postgresql_from_the_wheel(wheel: Cluster, address: str | None) -> None:
    async with database(address) as url:
        assert await query(url, "SELECT current_database()") == [url.database]
        assert await databases(wheel.start()) == {url.database}

    assert not wheel.running()


async def test_runs_at_once_have_a_database_each_and_the_last_stops_the_server(
    wheel: Cluster, begin: Callable[[], Run]
) -> None:
    runs = begin(), begin(), begin()
    names = {make_url(run.url()).database for run in runs}

    assert len(names) == 3
    for run in runs:
        assert await databases(wheel.start()) == names
        names.remove(make_url(run.said.split()[-1]).database)
        run.go_on()
    assert not wheel.running()


async def test_a_database_left_by_a_killed_run_is_removed_by_the_next(wheel: Cluster, begin: Callable[[], Run]) -> None:
    killed = begin()
    left = make_url(killed.url()).database
    killed.end(signal.SIGKILL)
    server = wheel.start()
    assert await databases(server) == {left}
    await deserted(server, left)

    following = begin()
    made = make_url(following.url()).database

    assert await databases(server) == {made}
    following.go_on()
    assert not wheel.running()


def test_an_interrupted_run_stops_the_server_too(wheel: Cluster, begin: Callable[[], Run]) -> None:
    interrupted = begin()
    interrupted.url()

    interrupted.end(signal.SIGINT)

    assert interrupted.process.returncode == pytest.ExitCode.INTERRUPTED
    assert not wheel.running()


async def test_a_server_that_dies_in_mid_run_is_no_more_to_tidy_up_and_the_next_run_starts_it(wheel: Cluster) -> None:
    async with database(None):
        kill(wheel)

    async with database(None) as url:
        assert await databases(wheel.start()) == {url.database}


async def test_a_cluster_that_starts_though_it_is_torn_is_made_anew(wheel: Cluster) -> None:
    wheel.start()
    wheel.stop()
    (wheel.directory / "postgresql-18/data/base/5/pg_filenode.map").unlink()

    async with database(None) as url:
        assert await query(url, "SELECT 1") == [1]


async def test_settings_of_the_shell_for_another_server_are_put_aside(
    wheel: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "PGDATA": "/nowhere",
        "PGDATABASE": "nothing",
        "PGHOST": "nowhere.invalid",
        "PGOPTIONS": "-c fsync=on",
        "PGPASSWORD": "wrong",
        "PGPORT": "1",
        "PGSERVICE": "none",
        "PGSSLMODE": "verify-full",
        "PGSSLNEGOTIATION": "direct",
        "PGTARGETSESSIONATTRS": "standby",
        "PGUSER": "nobody",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    async with database(None) as url:
        assert await query(url, "SELECT 1") == [1]

    assert settings.items() <= os.environ.items()


async def test_a_database_is_made_beside_one_that_does_not_exist_and_removed(provided: URL) -> None:
    before = await databases(provided)

    async with database(at(provided, "fresh_test")) as url:
        assert re.fullmatch("fresh_[0-9a-f]{16}_test", url.database or "")
        assert await databases(provided) == before | {url.database}
        await query(url, "CREATE TABLE tasks ()")

    assert await databases(provided) == before


async def test_a_database_that_exists_stays(provided: URL) -> None:
    await query(provided, "CREATE DATABASE mine_test")

    async with database(at(provided, "mine_test")) as url:
        await query(url, "CREATE TABLE tasks ()")

    assert await query(provided.set(database="mine_test"), "SELECT count(*) FROM tasks") == [0]


async def test_an_address_without_a_driver_is_given_one(provided: URL) -> None:
    async with database(at(provided.set(drivername="postgresql"), "plain_test")) as url:
        assert url.drivername == "postgresql+asyncpg"
        assert await query(url, "SELECT current_database()") == [url.database]


async def test_at_an_address_too_a_database_left_by_a_killed_run_is_removed_by_the_next(
    provided: URL, begin: Callable[[], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "left_test"))
    killed = begin()
    left = make_url(killed.url()).database
    killed.end(signal.SIGKILL)
    await deserted(provided, left)
    assert left in await databases(provided)

    async with database(at(provided, "next_test")):
        assert left not in await databases(provided)


async def test_runs_at_once_at_one_address_have_a_database_each(provided: URL) -> None:
    async with database(at(provided, "one_test")) as one, database(at(provided, "one_test")) as two:
        assert one.database != two.database
        assert {one.database, two.database} <= await databases(provided)


async def test_a_copy_has_what_the_database_has_and_is_removed_at_the_end(provided: URL) -> None:
    async with database(at(provided, "original_test")) as url:
        await query(url, "CREATE TABLE notes AS SELECT 'milk' AS text")
        async with clone(url) as copy:
            assert await query(copy, "SELECT text FROM notes") == ["milk"]
            await query(copy, "DROP TABLE notes")
        assert await query(url, "SELECT text FROM notes") == ["milk"]
        assert await databases(provided) & {copy.database, url.database} == {url.database}


async def test_a_database_of_the_users_can_be_copied(provided: URL) -> None:
    await query(provided, "CREATE DATABASE kept_test")
    async with database(at(provided, "kept_test")) as url, clone(url) as copy:
        assert await query(copy, "SELECT 1") == [1]
    assert "kept_test" in await databases(provided)
    await query(provided, "DROP DATABASE kept_test")


async def test_a_database_with_a_long_name_can_be_copied(provided: URL) -> None:
    async with database(at(provided, f"{'ä' * 28}_test")) as url, clone(url) as copy:
        assert await query(copy, "SELECT current_database()::text") == [copy.database]


async def test_a_database_that_someone_is_connected_to_cannot_be_copied(provided: URL) -> None:
    async with database(at(provided, "open_test")) as url:
        someone = await asyncpg.connect(at(provided.set(drivername="postgresql"), url.database or ""))
        with pytest.raises(AccordError, match=r'"open_.*_test" cannot be copied .* while someone is connected to it'):
            async with clone(url):
                pass
        await someone.close()


async def test_each_worker_gets_a_database_beside_the_one_that_is_named(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))

    result = project.run_process("-n", "2", "--dist", "each")

    result.assert_outcomes(passed=2)
    used = sorted(path.name for path in project.path.glob("shop*"))
    assert [name[:9] + name[-5:] for name in used] == ["shop_gw0__test", "shop_gw1__test"]
    assert not {name for name in await databases(provided) if name.startswith("shop")}


@pytest.mark.parametrize("arguments", [[], ["-n", "3", "--dist", "each"]], ids=["alone", "workers"])
async def test_what_is_prepared_is_made_once_and_each_worker_gets_a_copy(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    project.copy("shelves")

    result = project.run_process(*arguments)

    result.assert_outcomes(passed=3 if arguments else 1)
    assert project.path.joinpath("prepared").read_text(encoding="utf-8") == "once\n"
    assert not {name for name in await databases(provided) if name.startswith(("shop", "accord_template"))}


def test_workers_get_copies_of_what_was_prepared_though_its_connections_were_left_open(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    project.copy("shelves")
    project.change("conftest.py", "await engine.dispose()", "engines.append(engine)")
    project.change("conftest.py", "@pytest.fixture", "engines = []\n\n\n@pytest.fixture")

    project.run_process("-n", "2", "--dist", "each").assert_outcomes(passed=2)


async def test_a_run_that_a_worker_starts_has_a_database_of_its_own(
    provided: URL, begin: Callable[[], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await databases(provided)
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "run")
    run = begin()
    own = make_url(run.url()).database
    # A worker also has the one that it copies.
    assert set(await databases(provided)) - set(before) == {own}
    run.go_on()


async def test_what_a_killed_worker_prepared_is_made_again_for_the_one_that_takes_its_place(
    provided: URL, project: Project, begin: Callable[[], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await databases(provided)
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    project.pytester.makeconftest(
        "def pytest_configure(config):\n    config.workerinput = {'workerid': 'gw0', 'testrunuid': 'run'}\n"
    )
    killed = begin()
    left = make_url(killed.url()).database
    killed.end(signal.SIGKILL)
    await deserted(provided, left)

    async def prepare(url: str) -> None:
        await query(make_url(url), "CREATE TABLE prepared_anew ()")

    async with database(at(provided, "shop_test"), Worker("gw1", "run"), prepare) as url:
        assert await query(url, "SELECT to_regclass('prepared_anew') IS NOT NULL") == [True]

    assert await databases(provided) == before


async def test_what_is_prepared_is_made_in_a_database_that_is_there(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    await query(provided, "CREATE DATABASE shop_test")
    project.copy("shelves")

    try:
        project.run_process().assert_outcomes(passed=1)
        assert await query(provided.set(database="shop_test"), "SELECT number FROM shelves") == [1]
    finally:
        await query(provided, "DROP DATABASE shop_test")


async def test_a_database_in_which_nothing_could_be_prepared_is_removed(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    project.copy("shelves")
    project.change("conftest.py", "CREATE TABLE shelves AS SELECT 1 AS number", "CREATE nonsense")

    for arguments in ([], ["-n", "2", "--dist", "each"]):
        project.run_process(*arguments).stdout.fnmatch_lines(["*syntax error at or near*nonsense*"])
        assert not {name for name in await databases(provided) if name.startswith(("shop", "accord_template"))}


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["alone", "worker"])
async def test_a_run_that_loses_its_database_stops_and_says_so(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "lost_test"))
    project.copy("losing")
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    before = await databases(provided)

    result = project.run_process(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines(
        [r'.*This run has lost the database "lost_.*_test": the connection that held it was cut']
    )
    [left] = await databases(provided) - before
    async with database(at(provided, "next_test")):
        assert left not in await databases(provided)


@pytest.mark.parametrize(
    ("name", "options"),
    [("shop", []), ("shop_test", []), ("shop_test", ["-n", "2"])],
    ids=["name", "password", "password, with workers"],
)
def test_a_run_that_cannot_begin_ends_with_one_line_and_as_a_usage_error(
    provided: URL, project: Project, monkeypatch: pytest.MonkeyPatch, name: str, options: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, name, "postgres", "guessed"))

    result = project.run_process(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = result.stdout.str() + result.stderr.str()
    assert "Traceback" not in output
    assert "guessed" not in output
    assert [line for line in output.splitlines() if "DATABASE_URL" in line] == [result.outlines[-1]]
