"""The one error that is meant for people: a sentence, and no traceback."""


class Refusal(Exception):
    """Accord does not go on: the message says what is wrong, where, and what to do."""
