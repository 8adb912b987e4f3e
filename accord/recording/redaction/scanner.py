"""Finds secrets in a text by the names beside them: in JSON, assignments, URLs and tags, in any mix, valid or not.

One pass reads tokens from the beginning to the end, never goes back, and keeps what is open on a stack of its own: it
takes linear time, and neither broken nor deeply nested text stops it. A string is read as a text of its own.
"""

import json
import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from accord.recording.redaction.following import STRING, FollowingValues, unquoted
from accord.recording.redaction.names import LABELS, VALUES, Names, Strength
from accord.recording.redaction.ordinary import NOTHING, is_ordinary
from accord.recording.redaction.tags import read_tag
from accord.recording.redaction.values import HIDDEN, replaced

_TOKEN = re.compile(
    r"""
      "(?P<double>(?:[^"\\\n]++|\\.)*+)"?
    | (?<!\w)'(?P<single>(?:[^'\\\n]++|\\.)*+)'
    | (?P<word>[\w$%][\w.$%-]*+(?:\[[\w.%-]*+\][\w.$%-]*+)*)
    | (?P<open>[{\[])
    | (?P<close>[}\]])
    | :(?P<url>//)(?=[^\s/?\#"'<>]*@)
    | (?P<tag><(?=[A-Za-z]))
    """,
    re.VERBOSE | re.DOTALL,
)
# A quote or backslash before it is left from a string that began in the wrong place. An event
# of a stream may go on in another line of `data:`, and a comment may stand between.
_SIGN = re.compile(
    r"""(?P<before>\\*+["']?)(?P<space>\s*+)(?P<sign>=>|:=|=(?!=)|:(?![:/]))"""
    r"""(?P<after>(?:\ndata:|/\*(?:[^*]|\*(?!/)){0,300}\*/|\s)*)"""
)
_HEADER = re.compile(r"[^\r\n]++")
# As items of a mapping, or headers, are listed.
_PAIR = re.compile(r'\[\s*+"([^"\\\n]{1,100}+)"\s*+,\s*+"((?:[^"\\]++|\\.)*)"\s*+\]', re.DOTALL)
_USER = re.compile(r"""(?:[^\s/?\#"'<>@]*+@)++""")
# FastAPI names a field by its path: `["body", "password"]`.
_LAST_OF_LIST = re.compile(r'\[[^\[\]]{0,300}?"([^"\\\n]{0,100})"\s*\]')

_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
# How many strings within strings are read, as in JSON in JSON: each level is a call within the one before.
_DEEPEST = 8
_WORDS_OF_A_LABEL = 100


class Scanner:
    """Hides the values of secrets' names; `learn` gets each, and how surely it is a secret."""

    def __init__(
        self, names: Names, learn: Callable[[str, Strength], None], header: Callable[[str, str], str | None]
    ) -> None:
        self._names = names
        self._learn = learn
        self._header = header

    def hide(self, text: str, depth: int = 0) -> str:
        """Return the text with the value of each secret's name hidden."""
        if depth > _DEEPEST or not self._names.may_occur(text):
            return text
        return _Scan(text, depth, self, self._names, self._learn, self._header).hidden()

    def named(self, name: str, value: str) -> str:
        """Return the value, or what stands for it if its name is a secret's."""
        if value.lower() in NOTHING or value == HIDDEN:
            return value
        if self._names.strength(name):
            self._learn(value, Strength.STRONG)
            self.hide(value)
            return HIDDEN
        return self.hide(value)


class _Object:
    """An object that is being read: what it is named, its last key, and a field that it names beside the value."""

    __slots__ = ("key", "label", "parent", "values")

    def __init__(self, parent: str) -> None:
        self.parent = parent
        self.key = ""
        self.label = Strength.NONE
        self.values: list[int] = []


class _Scan:
    """One pass over one text."""

    def __init__(
        self,
        text: str,
        depth: int,
        scanner: Scanner,
        names: Names,
        learn: Callable[[str, Strength], None],
        header: Callable[[str, str], str | None],
    ) -> None:
        self._text = text
        self._depth = depth
        self._scanner = scanner
        self._strength = names.strength
        self._learn = learn
        self._header = header
        self._following = FollowingValues(text, names.strength, learn, lambda value: scanner.hide(value, depth + 1))
        self._object = _Object("")
        # What is open: of an object the one that it stands in, of an array None.
        self._open: list[_Object | None] = []
        self._unclosed: set[str] = set()

    def hidden(self) -> str:
        at = 0
        while (token := _TOKEN.search(self._text, at)) is not None:
            match token.lastgroup:
                case "double" | "single":
                    at = self._string(token, token.lastgroup)
                case "word":
                    at = self._word(token)
                case "open":
                    at = self._pair(token.start()) or token.end()
                    self._begin(token.group())
                case "close":
                    at = token.end()
                    self._end(token.group())
                case "url":
                    at = self._user(token.end())
                case _:
                    at = self._tag(token.start())
        # A text may be cut off in the middle.
        while self._open:
            self._end("]" if self._open[-1] is None else "}")
        self._beside(self._object)
        return replaced(self._text, self._following.spans) if self._following.spans else self._text

    def _pair(self, at: int) -> int | None:
        """Hide the second of two strings in an array if the first is its name; two names, as of a choice, stay."""
        pair = _PAIR.match(self._text, at)
        if pair is None or self._strength(unquoted(pair[1])) is not Strength.STRONG:
            return None
        value = unquoted(pair[2])
        if is_ordinary(value) or value == HIDDEN:
            return None
        self._learn(value, Strength.STRONG)
        self._following.spans.append((*pair.span(2), HIDDEN))
        return pair.end(2) + 1

    def _begin(self, sign: str) -> None:
        if sign == "[":
            self._open.append(None)
        else:
            self._open.append(self._object)
            self._object = _Object(self._object.key or self._object.parent)

    def _end(self, sign: str) -> None:
        if self._open and (self._open[-1] is None) == (sign == "]") and (above := self._open.pop()) is not None:
            self._beside(self._object)
            self._object = above

    def _beside(self, done: _Object) -> None:
        """Hide the values of an object that named its field after them."""
        if done.label:
            for at in done.values:
                self._following.hide(done.label, at, quoted=True, named="")

    def _string(self, token: re.Match[str], group: str) -> int:
        raw = token[group]
        if (sign := _SIGN.match(self._text, token.end())) and not sign["before"]:
            return self._named(unquoted(raw), sign.end())
        content = unquoted(raw)
        hidden = self._scanner.hide(content, self._depth + 1)
        if hidden != content:
            # It stands in quotes, so it is escaped anew.
            escaped = json.dumps(hidden, ensure_ascii=False)[1:-1]
            if group == "single":
                escaped = escaped.replace('\\"', '"').replace("'", "\\'")
            self._following.spans.append((*token.span(group), escaped))
        return token.end()

    def _named(self, name: str, at: int) -> int:
        """Read on after a name in quotes and its sign; return where."""
        current = self._object
        current.key = name
        strength = self._strength(name, current.parent)
        if strength:
            return self._following.hide(strength, at, quoted=True, named=name)
        small = name.lower().replace("_", "")
        if small in LABELS:
            current.label = max(current.label, self._label(at))
        if small in VALUES:
            is_container = self._text[at : at + 1] in ("{", "[")
            if small == "input" and is_container:
                return at  # Of a field that is missing FastAPI says what all was sent.
            if current.label:
                return self._following.hide(current.label, at, quoted=True, named=name)
            if not is_container or len(self._open) <= _DEEPEST:
                current.values.append(at)
        return at

    def _label(self, at: int) -> Strength:
        """Return how secret the field is that an object names."""
        if (listed := _LAST_OF_LIST.match(self._text, at)) is not None:
            return self._strength(listed[1])
        string = STRING.match(self._text, at, at + _WORDS_OF_A_LABEL)
        return self._strength(unquoted(string[string.lastgroup])) if string and string.lastgroup else Strength.NONE

    def _word(self, token: re.Match[str]) -> int:
        name = token["word"]
        sign = _SIGN.match(self._text, token.end())
        if sign is None:
            if "%" in name and (hidden := self._scanner.hide(plain := unquote(name), self._depth + 1)) != plain:
                self._following.spans.append((*token.span(), quote(hidden, safe="[]", errors="replace")))
            return token.end()
        at = sign.end()
        strength = self._strength(name, self._object.parent)
        if not strength:
            # Its space may be a line's end, after which another begins.
            return sign.start("sign") + len(sign["sign"])
        text = self._text
        if sign["before"]:
            return self._following.hide(strength, at, quoted=True, named=name)
        if "\n" in sign["space"] or "\n" in sign["after"]:
            return sign.start("sign") + len(sign["sign"])
        if name.lower() in _HEADERS and sign["sign"] == ":" and (line := _HEADER.match(text, at)):
            written = self._header(name.lower(), line.group())
            if written is not None:
                self._following.spans.append((*line.span(), written))
                return line.end()
        if STRING.match(text, at):
            return self._following.hide(strength, at, quoted=True, named=name)
        if text[at : at + 1] in ("{", "["):
            return (
                self._following.hide(strength, at, quoted=True, named=name) if self._open or "=" in sign["sign"] else at
            )
        if sign["sign"] == "=" and not sign["space"] and not sign["after"]:
            return self._following.hide_assigned(strength, at)
        return self._following.hide_in_sentence(strength, token.start(), at, is_inside=bool(self._open))

    def _user(self, at: int) -> int:
        """Hide name and password before the host of a URL."""
        found = _USER.match(self._text, at)
        if found is None:
            return at
        user, colon, password = found.group()[:-1].partition(":")
        self._learn(password if colon else user, Strength.STRONG if colon else Strength.WEAK)
        if found.group() != f"{HIDDEN}@" and (user or password):
            self._following.spans.append((at, found.end() - 1, HIDDEN))
        return found.end()

    def _tag(self, at: int) -> int:
        """Hide what is secret in a tag, or between it and its end; return where to read on."""
        tag = read_tag(self._text, at, self._strength, self._unclosed)
        for start, end, values, strength in tag.secrets:
            if " ".join(values).lower() not in NOTHING and self._text[start:end] != HIDDEN:
                for value in values:
                    self._learn(value, strength)
                self._following.spans.append((start, end, HIDDEN))
        for start, end, value in tag.others:
            if (hidden := self._scanner.hide(value, self._depth + 1)) != value:
                self._following.spans.append((start, end, hidden.replace("&", "&amp;").replace('"', "&quot;")))
        return tag.end
