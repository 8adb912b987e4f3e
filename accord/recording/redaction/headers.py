"""Headers without what is secret in them: credentials, challenges, cookies, and all whose name is a secret's."""

import re
from urllib.parse import unquote

from accord.recording.redaction.learned import SCHEME, Learned
from accord.recording.redaction.names import Names, Strength
from accord.recording.redaction.ordinary import NOTHING
from accord.recording.redaction.scanner import Scanner
from accord.recording.redaction.values import HIDDEN

_COOKIES = {"cookie", "set-cookie"}
_CREDENTIALS = {
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "proxy-authentication-info",
}
_CHALLENGES = {"www-authenticate", "proxy-authenticate"}
_PARAMETER = re.compile(r'(?<![\w!#$%&*+.^`|~-])([\w!#$%&*+.^`|~-]++)(\s*+=\s*+)("(?:[^"\\]++|\\.)*+"?|[^\s,;"]++)')
# What parameters of credentials and challenges say beside the secret.
_OPEN_PARAMETER = re.compile(
    "realm|algorithm|qop|uri|nc|username|userhash|charset|stale|domain|error|error_description|error_uri|scope|version|"
    "headers|signedheaders|oauth_version|oauth_signature_method|title|max-age|created|expires",
    re.IGNORECASE,
)
# How many headers are remembered in which there was nothing to hide; no others are, so that no secret is stored.
_PLAIN_HEADERS = 1_000


class Headers:
    """Hides values in headers, be they a request's own or written out in a text."""

    def __init__(self, names: Names, learned: Learned) -> None:
        self._names = names
        self._learned = learned
        # A text may have headers, and a header may be a text.
        self.scanner = self._scanner = Scanner(names, learned.add, self.in_text)
        # Most requests have the headers of the one before.
        self._plain_headers: set[tuple[str, str]] = set()

    def hide(self, name: str, value: str) -> str:
        """Return a header's value without what is secret in it."""
        if (name, value) in self._plain_headers:
            return value
        small = name.lower()
        if small in _COOKIES:
            return self._cookies(value, only_first=small == "set-cookie")
        if small in _CREDENTIALS:
            return self._credentials(value)
        if small in _CHALLENGES:
            return self._challenge(value)
        hidden = self._scanner.named(small, value)
        if hidden == value and len(self._plain_headers) < _PLAIN_HEADERS:
            self._plain_headers.add((name, value))
        return hidden

    def _cookies(self, value: str, *, only_first: bool) -> str:
        # In Set-Cookie attributes follow: Path, Expires and so on.
        pairs = value.split(";", 1 if only_first else -1)
        hidden = [self._cookie(pair) for pair in (pairs[:1] if only_first else pairs)]
        return ";".join([*hidden, *pairs[1:]] if only_first else hidden)

    def _cookie(self, pair: str) -> str:
        name, sign, value = pair.partition("=")
        plain = unquote(value.strip()).strip('"')
        if not sign or plain.lower() in NOTHING or plain == HIDDEN:
            return pair
        strength = Strength.STRONG if self._names.strength(name.strip()) else Strength.WEAK
        # As it was sent, and as the app reads it.
        self._learned.add(value.strip(), strength)
        self._learned.add(plain, strength)
        self._scanner.hide(plain)
        return f"{name}{sign}{HIDDEN}"

    def _credentials(self, value: str) -> str:
        """Hide the proof of who sends the request; the scheme and other parameters stay."""
        if value in ("", HIDDEN):
            return value
        scheme = SCHEME.match(value)
        rest = value[scheme.end() :] if scheme else value
        # The `=` at the end of base64 makes no parameter.
        if "=" in rest.rstrip("=") and _PARAMETER.match(rest) and not _is_token(rest):
            return value[: len(value) - len(rest)] + _PARAMETER.sub(self._parameter, rest)
        if rest == HIDDEN:
            return value
        self._learned.add(value, Strength.STRONG)
        # A scheme of a project's own comes first as well.
        self._learned.add(value.partition(" ")[2], Strength.STRONG)
        return f"{scheme.group()}{HIDDEN}" if scheme else HIDDEN

    def _challenge(self, value: str) -> str:
        """Hide what a challenge has of a secret; there may be several, and most have none."""
        scheme = SCHEME.match(value)
        if scheme and _is_token(value[scheme.end() :]):
            return self._credentials(value)
        return _PARAMETER.sub(self._parameter, value)

    def _parameter(self, match: re.Match[str]) -> str:
        name, sign, value = match.groups()
        bare = value.strip('"')
        if _OPEN_PARAMETER.fullmatch(name) or bare in ("", HIDDEN):
            return match.group()
        self._learned.add(bare, Strength.WEAK)
        quoted = '"' if value.startswith('"') else ""
        return f"{name}{sign}{quoted}{HIDDEN}{quoted}"

    def in_text(self, name: str, line: str) -> str | None:
        """Hide what is secret in a header that is written out in a text; return None if it is none."""
        if name in _COOKIES:
            return self._cookies(line, only_first=name == "set-cookie") if "=" in line else None
        return self._credentials(line) if SCHEME.match(line) else None


def _is_token(credentials: str) -> bool:
    """Return whether credentials are one token, whose last characters may be `=`."""
    return re.fullmatch(r"[\w.~+/:-]+=*", credentials) is not None
