"""How many things are under way."""


class UnderWay:
    """Counts what is under way: true as long as anything is."""

    def __init__(self) -> None:
        self._count = 0

    def __enter__(self) -> None:
        """One more begins."""
        self._count += 1

    def __exit__(self, *_: object) -> None:
        """One has ended."""
        self._count -= 1

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._count > 0
