"""Threads and processes, which no test may leave running."""

import threading
from pathlib import Path

from accord.guards.guarded import Guarded, Reading
from accord.timeouts import outlasting, stacks


class _Running(Guarded):
    """What goes on while nobody waits for it."""

    only_of_accord = True

    def sentence(self, changes: list[str]) -> str:
        """Say what runs, and what to do."""
        return f"{'; '.join(changes)}: end it in a fixture, after its `yield`."


class Threads(_Running):
    """The threads for which Python would wait before it ends."""

    name = "threads"

    def __init__(self, rootpath: Path) -> None:
        self._rootpath = rootpath

    def read(self) -> Reading:
        """Return those that run."""
        return dict.fromkeys(outlasting.threads())

    def restore(self, before: Reading) -> None:
        """Leave them: a thread can't be ended, so the next test begins with it."""

    def changes(self, before: Reading, after: Reading) -> list[str]:
        """Say which of them run on, and where they wait."""
        if after.keys() <= before.keys():
            return []
        # Only now, since to wait for their end, and to find where they are, takes long.
        left = outlasting.still_running(lambda: self._begun(before))
        waiting = [(it, stacks.describe([stacks.of_thread(it.ident or 0)], self._rootpath)[0]) for it in left]
        return [f'the thread "{thread.name}" running ({waits})' for thread, waits in waiting]

    @staticmethod
    def _begun(before: Reading) -> list[threading.Thread]:
        """Return those that have begun since; one for a connection to a server ends with that, or with its client."""
        return [it for it in outlasting.threads() if it not in before and not stacks.serves(it)]


class Processes(_Running):
    """The processes that this one began."""

    name = "processes"

    def read(self) -> Reading:
        """Return their ids."""
        return dict.fromkeys(outlasting.children())

    def restore(self, before: Reading) -> None:
        """End those that began since."""
        outlasting.end(outlasting.running(self.read().keys() - before.keys()))

    def changes(self, before: Reading, after: Reading) -> list[str]:
        """Say which of them run on."""
        if after.keys() <= before.keys():
            return []
        left = outlasting.running(after.keys() - before.keys())
        return [f"the process {process.pid} running ({outlasting.command(process)})" for process in left]
