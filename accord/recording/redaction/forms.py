"""Forms without what is secret in them, in either of the encodings that HTML has for them."""

import re
from collections.abc import Callable
from urllib.parse import quote_plus, unquote_plus

from accord.recording.redaction.learned import Learned
from accord.recording.redaction.names import Names, Strength
from accord.recording.redaction.ordinary import NOTHING
from accord.recording.redaction.scanner import Scanner
from accord.recording.redaction.values import HIDDEN

_DISPOSITION = re.compile(r'^content-disposition:[^\r\n]*?[; ]name="?([^"\r\n;]*)', re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(r"^content-type:[ \t]*([^\r\n;]+)", re.IGNORECASE | re.MULTILINE)
_BLANK = re.compile(r"\r?\n\r?\n")


class Forms:
    """Hides values of fields; one that is of a type of its own is a `body` again."""

    def __init__(self, names: Names, learned: Learned, scanner: Scanner, body: Callable[[str, str], str]) -> None:
        self._names = names
        self._learned = learned
        self._scanner = scanner
        self._body = body

    def hide(self, form: str) -> str:
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
                # Whether the `;` belongs to the value or ends it, nobody can tell.
                for learned in {whole, value}:
                    self._learned.add(unquote_plus(learned), Strength.STRONG)
                self._scanner.hide(unquote_plus(whole))
                return pair[: start + len(name) + 1] + HIDDEN
            start += len(part) + 1
        name, sign, value = pair.partition("=")
        plain = unquote_plus(value)
        if (hidden := self._scanner.hide(plain)) != plain:
            # The brackets of `[redacted]` stay readable.
            return f"{name}{sign}{quote_plus(hidden, safe='[]', errors='replace')}"
        return pair

    def hide_multipart(self, text: str, boundary: str) -> str:
        """Return a form of several parts without what is secret in it."""
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
        return self._scanner.named(name, value) if self._names.strength(name) else self._body(value, content_type)
