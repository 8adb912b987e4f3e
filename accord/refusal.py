"""The one error that is meant for people: a sentence, and no traceback."""

from accord.visible import visible


class Refusal(Exception):
    """Accord does not go on: the message says what is wrong, where, and what to do."""

    def __str__(self) -> str:
        """Return the message; what it repeats of others' texts is shown as text."""
        return visible(super().__str__())
