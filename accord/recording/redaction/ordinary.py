"""What turns up by chance, and so is hidden under a secret's name only: words, numbers, times; and what is no value."""

import re

NOTHING = frozenset({"true", "false", "null", "none", "nil", "undefined", "nan", "deleted", ""})
"""In small letters, what is not a secret under any name."""

# In this order: words, numbers, versions, sizes, times as in ISO 8601, times as in HTTP.
_ORDINARY = re.compile(
    r"""
      (?:[^\W\d_]{1,20}|[A-Z]?[a-z]{3,}(?:[A-Z][a-z]{2,})+)(?:[ _./:,-]+[^\W\d_]{1,20}){0,12}
    | [+-]?\d{1,15}(?:\.\d{1,6})?%?
    | v?\d{1,4}(?:\.\d{1,4}){1,3}
    | \d{1,5}x\d{1,5}
    | \d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?
    | (?:[A-Z][a-z]{2},?[ ])?\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4}(?:[ ]\d\d:\d\d:\d\d[ ]?(?:[A-Z]{3,4}|[+-]\d{4})?)?
    """,
    re.VERBOSE,
)
_SENTENCE = re.compile(r"[A-Z][a-z']+(?: [\w',-]+){2,60}\.")


def is_ordinary(value: str) -> bool:
    """Return whether a value may be a word or a few, a number or a time, which turn up by chance."""
    return len(value) <= 120 and _ORDINARY.fullmatch(value) is not None


def is_count(value: str) -> bool:
    """Return whether it is a number of such things: `pass: 3`, `tokens: 512`."""
    return value.isdecimal() and len(value) < 6


def is_sentence(value: str) -> bool:
    """Return whether it is one, as an error says it of a field: `This field is required.`"""
    return len(value) <= 300 and _SENTENCE.fullmatch(value) is not None
