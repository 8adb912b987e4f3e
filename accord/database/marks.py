"""How a database of Accord's own is recognised: a name that nobody chooses by chance, a comment that fits it alone."""

import hashlib
import re
import secrets
from dataclasses import dataclass

from accord.database.address import LONGEST_NAME
from accord.database.given import SUFFIX

_NAME = re.compile(rf"(?P<base>.*)_(?P<chosen>[0-9a-f]{{12}})(?P<check>[0-9a-f]{{4}}){SUFFIX}", re.DOTALL)
_CHOSEN = 12


def new_token() -> str:
    """Return what a database is created with: 32 random hexadecimal digits, of which its name has the first."""
    return secrets.token_hex(16)


def token_of(run: str) -> str:
    """Return the token that all workers of a run find, by what they share."""
    return hashlib.sha256(f"accord {run}".encode()).hexdigest()[:32]


def generated_name(database: str, token: str) -> str:
    """Return a name like that of another database, such as `tasks_31d0c5f6a8b2e94d_test` for `tasks_test`.

    The random part has a checksum in it, so that a database that could not be marked any more is recognised, too.
    """
    base = _NAME.fullmatch(database)
    # Of a name that was generated already, as for a copy of a copy, the random part is exchanged.
    stem = base["base"] if base and is_generated(database) else database.removesuffix(SUFFIX)
    room = LONGEST_NAME - len(f"_{token[:_CHOSEN]}0000{SUFFIX}")
    # PostgreSQL counts bytes, and a cut may leave half a character.
    stem = stem.encode()[:room].decode(errors="ignore")
    return f"{stem}_{token[:_CHOSEN]}{_check(stem, token[:_CHOSEN])}{SUFFIX}"


def is_generated(database: str) -> bool:
    """Return whether a name is one that `generated_name` gave."""
    found = _NAME.fullmatch(database)
    return found is not None and found["check"] == _check(found["base"], found["chosen"])


def _check(stem: str, chosen: str) -> str:
    return hashlib.sha256(f"accord {stem} {chosen}".encode()).hexdigest()[:4]


@dataclass(frozen=True)
class Found:
    """A database as a server lists it."""

    oid: int
    name: str
    role: str
    """To whom it belongs."""
    cluster: str
    """The key of its cluster, which no other has."""
    comment: str | None

    def mark(self, token: str) -> str:
        """Return the comment by which this database, created with this token, is recognised later."""
        # Accord 0.1 removes whatever it does not know of which the comment begins with "made by accord".
        return f"accord made this: {token}, database {self.oid} {self.name} of {self.role} in cluster {self.cluster}"

    @property
    def is_own(self) -> bool:
        """Whether it is one that Accord created, and nobody renamed, gave away, copied or described since.

        One without a comment is one whose run was killed before it could write that.
        """
        if not is_generated(self.name):
            return False
        if self.comment is None:
            return True
        words = self.comment.removeprefix("accord made this: ").split(",")
        found = _NAME.fullmatch(self.name)
        return found is not None and words[0][:_CHOSEN] == found["chosen"] and self.comment == self.mark(words[0])
