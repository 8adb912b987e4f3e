"""Which PostgreSQL a run has: the wheel's, one that the configuration names, or one that has what the wheel lacks."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from accord.compat.xdist import Worker
from accord.database import cleaning, installations, provision
from accord.database.cleaning import in_cache
from accord.database.embedded import Cluster
from accord.database.installations import Installation, from_wheel, installed_in, on_machine
from accord.database.provision import database
from accord.errors import PreparationError, UsageError
from tests.helpers.project import Project
from tests.helpers.servers import at, query

ON_MACHINE = next(on_machine(), None)
with_machine = pytest.mark.skipif(ON_MACHINE is None, reason="no PostgreSQL is installed where it usually is")
# What PostgreSQL itself brings, and the wheel does not.
LACKING = "pgcrypto"


@pytest.fixture
def machine() -> Installation:
    """A PostgreSQL of this machine."""
    assert ON_MACHINE is not None
    return ON_MACHINE


@pytest.fixture
def own(home: Path, lasting: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster of whoever runs this, in a directory of its own."""
    own = Cluster(home, lasting.account)
    for module in (provision, cleaning):
        monkeypatch.setattr(module, "cluster", lambda: own)
    return own


def creating(*extensions: str) -> Callable[[str], Awaitable[None]]:
    """Prepare a database with these extensions."""

    async def prepare(url: str) -> None:
        for extension in extensions:
            await query(make_url(url), f'CREATE EXTENSION "{extension}"')

    return prepare


async def version(url: URL) -> int:
    """Return the major version of the server."""
    [number] = await query(url, "SELECT current_setting('server_version_num')::int / 10000")
    return int(number)


@pytest.mark.parametrize(
    "extension",
    [
        "pg_trgm",
        "citext",
        "hstore",
        "btree_gist",
        "btree_gin",
        "ltree",
        "unaccent",
        "intarray",
        "fuzzystrmatch",
        "vector",
    ],
)
async def test_the_wheel_has_the_extensions_that_services_begin_with(server: Cluster, extension: str) -> None:
    await query(server.start(), f"CREATE EXTENSION {extension}")


@with_machine
@pytest.mark.parametrize("part", ["", "bin"])
async def test_a_run_uses_the_installation_that_is_named(own: Cluster, machine: Installation, part: str) -> None:
    async with database(None, postgres=machine.programs.parent / part, prepare=creating(LACKING)) as url:
        assert await version(url) == machine.major
        assert await query(url, "SELECT upper('é'), 'Z' < 'a'") == ["É"]

    assert not own.running()
    assert not own.of(machine).running()


@with_machine
async def test_runs_of_two_installations_are_side_by_side(own: Cluster, machine: Installation) -> None:
    async with database(None) as url, database(None, postgres=machine.programs) as other:
        assert await version(url) == installations.MAJOR
        assert await version(other) == machine.major
    async with database(None, postgres=machine.programs, tcp=True) as on_tcp:
        assert on_tcp.host == "127.0.0.1"
        assert await version(on_tcp) == machine.major


@with_machine
@pytest.mark.parametrize("worker", [None, Worker("gw0", "run")])
async def test_where_the_wheel_lacks_an_extension_one_of_the_machine_that_has_it_is_used_and_it_is_said(
    own: Cluster, machine: Installation, worker: Worker | None
) -> None:
    notices: list[str] = []
    async with database(None, worker, creating("pg_trgm", LACKING), notice=notices.append) as url:
        assert await version(url) == machine.major
        assert await query(url, "SELECT extname FROM pg_extension ORDER BY 1") == ["pg_trgm", LACKING, "plpgsql"]
        assert not own.running()

    assert notices == [
        f"PostgreSQL from the wheel has no extension {LACKING}, so this run used {machine}: "
        "set accord_postgres to that directory to have it used from the start."
    ]


async def remedy(extension: str, postgres: Path | None = None) -> str:
    """Return what to do about an extension that is lacking."""
    with pytest.raises(PreparationError) as failed:
        async with database(None, prepare=creating(extension), postgres=postgres):
            pass
    assert "is not available" in str(failed.value.__cause__)
    assert "\n" not in str(failed.value)
    return str(failed.value)


async def test_an_extension_that_is_nowhere_is_said_with_what_to_do(
    own: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installations, "_USUAL", ())

    assert (await remedy("no_such_thing")).startswith("PostgreSQL from the wheel lacks no_such_thing: install")
    assert not own.running()


@with_machine
async def test_an_extension_that_no_installation_has_is_said_with_each_of_them(
    own: Cluster, machine: Installation
) -> None:
    sentence = await remedy("no_such_thing")

    assert sentence.startswith("PostgreSQL from the wheel lacks no_such_thing, and so does PostgreSQL ")
    assert str(machine) in sentence


@with_machine
async def test_of_an_installation_that_is_named_no_other_takes_the_place(own: Cluster, machine: Installation) -> None:
    assert (await remedy("no_such_thing", machine.programs)).startswith(f"{machine} lacks no_such_thing: install")

    wheel = from_wheel()
    assert await remedy(LACKING, wheel.programs) == (
        f"PostgreSQL 18 in {wheel.programs} lacks {LACKING}: set accord_postgres to {machine.programs}, which has it, "
        "or install it there."
    )


def test_a_directory_without_postgresql_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=f"There is no PostgreSQL server in {tmp_path}, which accord_postgres names: name"
    ):
        installed_in(tmp_path)


def test_a_postgresql_that_is_too_old_is_an_error(tmp_path: Path) -> None:
    postgres = tmp_path / "postgres"
    postgres.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24'\n")
    postgres.chmod(0o755)

    with pytest.raises(UsageError, match="is of version 9, and Accord needs 13 or newer: name another"):
        installed_in(tmp_path)


@with_machine
async def test_what_a_cluster_of_the_machines_left_is_listed_and_removed(own: Cluster, machine: Installation) -> None:
    server = own.of(machine)
    server.start()

    left = {leftover.name: leftover for leftover in in_cache()}

    assert re.fullmatch(rf"postgresql-{machine.major}-[0-9a-f]{{8}}", server.name)
    await left[server.name].remove()
    assert not (own.directory / server.name).exists()


CONFTEST = """
import asyncpg
import pytest
from pathlib import Path
from accord.database import embedded, provision

provision.cluster = lambda: embedded.Cluster(Path({directory!r}), {account!r})

@pytest.fixture(scope="session")
def prepare_database():
    async def prepare(url):
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute("CREATE EXTENSION {extension}")
        await connection.close()
    return prepare
"""
TEST = """
def test_one(database_url): ...
def test_two(database_url): ...
"""


@pytest.fixture
def project(project: Project, own: Cluster) -> Project:
    """A project whose database needs an extension that the wheel lacks."""
    project.pytester.makepyfile(TEST)
    conftest = CONFTEST.format(directory=str(own.directory), account=own.account, extension=LACKING)
    project.pytester.makeconftest(conftest)
    return project


@with_machine
@pytest.mark.parametrize("workers", [[], ["-n", "2", "--dist", "each"]], ids=["alone", "workers"])
def test_the_terminal_says_once_that_another_installation_was_used(project: Project, workers: list[str]) -> None:
    result = project.run_process(*workers)

    result.assert_outcomes(passed=4 if workers else 2)
    assert result.stdout.str().count(f"PostgreSQL from the wheel has no extension {LACKING}, so this run used") == 1


@with_machine
def test_nothing_is_said_where_the_configuration_names_it(project: Project, machine: Installation) -> None:
    result = project.run_process("-o", f"accord_postgres={machine.programs}")

    result.assert_outcomes(passed=2)
    assert "PostgreSQL" not in result.stdout.str()


def test_an_extension_that_cannot_be_had_stops_the_run_with_what_to_do(project: Project) -> None:
    project.change("conftest.py", LACKING, "no_such_thing")

    result = project.run_process()

    assert re.search(
        r'Exit: The run\'s database cannot be prepared \(conftest\.py:12\): .*Error: extension "no_such_thing" is not '
        r"available: PostgreSQL from the wheel lacks no_such_thing.*: install .*, or set ACCORD_DATABASE_URL .*\.",
        result.outlines[-1],
    )


def test_a_directory_that_is_no_installation_stops_the_run(project: Project) -> None:
    result = project.run_process("-o", "accord_postgres=nowhere")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"There is no PostgreSQL server in {project.path / 'nowhere'}" in result.outlines[-1]


ELSEWHERE = """
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

@pytest.fixture(scope="session")
def prepare_database():
    async def prepare(url): ...
    return prepare

@pytest.fixture(scope="session")
async def setup_db(database_url):
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE EXTENSION {extension}"))
    await engine.dispose()
"""


@pytest.fixture
def creating_elsewhere(project: Project) -> Project:
    """A project that asks for the extension in a fixture of its own, when the database is there."""
    with project.path.joinpath("conftest.py").open("a") as conftest:
        conftest.write(ELSEWHERE.format(extension=LACKING))
    project.pytester.makepyfile("def test_one(setup_db): ...")
    return project


@with_machine
def test_an_extension_that_a_fixture_asks_for_is_said_with_where_it_is(
    creating_elsewhere: Project, machine: Installation
) -> None:
    result = creating_elsewhere.run_process()

    result.stdout.fnmatch_lines(
        [f"E *The PostgreSQL of this run lacks {LACKING}: set accord_postgres to {machine.programs}, which has it*"]
    )
    creating_elsewhere.run_process("-o", f"accord_postgres={machine.programs}").assert_outcomes(passed=1)


def test_an_extension_that_a_server_of_the_users_lacks_is_said_of_that(
    creating_elsewhere: Project, provided: URL
) -> None:
    address = at(provided, "lacking_test")

    result = creating_elsewhere.run_process("--accord-database-url", address)

    result.stdout.fnmatch_lines([f"E *Have {LACKING} installed on the server that --accord-database-url names."])


def test_where_a_server_of_the_users_cannot_be_prepared_for_want_of_an_extension_that_is_said(
    project: Project, provided: URL
) -> None:
    result = project.run_process("--accord-database-url", at(provided, "lacking_test"))

    assert f"is not available: have {LACKING} installed on that server." in result.outlines[-1]


def test_programs_that_cannot_be_run_are_an_error(own: Cluster) -> None:
    with pytest.raises(
        UsageError, match=r"/nowhere/bin/initdb cannot be run \(No such file or directory\): let .* run it"
    ):
        own.of(Installation(Path("/nowhere/bin"), 18)).start()
