"""The file of the last runs, to which each run adds itself.

It is a small file of its own, since the messages of a run say nothing of those before it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from accord.basics.files import Together, alone, together
from accord.errors import NoSuchFileError, UsageError
from accord.living_docs.past_runs import ABSENT, LETTERS, NO_HISTORY, UNKNOWN, History, Past, PastRun, joined
from accord.recording import ndjson
from accord.recording.reader import UNFIT

_FORMAT = "accord-history"
_VERSION = 1
_BEGINNING = 200
_PROMISES = b'"promises":{\n'


def read(path: Path) -> History:
    """Read the file; one that is not there is a history without runs.

    Raises UsageError for one that is no history, or of a version that is not known.
    """
    try:
        if not path.exists():
            return NO_HISTORY
        if not path.is_file():
            raise UsageError(f"{path} is not a file: name one, or remove what is there")
        with path.open("rb") as file:
            return _parsed(path, _pieces(file))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UNFIT as error:
        raise UsageError(f"{path} is not a history of Accord's, or is torn: {error}. Mend it, or remove it") from None


def write(history: History, files: Together, path: Path) -> None:
    """Write it into a file, in a folder that is made if it is not there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, lines(history))


def lines(history: History) -> Iterator[str]:
    """Yield it as it is written into a file, a promise a line."""
    runs = ndjson.dumps([*map(_as_json, history.runs)])
    yield f'{{"{_FORMAT}":{_VERSION},"runs":{runs},"promises":{{\n'
    between = ""
    for slug in sorted(history.promises):
        past = history.promises[slug]
        times = [None if time == UNKNOWN else time for time in past.times]
        yield f"{between}{ndjson.dumps(slug)}:{ndjson.dumps([past.states, times])}"
        between = ",\n"
    yield "\n}}\n"


def is_history(path: Path) -> bool:
    """Return whether a file begins as a history does."""
    # Whoever opens a pipe waits for what is written into it.
    if not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return re.match(rf'\s*{{\s*"{_FORMAT}"', file.read(_BEGINNING)) is not None
    except OSError:
        return False


def merge(files: Sequence[Path], into: Path) -> History:
    """Join histories and write them as one. Raises UsageError for a file that is none, or cannot be written.

    Runs of several machines are one run where each ran a share of it: those of one build of CI, or, where that is not
    known, of one commit, if no promise ran in both.
    """
    if missing := [path for path in files if not path.exists()]:
        raise NoSuchFileError(f"{missing[0]} does not exist")
    try:
        with alone(into.parent):
            histories = [read(path) for path in files]
            # Of several attempts at a promise the last one counts, whatever the order of the files.
            histories.sort(
                key=lambda it: max((run.started for run in it.runs), default=datetime.min.replace(tzinfo=UTC))
            )
            history = joined(histories, of_shares=True)
            with together() as written:
                written.write(into, lines(history))
    except OSError as error:
        raise UsageError(f"{into} cannot be written: {error.strerror}") from None
    return history


def _as_json(run: PastRun) -> dict[str, str | bool]:
    known: dict[str, str | bool] = {"started": run.started.isoformat(), "commit": run.commit}
    return known | ({"build": run.build} if run.build else {}) | ({"part": True} if run.is_part else {})


def _pieces(file: BinaryIO) -> Iterator[Any]:
    """Yield what is in a file, a promise at a time if it is as Accord writes it: all at once may be large."""
    first = file.readline()
    if not first.endswith(_PROMISES):
        yield ndjson.loads(first + file.read())
        return
    yield ndjson.loads(first + b"}}")
    for line in file:
        if line.startswith(b"}"):
            if (line + file.read()).split() != [b"}}"]:
                raise ValueError("something follows its end")
            return
        yield {"promises": ndjson.loads(b"{" + line.rstrip().removesuffix(b",") + b"}")}
    raise ValueError("its end is missing")


def _parsed(path: Path, pieces: Iterator[Any]) -> History:
    head = next(pieces)
    if not isinstance(head, dict) or _FORMAT not in head:
        raise ValueError("it does not begin as one")
    if isinstance(version := head[_FORMAT], int) and version > _VERSION:
        raise UsageError(f"{path} was written by a later Accord: update this one, or name another file")
    if version != _VERSION:
        raise ValueError(f"there is no version {version!r} of it")
    runs = tuple(map(_run, head["runs"]))
    known = {*LETTERS.values(), ABSENT}
    promises: dict[str, Past] = {}
    for piece in chain([head], pieces):
        for slug, (letters, times) in piece["promises"].items():
            if not len(letters) == len(times) == len(runs) or not known.issuperset(letters):
                raise ValueError(f"{slug!r} does not fit its runs")
            try:
                promises[slug] = Past.of(letters, times)
            except (TypeError, OverflowError):
                raise ValueError(f"a time of {slug!r} is not a whole number") from None
    return History(runs, promises)


def _run(known: Any) -> PastRun:
    started = datetime.fromisoformat(known["started"]).astimezone(UTC)
    return PastRun(started, str(known["commit"]), str(known.get("build", "")), is_part=bool(known.get("part")))
