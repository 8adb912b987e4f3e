"""The records of several machines joined into one run.

Each machine ran some of the scenarios. Ids are the same everywhere, so what all records tell, such as documents, is
kept once. A scenario that ran in several of them was tried again: its last attempt counts, and the others are told.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from accord.basics.files import together
from accord.errors import AccordError, UsageError
from accord.recording import ndjson
from accord.recording.reader import UNFIT, lines, reason

Message = tuple[str, dict[str, Any]]
"""A kind, and what it tells."""

_FRAME = {"meta", "testRunStarted", "testRunFinished"}


@dataclass
class Merged:
    """What came of it: how many scenarios there are, how many ran more than once, what is wrong with the records."""

    scenarios: int = 0
    repeated: int = 0
    faults: list[str] = field(default_factory=list)


def merge(records: Sequence[Path], into: Path) -> Merged:
    """Join the records and write them as one; one that is missing or ends early is named, there and in what comes back.

    Raises UsageError for what is no record, with file and line; for records of different features; for no record at
    all.
    """
    survey = _Survey(records)
    try:
        with together() as files:
            files.write(into, (line + "\n" for line in survey.joined()))
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
    """What must be known of all records before the first line is written."""

    def __init__(self, records: Sequence[Path]) -> None:
        self.merged = Merged()
        self._began: dict[Path, dict[str, Any]] = {}
        self._ended: dict[Path, dict[str, Any]] = {}
        self._meta: dict[str, Any] = {}
        self._sources: dict[str, bytes] = {}
        # The first record that has a test case, and the attempts at it in all of them.
        self._cases: dict[str, Path] = {}
        self._attempts: dict[str, list[_Attempt]] = {}
        self._by_id: dict[tuple[Path, str], _Attempt] = {}
        self._hooks: dict[tuple[Path, str], set[str]] = {}
        for path in dict.fromkeys(records):
            self._read(path)
        if not self._began:
            raise UsageError(f"There is no run to be merged: {'; '.join(self.merged.faults)}.")
        self._order = sorted(self._began, key=lambda path: _moment(self._began[path]))
        places = {path: place for place, path in enumerate(self._order)}
        for attempts in self._attempts.values():
            attempts.sort(key=lambda attempt: places.get(attempt.path, -1))
            for number, attempt in enumerate(attempts):
                attempt.number, attempt.is_last = number, attempt is attempts[-1]
        self.merged.scenarios = len(self._cases)
        self.merged.repeated = sum(len(attempts) > 1 for attempts in self._attempts.values())

    def _read(self, path: Path) -> None:
        if path.is_fifo():
            raise UsageError(f"{path} is a pipe, and a record is read twice: write it to a file, and name that")
        try:
            for number, (kind, told) in messages(path):
                try:
                    self._take(path, kind, told)
                except UNFIT as error:
                    raise _unfit(path, number, error) from None
        except FileNotFoundError:
            self.merged.faults.append(f"{path} is missing")
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        else:
            if path not in self._ended:
                self.merged.faults.append(f"{path} ends early")

    def _take(self, path: Path, kind: str, told: dict[str, Any]) -> None:
        match kind:
            case "meta":
                self._meta = self._meta or told
            case "testRunStarted" | "testRunFinished":
                _moment(told)
                (self._began if kind == "testRunStarted" else self._ended)[path] = told
            case "source":
                digest = sha256(told["data"].encode(errors="surrogatepass")).digest()
                if self._sources.setdefault(told["uri"], digest) != digest:
                    raise UsageError(f"{path} has another {told['uri']} than those before: merge runs of one commit.")
            case "testCase":
                self._cases.setdefault(told["id"], path)
                self._hooks[path, told["id"]] = {step["id"] for step in told["testSteps"] if "hookId" in step}
            case "testCaseStarted":
                case, started = told["testCaseId"], (path, told["id"])
                if started in self._by_id or (path, case) not in self._hooks:
                    raise ValueError(f"it starts {case!r}, which is no test case before it, or once more")
                attempt = self._by_id[started] = _Attempt(path, case)
                self._attempts.setdefault(case, []).append(attempt)

    def joined(self) -> Iterator[str]:
        """Yield the lines of the one run."""
        yield _line("meta", self._meta)
        yield _line("testRunStarted", self._began[self._order[0]])
        known: set[bytes] = set()
        # What is told of earlier attempts waits for the test case, which is told as the last of them knows it.
        held: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._order:
            for number, (kind, told) in messages(path):
                try:
                    lines = self._joined(path, kind, told, known, held)
                except UNFIT as error:
                    raise _unfit(path, number, error) from None
                yield from lines
        yield _line("testRunFinished", self._end())

    def _joined(
        self, path: Path, kind: str, told: dict[str, Any], known: set[bytes], held: defaultdict[str, list[str]]
    ) -> list[str]:
        """Return the lines that a message adds to the one run."""
        if kind == "testCase":
            return [_line(kind, told), *held.pop(told["id"], ())] if path == self._teller(told["id"]) else []
        if attempt := self._attempt(path, kind, told):
            if not self._renumber(path, kind, told, attempt):
                return []
            if path == self._teller(attempt.case):
                return [_line(kind, told)]
            held[attempt.case].append(_line(kind, told))
            return []
        line = _line(kind, told)
        return [line] if kind not in _FRAME and _is_new(line, known) else []

    def _teller(self, case: str) -> Path:
        """Return the record that tells of a test case: that of its last attempt, if there is one."""
        attempts = self._attempts.get(case)
        return attempts[-1].path if attempts else self._cases[case]

    def _attempt(self, path: Path, kind: str, told: dict[str, Any]) -> "_Attempt | None":
        return self._by_id.get((path, told["id"] if kind == "testCaseStarted" else told.get("testCaseStartedId", "")))

    def _renumber(self, path: Path, kind: str, told: dict[str, Any], attempt: "_Attempt") -> bool:
        """Give what is told of an attempt its number among all; tell whether it has a place in the test case."""
        told["id" if kind == "testCaseStarted" else "testCaseStartedId"] = f"{attempt.case}.attempt.{attempt.number}"
        if kind == "testCaseStarted":
            told["attempt"] = attempt.number
        if kind == "testCaseFinished":
            told["willBeRetried"] = not attempt.is_last
        here, there = (self._hooks.get((it, attempt.case), set()) for it in (path, self._teller(attempt.case)))
        step = told.get("testStepId")
        return step not in here or step in there

    def _end(self) -> dict[str, Any]:
        last = max([*self._ended.values(), *self._began.values()], key=_moment)
        success = not self.merged.faults and all(end.get("success") is True for end in self._ended.values())
        told = {"testRunStartedId": "run", "timestamp": last["timestamp"], "success": success}
        return told | ({"message": "; ".join(self.merged.faults)} if self.merged.faults else {})


def _line(kind: str, told: dict[str, Any]) -> str:
    return ndjson.dumps({kind: told})


def _is_new(line: str, known: set[bytes]) -> bool:
    digest = sha256(line.encode()).digest()
    is_new = digest not in known
    known.add(digest)
    return is_new


def messages(path: Path) -> Iterator[tuple[int, Message]]:
    """Yield line number and message; where the last line is torn, the record ends before it.

    Raises UsageError, with file and line, for what is no message, and OSError for what can't be read.
    """
    for number, line in lines(path):
        try:
            kind, told = _message(ndjson.loads(line))
        except UNFIT as error:
            if not line.endswith(b"\n"):
                return
            raise _unfit(path, number, error) from None
        yield number, (kind, told)


def _message(envelope: Any) -> Message:
    match envelope:
        case dict() if len(envelope) == 1 and isinstance(told := next(iter(envelope.values())), dict):
            return next(iter(envelope)), told
    raise ValueError("it is not an object of one kind")


def _unfit(path: Path, number: int, error: Exception) -> AccordError:
    return UsageError(f"{path}:{number} is no Cucumber Message: {reason(error)}")


def _moment(told: dict[str, Any]) -> tuple[float, float]:
    seconds, nanos = told["timestamp"]["seconds"], told["timestamp"]["nanos"]
    if not {type(seconds), type(nanos)} <= {int, float}:
        raise ValueError("its timestamp is not a number")
    return seconds, nanos
