"""What was seen to be secret, and what of it is as secret by itself: of `Bearer abc`, `abc`."""

import re
from base64 import b64decode
from urllib.parse import unquote, unquote_plus

from accord.recording.redaction.names import Strength
from accord.recording.redaction.ordinary import NOTHING, is_ordinary
from accord.recording.redaction.values import Values

SCHEME = re.compile(
    r"(?P<scheme>basic|bearer|digest|token|negotiate|ntlm|hmac[\w-]*|aws4-[\w-]+|api-?key|jwt|dpop|hawk|oauth|scram[\w-]*|"
    r"mutual|gnap|signature|key|privatetoken|vapid|hoba|concealed|mac|session)(?P<space>[ \t]+)(?=\S)",
    re.IGNORECASE,
)
_MARK = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_LINE = 8
# A card number, or a recovery code, in groups: it may be stored without the blanks.
_GROUPED = re.compile(r"[A-Z0-9]{1,6}(?:[ -][A-Z0-9]{1,6}){2,12}")
# Of a JSON Web Token the head is that of many.
_SIGNED = re.compile(r"[\w-]{8,}\.([\w-]{8,})\.([\w-]{8,})")
# As in `sid=abc`, when that as a whole is a value.
_PREFIXED = re.compile(r"[a-zA-Z][\w-]{0,15}=(\S+)")


class Learned:
    """Values that are hidden wherever they turn up, until they are forgotten."""

    def __init__(self) -> None:
        self._values = Values()

    def __len__(self) -> int:
        """Return how many there are: once that is more, what was hidden before is worth another look."""
        return len(self._values)

    def forget(self) -> None:
        """Begin anew: what was hidden in one scenario may be no secret in the next."""
        if len(self._values):
            self._values = Values()

    def hide(self, text: str, cut: re.Pattern[str] | None = None) -> str:
        """Return the text without any of the values; where it was `cut`, without what is left there of one either."""
        return self._values.hide(text, cut)

    def add(self, value: str, strength: Strength) -> None:
        """Have a value hidden from now on; an ordinary word or number only if it is surely a secret."""
        value = value.strip().strip("\"'")
        if value.lower() in NOTHING or (strength is not Strength.STRONG and is_ordinary(value)):
            return
        scheme = SCHEME.match(value)
        # `Bearer` and the like are no part of the secret, which turns up elsewhere without it.
        if scheme is None:
            self._values.add(value)
        if "%" in value:
            for plain in {unquote(value), unquote_plus(value)}:
                self._values.add(plain)
        if scheme is not None:
            credentials = value[scheme.end() :]
            self._values.add(credentials)
            if scheme["scheme"].lower() == "basic":
                self._add_basic(credentials)
        if (prefixed := _PREFIXED.fullmatch(value)) and not is_ordinary(prefixed[1]):
            self._values.add(prefixed[1])
        if "\n" in value:
            for line in map(str.strip, value.splitlines()):
                # A key in PEM is shown line by line in some texts; its first and last line are those of many.
                if len(line) >= _LINE and not _MARK.fullmatch(line):
                    self._values.add(line)
        if signed := _SIGNED.fullmatch(value):
            self._values.add(signed[1])
            self._values.add(signed[2])
        if _GROUPED.fullmatch(value):
            self._values.add(value.replace(" ", "").replace("-", ""))

    def _add_basic(self, credentials: str) -> None:
        try:
            # Some clients leave the padding out.
            decoded = b64decode(credentials + "=" * (-len(credentials) % 4), validate=True)
        except ValueError:
            return
        # RFC 7617 leaves the encoding open; these are what clients use.
        for encoding in ("utf-8", "latin-1"):
            try:
                _user, _, password = decoded.decode(encoding).partition(":")
            except UnicodeDecodeError:
                continue
            self._values.add(password)
            return
