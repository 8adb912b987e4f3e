"""Text from outside, such as a scenario's name or a failure, shown so that it cannot pass for anything but text.

A terminal obeys control characters, and terminals and browsers obey those that change the direction of what follows, or
show nothing at all: with them a line can say what nobody wrote, or two names look alike (https://trojansource.codes).
"""

import re

# Newlines and tabs are text. So are the joiners U+200C and U+200D, which Persian, Indic scripts and emoji are written
# with, and all letters from right to left.
# Most texts are ASCII, for which the shorter class takes two thirds of the time. A carriage return alone has a terminal
# write what follows over the line.
_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]|\r(?!\n)"
)
_DELETE = 0x7F


def visible(text: str) -> str:
    """Return the text with a sign in place of each character that is obeyed, or hides: `␛`, `[U+202E]`."""
    return (_ASCII if text.isascii() else _INVISIBLE).sub(_sign, text)


def one_line(text: str) -> str:
    """Return the text so, on one line: where it has a line break or other blanks, there is a space."""
    return " ".join(visible(text).split())


def _sign(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < 0x20:
        # Unicode's block "Control Pictures" has a sign for each, in the same order.
        return chr(0x2400 + number)
    return "\u2421" if number == _DELETE else f"[U+{number:04X}]"
