"""How many faults put into `app/` the features find, and how many the tests that tutorials of this pattern give.

    uv run --group mutation python -m benchmarks.mutation [WORKERS]

Each mutant of Cosmic Ray (https://cosmic-ray.readthedocs.io) is tried in a clone of what is committed, one a worker.
"""

import compileall
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import Process
from pathlib import Path

from aiohttp import web
from cosmic_ray.distribution.http import handle_mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome

from benchmarks.servers import wheel
from benchmarks.suites import ONE_LOOP

ROOT = Path(__file__).parents[1]
SUITES = {
    "features": "features",
    "tutorial": f"benchmarks/tutorial --confcutdir=benchmarks/tutorial {' '.join(ONE_LOOP)}",
}
# Until the first failure, in one order, and without what starting takes and no suite needs.
OPTIONS = "-x -q --accord-docs= -p no:randomly -p no:cacheprovider -p no:hypothesispytest"
FIRST_PORT = 9_870
# An annotation is no behaviour: `int | None` made into `int & None` does not import, which any test finds.
LEFT_OUT = "core/ReplaceBinaryOperator_BitOr_.*"
CONFIG = """
[cosmic-ray]
module-path = "app"
timeout = 120.0
excluded-modules = ["app/migrations/**/*.py"]
test-command = "{python} -m pytest {suite} {options}"
[cosmic-ray.distributor]
name = "http"
[cosmic-ray.distributor.http]
worker-urls = {workers}
[cosmic-ray.filters.operators-filter]
exclude-operators = ["{left_out}"]
"""


@contextmanager
def worker(port: int) -> Iterator[str]:
    """A worker of Cosmic Ray, in a clone of its own; yields its address."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), directory], check=True)
        for package in ("accord", "steps"):
            compileall.compile_dir(Path(directory, package), quiet=2)
        process = Process(target=serve, args=(directory, port))
        process.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.join()


def serve(directory: str, port: int) -> None:
    """Try what mutants come in; Cosmic Ray's own command would take commands from the whole network."""
    os.chdir(directory)
    app = web.Application()
    app.add_routes([web.post("/", handle_mutate_and_test)])
    web.run_app(app, host="127.0.0.1", port=port, print=None)


def outcomes(suite: str, workers: list[str], session: Path) -> dict[TestOutcome, list[str]]:
    """Return the mutants, as `file:line operator`, by what became of them; INCOMPETENT ones could not be made."""
    config = session.with_suffix(".toml")
    config.write_text(
        CONFIG.format(python=sys.executable, suite=suite, options=OPTIONS, workers=workers, left_out=LEFT_OUT)
    )
    for command in (
        ["-m", "cosmic_ray.cli", "init", str(config), str(session)],
        ["-m", "cosmic_ray.tools.filters.operators_filter", str(session), str(config)],
        ["-m", "cosmic_ray.cli", "exec", str(config), str(session)],
    ):
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    found: dict[TestOutcome, list[str]] = {outcome: [] for outcome in TestOutcome}
    with use_db(str(session), WorkDB.Mode.open) as database:
        results = dict(database.results)
        for item in database.work_items:
            # That of a mutant which is left out is None.
            if outcome := results[item.job_id].test_outcome:
                found[outcome] += [
                    f"{mutation.module_path}:{mutation.start_pos[0]} {mutation.operator_name} #{mutation.occurrence}"
                    for mutation in item.mutations
                ]
    return found


def main() -> None:
    """Try both suites, and print what each lets pass."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    # Cosmic Ray lets no run keep what it compiles, since a mutant may have the time and the size of another.
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=count)
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        workers = [stack.enter_context(worker(FIRST_PORT + number)) for number in range(count)]
        # While someone is connected, no run starts and stops the server.
        stack.enter_context(wheel())
        for name, suite in SUITES.items():
            found = outcomes(suite, workers, Path(directory, f"{name}.sqlite"))
            killed, left = len(found[TestOutcome.KILLED]), sorted(found[TestOutcome.SURVIVED])
            tried = killed + len(left)
            print(f"{name}: {killed} of {tried} mutants killed, {100 * killed / tried:.1f} %", *left, sep="\n")
            print(*(f"could not be made: {mutant}" for mutant in found[TestOutcome.INCOMPETENT]), sep="\n", flush=True)


if __name__ == "__main__":
    main()
