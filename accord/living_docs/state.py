"""What became of a promise or a step: the states of the page, and the statuses of messages that stand for them."""

from enum import Enum


class State(Enum):
    """What became of a promise, the worst first; the page says it in these words."""

    BROKEN = "broken"
    FLAKY = "flaky"
    """Kept, and broken in an attempt before."""
    UNMADE = "not yet implemented"
    UNRUN = "not run"
    KEPT = "kept"

    @property
    def key(self) -> str:
        """One word, for addresses and style sheets."""
        return self.name.lower()


# The states are in the order of how bad they are.
badness = list(State).index
IN_THE_SENTENCE = (State.KEPT, State.BROKEN, State.FLAKY, State.UNMADE, State.UNRUN)
STATES = {
    "PASSED": State.KEPT,
    "FAILED": State.BROKEN,
    "AMBIGUOUS": State.BROKEN,
    # It makes the run fail, unless it is expected to: then it is pending.
    "UNDEFINED": State.BROKEN,
    "PENDING": State.UNMADE,
    "SKIPPED": State.UNRUN,
    "UNKNOWN": State.UNRUN,
}


def state_of(status: str) -> State:
    """Return the state that a status of messages stands for; one of a later version of the protocol is not run."""
    return STATES.get(status, State.UNRUN)
