"""Values that follow the name of a secret in a text: they are learned, and what stands for them is noted.

Each method is told where a value begins, and returns where to read on.
"""

import json
import re
from collections.abc import Callable

from accord.recording.redaction.names import VALUES, Strength, words
from accord.recording.redaction.ordinary import NOTHING, is_count, is_ordinary, is_sentence
from accord.recording.redaction.values import HIDDEN, without_escapes

# A string that is the value of a secret's name goes on over line ends, to its end or that of the text.
# Possessive (`*+`, `++`) here and in the other patterns: nothing is tried twice, so that any text takes linear time.
STRING = re.compile(
    r"""\\*+[bBrRuU]{0,2}(?:"(?P<double>(?:[^"\\]++|\\.)*+)"?|'(?P<single>(?:[^'\\]++|\\.)*+)'?)""", re.DOTALL
)
_SCALAR = re.compile(r"""[^\s,}\]"'&<]++""")
_ASSIGNED = re.compile(r"""[^\s&"'<>;#]++""")
_IN_PROSE = re.compile(r"""([^\s,;&"'<>{}\[\]]++)(?P<last>[ \t]*+(?=[\r\n,;&}\])]|\Z))?""")
_IN_CONTAINER = re.compile(
    r""""(?P<double>(?:[^"\\]++|\\.)*+)"?|'(?P<single>(?:[^'\\\n]++|\\.)*+)'"""
    r"""|(?P<open>[{\[])|(?P<close>[}\]])|(?P<scalar>[^\s,:{}\[\]"']++)""",
    re.DOTALL,
)
_COLON = re.compile(r"\s*+:")
# An object that describes what a secret looks like, as JSON Schema does, holds none.
_SCHEMA = re.compile(
    r'\{\s*+"(?:type|\$ref|anyOf|allOf|oneOf|title|format|description|enum|const|default|minLength|maxLength|writeOnly|examples?)"'
)
_LINE_BEGINS = re.compile(r"(?:\A|\n)[ \t>|*-]*\Z")
# In an object of a secret's, what says whose or of which kind it is.
_WHOSE = frozenset(words("user username login email mail name id role roles scope scopes realm"))


class FollowingValues:
    """Hides values of one text."""

    def __init__(
        self,
        text: str,
        strength: Callable[[str], Strength],
        learn: Callable[[str, Strength], None],
        learn_from: Callable[[str], object],
    ) -> None:
        self.spans: list[tuple[int, int, str]] = []
        """What is to be replaced: from where to where, and by what."""
        self._text = text
        self._strength = strength
        self._learn = learn
        self._learn_from = learn_from

    def hide(self, strength: Strength, at: int, *, quoted: bool, named: str) -> int:
        """Hide the value that begins there, be it a string, a number, an object or an array.

        `quoted` has what stands for a number be a string, as JSON wants it; `named` is the name that the value has.
        """
        text = self._text
        if (string := STRING.match(text, at)) is not None and string.lastgroup:
            value = unquoted(string[string.lastgroup] or "")
            if value.lower() not in NOTHING and value != HIDDEN:
                self._learn(value, strength)
                self._learn_from(value)
                self.spans.append((*string.span(string.lastgroup), HIDDEN))
            return string.end()
        if text[at : at + 1] in ("{", "["):
            return self._contained(strength, at)
        scalar = _SCALAR.match(text, at)
        if scalar is None:
            return at
        value = scalar.group()
        # `tokens: 512` counts tokens, and `pin: 1234` does not count pins.
        counts = is_count(value) and (strength is Strength.WEAK or named.endswith("s"))
        if value.lower() not in NOTHING and value != HIDDEN and not counts:
            self._learn(value, strength)
            self.spans.append((*scalar.span(), f'"{HIDDEN}"' if quoted else HIDDEN))
        return scalar.end()

    def hide_assigned(self, strength: Strength, at: int) -> int:
        """Hide what is assigned to a name, as in a query or a shell: `token=abc`."""
        value = _ASSIGNED.match(self._text, at)
        if value is None:
            return at
        found = value.group().rstrip(",.)]}")
        if found.lower() in NOTHING or found == HIDDEN or (strength is Strength.WEAK and is_count(found)):
            return value.end()
        self._learn(found, strength)
        # `a=b,c` may be one value, or one and what follows it.
        if "," in found:
            self._learn(found.partition(",")[0], Strength.WEAK)
        self.spans.append((at, at + len(found), HIDDEN))
        return value.end()

    def hide_in_sentence(self, strength: Strength, name_at: int, at: int, *, is_inside: bool) -> int:
        """Hide what follows a name in prose, if it is not prose itself: `The token: use it wisely`.

        `is_inside` an object or an array there is no prose.
        """
        value = _IN_PROSE.match(self._text, at)
        if value is None:
            return at
        alone = value["last"] is not None
        # As much as a list's sign and its indentation take: a look back to the line's beginning could be long.
        before = self._text[max(0, name_at - 16) : name_at]
        begins = _LINE_BEGINS.search(before) is not None and (name_at <= 16 or "\n" in before)
        found = value[1].rstrip(".!?:)")
        if found.lower() in NOTHING or found == HIDDEN or (strength is Strength.WEAK and is_count(found)):
            return value.end()
        if not is_ordinary(found.lstrip("(")) or (alone and (begins or is_inside)):
            # Prose is a guess: an ordinary word that is hidden here must stay in other texts.
            self._learn(found, Strength.WEAK)
            self.spans.append((at, at + len(found), HIDDEN))
        return value.end(1)

    def _contained(self, strength: Strength, at: int) -> int:
        """Hide an object or array, all of which is a secret's, and learn what is in it."""
        is_object = self._text[at] == "{"
        if is_object and (strength is Strength.WEAK or _SCHEMA.match(self._text, at)):
            return at
        depth, key = 0, ""
        end = at
        while (token := _IN_CONTAINER.search(self._text, end)) is not None:
            end = token.end()
            kind = token.lastgroup or ""
            if kind == "open":
                depth += 1
            elif kind == "close":
                depth, key = depth - 1, ""
                if depth <= 0:
                    break
            elif kind != "scalar" and _COLON.match(self._text, end):
                key = unquoted(token[kind])
                # An object may have secrets for its keys, as one that lists tokens by themselves.
                self._learn(key, Strength.WEAK)
            else:
                value = token[kind] if kind == "scalar" else unquoted(token[kind])
                # `type` says something about a token, since `token_type` is not a secret's name.
                is_whose = bool(key) and (key.lower() in _WHOSE or not self._strength(f"token_{key}"))
                if value.lower() not in NOTHING and not is_whose and not is_sentence(value):
                    is_sure = not key or key.lower() in VALUES or self._strength(key)
                    self._learn(value, strength if is_sure else Strength.WEAK)
        else:
            end = len(self._text)
        self.spans.append((at, end, f'"{HIDDEN}"'))
        return end


def unquoted(raw: str) -> str:
    """Return what a string of JSON, Python or JavaScript means; `raw` is what is between its quotes."""
    if "\\" not in raw:
        return raw
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return without_escapes(raw)
