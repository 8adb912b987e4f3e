"""Where a run's database comes from, what happens to it, and how a run is refused one."""

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

from accord.database import provision
from accord.database.embedded import Cluster, cluster
from accord.database.provision import Worker, clone, database
from accord.errors import AccordError
from tests.helpers.servers import at, databases, kill, query

# What may be on for the run that these tests are part of, and is not for those that they start.
OF_THIS_RUN = ("DATABASE_URL", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
CACHE = platformdirs.user_cache_dir()

SETTINGS = """
[pytest]
addopts = -p no:schemathesis
asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
filterwarnings = error
"""
HOLDING = """
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

@pytest.fixture
async def connected(database_url):
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        name = await connection.scalar(text("SELECT current_database()"))
    await engine.dispose()
    Path(name).touch()
    return database_url

def test_holds_its_database_until_told(connected):
    print("", connected, sep="\\n", flush=True)
    sys.__stdin__.readline()
"""


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


WORKER = Worker("gw0", "run")
PREPARING = """
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture(scope="session")
def prepare_database():
    async def prepare(url):
        with Path("prepared").open("a") as file:
            file.write("once\\n")
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE shelves AS SELECT 1 AS number"))
        await engine.dispose()

    return prepare
"""
SHELVES = """
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def test_shelves(database_url):
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO shelves VALUES (2)"))
        numbers = list(await connection.scalars(text("SELECT number FROM shelves")))
    await engine.dispose()
    assert numbers == [1, 2]
"""


@pytest.fixture
def project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> pytest.Pytester:
    """A project of one test, which uses a database, run with nothing of this run's environment."""
    for name in OF_THIS_RUN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    if sys.dont_write_bytecode:
        # Else each run would compile all that it imports, which takes longer than the run.
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
        monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp() / "bytecode"))
    pytester.makefile(".ini", pytest=SETTINGS)
    pytester.makepyfile(test_holding=HOLDING)
    return pytester


@pytest.fixture
def wheel(project: pytest.Pytester, server: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster that is used here and by the project's runs, where they would use the user's own."""
    monkeypatch.setattr(provision, "cluster", lambda: server)
    project.makeconftest(
        "from pathlib import Path\n"
        "from accord.database import embedded, provision\n"
        f"provision.cluster = lambda: embedded.Cluster(Path({str(server.home)!r}), {server.account!r})\n"
    )
    return server


@pytest.fixture
def begin(project: pytest.Pytester) -> Iterator[Callable[[], Run]]:
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


async def refusal(address: str, worker: Worker | None = None) -> str:
    """Return the sentence with which the address is refused, and see that it is one."""
    with pytest.raises(AccordError) as refused:
        async with database(address, worker):
            pass
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


async def deserted(server: URL, name: str | None) -> None:
    """Wait until the server has seen that nobody is connected to the database any more."""
    async with asyncio.timeout(30):
        while await query(server, f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'") != [0]:
            pass


def test_without_an_address_a_run_uses_the_cluster_of_its_user(begin: Callable[[], Run]) -> None:
    run = begin()

    url = make_url(run.url())

    assert Path(str(url.query["host"])).is_relative_to(cluster().home)
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
    (wheel.home / "postgresql-18/data/base/5/pg_filenode.map").unlink()

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


async def test_a_cache_directory_that_cannot_be_made_is_said(
    tmp_path: Path, lasting: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = tmp_path / "occupied"
    occupied.touch()
    monkeypatch.setattr(provision, "cluster", lambda: Cluster(occupied / "accord", lasting.account))

    sentence = await refusal("")

    assert f"cannot be kept in {occupied / 'accord'} (Not a directory): set " in sentence
    assert sentence.endswith("DATABASE_URL to use a server of your own.")
    assert ("XDG_CACHE_HOME" in sentence) is (lasting.account is None)


async def test_a_database_is_made_beside_one_that_does_not_exist_and_removed(provided: URL) -> None:
    before = await databases(provided)

    async with database(at(provided, "fresh_test")) as url:
        assert re.fullmatch("fresh_[0-9a-f]{16}_test", url.database or "")
        assert await databases(provided) == before | {url.database}
        await query(url, "CREATE TABLE tasks ()")

    assert await databases(provided) == before


async def test_a_database_that_exists_is_kept(provided: URL) -> None:
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


async def test_a_database_in_use_by_another_run_is_refused(provided: URL) -> None:
    await query(provided, "CREATE DATABASE busy_test")
    async with database(at(provided, "busy_test")):
        assert await refusal(at(provided, "busy_test")) == (
            'Another run is using the database "busy_test": wait for it to end, or name another in DATABASE_URL.'
        )

    async with database(at(provided, "busy_test")):
        pass


async def test_each_worker_gets_a_database_beside_the_one_that_is_named(
    provided: URL, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))

    result = project.runpytest_subprocess("-n", "2", "--dist", "each")

    result.assert_outcomes(passed=2)
    used = sorted(path.name for path in project.path.glob("shop*"))
    assert [name[:9] + name[-5:] for name in used] == ["shop_gw0__test", "shop_gw1__test"]
    assert not {name for name in await databases(provided) if name.startswith("shop")}


@pytest.mark.parametrize("arguments", [[], ["-n", "3", "--dist", "each"]], ids=["alone", "workers"])
async def test_what_is_prepared_is_made_once_and_each_worker_gets_a_copy(
    provided: URL, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    project.makeconftest(PREPARING)
    project.path.joinpath("test_holding.py").write_text(SHELVES, encoding="utf-8")

    result = project.runpytest_subprocess(*arguments)

    result.assert_outcomes(passed=3 if arguments else 1)
    assert project.path.joinpath("prepared").read_text(encoding="utf-8") == "once\n"
    assert not {name for name in await databases(provided) if name.startswith(("shop", "accord_template"))}


async def test_what_a_killed_worker_prepared_is_made_again_for_the_one_that_takes_its_place(
    provided: URL, begin: Callable[[], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await databases(provided)
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "run")
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
    provided: URL, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    await query(provided, "CREATE DATABASE shop_test")
    project.makeconftest(PREPARING)
    project.path.joinpath("test_holding.py").write_text(SHELVES, encoding="utf-8")

    try:
        project.runpytest_subprocess().assert_outcomes(passed=1)
        assert await query(provided.set(database="shop_test"), "SELECT number FROM shelves") == [1, 2]
    finally:
        await query(provided, "DROP DATABASE shop_test")


async def test_a_database_in_which_nothing_could_be_prepared_is_removed(
    provided: URL, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    project.makeconftest(PREPARING.replace("CREATE TABLE shelves AS SELECT 1 AS number", "CREATE nonsense"))
    project.path.joinpath("test_holding.py").write_text(SHELVES, encoding="utf-8")

    for arguments in ([], ["-n", "2", "--dist", "each"]):
        project.runpytest_subprocess(*arguments).stdout.fnmatch_lines(["*syntax error at or near*nonsense*"])
        assert not {name for name in await databases(provided) if name.startswith(("shop", "accord_template"))}


@pytest.mark.parametrize("name", ["production", "production_tests", "test_production", "PRODUCTION_TEST", ""])
async def test_a_database_whose_name_does_not_end_in_test_is_refused(provided: URL, name: str) -> None:
    # Nothing answers there, so nothing was asked before.
    address = at(provided.set(port=1), name)

    for worker in (None, WORKER):
        assert await refusal(address, worker) == (
            f'DATABASE_URL names the database "{name}", and Accord only takes one whose name ends in "_test", '
            f'since it drops tables there: name "{name or "tasks"}_test" instead, which need not exist.'
        )


async def test_a_name_that_postgresql_would_cut_is_refused(provided: URL) -> None:
    name = "a" * 58 + "_test"
    async with database(at(provided, name)) as url:
        assert str(url.database).startswith("aaa")
        assert len(str(url.database)) == 63

    assert "cuts names off after 63 bytes: choose a shorter one." in await refusal(at(provided, f"a{name}"))
    assert f'names the database "{"a" * 58}_gw0_test"' in await refusal(at(provided, name), WORKER)


@pytest.mark.parametrize(
    "address", ["nonsense", "://", "shop_test", "postgresql+asyncpg://u:guessed@localhost:port/shop_test"]
)
async def test_what_is_no_address_is_refused(address: str) -> None:
    assert await refusal(address) == (
        "DATABASE_URL is not a database's address: write it as postgresql+asyncpg://user:password@host/name_test."
    )


@pytest.mark.parametrize("driver", ["mysql", "sqlite", "postgres", "postgresql+psycopg"])
async def test_a_wrong_driver_is_refused(driver: str) -> None:
    assert await refusal(f"{driver}://user:guessed@localhost/shop_test") == (
        f"DATABASE_URL begins with {driver}://, but Accord drives PostgreSQL through asyncpg: "
        "write postgresql+asyncpg://."
    )


@pytest.mark.parametrize("setting", ["sslmode=require", "ssl=sometimes", "port=first", "loop=here", "timeout=x"])
async def test_settings_that_the_driver_does_not_take_are_refused(provided: URL, setting: str) -> None:
    sentence = await refusal(f"{at(provided, 'shop_test')}?{setting}")

    assert re.fullmatch(r"DATABASE_URL has settings that asyncpg does not take \(.+\): correct them\.", sentence)


async def test_a_server_that_cannot_be_reached_is_said(provided: URL) -> None:
    assert re.fullmatch(
        r"No PostgreSQL server answers at 127.0.0.1:1 \(.*Connect call failed.*\): start it, correct DATABASE_URL, "
        r"or unset it to use PostgreSQL from the wheel\.",
        await refusal(at(provided.set(port=1), "shop_test")),
    )
    assert "No PostgreSQL server answers at nowhere.invalid:" in await refusal(
        at(provided.set(host="nowhere.invalid"), "shop_test")
    )


async def test_a_server_that_is_not_postgresql_is_said(provided: URL) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as other:
        port: int = other.sockets[0].getsockname()[1]
        assert f"No PostgreSQL server answers at 127.0.0.1:{port} (" in await refusal(
            at(provided.set(port=port), "shop_test")
        )


async def test_a_wrong_password_is_said_and_not_repeated(provided: URL) -> None:
    sentence = await refusal(at(provided, "shop_test", "postgres", "guessed"))

    assert sentence == (
        f"The PostgreSQL server at 127.0.0.1:{provided.port} does not let you in (password authentication failed for "
        'user "postgres"): correct the user or the password in DATABASE_URL.'
    )


async def test_a_password_that_is_missing_is_said(provided: URL) -> None:
    address = provided.set(database="shop_test", password=None).render_as_string()

    assert "does not let you in (" in await refusal(address)


async def test_a_missing_privilege_is_refused_with_the_statement_that_gives_it(provided: URL) -> None:
    await query(provided, "CREATE ROLE reader LOGIN PASSWORD 'secret'")
    await query(provided, "CREATE DATABASE theirs_test")
    there = provided.set(database="theirs_test")
    await query(there, "REVOKE CONNECT ON DATABASE theirs_test FROM PUBLIC")
    await query(there, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    address = at(provided, "theirs_test", "reader", "secret")

    sentence = await refusal(address)
    assert sentence == (
        f'"reader" may not connect to the database "theirs_test" at 127.0.0.1:{provided.port}: '
        'GRANT CONNECT ON DATABASE "theirs_test" TO "reader".'
    )
    await query(there, sentence.rstrip(".").partition(": ")[2])
    sentence = await refusal(address)
    assert sentence == (
        '"reader" may not make tables in the database "theirs_test": '
        'GRANT USAGE, CREATE ON SCHEMA "public" TO "reader".'
    )
    await query(there, sentence.rstrip(".").partition(": ")[2])

    async with database(address) as url:
        await query(url, "CREATE TABLE tasks ()")


async def test_that_a_database_may_not_be_made_is_said_with_the_statement_that_lets_it(provided: URL) -> None:
    await query(provided, "CREATE ROLE newcomer LOGIN PASSWORD 'secret'")
    address = at(provided, "theirs_too_test", "newcomer", "secret")

    assert await refusal(address) == (
        'The database "theirs_too_test" does not exist, and "newcomer" may not make it: '
        'ALTER ROLE "newcomer" CREATEDB, or have it made.'
    )
    await query(provided, 'ALTER ROLE "newcomer" CREATEDB')

    async with database(address) as url:
        await query(url, "CREATE TABLE tasks ()")


async def test_a_server_without_the_database_to_make_others_from_is_said(provided: URL) -> None:
    there = provided.set(database="template1")
    await query(there, "ALTER DATABASE postgres RENAME TO hidden")
    try:
        sentence = (
            f'There is no database "postgres" at 127.0.0.1:{provided.port}, '
            "from which Accord makes databases and keeps them from other runs: have it made."
        )
        assert await refusal(at(provided, "shop_test")) == sentence
        await query(there, "CREATE DATABASE shop_test")
        assert await refusal(at(provided, "shop_test")) == sentence
    finally:
        await query(there, "DROP DATABASE IF EXISTS shop_test")
        await query(there, "ALTER DATABASE hidden RENAME TO postgres")


async def test_a_database_that_cannot_be_made_is_said(provided: URL) -> None:
    await query(provided, "ALTER DATABASE template1 RENAME TO template_hidden")
    try:
        assert await refusal(at(provided, "shop_test")) == (
            'The database "shop_test" does not exist and cannot be made '
            '(template database "template1" does not exist): have it made.'
        )
    finally:
        await query(provided, "ALTER DATABASE template_hidden RENAME TO template1")


LOSING = """
import time

from tests.helpers.servers import snatch


async def test_that_loses_its_database(isolation, database_url):
    other = await snatch(database_url)
    while isolation.lost is None:
        time.sleep(0.01)
    await other.close()


def test_that_comes_after_it(database_url):
    raise AssertionError("It ran.")
"""


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["alone", "worker"])
async def test_a_run_that_loses_its_database_stops_and_says_so(
    provided: URL, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, "lost_test"))
    project.path.joinpath("test_holding.py").write_text(LOSING, encoding="utf-8")
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    before = await databases(provided)

    result = project.runpytest_subprocess("-p", "no:randomly", *arguments)

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
def test_a_refused_run_ends_with_one_line_and_as_a_usage_error(
    provided: URL, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, options: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(provided, name, "postgres", "guessed"))

    result = project.runpytest_subprocess(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = result.stdout.str() + result.stderr.str()
    assert "Traceback" not in output
    assert "guessed" not in output
    assert [line for line in output.splitlines() if "DATABASE_URL" in line] == [result.outlines[-1]]
