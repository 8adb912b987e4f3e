"""What a scenario costs, beside a plain test and beside behave, and what makes it dearer.

    uv run python -m benchmarks [COMPARISON...]

All comparisons take about an hour, one or some, by name, less. Each is written into benchmarks/RESULTS.md.
"""

import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.layers import layers
from benchmarks.measuring import Command, Compared, compare, run
from benchmarks.redaction import redaction
from benchmarks.servers import Wheel, query, server_in_memory, wheel
from benchmarks.starting import starting
from benchmarks.suites import Suites, Ten

RESULTS = Path(__file__).with_name("RESULTS.md")
SIZES = {20: 7, 200: 7, 1_000: 5, 5_000: 3}
"""Rounds, by the number of scenarios."""
LARGE = 10_000
LARGEST = 100_000
NEXT_TO = 0.5
"""Seconds: what ended so near to each other met the same machine."""
ROUNDS = 3
"""Rounds of all else, but for what takes a second only."""
HEAD = """# What a scenario costs

Measured by `uv run python -m benchmarks`, each part on the day and the machine that it names.

Whole processes, in turn after one round that warms up; seconds are medians, ratios medians of the rounds' ratios to the
first line. The processor's time is that of the process, without the database server's.

"""
DATABASE = "benchmark_test"
BESIDE = "benchmark_beside_test"
PACKAGES = ("pytest", "pytest-asyncio", "pytest-bdd", "behave", "httpx", "fastapi", "sqlalchemy", "asyncpg")


def sizes(suites: Suites) -> str:
    """Plain tests, Accord and behave, doing the same requests."""
    sections, found = [], {}
    for scenarios, rounds in SIZES.items():
        commands = {"plain pytest-asyncio": suites.plain(scenarios), "Accord": suites.accord(scenarios)}
        found[scenarios] = compare(commands | {"behave": suites.behave(scenarios)}, rounds)
        to_behave = found[scenarios].ratio("Accord", "behave")
        sections.append(f"{scenarios} scenarios:\n\n{found[scenarios].table()}\n\nAccord / behave: {to_behave:.2f}")
    for name in ("plain pytest-asyncio", "Accord"):
        few, many = (_milliseconds(found[20], found[scenarios], name, scenarios - 20) for scenarios in (200, 5_000))
        each = f"each beyond the first 20 costs {few:.2f} ms in a run of 200, {many:.2f} ms in one of 5000"
        sections.append(f"{name}: {each}, ratio {many / few:.2f}.")
    return "\n\n".join(sections)


def growth(suites: Suites) -> str:
    """What a scenario costs early and late in a large run, which takes turns of ten with runs of 1000."""
    rows = [
        "| | the first 1000 / others | the last 1000 / others | last / first | KB kept of each after 1000 |",
        "|---|---:|---:|---:|---:|",
    ]
    both: dict[str, Callable[..., Command]] = {"plain pytest-asyncio": suites.plain, "Accord": suites.accord}
    for name, suite in both.items():
        tens, small = alternately(suites, partial(suites.pace, suite, LARGE), partial(suites.pace, suite, 1_000))
        first, last = beside(tens[:100], small), beside(tens[-100:], small)
        retained = (tens[-1].kilobytes - tens[99].kilobytes) / (LARGE - 1_000)
        rows.append(f"| {name} | {first:.2f} | {last:.2f} | {last / first:.2f} | {retained:.1f} |")
    return f"{LARGE} scenarios:\n\n" + "\n".join(rows)


def alternately(
    suites: Suites, measured: Callable[..., list[Ten]], others: Callable[..., list[Ten]]
) -> tuple[list[Ten], list[Ten]]:
    """Return what every ten scenarios took, of a run and of those beside it, which take turns of ten with it."""
    database = make_url(suites.url).set(database=BESIDE).render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor() as other:
        lock = f"{directory}/lock"
        run_of_it = other.submit(measured, BENCHMARK_LOCK=lock)
        beside_it: list[Ten] = []
        while not run_of_it.done():
            beside_it += others(DATABASE_URL=database, BENCHMARK_LOCK=lock)
    return run_of_it.result(), beside_it


def largest(suites: Suites) -> str:
    """Accord, as many scenarios as the arithmetic goes to, run once."""
    all_of_them = run(suites.accord(LARGEST))
    each = all_of_them.seconds / LARGEST * 1000
    return (
        f"{LARGEST} scenarios, collected, run, recorded and published: {all_of_them.seconds:.0f} s, "
        f"{each:.2f} ms each, {all_of_them.megabytes:.0f} MB at the peak."
    )


def beside(tens: list[Ten], others: list[Ten]) -> float:
    """Return what tens of scenarios took, each beside the ten of another process that ended next to it."""
    pairs = ((ten, min(others, key=lambda other: abs(other.ended - ten.ended))) for ten in tens)
    return statistics.median(ten.took / other.took for ten, other in pairs if abs(other.ended - ten.ended) < NEXT_TO)


def floor(suites: Suites) -> str:
    """A scenario, a plain test, and the requests alone: the app called as a server calls it, without pytest."""
    few, many = (
        compare(
            {
                "the app alone": suites.bare(scenarios),
                "plain pytest-asyncio": suites.plain(scenarios),
                "Accord": suites.accord(scenarios),
            },
            ROUNDS,
        )
        for scenarios in (20, 1_000)
    )
    alone, plain, scenario = (_milliseconds(few, many, name, 980) for name in many.runs)
    summary = (
        f"Without start-up: the requests alone {alone:.2f} ms, in a plain test {plain:.2f} ms, ratio "
        f"{plain / alone:.2f}, in a scenario {scenario:.2f} ms, ratio {scenario / alone:.2f}."
    )
    return f"1000 scenarios:\n\n{many.table()}\n\n{summary}"


def _milliseconds(few: Compared, many: Compared, name: str, more: int) -> float:
    return (many.median(name) - few.median(name)) / more * 1000


def isolation(suites: Suites) -> str:
    """What keeps tests apart: a rollback, or a database that is cleaned, or made, for each."""
    methods = {
        "DELETE": "delete",
        "TRUNCATE": "truncate",
        "drop and create": "drop",
        "a copy of a template": "template",
    }
    sections = []
    with server_in_memory() as url:
        # Each server has this one, and nobody is connected to it.
        in_memory = url.set(database="template1").render_as_string(hide_password=False)
        for storage, address in {"on disk": suites.url, "in memory": in_memory}.items():
            commands = {"rollback": suites.plain(200, DATABASE_URL=address)}
            for name, method in methods.items():
                environment = {"BENCHMARK_CLEANING": method, "DATABASE_URL": address}
                commands[name] = suites.plain(200, conftest="suites/plain/cleaning.py", **environment)
            sections.append(f"200 plain tests, the server's data {storage}:\n\n{compare(commands, ROUNDS).table()}")
    return "\n\n".join(sections)


def transport(suites: Suites) -> str:
    """The app in the process of the tests, or behind uvicorn."""
    commands = {"in-process": suites.plain(1_000), "uvicorn": suites.plain(1_000, conftest="suites/plain/live.py")}
    return "1000 plain tests:\n\n" + compare(commands, ROUNDS).table()


def definitions(suites: Suites) -> str:
    """How many step definitions there are."""
    commands = {f"{22 + more} definitions": suites.accord(1_000, definitions=more) for more in (0, 28, 178, 478)}
    idle = {f"{2 + more} definitions": suites.idle(1_000, definitions=more) for more in (18, 48, 198, 498)}
    with_app, without = compare(commands, ROUNDS).table(), compare(idle, ROUNDS).table()
    return f"1000 scenarios with the app:\n\n{with_app}\n\nThe same number without work:\n\n{without}"


def features(suites: Suites) -> str:
    """How many scenarios a feature has."""
    commands = {f"{number} a feature": suites.accord(1_000, a_feature=number) for number in (100, 1, 1_000)}
    return "1000 scenarios:\n\n" + compare(commands, ROUNDS).table()


def recording(suites: Suites) -> str:
    """Recording the run and publishing it, or neither."""
    commands = {"neither": suites.accord(1_000, "--accord-docs="), "both": suites.accord(1_000)}
    found = compare(commands | {"published again": suites.render(), "nothing": suites.nothing()}, ROUNDS)
    rounds = zip(found.runs["published again"], found.runs["nothing"], found.runs["neither"], strict=True)
    publishing = statistics.median((again.seconds - nothing.seconds) / off.seconds for again, nothing, off in rounds)
    costs = [f"{recorded(suites, scenarios):.3f} in a run of {scenarios}" for scenarios in (1_000, 1_000, LARGE)]
    return (
        f"1000 scenarios:\n\n{found.table()}\n\nPublishing by itself / the run {publishing:.3f}. "
        f"Ten scenarios recorded / ten of another run beside it, which are not: {', '.join(costs)}."
    )


def recorded(suites: Suites, scenarios: int) -> float:
    """Return what scenarios cost that are recorded, beside those of another run in turns of ten, which are not."""
    with_record = partial(suites.pace, suites.accord, scenarios)
    without = partial(suites.pace, suites.accord, 1_000, "--accord-docs=")
    return beside(*alternately(suites, with_record, without))


def workers(suites: Suites) -> str:
    """Workers of pytest-xdist, on the processors of this machine, which they share with PostgreSQL."""
    sections = []
    for scenarios in (200, 1_000):
        commands = {"no workers": suites.accord(scenarios)}
        for number in (1, 2):
            commands[f"-n {number}"] = suites.accord(scenarios, "-n", str(number))
        commands["-n 2 --dist worksteal"] = suites.accord(scenarios, "-n", "2", "--dist", "worksteal")
        sections.append(f"{scenarios} scenarios:\n\n{compare(commands, ROUNDS).table()}")
    return "\n\n".join(sections)


def start(suites: Suites) -> str:
    """Starting up, without plugins that do not come with Accord, beside importing the app and pytest."""
    imports = suites.imports()
    with server_in_memory() as url, closing(Wheel()) as server:
        in_memory = suites.first(url.set(database="start_test").render_as_string(hide_password=False))
        commands = {
            "importing the app and pytest": imports,
            "the first scenario, server running": suites.first(before=server.start),
            "the same, its data in memory": in_memory,
            "the first scenario, server to be started": suites.first(before=server.close),
        }
        return f"{compare(commands, 7).table()}\n\n{starting(in_memory, imports)}"


def collection(suites: Suites) -> str:
    """Collecting 1000 scenarios, or as many plain tests."""
    commands = {
        "plain pytest-asyncio": suites.plain(1_000, "--collect-only"),
        "Accord": suites.accord(1_000, "--collect-only"),
    }
    return compare(commands, 7).table()


COMPARISONS: dict[str, Callable[[Suites], str]] = {
    function.__name__: function
    for function in (
        sizes,
        layers,
        growth,
        largest,
        floor,
        isolation,
        transport,
        definitions,
        features,
        recording,
        redaction,
        workers,
        start,
        collection,
    )
}


@contextmanager
def database() -> Iterator[str]:
    """Yield the address of an empty database on PostgreSQL from the wheel, which runs all the while, beside another."""
    with wheel() as url:
        for name in (DATABASE, BESIDE):
            query(url, f"DROP DATABASE IF EXISTS {name}")
            query(url, f"CREATE DATABASE {name}")
        yield url.set(database=DATABASE).render_as_string(hide_password=False)
        for name in (DATABASE, BESIDE):
            query(url, f"DROP DATABASE {name}")


def found(name: str) -> str:
    """Return what a comparison found."""
    with tempfile.TemporaryDirectory() as directory:
        if COMPARISONS[name] is start:  # It starts and stops the server itself.
            return start(Suites(Path(directory)))
        with database() as address:
            return COMPARISONS[name](Suites(Path(directory), address))


def main(names: list[str]) -> None:
    """Compare, and write down what was found, in the place of what was found before."""
    if unknown := set(names) - set(COMPARISONS):
        sys.exit(f"There is no comparison {', '.join(sorted(unknown))}: choose from {', '.join(COMPARISONS)}.")
    for name in names or COMPARISONS:
        print(name, file=sys.stderr, flush=True)
        section = f"{COMPARISONS[name].__doc__}\n\n{found(name)}\n\n{machine()}.\n"
        write(name.capitalize(), section)
        print(section)


def write(title: str, section: str) -> None:
    """Write a section of the results, and leave the others as they are."""
    _, *parts = RESULTS.read_text(encoding="utf-8").split("\n## ") if RESULTS.exists() else [""]
    sections = {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts} | {title: section.strip()}
    known = [name.capitalize() for name in COMPARISONS]
    text = "\n".join(f"## {name}\n\n{sections[name]}\n" for name in known if name in sections)
    RESULTS.write_text(HEAD + text, encoding="utf-8")


def machine() -> str:
    """Say when and on what the figures were measured."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    python = f"Python {platform.python_version()}"
    return (
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores ({processor}), {platform.system()}, {python}, {packages}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
