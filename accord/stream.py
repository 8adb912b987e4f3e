"""The file to which the messages of a run are written, line by line as the run goes."""

import os
import platform
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from ci_environment import detect_ci_environment

from accord.clock import now
from accord.messages import PROTOCOL, Envelope, Record, line, timestamp
from accord.redaction import public

LAST = "messages.ndjson"
BEFORE = "messages.before.ndjson"


class Stream:
    """Writes what recorders noted; there is no file before something was noted.

    While the run goes, the file has a name of its own, so that two runs at once do not write into each other's. At
    the end it takes the place of the last run's, which is kept as the one before.
    A disk that is full, or another fault of the system's, ends the stream and not the run: `fault` tells of it.
    """

    def __init__(self, directory: Path, rootpath: Path) -> None:
        self.fault: str | None = None
        self.last = directory / LAST
        self.before = directory / BEFORE
        self._rootpath = rootpath
        self._started = now()
        self._running = directory / f"messages.{os.getpid()}.{self._started}.ndjson"
        self._file: IO[str] | None = None
        self._known: set[str] = set()
        self._selected: dict[str, str] = {}
        self._ended: set[str] = set()

    def write(self, record: Record) -> None:
        """Write what is not written yet, to be read at once."""
        # Every worker says which scenarios are to run, and all say the same.
        if not self._selected:
            self._selected = record.selected
        fresh = [text for about, text in record.known.items() if about not in self._known]
        self._known.update(record.known)
        self._ended.update(record.ended)
        if fresh or record.ended:
            self._append("".join([*fresh, *record.ended.values()]))

    def finish(self, success: bool) -> bool:
        """Write what was to run and did not, and the end; tell whether there is a file of this run."""
        if self._file is not None:
            left = {case: pickle for case, pickle in self._selected.items() if case not in self._ended}
            cases = [{"id": case, "pickleId": pickle, "testSteps": []} for case, pickle in left.items()]
            ended = {"testRunStartedId": "run", "timestamp": timestamp(now()), "success": success}
            self._append("".join([*(line({"testCase": case}) for case in cases), line({"testRunFinished": ended})]))
        if self._file is None:
            return False
        try:
            self._close()
            if self.last.exists():
                self.last.replace(self.before)
            self._running.replace(self.last)
        except OSError as error:
            self._give_up(error)
        return self.fault is None

    def _append(self, text: str) -> None:
        if self.fault is not None:
            return
        try:
            if self._file is None:
                self._running.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._running.open("w", encoding="utf-8")
                started = {"id": "run", "timestamp": timestamp(self._started)}
                text = line({"meta": meta(self._rootpath)}) + line({"testRunStarted": started}) + text
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.fault = (
            f"{self._running} ends early, and this run is not published: {error.strerror}: "
            "see that there is room, and that files can be written there."
        )
        with suppress(OSError):
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def meta(rootpath: Path) -> Envelope:
    """Return what ran the scenarios, where, and on which commit; one with changes on it ends in `-dirty`.

    Addresses lose the user, and what in their query or fragment has a secret's name.
    """
    described: dict[str, Any] = detect_ci_environment(dict(os.environ)) or {"name": "local"}
    described.setdefault("git", _git(rootpath))
    if url := described.get("url"):
        described["url"] = public(url)
    if remote := (described["git"] or {}).get("remote"):
        described["git"] = {**described["git"], "remote": public(remote)}
    return {
        "protocolVersion": PROTOCOL,
        "implementation": {"name": "accord", "version": version("accord")},
        "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
        "os": {"name": platform.system(), "version": platform.release()},
        "cpu": {"name": platform.machine()},
        "ci": {name: value for name, value in described.items() if value is not None},
    }


def _git(rootpath: Path) -> dict[str, str] | None:
    revision = _asked(rootpath, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    if revision is None:
        return None
    # Its address may hold a password, and is nothing to publish.
    git = {"remote": "", "revision": revision}
    branch = _asked(rootpath, "branch", "--show-current")
    return git | ({"branch": branch} if branch else {})


def _asked(rootpath: Path, *question: str) -> str | None:
    try:
        answer = subprocess.run(["git", *question], cwd=rootpath, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
