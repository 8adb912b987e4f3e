"""The values that are secret, found in a text however they are spelled there, and hidden.

A text is searched as it is, and then with what is escaped in it undone, up to four times: so a value is found as
JSON, Python, URLs and HTML write it, in any mix, without a list of spellings. Base64 has three, by where it begins.
"""

import re
import unicodedata
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from html import unescape

HIDDEN = "[redacted]"
SHORTEST = 4
"""Anything shorter turns up by chance."""
_LONG = 8
"""From this many characters on a value is found in any case, in base64, and by its head or tail where it was cut."""
# Up to so many strings, a search for each is faster than one pass for all.
_FEW = 64
# How often escapes are undone, as of JSON in a URL in HTML.
_DEEPEST = 4
# A value of many escapes, of which each can be undone or not, would have forms without end.
_MOST_FORMS = 64
# pytest shows at most 240 characters of a value.
_CUT = 300

_ESCAPE = re.compile(
    r"""
    \\(?: u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})? | U[0-9a-fA-F]{8}
        | x[0-9a-fA-F]{2} | [nrtbf"'/\\] )
    | %[0-7][0-9a-fA-F] | %[89a-fA-F][0-9a-fA-F](?:%[89a-fA-F][0-9a-fA-F])*+
    | (?P<quote>['"])\n[ \tEe+-]*+b?(?P=quote)
    | &(?: \#[0-9]{1,7} | \#[xX][0-9a-fA-F]{1,6} | [a-zA-Z][a-zA-Z0-9]{1,7} );
    """,
    re.VERBOSE,
)
_ESCAPES = ("\\", "%", "&", "'\n", '"\n')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
DOTS = re.compile(r"\.\.\.|…")
"""Where pytest cuts a value."""
END = re.compile(r"\Z")
"""Where a text is cut that is too long."""
# Of two long texts pytest leaves out what both begin or end with.
_DOTS_AND_LINES = re.compile(r"\.\.\.|…|\n[Ee ]*[-+] |(?=\n)")
_IDENTICAL = re.compile("identical (?:leading|trailing) characters in diff")

Spans = list[tuple[int, int]]


class Values:
    """Secret values. What is added is found in texts that are searched after that."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        # As they are, and in small letters where the case is of no matter.
        self._exact = _Searched()
        self._any_case = _Searched()
        self._heads: dict[str, list[str]] = {}
        self._tails: dict[str, list[str]] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._known)

    def add(self, value: str) -> None:
        """Have a value hidden from now on, unless it is too short."""
        if len(value) < SHORTEST or value in self._known or value == HIDDEN:
            return
        self._known.add(value)
        exact, any_case = _searched(value)
        for string in exact:
            self._exact.add(string)
        for small in any_case:
            self._any_case.add(small)
            self._heads.setdefault(small[:_LONG], []).append(small)
            self._tails.setdefault(small[-_LONG:], []).append(small)

    def hide(self, text: str, cut: re.Pattern[str] | None = None) -> str:
        """Return the text without the values, nor their heads and tails where it was `cut`: at DOTS, or at its END."""
        if not self._known or len(text) < SHORTEST:
            return text
        spans = self._spans(text, cut)
        return replaced(text, [(start, end, HIDDEN) for start, end in spans]) if spans else text

    def _spans(self, text: str, cut: re.Pattern[str] | None) -> Spans:
        found: Spans = []
        layers: list[_Layer] = []
        while True:
            small = _small(text)
            here = [*self._exact.find(text), *self._any_case.find(small)]
            if cut is not None:
                here += self._pieces(small, cut)
            # From the innermost text back to the one that is to be shown.
            for layer in reversed(layers):
                here = [layer.origin(start, end) for start, end in here]
            found += here
            if len(layers) == _DEEPEST or not any(sign in text for sign in _ESCAPES):
                break
            layer = _Layer(text)
            if layer.text == text:
                break
            layers.append(layer)
            text = layer.text
        return found

    def _pieces(self, small: str, cut: re.Pattern[str]) -> Spans:
        """Find where values were cut: each character is looked at once or twice, however many cuts there are."""
        spans = []
        cuts = _DOTS_AND_LINES if cut is DOTS and _IDENTICAL.search(small) else cut
        after = 0
        for dots in cuts.finditer(small):
            start, end = dots.span()
            spans += self._tail(small, after, min(start, after + _CUT)) if after else []
            spans += self._head(small, max(after, start - _CUT), start)
            after = end
        return spans + (self._tail(small, after, min(len(small), after + _CUT)) if after else [])

    def _head(self, small: str, start: int, end: int) -> Spans:
        for at in range(start, end - _LONG + 1):
            if any(value.startswith(small[at:end]) for value in self._heads.get(small[at : at + _LONG], ())):
                return [] if _is_word(small[max(0, at - 1) : end]) else [(at, end)]
        return []

    def _tail(self, small: str, start: int, end: int) -> Spans:
        for at in range(end, start + _LONG - 1, -1):
            if any(value.endswith(small[start:at]) for value in self._tails.get(small[at - _LONG : at], ())):
                return [] if _is_word(small[start : at + 1]) else [(start, at)]
        return []


def replaced(text: str, spans: list[tuple[int, int, str]]) -> str:
    """Return the text with something else in the place of each span; one that is inside another goes with it."""
    parts, last = [], 0
    # Of two that begin at the same place the longer one comes first, and takes the other with it.
    for start, end, instead in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            parts += [text[last:start], instead]
        last = max(last, end)
    return "".join([*parts, text[last:]])


class _Searched:
    """Strings that are found in a text: each by a search of its own where they are few, by their beginnings else."""

    def __init__(self) -> None:
        self._strings: set[str] = set()
        self._lengths: dict[str, set[int]] = {}

    def add(self, string: str) -> None:
        self._strings.add(string)
        self._lengths.setdefault(string[:SHORTEST], set()).add(len(string))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        if len(self._strings) > _FEW:
            yield from self._find_many(text)
            return
        for string in self._strings:
            at = text.find(string)
            while at >= 0:
                yield at, at + len(string)
                at = text.find(string, at + len(string))

    def _find_many(self, text: str) -> Iterator[tuple[int, int]]:
        for at in range(len(text) - SHORTEST + 1):
            for length in self._lengths.get(text[at : at + SHORTEST], ()):
                if text[at : at + length] in self._strings:
                    yield at, at + length


class _Layer:
    """A text with what is escaped in it undone once, and where each part of it was."""

    def __init__(self, escaped: str) -> None:
        parts, last, length = [], 0, 0
        # Of each escape where its text begins and ends, here and there.
        self._begins: list[int] = []
        self._escapes: list[tuple[int, int, int]] = []
        for match in _ESCAPE.finditer(escaped):
            start, end = match.span()
            plain = _undone(match.group())
            length += start - last
            self._begins.append(length)
            self._escapes.append((length + len(plain), start, end))
            parts += [escaped[last:start], plain]
            length += len(plain)
            last = end
        self.text = "".join([*parts, escaped[last:]]) if parts else escaped

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of the text was before."""
        return self._position(start, first=True), self._position(end - 1, first=False)

    def _position(self, at: int, *, first: bool) -> int:
        index = bisect_right(self._begins, at) - 1
        if index >= 0:
            ends, was_from, was_to = self._escapes[index]
            if at < ends:
                return was_from if first else was_to
            at = was_to + at - ends
        return at if first else at + 1


@lru_cache(maxsize=256)
def _searched(value: str) -> tuple[set[str], set[str]]:
    """Return for what to search to find a value: as it is, and in small letters where the case is of no matter."""
    exact, any_case = set(), set()
    for form in _forms(value):
        # As in a form, where a blank is a plus.
        for spelled in {form, form.replace(" ", "+")}:
            if len(spelled) < _LONG:
                exact.add(spelled)
            else:
                # Large letters may have other small ones: those of ß are ss.
                any_case |= {_small(spelled), _small(spelled.upper())}
    if len(value) >= _LONG:
        exact |= _base64(value.encode(errors="surrogatepass"))
    return exact, any_case


def _forms(value: str) -> set[str]:
    """Return a value and what becomes of it where escapes are undone, if some of its own characters look like one."""
    if value.isascii() and not any(kind in value for kind in "\\%&"):
        return {value}
    forms = {value, unicodedata.normalize("NFC", value), unicodedata.normalize("NFD", value)}
    # As Python writes its bytes, `\\xc3\\xa9` for a letter, which are taken for two.
    forms |= {form.encode(errors="surrogatepass").decode("latin-1") for form in forms}
    more = list(forms)
    while more and len(forms) < _MOST_FORMS:
        form = more.pop()
        for kind in "\\%&":
            if kind in form and (undone := _without(kind, form)) not in forms:
                forms.add(undone)
                more.append(undone)
    return {form for form in forms if len(form) >= SHORTEST}


def _without(kind: str, text: str) -> str:
    return _ESCAPE.sub(lambda match: _undone(match.group()) if match.group()[0] == kind else match.group(), text)


def without_escapes(text: str) -> str:
    """Return a text with what is escaped in it undone once."""
    return _ESCAPE.sub(lambda match: _undone(match.group()), text)


def _undone(escape: str) -> str:
    if escape[0] in "'\"":
        return ""  # Python goes on with a string in another line.
    if escape[0] == "&":
        return unescape(escape)
    if escape[0] == "%":
        return _decoded(bytes.fromhex(escape.replace("%", "")))
    if escape[1] == "x":
        return chr(int(escape[2:], 16))
    if escape[1] in "uU":
        halves = "".join(_character(digits) for digits in re.findall(r"\\[uU]([0-9a-fA-F]+)", escape))
        return halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if len(halves) > 1 else halves
    return _PLAIN.get(escape[1], escape[1])


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"


def _is_word(piece: str) -> bool:
    """Return whether what may be a piece of a value, with its neighbour, is a word in a sentence: `the password...`."""
    return piece.strip().isalpha() and (len(piece) > len(piece.strip()) or len(piece) == _LONG)


def _small(text: str) -> str:
    # The one character whose small form has another length than itself.
    return text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i").lower()


def _base64(value: bytes) -> set[str]:
    """Return what a value is in base64 wherever it begins in what is encoded, without what its neighbours share in."""
    found = set()
    for before in range(3):
        encoded = b64encode(bytes(before) + value).decode()
        # Three bytes are four characters: those at either end that hold bits of a neighbour are left out.
        whole = encoded[(0, 2, 3)[before] : (before + len(value)) * 8 // 6]
        found |= {whole, whole.replace("+", "-").replace("/", "_")}
    return found
