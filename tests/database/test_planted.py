"""PostgreSQL from the wheel follows nothing and uses nothing that another user has planted in its place."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accord.database import provision
from accord.database.account import ids
from accord.database.embedded import Cluster
from accord.database.provision import database
from accord.errors import AccordError
from tests.helpers.planting import OF_DIRECTORY, OF_FILE, mode
from tests.helpers.servers import query


@pytest.fixture
def planned(home: Path, lasting: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster of whoever runs this, which is not made yet."""
    monkeypatch.setattr(provision, "cluster", lambda: Cluster(home, lasting.account))
    return Cluster(home, lasting.account)


def give(path: Path, server: Cluster) -> None:
    """Have it be what the server's account has planted, where there is one."""
    if server.account is not None:
        os.chown(path, *ids(server.account), follow_symlinks=False)


@pytest.fixture
def victim(home: Path) -> Iterator[Path]:
    """A directory of whoever runs this, which nobody may touch whatever leads there."""
    path = home / "victim"
    path.mkdir(0o700)
    for name in ("file", "password", "postmaster.pid", "PG_VERSION"):
        (path / name).write_text("untouched")
    before = touched(path)
    yield path
    assert touched(path) == before


def touched(path: Path) -> list[tuple[str, int, int, int, int]]:
    """What would show that somebody has changed what is there."""
    stats = [(str(file), file.stat()) for file in (path, *sorted(path.iterdir()))]
    return [(name, stat.st_mode, stat.st_uid, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats]


FOLLOWED = ["log", "password", "data", "unfinished", "unfinished-abc", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"]


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("made", [False, True])
async def test_no_link_in_the_servers_directory_is_followed(
    planned: Cluster, victim: Path, made: bool, tcp: bool
) -> None:
    server = Cluster(planned.directory, planned.account, tcp=tcp)
    directory = planned.directory / ("postgresql-18-tcp" if tcp else "postgresql-18")
    if made:
        server.start()
        server.stop()
        (directory / "log").unlink()
    else:
        directory.mkdir(0o700)
        give(directory, server)
    for name in [*FOLLOWED, *(["data/postmaster.pid"] if made else [])]:
        path = directory / name
        if name in ("data", "password") and path.exists():
            continue
        directed = victim if name in ("data", "unfinished") else victim / "file"
        path.symlink_to(directed)
        give(path, server)

    address = server.start()

    assert await query(address, "SELECT 1") == [1]
    server.stop()


async def test_a_password_that_a_link_leads_to_is_not_read(planned: Cluster, victim: Path) -> None:
    server = Cluster(planned.directory, planned.account, tcp=True)
    server.start()
    server.stop()
    password = planned.directory / "postgresql-18-tcp/password"
    password.unlink()
    password.symlink_to(victim / "file")
    give(password, server)

    with pytest.raises(AccordError, match="does not say"):
        server.start()

    server.stop()


async def test_a_pipe_in_the_servers_directory_keeps_no_run_waiting(planned: Cluster) -> None:
    planned.start()
    planned.stop()
    for name in ("log", "data/postmaster.pid", "unfinished"):
        path = planned.directory / "postgresql-18" / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        give(path, planned)

    assert await query(planned.start(), "SELECT 1") == [1]

    planned.stop()


async def refusal() -> str:
    """Return the one sentence with which a run on PostgreSQL from the wheel is refused."""
    with pytest.raises(AccordError) as refused:
        async with database(None):
            pass
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("planted", OF_DIRECTORY)
async def test_a_cache_directory_that_another_user_could_have_put_there_is_an_error(
    planned: Cluster, planted: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = planned.directory / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    place = shared / "accord"
    place.mkdir(0o700)
    why = planted(place)
    monkeypatch.setattr(provision, "cluster", lambda: Cluster(place, planned.account))

    sentence = await refusal()

    assert str(place) in sentence
    assert re.search(why, sentence)
    assert not list(place.glob("*"))


@pytest.mark.parametrize("planted", OF_DIRECTORY)
async def test_a_cluster_that_another_user_could_have_put_there_is_an_error(
    planned: Cluster, planted: Callable[[Path], str]
) -> None:
    place = planned.directory / "postgresql-18"
    place.mkdir(0o700)
    give(place, planned)
    why = planted(place)

    sentence = await refusal()

    assert str(place) in sentence
    assert re.search(why, sentence)
    assert not list(place.glob("*"))


@pytest.mark.parametrize("planted", OF_FILE)
async def test_a_lock_that_another_user_could_have_put_there_is_an_error(
    planned: Cluster, planted: Callable[[Path], str]
) -> None:
    lock = planned.directory / "lock"
    lock.write_text("untouched")
    why = planted(lock)

    sentence = await refusal()

    assert str(lock) in sentence
    assert re.search(why, sentence)
    assert not (planned.directory / "nothing").exists()


@pytest.mark.parametrize("umask", [0o000, 0o077])
async def test_what_is_made_is_closed_to_others_whatever_the_umask(
    planned: Cluster, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = planned.directory / "above" / "accord"
    monkeypatch.setattr(provision, "cluster", lambda: Cluster(place, planned.account))
    before = os.umask(umask)
    try:
        async with database(None) as url:
            assert await query(url, "SELECT 1") == [1]
    finally:
        os.umask(before)

    open_to_the_account = 0o700 if planned.account is None else 0o755
    assert mode(place.parent) == mode(place) == open_to_the_account
    assert mode(place / "lock") == 0o600
    assert not [path for path in (place / "postgresql-18").rglob("*") if mode(path) & 0o077]
