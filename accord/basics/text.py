"""Text from outside, such as a scenario's name or a failure, shown so that it cannot pass for anything but text.

A terminal obeys control characters, and terminals and browsers obey those that change the direction of what follows, or
show nothing at all: with them a line can say what nobody wrote, or two names look alike (https://trojansource.codes).
"""

import re
from collections.abc import Iterable

# Newlines and tabs are text. So are the joiners U+200C and U+200D, which Persian, Indic scripts and emoji are written
# with, and all letters from right to left.
# Most texts are ASCII, for which the shorter class takes two thirds of the time. A carriage return alone has a terminal
# write what follows over the line. Most of the last range is text, which `_sign` leaves: to name what is not
# takes three times the time.
_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U0001fffe-\U0010ffff]|\r(?!\n)"
)
_DELETE = 0x7F
_LAST_RANGE = 0x1FFFE
_TAGS = range(0xE0000, 0xE0080)
# With 0xFFFF, the last two of each 65,536 code points.
_NO_CHARACTER = 0xFFFE


def visible(text: str) -> str:
    """Return the text with a sign in place of each character that is obeyed, or hides: `␛`, `[U+202E]`."""
    return (_ASCII if text.isascii() else _INVISIBLE).sub(_sign, text)


def one_line(text: str) -> str:
    """Return the text so, on one line: where it has a line break or other blanks, there is a space."""
    return " ".join(visible(text).split())


def _sign(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number >= _LAST_RANGE and number not in _TAGS and number & 0xFFFE != _NO_CHARACTER:
        return found[0]
    if number < 0x20:
        # Unicode's block "Control Pictures" has a sign for each, in the same order.
        return chr(0x2400 + number)
    return "\u2421" if number == _DELETE else f"[U+{number:04X}]"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that was most likely meant by one that is misspelt: none is like it where that is not clear."""
    key = _key(name)
    found = min(((distance(key, _key(it)), it) for it in names if it), default=None)
    return found[1] if found is not None and found[0] <= errors_allowed(min(len(key), len(_key(found[1])))) else None


def errors_allowed(length: int) -> int:
    """Return how many letters of a word may be wrong for it to be known all the same."""
    return 0 if length < 3 else 1 if length < 6 else 2


def distance(one: str, other: str) -> int:
    """Return how many letters were left out, added, replaced, or swapped with the next one, to get to the other."""
    # Optimal string alignment, with the last three rows of its table.
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, target in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()
