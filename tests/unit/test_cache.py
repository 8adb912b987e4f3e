"""What is kept between runs is used only where no other user could have put it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accord import cache
from accord.errors import AccordError
from tests.helpers.planting import OF_DIRECTORY, OF_FILE, OTHER, mode
from tests.helpers.servers import directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="it is about root")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory of whoever runs this, in one that all users share."""
    with directory() as path:
        yield path


@pytest.fixture(params=[0o000, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("wanted", [0o700, 0o755])
def test_what_is_made_has_its_mode_whatever_the_umask(place: Path, wanted: int) -> None:
    cache.make(place / "above" / "it", wanted)

    assert mode(place / "above") == mode(place / "above" / "it") == wanted


@pytest.mark.usefixtures("umask")
def test_a_file_is_written_for_nobody_else_whatever_the_umask(place: Path) -> None:
    cache.write(place, "in", "it", content=b"one")
    cache.write(place, "in", "it", content=b"two")

    assert cache.read(place, "in", "it") == b"two"
    assert (mode(place / "in"), mode(place / "in" / "it")) == (0o700, 0o600)
    assert os.listdir(place / "in") == ["it"]


def test_no_more_is_read_than_there_is_room_for(place: Path) -> None:
    cache.write(place, "it", content=b"")
    os.truncate(place / "it", 1 << 40)

    assert len(cache.read(place, "it")) == cache.LARGEST


def test_what_can_be_read_by_others_is_closed_to_them(place: Path) -> None:
    (place / "it").mkdir(mode=0o755)

    cache.make(place / "it")

    assert mode(place / "it") == 0o700


@pytest.mark.parametrize("planted", OF_DIRECTORY)
def test_a_directory_that_another_user_could_have_put_there_is_an_error(
    place: Path, planted: Callable[[Path], str]
) -> None:
    path = place / "it"
    path.mkdir(0o700)
    why = planted(path)
    before = path.lstat()

    with pytest.raises(AccordError, match=f"{path}.*: remove it"):
        cache.make(path)

    with pytest.raises(AccordError, match=why):
        cache.check(path)
    assert path.lstat() == before
    assert not (place / "nothing").exists()


@pytest.mark.parametrize("planted", OF_FILE)
def test_a_file_that_another_user_could_have_put_there_is_not_read(place: Path, planted: Callable[[Path], str]) -> None:
    cache.write(place, "in", "it", content=b"one")
    why = planted(place / "in" / "it")

    with pytest.raises((AccordError, OSError)):
        cache.read(place, "in", "it")

    with pytest.raises(AccordError, match=why):
        cache.check(place / "in" / "it")


@pytest.mark.parametrize("planted", OF_DIRECTORY)
def test_no_file_is_read_or_written_below_a_directory_that_another_user_could_have_put_there(
    place: Path, planted: Callable[[Path], str]
) -> None:
    cache.write(place, "above", "in", "it", content=b"one")
    planted(place / "above" / "in")

    with pytest.raises((AccordError, OSError)):
        cache.read(place, "above", "in", "it")
    with pytest.raises(AccordError):
        cache.write(place, "above", "in", "it", content=b"two")


@pytest.mark.parametrize("shared", [0o777, 0o1777])
@pytest.mark.skipif(os.geteuid() == 0, reason="root wants a directory that only root can exchange")
def test_a_directory_of_ones_own_in_a_shared_one_is_used(place: Path, shared: int) -> None:
    place.chmod(shared)

    cache.make(place / "it")

    assert mode(place / "it") == 0o700


@as_root
@pytest.mark.parametrize("closed", [False, True])
def test_root_makes_nothing_where_another_user_can_exchange_it(place: Path, closed: bool) -> None:
    if closed:
        os.chown(place, OTHER, OTHER)
    else:
        place.chmod(0o777)

    with pytest.raises(AccordError, match=f"Others than root can exchange what is in {place}"):
        cache.make(place / "it")

    assert not (place / "it").exists()


@as_root
def test_root_empties_a_directory_of_another_user_by_the_rights_of_that_user(place: Path) -> None:
    cache.make(place / "it")
    for name in ("theirs", "of root"):
        (place / "it" / name).mkdir(0o700)
        (place / "it" / name / "file").touch()
    for path in (place / "it", place / "it/theirs", place / "it/theirs/file"):
        os.chown(path, OTHER, OTHER)

    with pytest.raises(OSError, match="not empty"):
        cache.remove(place / "it")

    assert [path.name for path in (place / "it").rglob("*")] == ["of root", "file"]


def test_what_a_link_leads_to_is_not_removed(place: Path) -> None:
    cache.write(place, "own", "file", content=b"one")
    cache.make(place / "it")
    for link in (place / "link", place / "it" / "link"):
        link.symlink_to(place / "own")

    cache.remove(place / "it")
    cache.remove(place / "link")

    assert [path.name for path in place.rglob("*")] == ["own", "file"]
