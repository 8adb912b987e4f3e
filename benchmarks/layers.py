"""Which package works while a scenario runs, sampled from outside by py-spy.

A sample counts for the innermost frame that is of one of the layers; the standard library's work is its caller's.
"""

import os
import re
import subprocess
import sys
from collections import Counter

from benchmarks.measuring import Command, Failed, run
from benchmarks.suites import Suites

RATE = 500
"""Samples a second."""
SCENARIOS = 1_000
ROUNDS = 2
DATABASE = "SQLAlchemy, asyncpg"
LAYERS = {
    "the app, FastAPI, Pydantic": r"app/|fastapi/|starlette/|pydantic|asgi_lifespan/",
    DATABASE: r"sqlalchemy/|asyncpg/",
    "httpx": r"httpx/",
    "pytest": r"_pytest/|pytest/|pluggy/|xdist/|anyio/",
    "the event loop, and what awaits tests or steps": r"pytest_asyncio/|accord/stepping",
    "pytest-bdd": r"pytest_bdd/|parse",
    "tests, steps, fixtures": r"(\w+/)?(conftest|test_behaviours_\d+)\.py",
    "Accord: finding steps, nothing left unawaited": r"accord/(unawaited|definitions)",
    "Accord: a request's boundary, rollback": r"accord/isolation",
    "Accord: contract": r"accord/contract",
    "Accord: nothing left changed": r"accord/leaks",
    "Accord: recording": r"accord/(messages|evidence|stream|ndjson)",
    "Accord: hooks": r"accord/(plugin|collecting|internals|places|publishing)",
}
MAIN = "_run_module_as_main"
IN_A_SCENARIO = "pytest_runtest_protocol"
PUBLISHING = "accord/living_docs"


def sampled(command: Command) -> Counter[str]:
    """Run the command once; return how many samples each layer has. Raises Failed."""
    samples = command.directory / "samples"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    spy = ["py-spy", "record", "--format=raw", f"--rate={RATE}", f"--output={samples}", "--", sys.executable]
    done = subprocess.run(
        [*spy, *command.arguments],
        cwd=command.directory,
        env=environment | command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode or command.says not in done.stdout:
        raise Failed(done.stdout[-3000:])
    found: Counter[str] = Counter()
    for line in samples.read_text(encoding="utf-8").splitlines():
        stack, _, number = line.rpartition(" ")
        found[layer(stack)] += int(number)
    return found


def layer(stack: str) -> str:
    """Return the layer that works in a stack, as py-spy writes it: `name (file:line);...`, the innermost last."""
    if PUBLISHING in stack:
        return "Accord: publishing"
    # SQLAlchemy's work begins a stack of its own, a greenlet's; where one takes over from another, there is none.
    if stack.startswith(MAIN) and IN_A_SCENARIO not in stack:
        return "starting, collecting, ending"
    if not stack:
        return DATABASE
    for frame in reversed(stack.split(";")):
        file = frame.rpartition(" (")[2]
        for name, pattern in LAYERS.items():
            if re.match(pattern, file):
                return name
    return "pytest"


def layers(suites: Suites) -> str:
    """Where the time goes: what works in a scenario, and in the same plain test; 100 is all of a plain run."""
    commands = {"plain pytest-asyncio": suites.plain(SCENARIOS), "Accord": suites.accord(SCENARIOS)}
    found: dict[str, Counter[str]] = {name: Counter() for name in commands}
    for command in commands.values():
        run(command)  # What it compiles is kept.
    for _ in range(ROUNDS):
        for name, command in commands.items():
            found[name] += sampled(command)
    plain, accord = found.values()
    per_cent = 100 / plain.total()
    told = [f"{SCENARIOS} scenarios:", "", "| | plain pytest-asyncio | Accord | more |", "|---|---:|---:|---:|"]
    for name in sorted(accord | plain, key=lambda name: plain[name] - accord[name]):
        here, there, more = (per_cent * number for number in (plain[name], accord[name], accord[name] - plain[name]))
        told.append(f"| {name} | {here:.1f} | {there:.1f} | {more:+.1f} |")
    return "\n".join([*told, f"| all | 100.0 | {per_cent * accord.total():.1f} | |"])
