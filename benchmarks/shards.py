"""The features in several parts at once, each with a PostgreSQL server of its own, merged: one run's results.

    uv run python -m benchmarks.shards [SHARDS]

Exits with 1 if the merged messages have another result of any scenario than a run of all features has.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL

from benchmarks.measuring import ACCORD
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
    for line in file.read_text(encoding="utf-8").splitlines():
        [(kind, message)] = json.loads(line).items()
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
        server_directories = [directory / f"server-{number}" for number in range(count)]
        for server_directory in server_directories:
            server_directory.mkdir()
        addresses = [stack.enter_context(server(server_directory)) for server_directory in server_directories]
        if begin(addresses[0], directory / "whole").wait():
            return 1
        whole = directory / "whole" / "messages.ndjson"
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
        files = [directory / f"shard-{number}" / "messages.ndjson" for number in range(1, count + 1)]
        merge = [sys.executable, ACCORD, "merge", *map(str, files), "-o", str(directory / "messages.ndjson")]
        merged = subprocess.run(merge, stdout=subprocess.PIPE, text=True)
        one, all_of_them = results(whole), results(directory / "messages.ndjson")
        parts = ", ".join(str(len(results(file))) for file in files)
        print(f"{len(all_of_them)} scenarios in {count} parts ({parts}) after {seconds:.1f} s, {len(one)} in one run")
        same = one == all_of_them and not merged.returncode and "more than once" not in merged.stdout
        print("the same results" if same else "other results")
        return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
