"""A messages file, be it Accord's or another Cucumber's, read into the model."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from accord.catalogue.grouping import order
from accord.errors import UsageError
from accord.living_docs.model import Document, Pickle
from accord.living_docs.outline import chapters, give_slugs
from accord.living_docs.reading.attachments import Attachments
from accord.living_docs.reading.features import Features
from accord.living_docs.reading.fields import Json
from accord.living_docs.reading.test_cases import TestCases
from accord.living_docs.reading.whole_run import WholeRun
from accord.living_docs.state import State
from accord.recording.envelopes import EXPECTED
from accord.recording.reader import TORN, UNFIT, invalid, messages
from accord.recording.redaction.values import HIDDEN

# Many lines, none of which says more than others do: they are not even parsed.
_UNNEEDED = ("testStepStarted", "source")
_HIDDEN = HIDDEN.encode()
_ATTACHMENTS = ("attachment", "externalAttachment")


def read(path: Path, *, attachments: bool = True) -> Document:
    """Read a messages file; without `attachments` they are left out, which takes half as long.

    Raises UsageError, with file and line, for what is not a messages file. A last line that is torn, since the run was
    killed, becomes a problem of the document.
    """
    reader, whole = _Reader(path), _Whole()
    is_empty = True
    without = _UNNEEDED if attachments else _UNNEEDED + _ATTACHMENTS
    for number, kind, message in messages(path, without=without, each=whole.take):
        is_empty = False
        try:
            reader.take(number, kind, message)
        except UNFIT as error:
            raise invalid(path, number, error) from None
    if is_empty:
        raise UsageError(f"{path} is empty: no run was recorded")
    document = reader.document(whole)
    # What the reader alone knows is no more needed, and is much.
    del reader
    give_slugs(document)
    return document


def _explains_failure(pickle: Pickle) -> bool:
    """Return whether a run may have failed by it: by what is flaky the first of two that were merged."""
    if pickle.state is State.UNMADE and pickle.run and pickle.run.worst:
        # What is pending fails the runs of other Cucumbers; Accord has only what is expected to fail.
        failure = pickle.run.worst.failure
        return failure is None or failure.kind != EXPECTED
    return pickle.state in (State.BROKEN, State.FLAKY)


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
        self._attachments = Attachments(cases, run)
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

    def take(self, number: int, kind: str, message: Json) -> None:
        """Take a message; a kind of a later version of the protocol is passed over."""
        if (taker := self._takers.get(kind)) is not None:
            taker(message)
        elif kind == TORN:
            reason = f"{self._path.name}:{number} is torn: {message['message']}"
            self._run.problem("The messages file ends in the middle of a line", reason)

    def document(self, whole: _Whole) -> Document:
        """Return all that was taken, in the order in which people read it."""
        if not self._run.finished:
            self._run.problem("The run did not finish", "What it had not come to is shown as not run.")
        document = Document(
            title=self._title(),
            metadata=self._run.metadata,
            provenance=self._run.provenance,
            digest=whole.digest.hexdigest(),
            hidden=whole.hidden,
            beside=self._attachments.beside,
            parts=sorted(self._parts.values()),
            chapters=chapters(self._features.features),
            sentences=sorted(self._cases.sentences.values(), key=order),
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
