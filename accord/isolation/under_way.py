"""How many things are under way."""

import threading


class UnderWay:
    """Counts what is under way, in whichever thread: true as long as anything is."""

    def __init__(self) -> None:
        self._count = 0
        self._counting = threading.Lock()

    def __enter__(self) -> None:
        """One more begins."""
        with self._counting:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        """One has ended."""
        with self._counting:
            self._count -= 1

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._count > 0
