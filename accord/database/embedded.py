"""PostgreSQL for a run: one cluster a user and installation, in the cache directory, running while a run needs it.

Of the wheel only the programs are used, and none of its own code.
"""

import os
import re
import secrets
import shlex
import socket
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sqlalchemy import URL

from accord import cache
from accord.database.cluster_files import UNFINISHED, ClusterFiles
from accord.database.given import OWN_SERVER
from accord.database.installations import MAJOR, Installation
from accord.database.programs import Programs
from accord.errors import AccordError, UsageError

SERVER_ACCOUNT = "accord"
# The data is gone after the run, so nothing is gained by having it survive a power cut.
# All runs of a user and all their workers share the server, for which PostgreSQL's own 100 connections are few.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
# How often to look whether the server has stopped: pg_ctl looks every tenth of a second, and a stop takes less.
LOOKS = 10
# The first version that has locales of its own.
_BUILTIN = 17
# What pg_isready says of a server that is starting or stopping.
_REJECTS = 1


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster in `directory`, started by `account`, or by whoever runs this where that is None.

    It listens on a socket in a directory that no other user can enter, or, with `tcp`, on loopback with a password. The
    two are clusters of their own, so that runs that want the one or the other do not get into each other's way.
    """

    directory: Path
    account: str | None = None
    tcp: bool = sys.platform == "win32"
    name: str = f"postgresql-{MAJOR}"
    installation: Installation | None = None
    """Whose programs run it; the wheel's if it is None."""

    def of(self, installation: Installation) -> "Cluster":
        """Return the cluster beside this one that is of another installation."""
        return replace(self, name=installation.cluster, installation=installation)

    @cached_property
    def _files(self) -> ClusterFiles:
        return ClusterFiles(self.directory, self.account, f"{self.name}-tcp" if self.tcp else self.name)

    @cached_property
    def _programs(self) -> Programs:
        return Programs(self._files, self.installation)

    @property
    def lock(self) -> Path:
        """The file whose lock is held while the cluster is started, stopped, or its databases are created.

        Raises UsageError where it, or the directory that it is in, could have been put there by another user.
        """
        return self._files.lock

    def start(self) -> URL:
        """Start the server unless it runs, and return its address.

        A cluster that does not start, as after a crash without fsync, is created anew: it holds nothing of value.
        Raises UsageError when a new one does not start either.
        """
        if address := self.running():
            return address
        self._prepare()
        # What a killed run began may have come up meanwhile.
        return self._launch() or self.running() or self.renew()

    def renew(self) -> URL:
        """Create the cluster anew, start it, and return its address. Raises UsageError when it does not start."""
        if self.running():
            self.stop()
        if self._files.has_cluster:
            # By a rename: a run that is killed here leaves no half of it.
            self._files.as_account.move(self._files.data, self._files.unfinished())
        self._prepare()
        if address := self._launch():
            return address
        raise UsageError(f"{self._programs.installation} does not start: see {self._files.log}, or {OWN_SERVER}")

    def running(self) -> URL | None:
        """Return the server's address if it takes connections. One that is starting or stopping is stopped."""
        try:
            # First, since pg_ctl would wait for the end of a pipe that stands where the file should be.
            address = self._address()
        except AccordError:
            return None
        if self._control("status"):
            return None
        host = address.host or str(address.query["host"])
        # One that is gone is reported at once; one that is only slow is worth waiting for, since others use it.
        answer = self._programs.run("pg_isready", "-t", "60", "-h", host, "-p", str(address.port)).returncode
        if answer == _REJECTS:
            self.stop()
        return None if answer else address

    def stop(self) -> None:
        """Stop the server, ending the connections that are left."""
        # Not waiting, since the loop looks more often than pg_ctl would.
        self._control("stop", "-m", "fast", "-W")
        for _ in range(LOOKS):
            if self._control("status"):
                return
        self._control("stop", "-m", "fast")

    def _prepare(self) -> None:
        """Create the cluster if there is none; what was begun by a run that was killed is not left behind."""
        exists = self._files.has_cluster
        # A killed server left them, and the process number in them may be another's by now, as after a restart.
        stale = [self._files.data / "postmaster.pid" if exists else self._files.data]
        stale += [] if self.tcp else self._files.sockets.glob(".s.PGSQL.*")
        self._files.as_account.discard(self._files.log, *stale, *self._files.private.glob(f"{UNFINISHED}*"))
        if exists:
            return
        unfinished = self._files.unfinished()
        password = unfinished.with_name(f"{unfinished.name}.password")
        authentication = ["--auth=trust"]
        if self.tcp:
            self._files.as_account.write(password, secrets.token_urlsafe(32))
            authentication = ["--auth=scram-sha-256", f"--pwfile={password}"]
        for locale in self._locales():
            options = ["--no-sync", "--username=postgres", "--encoding=UTF8", *locale, *authentication]
            done = self._programs.run("initdb", *options, "-D", str(unfinished))
            if done.returncode == 0:
                break
        else:
            reasons = [line for line in done.stderr.splitlines() if re.search("error|FATAL", line)]
            raise UsageError(
                f"{self._programs.installation} cannot be set up in {self._files.private} ({' '.join(reasons[:1])}): "
                + OWN_SERVER
            )
        if self.tcp:
            self._files.as_account.move(password, self._files.private / "password")
        # Last, since a cluster counts as there once its directory has this name.
        self._files.as_account.move(unfinished, self._files.data)

    def _locales(self) -> list[list[str]]:
        """The locales to try: each sorts alike on every machine, by the numbers of the characters."""
        if self._programs.installation.major >= _BUILTIN:
            return [["--locale-provider=builtin", "--locale=C.UTF-8"]]
        # Which the machine may not have; in the other, letters beyond ASCII have no upper case.
        return [["--locale=C", "--lc-ctype=C.UTF-8"], ["--locale=C"]]

    def _launch(self) -> URL | None:
        """Start the server that was prepared, and return its address if it starts."""
        return None if self._control("start", *self._start_options()) else self._address()

    def _start_options(self) -> list[str]:
        if self.tcp:
            # No value is quoted: the shell of Windows would keep the quotes.
            where = {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
        else:
            where = {"listen_addresses": "''", "unix_socket_directories": shlex.quote(str(self._files.sockets))}
        settings = [f"-c {name}={value}" for name, value in (SETTINGS | where).items()]
        return ["-o", " ".join(settings), "-l", str(self._files.log), "-t", "60"]

    def _address(self) -> URL:
        """Return where the server says that it listens. Raises UsageError if it does not."""
        try:
            content = cache.read(self._files.private, "data", "postmaster.pid", owner=self._files.as_account.owner)
            # Process, data directory, time of start, port, socket's directory, address (PostgreSQL's `pidfile.h`).
            _, _, _, port, sockets, *_ = os.fsdecode(content).splitlines()
            if not self.tcp and ("," in sockets or not Path(sockets).is_absolute()):
                raise ValueError("that would be a host, or several")
            address = URL.create("postgresql+asyncpg", "postgres", port=int(port), database="postgres")
            if self.tcp:
                password = cache.read(self._files.private, "password", owner=self._files.as_account.owner).decode()
                return address.set(host="127.0.0.1", password=password)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self._programs.installation} does not say in {self._files.data} where it listens."
            ) from error
        return address.set(query={"host": sockets})

    def _control(self, *arguments: str) -> int:
        return self._programs.run("pg_ctl", "-w", "-D", str(self._files.data), *arguments).returncode


def cluster() -> Cluster:
    """The cluster of whoever runs this.

    PostgreSQL refuses to run as root: the server then gets an account of its own, and a directory outside of
    root's, which that account could not enter.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        return Cluster(cache.of_root(), SERVER_ACCOUNT)
    return Cluster(cache.of_user())


def _free_port() -> int:
    with socket.socket() as probe:
        # The system chooses one that is free; PostgreSQL cannot be started with port 0.
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
