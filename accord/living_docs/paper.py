"""The page as PDF, printed by Chromium."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from accord.basics.filenames import PAGE, PAPER
from accord.errors import UsageError

# As the systems call it; Chrome prints as Chromium does.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    # The page asks the network for nothing, and neither is the browser to do so.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    # The page has margins of its own.
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
PRINTED = "\n% The SHA-256 of the page is {page}, and of all above {above}\n"
"""How a PDF ends: a comment, which readers pass over. What was printed by hand has none."""
SECONDS = 600.0
"""As long as it may take."""


def browser() -> str:
    """Return where Chromium is. Raises UsageError where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise UsageError(f"{PAPER} takes Chromium or Chrome, and neither is on the PATH: install one, or add it there")
    return found


@contextmanager
def printed(page: Path, chromium: str) -> Iterator[Path]:
    """Print a page, and give the PDF until the block ends. Raises UsageError where that fails, or takes too long."""
    # Whatever is left running there may still write to its profile.
    with TemporaryDirectory(prefix="accord-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        # By its name the browser knows that it is HTML.
        shutil.copyfile(page, directory / PAGE)
        pdf = directory / PAPER
        command = [
            chromium,
            *_OPTIONS,
            # Chromium's sandbox does not work for root.
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            f"--user-data-dir={directory / 'profile'}",
            f"--print-to-pdf={pdf}",
            (directory / PAGE).as_uri(),
        ]
        said = _run(command, directory / "said.txt")
        if not pdf.is_file() or not pdf.stat().st_size:
            raise UsageError(f"{PAPER} is not written: {chromium} printed nothing{said}")
        seal = PRINTED.format(page=_digest(page), above=_digest(pdf))
        with pdf.open("ab") as file:
            file.write(seal.encode())
        yield pdf


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command: list[str], output: Path) -> str:
    """Run the browser, and return what it said last, to be added to a sentence."""
    # Not a pipe, which stays open for as long as one of its processes is there.
    with output.open("wb") as file:
        try:
            # In a session of their own, so that its processes can be ended together.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"{PAPER} is not written: {command[0]} cannot be run: {reason}") from None
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise UsageError(f"{PAPER} is not written: {command[0]} was not done after {SECONDS:.0f} seconds") from None
        finally:
            _end(process)
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
