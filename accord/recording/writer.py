"""The file to which the messages of a run are written, line by line as the run goes."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from ci_environment import detect_ci_environment

from accord.basics.clock import now
from accord.basics.filenames import running_messages
from accord.errors import UsageError
from accord.recording import ndjson, provenance
from accord.recording.commit import WorkingTree, working_tree
from accord.recording.crashes import Crash, envelopes
from accord.recording.envelopes import IMPLEMENTATION, PROTOCOL, Envelope, case_id, line, retried, timestamp
from accord.recording.provenance import DIRTY, Provenance
from accord.recording.recorder import Record
from accord.recording.redaction.redaction import public


class MessagesWriter:
    """Writes what recorders noted; there is no file before something was noted.

    The file has a name of its own, so that two runs at once do not write into each other's. A disk that is full, or
    another fault of the system's, ends the file and not the run: `fault` says what it was.
    """

    def __init__(self, directory: Path, rootpath: Path, session: Callable[[], Provenance]) -> None:
        self.fault: str | None = None
        self._process = os.getpid()
        self._rootpath = rootpath
        self._session = session
        self._started = now()
        self._path = directory / running_messages(os.getpid(), self._started)
        self._file: IO[str] | None = None
        # What lines are about, and not the lines: each worker sends the same documents, which may be many.
        self._known: set[str] = set()
        # The pickles that are to run, by the id of the test case, and which of the cases have ended.
        self._selected: dict[str, str] = {}
        self._ended: set[str] = set()
        self._crashed: dict[str, Crash] = {}
        # The ends of what failed last, by worker and test case: what runs there next may be the same once more.
        self._open_ends: dict[str, dict[str, Envelope]] = {}
        self._has_made_directory = False
        self._has_begun = False
        # The servers that the processes of the run had their databases on: whether it is written.
        self._databases: dict[str, bool] = {}

    def write(self, record: Record) -> None:
        """Write what is not written yet, so that it is there if the process is killed next."""
        # Every worker sends which scenarios are to run, and all send the same unless each runs them.
        self._selected.update(record.selected)
        self._databases = dict.fromkeys(record.databases, False) | self._databases
        fresh = [text for about, text in record.known.items() if about not in self._known]
        self._known.update(record.known)
        self._ended.update(record.ended)
        for case in record.ended:
            self._crashed.pop(case, None)  # It was tried again.
        if fresh or record.ended:
            before = self._open_ends.pop(record.worker, {}) if record.ended else {}
            ends = [retried(end) if case in record.ended else end for case, end in before.items()]
            texts = [*self._beginning(record.known), *map(line, ends), *fresh, *record.ended.values()]
            texts += [line(end) for case, end in record.ends.items() if case not in record.failed]
            if record.failed:
                self._open_ends[record.worker] = {case: record.ends[case] for case in record.failed}
            self._append("".join(texts))
        if self._file is not None and (servers := [it for it, is_written in self._databases.items() if not is_written]):
            self._append(line(provenance.envelope("run", {"database": servers})))
            self._databases = dict.fromkeys(self._databases, True)

    def add_crash(self, crash: Crash, *, is_each: bool = False) -> None:
        """Add a scenario whose process died, to be written at the end unless it is tried again.

        `is_each` says that the other workers run it as well.
        """
        self._crashed[case_id(crash.nodeid, crash.worker if is_each else "")] = crash

    def finish(self, success: bool) -> Path | None:
        """Write what was to run and did not, and the end.

        Return the file, if there is one and all is in it.
        """
        if os.getpid() != self._process:  # This is a fork, made in a hook: the run is its parent's.
            return None
        if self._file is not None:
            try:
                self._bring_back(self._file)
                self._append("".join(map(line, self._rest(success))))
            except OSError as error:
                self._give_up(error.strerror)
            except UsageError as error:  # The file cannot be read, in which the steps of a crashed scenario are.
                self._give_up(str(error))
        if self._file is None:
            return None
        try:
            self._close()
        except OSError as error:
            self._give_up(error.strerror)
        return self._path if self.fault is None else None

    @property
    def has_results(self) -> bool:
        """Whether a scenario has ended, be it by the death of its process."""
        return bool(self._ended or self._crashed)

    def discard(self) -> None:
        """Remove the file, and the directory if it is there for it alone."""
        if self._file is None or os.getpid() != self._process:
            return
        with suppress(OSError):
            self._close()
        with suppress(OSError):
            self._path.unlink()
            if self._has_made_directory:
                self._path.parent.rmdir()

    def _bring_back(self, file: IO[str]) -> None:
        """Write the file anew where somebody removed it meanwhile, be it with its directory: it is still open."""
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file.seek(0)
            self._file = self._path.open("x+", encoding="utf-8")
            shutil.copyfileobj(file, self._file)
            file.close()

    def _rest(self, success: bool) -> Iterator[Envelope]:
        """Yield the ends that are left, a test case for each pickle that did not run, and the end of the run.

        A test case that did not run has no steps, unless its process died.
        """
        for ends in self._open_ends.values():
            yield from ends.values()
        left = {case: pickle for case, pickle in self._selected.items() if case not in self._ended}
        crashed = {case: crash for case, crash in self._crashed.items() if case in left}
        yield from envelopes(crashed, left, self._path)
        for case, pickle in left.items():
            if case not in crashed:
                yield {"testCase": {"id": case, "pickleId": pickle, "testSteps": []}}
        # A worker that died after its scenario had ended is a failure of the run, and not of the scenario.
        others = [crash.sentence() for case, crash in self._crashed.items() if case in self._ended]
        ended = {"testRunStartedId": "run", "timestamp": timestamp(now()), "success": success}
        yield {"testRunFinished": ended | ({"message": " ".join(others)} if others else {})}

    def _append(self, text: str) -> None:
        # A child that a step forked has the file open too, and comes back here if it does not end by itself.
        if self.fault is not None or os.getpid() != self._process:
            return
        try:
            if self._file is None:
                self._has_made_directory = not self._path.parent.exists()
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # To be read again where somebody removed it. Its name is of this process and moment: nobody else's.
                self._file = self._path.open("x+", encoding="utf-8")
            self._file.write(text)
            self._file.flush()  # What the system has is there if the process is killed; only a power cut may lose it.
        except OSError as error:
            self._give_up(error.strerror)

    def _beginning(self, known: dict[str, str]) -> list[str]:
        """Return, the first time, the lines of what is known of the run before anything of it runs."""
        if self._has_begun:
            return []
        self._has_begun = True
        tree = working_tree(self._rootpath, _uris(known))
        of_run = meta(tree)
        started = {"id": "run", "timestamp": timestamp(self._started)}
        known_of_run = (provenance.of_meta(of_run), provenance.of_tree(tree, of_run), self._session())
        return [*map(line, ({"meta": of_run}, {"testRunStarted": started}, provenance.envelope("run", *known_of_run)))]

    def _give_up(self, reason: str | None) -> None:
        self.fault = (
            f"{self._path} ends early, and this run is not published: {reason}: "
            "see that there is room, and that files can be written there."
        )
        with suppress(OSError):
            self._close()
        with suppress(OSError):
            # An empty file says nothing; one that has some lines can still be rendered.
            if self._path.stat().st_size == 0:
                self._path.unlink()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _uris(known: dict[str, str]) -> Iterator[str]:
    """Yield the feature files, and those of step definitions, that the lines are about."""
    for about, text in known.items():
        kind, _, name = about.partition(" ")
        if kind == "source":
            yield name
        elif kind == "definition":
            yield ndjson.loads(text)["stepDefinition"]["sourceReference"]["uri"]


def meta(tree: WorkingTree | None) -> Envelope:
    """Return what ran the scenarios, where, and on which commit; one with changes on it ends in `-dirty`.

    Addresses lose the user, and what in their query or fragment has a secret's name.
    """
    described: dict[str, Any] = detect_ci_environment(dict(os.environ)) or {"name": "local"}
    git = dict(described.get("git") or {})
    if tree is not None:
        # Some servers of CI say which commit it is. The address of the remote may hold a password: none is asked for,
        # and the schema wants the field.
        git = git or {"remote": "", "revision": tree.commit} | ({"branch": tree.branch} if tree.branch else {})
        git["revision"] += DIRTY if tree.is_changed else ""
    if remote := git.get("remote"):
        git["remote"] = public(remote)
    if url := described.get("url"):
        described["url"] = public(url)
    described["git"] = git or None
    return {
        "protocolVersion": PROTOCOL,
        "implementation": {"name": IMPLEMENTATION, "version": version("accord")},
        "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
        "os": {"name": platform.system(), "version": platform.release()},
        "cpu": {"name": platform.machine()},
        "ci": {name: value for name, value in described.items() if value is not None},
    }
