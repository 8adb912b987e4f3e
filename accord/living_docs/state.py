"""What became of a promise or a step: the four states of the page, and the statuses of messages that stand for them."""

from enum import Enum


class State(Enum):
    """What became of a promise, the worst first; the page says it in these words."""

    BROKEN = "broken"
    UNMADE = "not yet made"
    UNRUN = "not run"
    KEPT = "kept"

    @property
    def key(self) -> str:
        """One word, for addresses and style sheets."""
        return self.name.lower()


badness = list(State).index
IN_THE_SENTENCE = (State.KEPT, State.BROKEN, State.UNMADE, State.UNRUN)
STATES = {
    "PASSED": State.KEPT,
    "FAILED": State.BROKEN,
    "AMBIGUOUS": State.BROKEN,
    "PENDING": State.UNMADE,
    "UNDEFINED": State.UNMADE,
    "SKIPPED": State.UNRUN,
    "UNKNOWN": State.UNRUN,
}
