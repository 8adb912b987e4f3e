"""The messages files of several machines, joined into one run's.

Each machine ran some of the scenarios. Accord's ids are the same everywhere, so what all files have, such as documents,
is written once. A scenario that ran on several of them was tried again: its last attempt counts, and the others are
shown. The ids of other tools are each run's own, whatever they look like: two runs of theirs may both count from 0.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import pathname2url, url2pathname

from accord.basics.files import together
from accord.errors import NoSuchFileError, UsageError
from accord.recording.envelopes import is_own, is_part, line, seconds
from accord.recording.reader import STDIN, TORN, UNFIT, invalid, messages
from accord.recording.renaming import renamed

Json = dict[str, Any]

_RUN = "run"
"""The id of the one run, which has its own start and end."""


@dataclass
class Merged:
    """What was merged: how many scenarios there are, how many ran more than once, what is wrong with the files."""

    scenarios: int = 0
    repeated: int = 0
    faults: list[str] = field(default_factory=list)


def merge(files: Sequence[Path], into: Path) -> Merged:
    """Join messages files and write them as one; one that is missing or ends early is named, there and in the result.

    Raises UsageError for what is not a messages file, with file and line; for runs of different features; if no file
    has a run in it.
    """
    survey = _Survey(files)
    try:
        with together() as written:
            written.write(into, survey.joined(into.parent))
    except OSError as error:
        raise UsageError(f"{into} cannot be written: {error.strerror}") from None
    return survey.merged


@dataclass(eq=False)
class _Attempt:
    path: Path
    case: str
    number: int = 0
    is_last: bool = True


class _Survey:
    """What must be known of all files before the first line is written, so that each is read twice."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.merged = Merged()
        self._starts: dict[Path, Json] = {}
        self._ends: dict[Path, Json] = {}
        self._meta: Json = {}
        self._sources: dict[str, bytes] = {}
        # The first file that has a test case, and the attempts at it in all of them.
        self._cases: dict[str, Path] = {}
        self._attempts: dict[str, list[_Attempt]] = {}
        self._by_id: dict[tuple[Path, str], _Attempt] = {}
        self._known: set[tuple[Path, str]] = set()
        # Of each test case the steps that are hooks, in all files: those before its own steps, and those after them.
        self._hook_steps: dict[str, tuple[dict[str, Json], dict[str, Json]]] = {}
        for path in dict.fromkeys(files):  # A file that is named twice is read once.
            self._read(path)
        if not self._starts:
            raise UsageError(f"There is no run to be merged: {'; '.join(self.merged.faults)}.")
        # Attempts are in the order of the runs, whatever the order of the files on the command line.
        self._order = sorted(self._starts, key=lambda path: seconds(self._starts[path]["timestamp"]))
        positions = {path: position for position, path in enumerate(self._order)}
        for attempts in self._attempts.values():
            # A file that is torn may have attempts and no start; they come first.
            attempts.sort(key=lambda attempt: positions.get(attempt.path, -1))
            # Of pytest-bdd-ng the only attempt at a test case may be the second at what it is of.
            for number, attempt in enumerate(attempts, attempts[0].number):
                attempt.number, attempt.is_last = number, attempt is attempts[-1]
        self.merged.scenarios = len(self._cases)
        self.merged.repeated = sum(len(attempts) > 1 for attempts in self._attempts.values())

    def _read(self, path: Path) -> None:
        if path == STDIN or path.is_fifo():
            raise UsageError(f"{path} is a pipe, and what is merged is read twice: write it to a file, and name that")
        try:
            for number, kind, message in _messages(path):
                try:
                    self._take(path, kind, message)
                except UNFIT as error:
                    raise invalid(path, number, error) from None
        except NoSuchFileError:
            self.merged.faults.append(f"{path} is missing")
        else:
            if path not in self._ends:
                self.merged.faults.append(f"{path} ends early")

    def _take(self, path: Path, kind: str, message: Json) -> None:
        match kind:
            case "meta":
                self._meta = self._meta or message
            case "testRunStarted" | "testRunFinished":
                seconds(message["timestamp"])
                if not self._is_of_later_part(path, kind, message):
                    (self._starts if kind == "testRunStarted" else self._ends)[path] = message
            case "source":
                # Ids are made of lines: other lines would give the same id to another step.
                digest = sha256(message["data"].encode(errors="surrogatepass")).digest()
                if self._sources.setdefault(message["uri"], digest) != digest:
                    raise UsageError(
                        f"{path} has another {message['uri']} than those before: merge runs of one commit."
                    )
            case "testCase":
                self._cases.setdefault(message["id"], path)
                self._known.add((path, message["id"]))
                self._note_hooks(message)
            case "testCaseStarted":
                case, started = message["testCaseId"], (path, message["id"])
                if started in self._by_id:
                    raise ValueError(f"it starts {case!r} once more")
                # The document says that this refers to nothing.
                if (path, case) not in self._known:
                    return
                number = message.get("attempt")
                attempt = _Attempt(path, case, number if isinstance(number, int) else 0)
                self._by_id[started] = attempt
                self._attempts.setdefault(case, []).append(attempt)

    def _note_hooks(self, case: Json) -> None:
        is_after = False
        for step in case.get("testSteps") or ():
            if step.get("hookId"):
                self._hook_steps.setdefault(case["id"], ({}, {}))[is_after].setdefault(step["id"], step)
            else:
                is_after = True

    def _with_hooks(self, case: Json) -> Json:
        """Return a test case with the hooks that it has in any file: one attempt may have failed there alone."""
        before, after = self._hook_steps.get(case["id"], ({}, {}))
        steps = case.get("testSteps") or []
        # Reqnroll has hooks among the steps as well, and they stay there.
        if before.keys() | after.keys() <= {step["id"] for step in steps}:
            return case
        own = [step for step in steps if step["id"] not in before and step["id"] not in after]
        return case | {"testSteps": [*before.values(), *own, *after.values()]}

    def _is_of_later_part(self, path: Path, kind: str, message: Json) -> bool:
        """Return whether a start or an end is of a run of a part, after the file's own: it stays one."""
        run = message.get("id" if kind == "testRunStarted" else "testRunStartedId", "")
        return is_part(run) and self._starts.get(path, message).get("id") != run

    def joined(self, directory: Path) -> Iterator[str]:
        """Yield the lines of the one run, for a file in the directory."""
        yield line({"meta": self._meta})
        yield line({"testRunStarted": self._starts[self._order[0]] | {"id": _RUN}})
        # Digests, since the lines of a large suite would fill the memory.
        known: set[bytes] = set()
        # Earlier attempts wait for the test case, which is written as the file of the last attempt has it.
        waiting: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._order:
            for number, kind, message in _messages(path):
                try:
                    if kind in ("attachment", "externalAttachment"):
                        _move(message, path.parent, directory)
                    lines = self._lines(path, kind, message, known, waiting)
                except UNFIT as error:
                    raise invalid(path, number, error) from None
                yield from lines
        yield line({"testRunFinished": self._end()})

    def _lines(
        self, path: Path, kind: str, message: Json, known: set[bytes], waiting: defaultdict[str, list[str]]
    ) -> list[str]:
        """Return the lines that a message adds to the one run."""
        if kind in (TORN, "meta"):
            return []
        if kind in ("testRunStarted", "testRunFinished") and not self._is_of_later_part(path, kind, message):
            return []
        if (run := message.get("testRunStartedId")) is not None and run == self._starts.get(path, {}).get("id"):
            message["testRunStartedId"] = _RUN
        if kind == "testCase":
            case = message["id"]
            if path != self._source(case):
                return []
            return [line({kind: self._with_hooks(message)}), *waiting.pop(case, ())]
        if attempt := self._attempt(path, kind, message):
            self._renumber(kind, message, attempt)
            if path == self._source(attempt.case):
                return [line({kind: message})]
            waiting[attempt.case].append(line({kind: message}))
            return []
        text = line({kind: message})
        return [text] if _is_new(text, known) else []

    def _source(self, case: str) -> Path:
        """Return the file from which a test case is taken: that of its last attempt, if there is one."""
        attempts = self._attempts.get(case)
        return attempts[-1].path if attempts else self._cases[case]

    def _attempt(self, path: Path, kind: str, message: Json) -> _Attempt | None:
        started = message["id"] if kind == "testCaseStarted" else message.get("testCaseStartedId", "")
        return self._by_id.get((path, started))

    def _renumber(self, kind: str, message: Json, attempt: _Attempt) -> None:
        """Give a message of an attempt its number among all."""
        message["id" if kind == "testCaseStarted" else "testCaseStartedId"] = f"{attempt.case}.attempt.{attempt.number}"
        if kind == "testCaseStarted":
            message["attempt"] = attempt.number
        if kind == "testCaseFinished":
            message["willBeRetried"] = not attempt.is_last

    def _end(self) -> Json:
        last = max([*self._ends.values(), *self._starts.values()], key=lambda message: seconds(message["timestamp"]))
        success = not self.merged.faults and all(end.get("success") is True for end in self._ends.values())
        end = {"testRunStartedId": _RUN, "timestamp": last["timestamp"], "success": success}
        return end | ({"message": "; ".join(self.merged.faults)} if self.merged.faults else {})


def _messages(path: Path) -> Iterator[tuple[int, str, Json]]:
    """Yield the messages of a file; those of other tools than Accord with ids that no other run has."""
    runs, name = 0, ""
    for number, kind, message in messages(path):
        if kind == "meta":
            runs += 1
            name = "" if is_own(message) else f" of run {runs} in {_digest(path)}"
        try:
            yield number, kind, renamed(message, name) if name else message
        except RecursionError as error:
            raise invalid(path, number, error) from None


def _digest(path: Path) -> str:
    """Return what a file has in common with its copies alone."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:16]


def _move(attachment: Json, source: Path, directory: Path) -> None:
    """Have the address of a file, if it is a path from one directory, be the same file's from another."""
    address = attachment.get("url")
    # Not all that is there is an address, and Windows has no way from one drive to another.
    with suppress(ValueError):
        if isinstance(address, str) and address and address == urlsplit(address).path and address[0] != "/":
            attachment["url"] = pathname2url(os.path.relpath(source / url2pathname(address), directory))


def _is_new(text: str, known: set[bytes]) -> bool:
    digest = sha256(text.encode()).digest()
    is_new = digest not in known
    known.add(digest)
    return is_new
