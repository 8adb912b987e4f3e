"""What Accord uses of freezegun, where a project has it, that is not documented; it is not imported here."""

MODULE = "freezegun.api"
"""Where freezegun has what it puts in the place of functions that give the time."""


def is_of_freezegun(function: object) -> bool:
    """Return whether freezegun has put it in the place of a function that gives the time."""
    return getattr(function, "__module__", None) == MODULE
