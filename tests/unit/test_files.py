"""A file appears whole or not at all."""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from accord.basics.files import together


def test_both_files_appear_when_both_are_whole(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    with together() as files:
        files.write(one, ["a", "b"])
        files.write(other, ["\ud800"])
        assert not one.exists()
    assert (one.read_text(), other.read_text()) == ("ab", "?")
    assert sorted(tmp_path.iterdir()) == [one, other]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_what_fails_in_between_leaves_the_former_files_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("former")
    with pytest.raises(error):
        _write({one: ["new"], other: (part or _raise(error) for part in ("a part", ""))})
    assert one.read_text() == "former"
    assert list(tmp_path.iterdir()) == [one]


def _write(texts: dict[Path, Iterable[str]]) -> None:
    with together() as files:
        for path, pieces in texts.items():
            files.write(path, pieces)


def _raise(error: type[BaseException]) -> str:
    raise error


def test_where_one_cannot_take_its_place_none_does(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    other.mkdir()
    with pytest.raises(OSError, match="other") as caught:
        _write({one: ["new"], other: ["new"]})
    assert caught.value.filename == str(other)
    assert list(tmp_path.iterdir()) == [other]


def test_what_was_there_takes_another_place(tmp_path: Path) -> None:
    last, before, own = (tmp_path / name for name in ("last", "before", "own"))
    for text in ("first", "second", "third"):
        own.write_text(text)
        with together() as files:
            files.keep(last, before)
            files.move(own, last)
    assert (last.read_text(), before.read_text()) == ("third", "second")
    assert sorted(tmp_path.iterdir()) == [before, last]


@pytest.mark.skipif(sys.platform == "win32", reason="who may make a link there is another matter")
def test_a_link_stays_one_and_a_mode_too(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("former")
    target.chmod(0o640)
    link.symlink_to(target)
    with together() as files:
        files.write(link, ["new"])
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with together() as files:
        files.write(pipe, ["told"])
    assert os.read(reader, 10) == b"told"
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]


def test_what_a_killed_process_left_is_removed_and_what_another_one_writes_is_not(tmp_path: Path) -> None:
    dead, alive, page = tmp_path / ".accord-1-a.part", tmp_path / ".accord-2-b.part", tmp_path / "page"
    dead.touch()
    alive.touch()
    os.utime(dead, (long_ago := time.time() - 7200, long_ago))
    with together() as files:
        files.write(page, ["new"])
    assert sorted(tmp_path.iterdir()) == [alive, page]


def test_what_is_removed_goes_when_the_others_take_their_places_and_stays_where_they_do_not(tmp_path: Path) -> None:
    one, old = tmp_path / "one", tmp_path / "old"
    old.write_text("old")
    with pytest.raises(RuntimeError):
        _replace(old, one, (_raise(RuntimeError) for _ in range(1)))
    assert list(tmp_path.iterdir()) == [old]
    _replace(old, one, ["new"])
    assert list(tmp_path.iterdir()) == [one]


def _replace(old: Path, new: Path, pieces: Iterable[str]) -> None:
    with together() as files:
        files.remove(old)
        files.write(new, pieces)
        assert old.exists()
