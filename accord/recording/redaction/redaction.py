"""What went over the wire without what is secret in it.

A value is hidden where it stands under a secret's name: that of a header, cookie, parameter, field or tag. What was
hidden once is learned, and hidden wherever else it turns up, so that no failed assertion gives it away.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from accord.recording.redaction import sql as sql_values
from accord.recording.redaction.forms import Forms
from accord.recording.redaction.headers import Headers
from accord.recording.redaction.learned import Learned
from accord.recording.redaction.names import Names
from accord.recording.redaction.places import below
from accord.recording.redaction.values import DOTS

FORM = "application/x-www-form-urlencoded"

_BOUNDARY = re.compile(r'boundary="?([^";,]{1,100})', re.IGNORECASE)
# Before the host of a URL, or, if there is a password, of an address as git has it: `user:password@host:path`.
_USER = re.compile(r"(?<=://)[^/?#\s]*@|^[^/?#@:\s]*:[^/?#@\s]*@")


class Redaction:
    """Hides the values of names that are secret: those that always are, and those that a project adds.

    It hides as well where on the machine the project, below this root, and what it uses lie.
    """

    def __init__(self, names: Iterable[str] = (), root: Path = Path()) -> None:
        self._below_root = below(root)
        secret_names = Names(names)
        self._learned = Learned()
        self._headers = Headers(secret_names, self._learned)
        self._scanner = self._headers.scanner
        self._forms = Forms(secret_names, self._learned, self._scanner, self.body)

    @property
    def known(self) -> int:
        """How many values it has learned: once that is more, what was hidden before is worth another look."""
        return len(self._learned)

    def forget(self) -> None:
        """Begin anew: what was hidden in one scenario may be no secret in the next."""
        self._learned.forget()

    def hide(self, text: str, cut: re.Pattern[str] | None = None) -> str:
        """Return the text without any value that was hidden before.

        Where a text was `cut`, what is left there of a value is hidden as well, if it has eight characters or more.
        """
        return self._learned.hide(text, cut)

    def text(self, text: str) -> str:
        """Return a text of pytest's, which cuts what is long, or a traceback, without what is secret in it.

        That is what was hidden before, what an error of the database repeats, and where on the machine code lies.
        """
        return self._below_root(sql_values.without_details(self.hide(text, DOTS)))

    def named(self, name: str, value: str) -> str:
        """Return the value, or what stands for it if its name is a secret's."""
        return self._scanner.named(name, value)

    def header(self, name: str, value: str) -> str:
        """Return a header's value without what is secret in it."""
        return self._headers.hide(name, value)

    def url(self, url: str) -> str:
        """Return a URL without name and password of a user, and what is secret in its query or fragment."""
        return self._scanner.hide(url)

    def body(self, text: str, content_type: str) -> str:
        """Return a body without what is secret in it, whatever its type, and whether it is valid or not."""
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type == FORM:
            return self._forms.hide(text)
        if media_type.startswith("multipart/") and (boundary := _BOUNDARY.search(content_type)):
            return self._forms.hide_multipart(text, boundary[1].strip())
        return self._scanner.hide(text)

    def form(self, form: str) -> str:
        """Return a form, or a query, without what is secret in it."""
        return self._forms.hide(form)

    def field(self, name: str, value: str, content_type: str) -> str:
        """Return the value of a form's field, which may be a text of its own type."""
        return self._forms.field(name, value, content_type)


def public(address: str) -> str:
    """Return an address without its user, and without what in its query and fragment has a secret's name."""
    start, sign, fragment = _USER.sub("", address, count=1).partition("#")
    path, mark, query = start.partition("?")
    names = Names()
    pairs = [pair for pair in query.split("&") if not names.strength(unquote_plus(pair.partition("=")[0]))]
    fragments = [pair for pair in fragment.split("&") if not names.strength(unquote_plus(pair.partition("=")[0]))]
    return f"{path}{mark if any(pairs) else ''}{'&'.join(pairs)}{sign if any(fragments) else ''}{'&'.join(fragments)}"


REDACTION = pytest.StashKey[Redaction]()
