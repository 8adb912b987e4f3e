"""The failures of fixtures that many scenarios meet: shown in full once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accord.basics.failures import named, text_of
from accord.basics.source import defined_at, location
from accord.errors import AccordError


def _has_traceback(error: BaseException) -> bool:
    """Whether it is shown with one: a sentence for people is not."""
    return not isinstance(error, AccordError) and getattr(error, "pytrace", True)


@dataclass
class _Failed:
    fixture: str
    reason: str = ""
    shown_at: str | None = None


class FixtureFailures:
    """The errors of fixtures that outlast a scenario: pytest raises the same one again for all that ask for them.

    One that is tried again, as one of a class is for each scenario, and fails in the same words has the same failure.
    """

    def __init__(self, rootpath: Path, redacted: Callable[[str], str]) -> None:
        self._rootpath = rootpath
        self._redacted = redacted
        # The errors are kept, so that no other one gets the identity of one of them.
        self._failed: dict[int, tuple[BaseException, _Failed]] = {}
        self._in_the_same_words: dict[tuple[str, str], _Failed] = {}

    @contextmanager
    def of(self, fixture: str, function: Callable[..., object]) -> Iterator[None]:
        """Note what fails in the block as this fixture's."""
        try:
            yield
        except BaseException as error:
            self.note(error, fixture, function)
            raise

    def note(self, error: BaseException, fixture: str, function: Callable[..., object]) -> None:
        """Note an error as this fixture's, unless it is known as that of one on which this one rests."""
        who = f"The fixture `{fixture}` ({location(*defined_at(function), self._rootpath)})"
        # By identity: a fixture that asks for one that failed raises the very same error.
        if id(error) not in self._failed:
            failed = self._in_the_same_words.setdefault((who, text_of(error)), _Failed(who))
            self._failed[id(error)] = error, failed

    def again(self, error: BaseException, scenario: str) -> str | None:
        """Return a line for a failure that another scenario has shown; None if this scenario is to show it in full.

        What is a sentence by itself, without a traceback, is shown by each.
        """
        if id(error) not in self._failed or (not _has_traceback(error) and "\n" not in text_of(error)):
            return None
        _error, failed = self._failed[id(error)]
        if failed.shown_at is None:
            failed.reason, failed.shown_at = self._redacted(named(error)), scenario
            return None
        return f"{failed.fixture} failed: {failed.reason}; shown in full at {failed.shown_at}."
