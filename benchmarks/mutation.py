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

ROOT = Path(__file__).parents[1]
SUITES = {"features": "features", "tutorial": "benchmarks/tutorial --confcutdir=benchmarks/tutorial"}
FIRST_PORT = 9_870
# An annotation is no behaviour: `int | None` made into `int & None` does not import, which any test finds.
LEFT_OUT = "core/ReplaceBinaryOperator_BitOr_.*"
CONFIG = """
[cosmic-ray]
module-path = "app"
timeout = 120.0
excluded-modules = ["app/migrations/**/*.py"]
test-command = "{python} -m pytest {suite} -x -q -p no:randomly -p no:cacheprovider --accord-docs="
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


def survivors(suite: str, workers: list[str], session: Path) -> tuple[int, list[str]]:
    """Return how many mutants were tried, and those that the suite let pass, as `file:line operator`."""
    config = session.with_suffix(".toml")
    config.write_text(CONFIG.format(python=sys.executable, suite=suite, workers=workers, left_out=LEFT_OUT))
    for command in (
        ["-m", "cosmic_ray.cli", "init", str(config), str(session)],
        ["-m", "cosmic_ray.tools.filters.operators_filter", str(session), str(config)],
        ["-m", "cosmic_ray.cli", "exec", str(config), str(session)],
    ):
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    with use_db(str(session), WorkDB.Mode.open) as database:
        results = dict(database.results)
        tried = [item for item in database.work_items if results[item.job_id].test_outcome is not None]
        left = [
            f"{mutation.module_path}:{mutation.start_pos[0]} {mutation.operator_name} #{mutation.occurrence}"
            for item in tried
            for mutation in item.mutations
            if results[item.job_id].test_outcome is TestOutcome.SURVIVED
        ]
    return len(tried), left


def main() -> None:
    """Try both suites, and print what each lets pass."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    # Python tells by time and size whether a module is still what was compiled, and a mutant may have both of another:
    # nothing of the app is kept compiled, but what all the runs import is.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=count)
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        workers = [stack.enter_context(worker(FIRST_PORT + number)) for number in range(count)]
        for name, suite in SUITES.items():
            tried, left = survivors(suite, workers, Path(directory, f"{name}.sqlite"))
            print(f"{name}: {tried - len(left)} of {tried} mutants killed, {100 * (1 - len(left) / tried):.1f} %")
            print("\n".join(sorted(left)), flush=True)


if __name__ == "__main__":
    main()
