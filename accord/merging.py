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

from tqdm import tqdm

from accord import ndjson
from accord.files import together
from accord.refusal import Refusal

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

    Raises Refusal for what is no record, with file and line; for records of different features; for no record at all.
    """
    survey = _Survey(records)
    try:
        with together() as files:
            files.write(into, (ndjson.dumps({kind: told}) + "\n" for kind, told in survey.joined()))
    except OSError as error:
        raise Refusal(f"{into} cannot be written: {error.strerror}") from None
    return survey.merged


@dataclass(eq=False)
class _Attempt:
    path: Path
    case: str


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
            raise Refusal(f"There is no run to be merged: {'; '.join(self.merged.faults)}.")
        self._order = sorted(self._began, key=lambda path: _moment(self._began[path]))
        for attempts in self._attempts.values():
            attempts.sort(key=lambda attempt: self._order.index(attempt.path))
        self.merged.scenarios = len(self._cases)
        self.merged.repeated = sum(len(attempts) > 1 for attempts in self._attempts.values())

    def _read(self, path: Path) -> None:
        try:
            for number, (kind, told) in messages(path):
                try:
                    self._take(path, kind, told)
                except (LookupError, TypeError, AttributeError) as error:
                    raise Refusal(f"{path}:{number} is no Cucumber Message: {error!r}") from None
        except FileNotFoundError:
            self.merged.faults.append(f"{path} is missing")
        except OSError as error:
            raise Refusal(f"{path} cannot be read: {error.strerror}") from None
        else:
            if path not in self._ended:
                self.merged.faults.append(f"{path} ends early")

    def _take(self, path: Path, kind: str, told: dict[str, Any]) -> None:
        match kind:
            case "meta":
                self._meta = self._meta or told
            case "testRunStarted":
                self._began[path] = told
            case "testRunFinished":
                self._ended[path] = told
            case "source":
                digest = sha256(told["data"].encode(errors="surrogatepass")).digest()
                if self._sources.setdefault(told["uri"], digest) != digest:
                    raise Refusal(f"{path} has another {told['uri']} than those before: merge runs of one commit.")
            case "testCase":
                self._cases.setdefault(told["id"], path)
                self._hooks[path, told["id"]] = {step["id"] for step in told["testSteps"] if "hookId" in step}
            case "testCaseStarted":
                attempt = self._by_id[path, told["id"]] = _Attempt(path, told["testCaseId"])
                self._attempts.setdefault(attempt.case, []).append(attempt)

    def joined(self) -> Iterator[Message]:
        """Yield the messages of the one run."""
        yield "meta", self._meta
        yield "testRunStarted", self._began[self._order[0]]
        known: set[bytes] = set()
        # What is told of earlier attempts waits for the test case, which is told as the last of them knows it.
        held: defaultdict[str, list[Message]] = defaultdict(list)
        for path in self._order:
            for _number, (kind, told) in messages(path):
                if kind == "testCase":
                    if path == self._teller(told["id"]):
                        yield kind, told
                        yield from held.pop(told["id"], ())
                elif attempt := self._attempt(path, kind, told):
                    if self._renumber(path, kind, told, attempt):
                        if path == self._teller(attempt.case):
                            yield kind, told
                        else:
                            held[attempt.case].append((kind, told))
                elif kind not in _FRAME and _is_new((kind, told), known):
                    yield kind, told
        yield "testRunFinished", self._end()

    def _teller(self, case: str) -> Path:
        """Return the record that tells of a test case: that of its last attempt, if there is one."""
        attempts = self._attempts.get(case)
        return attempts[-1].path if attempts else self._cases[case]

    def _attempt(self, path: Path, kind: str, told: dict[str, Any]) -> "_Attempt | None":
        return self._by_id.get((path, told["id"] if kind == "testCaseStarted" else told.get("testCaseStartedId", "")))

    def _renumber(self, path: Path, kind: str, told: dict[str, Any], attempt: "_Attempt") -> bool:
        """Give what is told of an attempt its number among all; tell whether it has a place in the test case."""
        attempts = self._attempts[attempt.case]
        number = attempts.index(attempt)
        told["id" if kind == "testCaseStarted" else "testCaseStartedId"] = f"{attempt.case}.attempt.{number}"
        if kind == "testCaseStarted":
            told["attempt"] = number
        if kind == "testCaseFinished":
            told["willBeRetried"] = attempt is not attempts[-1]
        here, there = (self._hooks.get((it, attempt.case), set()) for it in (path, self._teller(attempt.case)))
        return told.get("testStepId") not in here - there

    def _end(self) -> dict[str, Any]:
        last = max([*self._ended.values(), *self._began.values()], key=_moment)
        success = not self.merged.faults and all(end["success"] for end in self._ended.values())
        told = {"testRunStartedId": "run", "timestamp": last["timestamp"], "success": success}
        return told | ({"message": "; ".join(self.merged.faults)} if self.merged.faults else {})


def _is_new(message: Message, known: set[bytes]) -> bool:
    digest = sha256(ndjson.dumps(message).encode()).digest()
    is_new = digest not in known
    known.add(digest)
    return is_new


def messages(path: Path) -> Iterator[tuple[int, Message]]:
    """Yield line number and message; where the last line is torn, the record ends before it.

    Raises Refusal, with file and line, for what is no message, and OSError for what can't be read.
    """
    with (
        path.open("rb") as file,
        tqdm(
            total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, delay=1, leave=False, disable=None
        ) as progress,
    ):
        for number, line in enumerate(file, 1):
            progress.update(len(line))
            try:
                [(kind, told)] = ndjson.loads(line).items()
            except (ValueError, AttributeError, RecursionError) as error:
                if not line.endswith(b"\n"):
                    return
                raise Refusal(f"{path}:{number} is no Cucumber Message: {error}") from None
            yield number, (kind, told)


def _moment(told: dict[str, Any]) -> tuple[int, int]:
    return told["timestamp"]["seconds"], told["timestamp"]["nanos"]
