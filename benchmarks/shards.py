"""The features in several parts at once, each with a PostgreSQL server of its own, merged: one run's results.

    uv run python -m benchmarks.shards [SHARDS]

Exits with 1 if the merged messages have another result of any scenario than a run of all features has.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL

from accord.basics.filenames import MESSAGES
from accord.recording.merge import merge
from accord.recording.reader import messages
from benchmarks.servers import server

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "features", "-q", "-p", "no:cacheprovider", "--randomly-seed=1"]
Results = dict[str, list[str]]
"""The statuses of the steps, by the id of the test case."""


def begin(address: URL, docs: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Begin a run of features on the server at that address, which publishes there."""
    database = address.set(database="shard_test").render_as_string(hide_password=False)
    command = ["env", f"DATABASE_URL={database}", *PYTEST, f"--accord-docs={docs}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def results(file: Path) -> Results:
    """Return what a messages file has of each scenario."""
    cases: dict[str, str] = {}
    found: Results = {}
    for _, kind, message in messages(file):
        if kind == "testCaseStarted":
            cases[message["id"]] = message["testCaseId"]
            found[message["testCaseId"]] = []
        elif kind == "testStepFinished":
            found[cases[message["testCaseStartedId"]]].append(message["testStepResult"]["status"])
    return found


def main() -> int:
    """Run the whole, then the parts; merge and compare."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)  # The servers' account is to find its way in.
        addresses = [stack.enter_context(server(directory / f"server-{number}")) for number in range(count)]
        if begin(addresses[0], directory / "whole").wait():
            return 1
        whole = directory / "whole" / MESSAGES
        start = time.perf_counter()
        shards = [
            begin(
                *(address, directory / f"shard-{number}"),
                *("--splits", str(count), "--group", str(number), "--accord-baseline", str(whole)),
            )
            for number, address in enumerate(addresses, 1)
        ]
        if max(shard.wait() for shard in shards):
            return 1
        seconds = time.perf_counter() - start
        files = [directory / f"shard-{number}" / MESSAGES for number in range(1, count + 1)]
        together = merge(files, directory / MESSAGES)
        one, all_of_them = results(whole), results(directory / MESSAGES)
        parts = ", ".join(str(len(results(file))) for file in files)
        print(f"{len(all_of_them)} scenarios in {count} parts ({parts}) after {seconds:.1f} s, {len(one)} in one run")
        same = one == all_of_them and not together.faults and not together.repeated
        print("the same results" if same else "other results")
        return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
