"""The messages of a part, put into those of the run before: what did not run stays there as it was.

Both are in the file as runs of their own, each with its start and its end, by which test cases say when they ran.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.recording import ndjson
from accord.recording.envelopes import is_part, line, part_id
from accord.recording.reader import TORN, UNFIT, invalid, messages

Json = dict[str, Any]

# What the others refer to: it is written first, as it is now.
_KNOWN = {"source", "gherkinDocument", "pickle", "stepDefinition", "hook"}
_RESULTS = ("testCase", "testCaseStarted", "testStepStarted", "testStepFinished", "testCaseFinished", "suggestion")
# Large or many, and nothing that has to be known of a file beforehand.
_UNNEEDED = ("gherkinDocument", "attachment", "suggestion", "testStepStarted", "testStepFinished", "testCaseFinished")


@dataclass(frozen=True)
class _Pickle:
    uri: str
    steps: list[str]


@dataclass
class Survey:
    """What a messages file has: its runs, its pickles, and which test cases have run in which run.

    Raises UsageError, with file and line, for what is not a messages file.
    """

    path: Path
    starts: dict[str, Json] = field(default_factory=dict)
    uris: set[str] = field(default_factory=set)
    pickles: dict[str, _Pickle] = field(default_factory=dict)
    cases: dict[str, Json] = field(default_factory=dict)
    """The pickle and the run of each test case."""
    ran: set[str] = field(default_factory=set)
    hooks: set[str] = field(default_factory=set)
    definitions: defaultdict[Hashable, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The ids of the step definitions by their sentence and file: lines move."""
    same: dict[Hashable, str] = field(default_factory=dict)
    """The pickles by what makes them the same in another run."""

    def __post_init__(self) -> None:
        """Read the file."""
        seen: Counter[Hashable] = Counter()
        for number, kind, message in messages(self.path, without=_UNNEEDED):
            try:
                self._take(kind, message, seen)
            except UNFIT as error:
                raise invalid(self.path, number, error) from None

    def _take(self, kind: str, message: Json, seen: Counter[Hashable]) -> None:
        match kind:
            case "testRunStarted":
                self.starts[message.get("id", "")] = message
            case "source":
                self.uris.add(message["uri"])
            case "pickle":
                self.pickles[message["id"]] = _Pickle(message["uri"], [step["id"] for step in message["steps"]])
                steps = [[step.get("type"), step["text"], step.get("argument")] for step in message["steps"]]
                seen[same := (message["uri"], message["name"], ndjson.dumps(steps))] += 1
                self.same[(same, seen[same])] = message["id"]
            case "hook":
                self.hooks.add(message["id"])
            case "stepDefinition":
                sentence = message["sourceReference"]["uri"], message["pattern"]["source"]
                self.definitions[sentence].append(message["id"])
            case "testCase":
                self.cases[message["id"]] = {name: message.get(name) for name in ("pickleId", "testRunStartedId")}
            case "testCaseStarted":
                self.ran.add(message["testCaseId"])

    @property
    def has_full_run(self) -> bool:
        """Whether there is a run in it that was none of a part."""
        return not all(map(is_part, self.starts))

    @property
    def is_full_run(self) -> bool:
        """Whether it is of such a run alone."""
        return not any(map(is_part, self.starts))


class Whole:
    """A run, and what of the last one it leaves as it was; `selects` says whether the run was to be of a part.

    A run is of a part as well if it did not come to all that it was to run, or, unless it `is_bare`, if it left out
    what the last full run had, and what is still there.
    """

    def __init__(
        self, last: Survey | None, now: Survey, rootpath: Path, selects: Callable[[], bool], *, is_bare: bool
    ) -> None:
        self._last = last
        self._now = now
        self._rootpath = rootpath
        # Of the pickles of the last run that are still there, which they are now.
        self._pickles: dict[str, str] = {}
        self._stays: dict[str, bool] = {}
        self._cases: set[str] = set()
        if last is not None:
            self._match(last)
        if now.cases.keys() - now.ran:
            self.is_part = True
        elif is_bare:
            self.is_part = False
        elif last is not None and last.has_full_run:
            staying = self._cases & last.ran
            self.is_part = any(not is_part(last.cases[case]["testRunStartedId"] or "") for case in staying)
        else:
            self.is_part = selects()

    def _match(self, last: Survey) -> None:
        now, ids = self._now, {pickle: same for same, pickle in last.same.items()}
        for pickle, known in last.pickles.items():
            if self._is_elsewhere(known.uri):
                self._pickles[pickle] = pickle
            elif (found := now.same.get(ids[pickle])) is not None:
                self._pickles[pickle] = found
        # A pickle with a test case that is not in the last run runs otherwise now, such as with other parameters.
        otherwise = {now.cases[case]["pickleId"] for case in now.ran - last.cases.keys()}
        for case, of in last.cases.items():
            pickle_now = self._pickles.get(of["pickleId"])
            is_run = case in (now.ran if case in last.ran else now.cases)
            if pickle_now is not None and pickle_now not in otherwise and not is_run:
                self._cases.add(case)

    def _is_elsewhere(self, uri: str) -> bool:
        """Return whether a feature file is there and was not read."""
        if uri not in self._stays:
            self._stays[uri] = uri not in self._now.uris and self._rootpath.joinpath(uri).is_file()
        return self._stays[uri]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the messages file that has both."""
        if self._last is None:
            yield from (line({kind: self._in_part(kind, it)}) for _, kind, it in messages(self._now.path))
            return
        before = self._before(self._last)
        yield next(before)
        yield from (
            line({kind: it}) for _, kind, it in messages(self._now.path, without=_RESULTS) if _is_known(kind, it)
        )
        yield from before
        for _, kind, message in messages(self._now.path, without=(*_KNOWN, "meta")):
            stays = kind == "testCase" and message["id"] in self._cases
            if not stays and not _is_known(kind, message):
                yield line({kind: self._in_part(kind, message)})

    def _in_part(self, kind: str, message: Json) -> Json:
        """Return a message of this run, as one of a run of a part."""
        [(run, start)] = self._now.starts.items()
        name = "id" if kind == "testRunStarted" else "testRunStartedId"
        return message | {name: part_id(start["timestamp"])} if message.get(name) == run else message

    def _before(self, last: Survey) -> Iterator[str]:
        """Yield the lines of the last run that stay, its `meta` first."""
        before = _Before(last, self._now, self._cases, self._pickles, self._is_elsewhere)
        for number, kind, message in messages(last.path):
            try:
                stays = before.stays(kind, message)
                text = line({kind: message})
            except UNFIT as error:
                raise invalid(last.path, number, error) from None
            if stays:
                yield text


class _Before:
    """What stays of the last run, whose messages it changes where the ids of what they refer to are others by now."""

    def __init__(
        self, last: Survey, now: Survey, cases: set[str], pickles: dict[str, str], is_elsewhere: Callable[[str], bool]
    ) -> None:
        self._cases = cases
        self._pickles = pickles
        self._is_elsewhere = is_elsewhere
        self._hooks = now.hooks
        self._attachments = {
            _name(it) for _, kind, it in messages(now.path, without=(*_RESULTS, *_KNOWN)) if _is_known(kind, it)
        }
        self._runs = {last.cases[case]["testRunStartedId"] for case in cases}
        self._runs |= {run for run in last.starts if not is_part(run)}
        self._attempts: set[str] = set()
        # Steps and step definitions, as they are now.
        self._steps: dict[str, str] = {}
        for case in cases:
            pickle = last.cases[case]["pickleId"]
            there = now if pickles[pickle] in now.pickles else last
            self._steps |= zip(last.pickles[pickle].steps, there.pickles[pickles[pickle]].steps, strict=True)
        self._definitions: dict[str, str] = {}
        for sentence, definitions in last.definitions.items():
            if there_now := now.definitions.get(sentence):
                numbered = enumerate(definitions)
                self._definitions |= {it: there_now[min(number, len(there_now) - 1)] for number, it in numbered}

    def stays(self, kind: str, message: Json) -> bool:
        """Return whether a message stays."""
        match kind:
            case "testRunStarted":
                return message.get("id", "") in self._runs
            case "testRunFinished":
                return message.get("testRunStartedId", "") in self._runs
            case "attachment" if "testRunStartedId" in message:
                return message["testRunStartedId"] in self._runs
            case "source" | "gherkinDocument" | "pickle":
                return self._is_elsewhere(message["uri"])
            case "parseError":
                return self._is_elsewhere(message["source"]["uri"])
            case "stepDefinition":
                return message["id"] not in self._definitions
            case "hook":
                return message["id"] not in self._hooks
            case "testCase":
                return self._stays_case(message)
            case "testCaseStarted":
                if message["testCaseId"] in self._cases:
                    self._attempts.add(message["id"])
                return message["testCaseId"] in self._cases
            case "suggestion":
                message["pickleStepId"] = self._steps.get(step := message["pickleStepId"], step)
                return step in self._steps
        if _is_known(kind, message):
            return _name(message) not in self._attachments
        attempt = message.get("testCaseStartedId")
        return kind != TORN and (attempt is None or attempt in self._attempts)

    def _stays_case(self, message: Json) -> bool:
        if message["id"] not in self._cases:
            return False
        message["pickleId"] = self._pickles[message["pickleId"]]
        for step in message["testSteps"]:
            if "pickleStepId" in step:
                step["pickleStepId"] = self._steps[step["pickleStepId"]]
                ids = step.get("stepDefinitionIds", ())
                step["stepDefinitionIds"] = [self._definitions.get(it, it) for it in ids]
        return True


def _is_known(kind: str, message: Json) -> bool:
    """Return whether a message is of no run at all: what others refer to, or an attachment such as the contract."""
    of_a_run = ("testCaseStartedId", "testRunStartedId")
    return kind in _KNOWN or (kind == "attachment" and not any(name in message for name in of_a_run))


def _name(attachment: Json) -> Hashable:
    return attachment["mediaType"], attachment.get("fileName")
