"""What went over the wire without what is secret in it.

A value is hidden where it stands in a secret's place: by a header's, cookie's, parameter's, field's or tag's name.
What was hidden once is learned, and hidden wherever else it turns up, so that no failed assertion gives it away.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from urllib.parse import quote_plus, unquote, unquote_plus

import pytest

from accord.recording.redaction import sql as sql_values
from accord.recording.redaction.names import Names, Strength
from accord.recording.redaction.ordinary import NOTHING, is_ordinary
from accord.recording.redaction.places import Places
from accord.recording.redaction.values import DOTS, HIDDEN, Values

FORM = "application/x-www-form-urlencoded"

_COOKIES = {"cookie", "set-cookie"}
_CREDENTIALS = {
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "proxy-authentication-info",
}
_CHALLENGES = {"www-authenticate", "proxy-authenticate"}
_SCHEME = re.compile(
    r"(?P<scheme>basic|bearer|digest|token|negotiate|ntlm|hmac[\w-]*|aws4-[\w-]+|api-?key|jwt|dpop|hawk|oauth|scram[\w-]*|"
    r"mutual|gnap|signature|key|privatetoken|vapid|hoba|concealed|mac|session)(?P<space>[ \t]+)(?=\S)",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r'(?<![\w!#$%&*+.^`|~-])([\w!#$%&*+.^`|~-]++)(\s*+=\s*+)("(?:[^"\\]++|\\.)*+"?|[^\s,;"]++)')
# What parameters of credentials and challenges say beside the secret.
_OPEN_PARAMETER = re.compile(
    "realm|algorithm|qop|uri|nc|username|userhash|charset|stale|domain|error|error_description|error_uri|scope|version|"
    "headers|signedheaders|oauth_version|oauth_signature_method|title|max-age|created|expires",
    re.IGNORECASE,
)
_MARK = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_LINE = 8
_GROUPED = re.compile(r"[A-Z0-9]{1,6}(?:[ -][A-Z0-9]{1,6}){2,12}")
# Of a JSON Web Token the head is that of many.
_SIGNED = re.compile(r"[\w-]{8,}\.([\w-]{8,})\.([\w-]{8,})")
_PREFIXED = re.compile(r"[a-zA-Z][\w-]{0,15}=(\S+)")
_DISPOSITION = re.compile(r'^content-disposition:[^\r\n]*?[; ]name="?([^"\r\n;]*)', re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(r"^content-type:[ \t]*([^\r\n;]+)", re.IGNORECASE | re.MULTILINE)
_BLANK = re.compile(r"\r?\n\r?\n")
_BOUNDARY = re.compile(r'boundary="?([^";,]{1,100})', re.IGNORECASE)
_PLAIN_HEADERS = 1_000
# Before the host of a URL, or, if there is a password, of an address as git has it: `user:password@host:path`.
_USER = re.compile(r"(?<=://)[^/?#\s]*@|^[^/?#@:\s]*:[^/?#@\s]*@")


class Redaction:
    """Hides the values of names that are secret: those that always are, and those that a project adds."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = Names(names)
        self._values = Values()
        self._places = Places(self._names, self._learn, self._header_in_text)
        # Most requests have the headers of the one before.
        self._plain_headers: set[tuple[str, str]] = set()

    @property
    def known(self) -> int:
        """How many values it has learned: once that is more, what was hidden before is worth another look."""
        return len(self._values)

    def forget(self) -> None:
        """Begin anew: what was hidden in one scenario may be no secret in the next."""
        if len(self._values):
            self._values = Values()

    def hide(self, text: str, cut: re.Pattern[str] | None = None) -> str:
        """Return the text without any value that was hidden before.

        Where a text was `cut`, what is left there of a value is hidden as well, if it has eight characters or more.
        """
        return self._values.hide(text, cut)

    def text(self, text: str) -> str:
        """Return a text of pytest's, which cuts what is long, or a traceback, without what is secret in it.

        That is what was hidden before, and what an error of the database repeats.
        """
        return sql_values.without_details(self.hide(text, DOTS))

    def named(self, name: str, value: str) -> str:
        """Return the value, or what stands for it if its name is a secret's."""
        if value.lower() in NOTHING or value == HIDDEN:
            return value
        if self._names.strength(name):
            self._learn(value, Strength.STRONG)
            self._places.hide(value)
            return HIDDEN
        return self._places.hide(value)

    def header(self, name: str, value: str) -> str:
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
        hidden = self.named(small, value)
        if hidden == value and len(self._plain_headers) < _PLAIN_HEADERS:
            self._plain_headers.add((name, value))
        return hidden

    def url(self, url: str) -> str:
        """Return a URL without name and password of a user, and what is secret in its query or fragment."""
        return self._places.hide(url)

    def body(self, text: str, content_type: str) -> str:
        """Return a body without what is secret in it, whatever its type, and whether it is valid or not."""
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type == FORM:
            return self.form(text)
        if media_type.startswith("multipart/") and (boundary := _BOUNDARY.search(content_type)):
            return self._multipart(text, boundary[1].strip())
        return self._places.hide(text)

    def form(self, form: str) -> str:
        """Return a form, or a query, without what is secret in it."""
        return "&".join(map(self._pair, form.split("&"))) if self._names.may_occur(form) else form

    def _pair(self, pair: str) -> str:
        # A `;` may part pairs as well.
        start = 0
        for part in pair.split(";"):
            name, sign, value = part.partition("=")
            is_secret = sign and self._names.strength(unquote_plus(name))
            if is_secret and value and unquote_plus(value).lower() not in NOTHING and value != HIDDEN:
                whole = pair[start + len(name) + 1 :]
                for learned in {whole, value}:
                    self._learn(unquote_plus(learned), Strength.STRONG)
                self._places.hide(unquote_plus(whole))
                return pair[: start + len(name) + 1] + HIDDEN
            start += len(part) + 1
        name, sign, value = pair.partition("=")
        plain = unquote_plus(value)
        if (hidden := self._places.hide(plain)) != plain:
            return f"{name}{sign}{quote_plus(hidden, safe='[]', errors='replace')}"
        return pair

    def _multipart(self, text: str, boundary: str) -> str:
        return f"--{boundary}".join(map(self._part, text.split(f"--{boundary}")))

    def _part(self, part: str) -> str:
        if (blank := _BLANK.search(part)) is None:
            return part
        head, body = part[: blank.start()], part[blank.end() :]
        content, end = (body[:-2], body[-2:]) if body.endswith("\r\n") else (body, "")
        name, media_type = _DISPOSITION.search(head), _TYPE.search(head)
        hidden = self.field(name[1] if name else "", content, media_type[1] if media_type else "")
        return f"{part[: blank.end()]}{hidden}{end}"

    def field(self, name: str, value: str, content_type: str) -> str:
        """Return the value of a form's field, which may be a text of its own type."""
        return self.named(name, value) if self._names.strength(name) else self.body(value, content_type)

    def _cookies(self, value: str, *, only_first: bool) -> str:
        pairs = value.split(";", 1 if only_first else -1)
        hidden = [self._cookie(pair) for pair in (pairs[:1] if only_first else pairs)]
        return ";".join([*hidden, *pairs[1:]] if only_first else hidden)

    def _cookie(self, pair: str) -> str:
        name, sign, value = pair.partition("=")
        plain = unquote(value.strip()).strip('"')
        if not sign or plain.lower() in NOTHING or plain == HIDDEN:
            return pair
        strength = Strength.STRONG if self._names.strength(name.strip()) else Strength.WEAK
        self._learn(value.strip(), strength)
        self._learn(plain, strength)
        self._places.hide(plain)
        return f"{name}{sign}{HIDDEN}"

    def _credentials(self, value: str) -> str:
        """Hide what proves who asks; the scheme and what else is said with it stays."""
        if value in ("", HIDDEN):
            return value
        scheme = _SCHEME.match(value)
        rest = value[scheme.end() :] if scheme else value
        if "=" in rest.rstrip("=") and _PARAMETER.match(rest) and not _is_token(rest):
            return value[: len(value) - len(rest)] + _PARAMETER.sub(self._parameter, rest)
        if rest == HIDDEN:
            return value
        self._learn(value, Strength.STRONG)
        # A scheme of a project's own comes first as well.
        self._learn(value.partition(" ")[2], Strength.STRONG)
        return f"{scheme.group()}{HIDDEN}" if scheme else HIDDEN

    def _challenge(self, value: str) -> str:
        """Hide what a challenge has of a secret; there may be several, and most have none."""
        scheme = _SCHEME.match(value)
        if scheme and _is_token(value[scheme.end() :]):
            return self._credentials(value)
        return _PARAMETER.sub(self._parameter, value)

    def _parameter(self, match: re.Match[str]) -> str:
        name, sign, value = match.groups()
        bare = value.strip('"')
        if _OPEN_PARAMETER.fullmatch(name) or bare in ("", HIDDEN):
            return match.group()
        self._learn(bare, Strength.WEAK)
        quoted = '"' if value.startswith('"') else ""
        return f"{name}{sign}{quoted}{HIDDEN}{quoted}"

    def _header_in_text(self, name: str, line: str) -> str | None:
        """Hide what is secret in a header that is written out in a text; return None if it is none."""
        if name in _COOKIES:
            return self._cookies(line, only_first=name == "set-cookie") if "=" in line else None
        return self._credentials(line) if _SCHEME.match(line) else None

    def _learn(self, value: str, strength: Strength) -> None:
        """Have a value hidden from now on, and what of it is as secret by itself: of `Bearer abc`, `abc`."""
        value = value.strip().strip("\"'")
        if value.lower() in NOTHING or (strength is not Strength.STRONG and is_ordinary(value)):
            return
        scheme = _SCHEME.match(value)
        if scheme is None:
            self._values.add(value)
        if "%" in value:
            for plain in {unquote(value), unquote_plus(value)}:
                self._values.add(plain)
        if scheme is not None:
            credentials = value[scheme.end() :]
            self._values.add(credentials)
            if scheme["scheme"].lower() == "basic":
                self._learn_basic(credentials)
        if (prefixed := _PREFIXED.fullmatch(value)) and not is_ordinary(prefixed[1]):
            self._values.add(prefixed[1])
        if "\n" in value:
            for line in map(str.strip, value.splitlines()):
                if len(line) >= _LINE and not _MARK.fullmatch(line):
                    self._values.add(line)
        if signed := _SIGNED.fullmatch(value):
            self._values.add(signed[1])
            self._values.add(signed[2])
        if _GROUPED.fullmatch(value):
            self._values.add(value.replace(" ", "").replace("-", ""))

    def _learn_basic(self, credentials: str) -> None:
        try:
            decoded = b64decode(credentials + "=" * (-len(credentials) % 4), validate=True)
        except ValueError:
            return
        for encoding in ("utf-8", "latin-1"):
            try:
                _user, _, password = decoded.decode(encoding).partition(":")
            except UnicodeDecodeError:
                continue
            self._values.add(password)
            return


def public(address: str) -> str:
    """Return an address without its user, and without what in its query and fragment has a secret's name."""
    start, sign, fragment = _USER.sub("", address, count=1).partition("#")
    path, mark, query = start.partition("?")
    names = Names()
    pairs = [pair for pair in query.split("&") if not names.strength(unquote_plus(pair.partition("=")[0]))]
    fragments = [pair for pair in fragment.split("&") if not names.strength(unquote_plus(pair.partition("=")[0]))]
    return f"{path}{mark if any(pairs) else ''}{'&'.join(pairs)}{sign if any(fragments) else ''}{'&'.join(fragments)}"


def _is_token(credentials: str) -> bool:
    """Tell whether credentials are one token, whose last characters may be `=`."""
    return re.fullmatch(r"[\w.~+/:-]+=*", credentials) is not None


REDACTION = pytest.StashKey[Redaction]()
