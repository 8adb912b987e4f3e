"""Which package works while a scenario runs, sampled from outside by py-spy.

A sample counts for the innermost frame that is of one of the layers; the standard library's work is its caller's.
"""

import os
import re
import subprocess
import sys
from collections import Counter

from benchmarks.measuring import Command, MeasuringError, run
from benchmarks.suites import Suites

RATE = 200
"""Samples a second: with more, what is sampled slows down."""
SCENARIOS = 1_000
ROUNDS = 3
DATABASE = "SQLAlchemy, asyncpg"
WAITING = "the event loop, and what awaits tests or steps"
PLAIN = "plain pytest-asyncio"
LAYERS = {
    "the app, FastAPI, Pydantic": r"app/|fastapi/|starlette/|pydantic|asgi_lifespan/|anyio/",
    DATABASE: r"sqlalchemy/|asyncpg/",
    "httpx": r"httpx/",
    "pytest": r"_pytest/|pytest/|pluggy/|xdist/",
    "behave": r"behave/(?!async_step)",
    WAITING: r"pytest_asyncio/|accord/steps/awaiting|behave/async_step|(.*/)?environment\.py",
    "pytest-bdd": r"pytest_bdd/|parse",
    "tests, steps, fixtures": r"(.*/)?(conftest|test_behaviours_\d+|behaviours)\.py",
    "Accord: finding steps, nothing left unawaited": r"accord/steps",
    "Accord: a request's boundary, rollback": r"accord/isolation",
    "Accord: contract": r"accord/contract",
    "Accord: nothing left changed": r"accord/guards",
    "Accord: recording": r"accord/recording",
    "Accord: hooks": (
        r"accord/(plugin|fixtures|gherkin|compat|timeouts|database|reporting|basics|living_docs/publishing)"
    ),
}
MAIN = "_run_module_as_main"
IN_A_SCENARIO = re.compile(r"pytest_runtest_protocol |run_model \(behave|run_forever \(asyncio")
PUBLISHING = re.compile(r"accord/living_docs/(?!publishing)")


def sampled(command: Command) -> Counter[str]:
    """Run the command once; return how many samples each layer has. Raises MeasuringError."""
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
        raise MeasuringError(done.stdout[-3000:])
    found: Counter[str] = Counter()
    for line in samples.read_text(encoding="utf-8").splitlines():
        stack, _, number = line.rpartition(" ")
        found[layer(stack)] += int(number)
    return found


def layer(stack: str) -> str:
    """Return the layer that works in a stack, as py-spy writes it: `name (file:line);...`, the innermost last."""
    if PUBLISHING.search(stack):
        return "Accord: publishing"
    # SQLAlchemy's work begins a stack of its own, a greenlet's; where one takes over from another, there is none.
    if stack.startswith(MAIN) and not IN_A_SCENARIO.search(stack):
        return "starting, collecting, ending"
    if not stack:
        return DATABASE
    for frame in reversed(stack.split(";")):
        file = frame.rpartition(" (")[2]
        for name, pattern in LAYERS.items():
            if re.match(pattern, file):
                return name
    return WAITING


def layers(suites: Suites) -> str:
    """Where the time goes: what works in a scenario, and in the same done otherwise; 100 is all of a plain run."""
    commands = {
        "the app alone": suites.bare(SCENARIOS),
        "behave": suites.behave(SCENARIOS),
        PLAIN: suites.plain(SCENARIOS),
        "Accord": suites.accord(SCENARIOS),
    }
    found: dict[str, Counter[str]] = {name: Counter() for name in commands}
    for command in commands.values():
        run(command)  # What it compiles is kept.
    for _ in range(ROUNDS):
        for name, command in commands.items():
            found[name] += sampled(command)
    plain, accord = found[PLAIN], found["Accord"]
    lines = [f"{SCENARIOS} scenarios:", "", f"| | {' | '.join(found)} | Accord - plain |", f"|---|{'---:|' * 5}"]
    for name in sorted(sum(found.values(), Counter()), key=lambda name: plain[name] - accord[name]):
        lines.append(
            _row(name, [samples[name] for samples in found.values()], accord[name] - plain[name], plain.total())
        )
    totals = [samples.total() for samples in found.values()]
    return "\n".join([*lines, _row("all", totals, accord.total() - plain.total(), plain.total())])


def _row(name: str, numbers: list[int], more: int, hundred: int) -> str:
    cells = " | ".join(f"{100 * number / hundred:.1f}" for number in numbers)
    return f"| {name} | {cells} | {100 * more / hundred:+.1f} |"
