"""What became of a promise or a step: the four states of the page, and the statuses of messages that stand for them."""

from enum import Enum


class State(Enum):
    """What became of a promise, the worst first; the page says it in these words."""

    BROKEN = "broken"
    UNMADE = "not yet implemented"
    UNRUN = "not run"
    KEPT = "kept"

    @property
    def key(self) -> str:
        """One word, for addresses and style sheets."""
        return self.name.lower()


# The states are in the order of how bad they are.
badness = list(State).index
IN_THE_SENTENCE = (State.KEPT, State.BROKEN, State.UNMADE, State.UNRUN)
STATES = {
    "PASSED": State.KEPT,
    "FAILED": State.BROKEN,
    # All statuses that a result of Cucumber Messages may have; another is an error of the file.
    "AMBIGUOUS": State.BROKEN,
    "PENDING": State.UNMADE,
    "UNDEFINED": State.UNMADE,
    "SKIPPED": State.UNRUN,
    "UNKNOWN": State.UNRUN,
}
