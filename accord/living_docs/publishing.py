"""The hooks of the process that publishes a run: when its messages are all written, it makes the documents of them."""

import os
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accord.basics.failures import named
from accord.basics.filenames import HISTORY, MESSAGES_BEFORE, PAGE
from accord.basics.files import Together, alone, together
from accord.basics.garbage import uncollected
from accord.basics.source import location, relative
from accord.basics.text import one_line
from accord.errors import AccordError
from accord.recording import writing

# What makes documents is loaded when it is needed: no run should start the later for it.
if TYPE_CHECKING:
    from accord.living_docs.former import FormerRun
    from accord.living_docs.links import Links
    from accord.living_docs.past_runs import History

BASELINE = "--accord-baseline"
HISTORY_OPTION = "--accord-history"
TAG_LINK = "accord_tag_link"
SOURCE_LINK = "accord_source_link"


def _links(config: pytest.Config) -> "Links | None":
    addresses = {name: config.getini(name) or None for name in (TAG_LINK, SOURCE_LINK)}
    if not any(addresses.values()):
        return None
    from accord.living_docs.links import Links

    name = TAG_LINK
    try:
        links = Links(tag=addresses[name])
        name = SOURCE_LINK
        return replace(links, source=addresses[name])
    except AccordError as error:
        raise pytest.UsageError(f"{name}: {error}") from None


def _baseline(messages: Path) -> "FormerRun":
    try:
        return _compared_with(messages)
    except AccordError as error:
        raise pytest.UsageError(f"{BASELINE}: {error}") from None


@uncollected()
def _compared_with(messages: Path) -> "FormerRun":
    from accord.living_docs.former import read_former

    return read_former(messages)


class Publishing:
    """Publishes what the messages file of the run has.

    Raises UsageError of pytest's for a link or a baseline that is of no use: before the run, not after it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._directory = writing.directory_of(config)
        self._links = _links(config)
        # As the user would type it, though a test may change the directory.
        self._working_directory = config.invocation_params.dir
        self._history = Path(self._working_directory, config.getoption(HISTORY_OPTION) or self._directory / HISTORY)
        # Workers of pytest-xdist publish nothing, and need not read what their controller has read.
        baseline = None if hasattr(config, "workerinput") else config.getoption(BASELINE)
        self._since = _baseline(baseline) if baseline else None
        self._state: str | None = None
        self._faults: list[str] = []

    @pytest.hookimpl
    def pytest_accord_messages(self, session: pytest.Session, messages: Path) -> bool:
        """Publish the run; where that fails, the file stays where it is, and what was published before as it was."""
        try:
            self._publish(messages, session.config)
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            self._give_up("it was interrupted", messages)
        except OSError as error:
            self._give_up(f"{error.filename or self._directory}: {error.strerror or error}", messages)
        except Exception as error:  # Whatever it is, the documents of the run before and the messages of this one stay.
            file, line, *_ = traceback.extract_tb(error.__traceback__)[-1]
            self._give_up(f"{named(error)} ({location(file, line or 0)})", messages)
        return True

    def _give_up(self, reason: str, messages: Path) -> None:
        self._faults.append(
            f"This run is not published: {reason}. What was published before is as it was; "
            f"`accord render {relative(messages, self._working_directory)} -o DIR` makes the documents of this run."
        )

    def _publish(self, messages: Path, config: pytest.Config) -> None:
        """Make the documents, and have them take their places together with the messages.

        What changed is shown since the last full run. A run that ends meanwhile waits, so that the
        files of a directory are all of one run.
        """
        from accord.living_docs import rendering
        from accord.living_docs.links import NO_LINKS

        # Around it all, since what is compared with must be what is replaced.
        with alone(self._directory, *self._beside_history()):
            with together() as files:
                placed = writing.replace_last(files, messages, self._directory, config)
                since = self._since or self._read_last(placed)
                links = self._links or NO_LINKS
                options = rendering.Options(
                    since,
                    links,
                    config.rootpath,
                    self._last_runs(),
                    history_beside=rendering.name_in(self._history, self._directory),
                    since_beside=None if self._since else MESSAGES_BEFORE,
                )
                rendered = rendering.render(files, placed.messages, self._directory, options)
                if options.history is not None:
                    self._keep(rendered.history, files)
            # Its messages are in those of the whole.
            messages.unlink(missing_ok=True)
            page = relative(self._directory / PAGE, self._working_directory)
            self._state = f"{rendered.part}; {page} has the whole" if rendered.part else f"{rendered.sentence}: {page}"
        # After the files are in place: it cannot be taken back.
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            try:
                with Path(summary).open("a", encoding="utf-8", errors="replace") as file:
                    file.write(rendered.summary)
            except OSError as error:
                self._faults.append(f"The summary is not in GITHUB_STEP_SUMMARY ({summary}): {error.strerror}.")

    def _read_last(self, placed: writing.Placed) -> "FormerRun | None":
        if placed.fault:
            self._faults.append(placed.fault)
        try:
            return _compared_with(placed.baseline) if placed.baseline else None
        except AccordError as error:
            self._faults.append(f"What changed is not shown: {error}")
            return None

    def _beside_history(self) -> list[Path]:
        """Return the folder of the history, if it has another than the documents, and can be locked."""
        try:
            self._history.parent.mkdir(parents=True, exist_ok=True)
        except OSError:  # What is wrong is said where the history is written.
            return []
        return [self._history.parent] if os.access(self._history.parent, os.R_OK) else []

    def _last_runs(self) -> "History | None":
        from accord.living_docs import history

        try:
            return history.read(self._history)
        except AccordError as error:
            # It stays as it is, since what is in it may still be mended.
            self._faults.append(f"The last runs are not shown: {error}.")
            return None

    def _keep(self, runs: "History", files: Together) -> None:
        from accord.living_docs import history

        try:
            history.write(runs, files, self._history)
        except OSError as error:
            # The documents are worth more than what the next ones say of this run.
            path = relative(self._history, self._working_directory)
            self._faults.append(f"This run is not in the history: {path} cannot be written: {error.strerror or error}.")

    # Last, so that what people look for is the last line above pytest's own.
    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say the state and where the run is published, or why it is not."""
        for fault in self._faults:
            terminalreporter.write_line(one_line(fault), red=True)
        if self._state is not None:
            terminalreporter.write_line(one_line(self._state))
