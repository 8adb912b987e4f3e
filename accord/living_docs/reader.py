"""A messages file, be it Accord's or another Cucumber's, read into the model."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from accord.basics.failures import shortened
from accord.basics.text import one_line
from accord.catalogue.grouping import order
from accord.errors import UsageError
from accord.living_docs.model import Document, Pickle
from accord.living_docs.outline import chapters, give_slugs
from accord.living_docs.reading.attachments import Attachments
from accord.living_docs.reading.features import Features
from accord.living_docs.reading.fields import Json
from accord.living_docs.reading.ids import UnknownIdError, UsedIdError
from accord.living_docs.reading.test_cases import TestCases
from accord.living_docs.reading.whole_run import WholeRun
from accord.living_docs.state import State
from accord.recording.envelopes import EXPECTED
from accord.recording.reader import TORN, UNFIT, invalid, messages
from accord.recording.redaction.values import HIDDEN
from accord.recording.renaming import renamed

# Many lines, none of which says more than others do: they are not even parsed.
_UNNEEDED = ("testStepStarted", "source")
_HIDDEN = HIDDEN.encode()
_ATTACHMENTS = ("attachment", "externalAttachment")
_SAME_IDS = (
    "has an id again that the run before has for something else: write each run to a file of its own, and join them "
    "by `accord merge`"
)


def read(path: Path, *, attachments: bool = True) -> Document:
    """Read a messages file; without `attachments` they are left out, which takes half as long.

    It may have several runs, one after another, each of which begins with its `meta`.
    Raises UsageError, with file and line, for what is not a messages file. A last line that is torn, since the run was
    killed, and what refers to what is not there become problems of the document.
    """
    without = _UNNEEDED if attachments else _UNNEEDED + _ATTACHMENTS
    with suppress(_SameIdsError):
        return _read(path, without)
    # Only where it must be: the runs of Accord have the ids of what is the same.
    return _read(path, without, apart=True)


class _SameIdsError(Exception):
    """Two runs of one file have the same ids for what is not the same."""


def _read(path: Path, without: Collection[str], *, apart: bool = False) -> Document:
    """Read a messages file, with ids of its own for each run where they are held `apart`."""
    reader, whole = _Reader(path), _Whole()
    found = messages(path, without=without, each=whole.take)
    for number, kind, message in _apart(path, found) if apart else found:
        try:
            reader.take(number, kind, message)
        except UsedIdError as error:
            if apart or reader.runs < 2:
                raise invalid(path, number, error) from None
            if not path.is_file():
                raise UsageError(f"{path}:{number} {_SAME_IDS}") from None
            raise _SameIdsError from None
        except UNFIT as error:
            raise invalid(path, number, error) from None
    reader.check()
    document = reader.document(whole)
    # What the reader alone knows is no more needed, and is much.
    del reader
    give_slugs(document)
    return document


def _apart(path: Path, found: Iterator[tuple[int, str, Json]]) -> Iterator[tuple[int, str, Json]]:
    """Yield messages whose ids no other run of the file has."""
    runs = 0
    for number, kind, message in found:
        runs += kind == "meta"
        try:
            yield number, kind, renamed(message, f" of run {runs}") if runs > 1 else message
        except RecursionError as error:
            raise invalid(path, number, error) from None


def _explains_failure(pickle: Pickle) -> bool:
    """Return whether a run may have failed by it: by what is flaky the first of two that were merged."""
    if pickle.state is State.UNMADE and pickle.run and pickle.run.worst:
        # What is pending fails the runs of other Cucumbers; Accord has only what is expected to fail.
        failure = pickle.run.worst.failure
        return failure is None or failure.kind != EXPECTED
    return pickle.state in (State.BROKEN, State.FLAKY)


@dataclass
class _Missing:
    """The first line of a kind of messages that refers to what is not there, and how many do."""

    number: int
    name: str
    count: int = 0


class _Whole:
    """What is said of all lines, of those too that are not parsed."""

    def __init__(self) -> None:
        self.digest = sha256()
        self.hidden = 0

    def take(self, line: bytes) -> None:
        self.digest.update(line)
        self.hidden += line.count(_HIDDEN)


class _Reader:
    """Takes one message after another. Each refers to those before it only."""

    def __init__(self, path: Path) -> None:
        self._parts: dict[str, datetime] = {}
        self._path = path
        self._features = Features()
        self._cases = cases = TestCases(self._features, self._parts)
        self._run = run = WholeRun(cases, self._parts)
        # Standard input, or a pipe, lies nowhere.
        self._attachments = Attachments(cases, run, path.parent if path.is_file() else None)
        self._unknown = cases.unknown
        self._missing: dict[str, _Missing] = {}
        # The last line, if it is torn, and what is wrong with it.
        self._torn: tuple[int, str] | None = None
        self._takers: dict[str, Callable[[Json], None]] = {
            "meta": run.meta,
            "gherkinDocument": self._features.gherkin_document,
            "pickle": self._features.pickle,
            "stepDefinition": cases.step_definition,
            "hook": cases.hook,
            "testCase": cases.test_case,
            "testCaseStarted": cases.test_case_started,
            "suggestion": cases.suggestion,
            "testStepFinished": cases.test_step_finished,
            "testCaseFinished": cases.test_case_finished,
            "testRunStarted": run.test_run_started,
            "testRunFinished": run.test_run_finished,
            "testRunHookStarted": run.test_run_hook_started,
            "testRunHookFinished": run.test_run_hook_finished,
            "attachment": self._attachments.attachment,
            "externalAttachment": self._attachments.attachment,
            "parseError": run.parse_error,
            "undefinedParameterType": run.undefined_parameter_type,
        }

    @property
    def runs(self) -> int:
        """How many have begun so far."""
        return self._run.count

    def take(self, number: int, kind: str, message: Json) -> None:
        """Take a message, and note what refers to nothing; a kind of a later version of the protocol is passed over."""
        if (taker := self._takers.get(kind)) is not None:
            try:
                taker(message)
            except UnknownIdError as error:
                self._unknown.append(error.args[0])
            if self._unknown:
                self._missing.setdefault(kind, _Missing(number, str(self._unknown[0]))).count += 1
                self._unknown.clear()
        elif kind == TORN:
            self._torn = number, message["message"]

    def check(self) -> None:
        """Raise UsageError where there was no message in which anything is."""
        run, attachments = self._run, self._attachments
        if self._features.features or self._cases.hooks or self._cases.sentences or attachments.openapi:
            return
        if run.count or run.metadata.started or run.finished or run.problems or attachments.of_run:
            return
        for missing in self._missing.values():
            raise invalid(self._path, missing.number, UnknownIdError(missing.name))
        if self._torn:
            raise UsageError(f"{self._path}:{self._torn[0]} is not JSON: {self._torn[1]}")
        raise UsageError(f"{self._path} is empty: no run was recorded")

    def document(self, whole: _Whole) -> Document:
        """Return all that was taken, in the order in which people read it."""
        if self._torn:
            reason = f"{self._path.name}:{self._torn[0]} is torn: {self._torn[1]}"
            self._run.problem("The messages file ends in the middle of a line", reason)
        for kind, found in self._missing.items():
            name, more = shortened(one_line(found.name)), f", and so do {found.count - 1} more" * (found.count > 1)
            reason = f"{self._path.name}:{found.number} refers to {name!r}, which is in no message before it{more}."
            self._run.problem(f"A message {kind} refers to what is not in the file", reason)
        if not self._run.finished:
            self._run.problem("The run did not finish", "What it had not come to is shown as not run.")
        document = Document(
            title=self._title(),
            metadata=self._run.metadata,
            provenance=self._run.provenance,
            digest=whole.digest.hexdigest(),
            hidden=whole.hidden,
            beside=self._attachments.beside,
            parts=list(self._parts.values()),
            chapters=chapters(self._features.features),
            sentences=sorted(self._cases.sentences, key=order),
            problems=self._run.problems,
            unread=self._run.unread,
            attachments=self._attachments.of_run,
            openapi=self._attachments.openapi,
            mounted=list(self._attachments.mounted.values()),
            responses={response: list(pickles) for response, pickles in self._attachments.responses.items()},
            undocumented={response: list(pickles) for response, pickles in self._attachments.undocumented.items()},
        )
        # What failed before a run of a part may be mended by it.
        is_explained = document.problems or self._parts or any(map(_explains_failure, document.pickles()))
        if self._run.has_failed and not is_explained:
            reason = "No promise is broken: what failed is something else in the run, as its console says."
            self._run.problem("The run failed", reason)
        return document

    def _title(self) -> str:
        """Return the title of the API, or the name of the repository."""
        info = (self._attachments.openapi or {}).get("info")
        title = info.get("title") if isinstance(info, dict) else None
        repository = PurePosixPath(self._run.metadata.remote.rstrip("/")).name.removesuffix(".git")
        return (title if isinstance(title, str) else None) or repository or "Living documentation"
