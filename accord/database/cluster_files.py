"""The files of a cluster of PostgreSQL from the wheel, and who may read or write them."""

import hashlib
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from accord import cache
from accord.database.account import Account, ensure, ids
from accord.errors import UsageError

UNFINISHED = "unfinished"
# The address of a socket has room for 107 bytes on Linux, and for 103 on macOS.
LONGEST_SOCKET_PATH = 100


class ClusterFiles:
    """What is in `directory`, of which the part of this name belongs to `account`, if that is not None.

    Each of them raises UsageError where another user could have put it, or the directory that it is in, there.
    """

    def __init__(self, directory: Path, account: str | None, name: str) -> None:
        self.account = account
        self._directory = directory
        self._name = name

    @cached_property
    def root(self) -> Path:
        """The directory itself, which is created; the server's account can enter it, but not write to it."""
        if self.account is not None:
            ensure(self.account)
        cache.make(self._directory, 0o700 if self.account is None else 0o755)
        return self._directory

    @property
    def lock(self) -> Path:
        """The file whose lock is held while the cluster is started, stopped, or its databases are created."""
        path = self.root / "lock"
        with suppress(FileNotFoundError):
            cache.check(path)
        return path

    @cached_property
    def private(self) -> Path:
        """Where only the server's account comes in: data, socket, password and log."""
        path = self.root / self._name
        if self.account is None:
            cache.make(path)
            return path
        with suppress(FileExistsError):
            path.mkdir(0o700)
        # Fresh, or left so by a run that was killed between the two calls.
        if path.lstat().st_uid == 0:
            os.chown(path, *ids(self.account), follow_symlinks=False)
        files = Account(path, self.account)
        if stat.S_IMODE(cache.check(path, files.owner).st_mode) != 0o700:
            files.close()
        return path

    @cached_property
    def as_account(self) -> Account:
        """What is done in the private directory, by whom it belongs to."""
        return Account(self.private, self.account)

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.private / "data"

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self.private / "log"

    @property
    def has_cluster(self) -> bool:
        """Whether there is a cluster, even a damaged one."""
        with suppress(FileNotFoundError):
            return stat.S_ISDIR(self.data.lstat().st_mode)
        return False

    def unfinished(self) -> Path:
        """Return a name for what is being created or removed: its own, as what a killed run began may go on."""
        return self.private / f"{UNFINISHED}-{secrets.token_hex(8)}"

    @property
    def sockets(self) -> Path:
        """The directory of the server's socket, whose path must be short, and of plain characters."""
        path = self.private
        # A comma, a colon or a quote in it would mean something to those who read a list of directories or of hosts.
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432") or re.search(r"[^/.\w+-]", str(path)):
            # The same for each run, since all of them connect to the one server.
            digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
            path = Path(tempfile.gettempdir(), f"accord-{digest}")
            if not os.path.lexists(path):
                self.as_account.make(path)
            status = path.lstat()
            if status.st_mode != stat.S_IFDIR | 0o700 or status.st_uid != self.private.stat().st_uid:
                raise UsageError(
                    f"Other users can enter {path}, where PostgreSQL's socket belongs: remove that directory, "
                    "or set TMPDIR to another one."
                )
        return path
