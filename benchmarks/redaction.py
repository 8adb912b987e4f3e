"""What recording costs that hides secrets: in bodies of a megabyte, and in an ordinary exchange."""

import statistics

from benchmarks.measuring import run
from benchmarks.suites import Suites
from benchmarks.suites.exchanges import LARGE, SMALL

ROUNDS = 5
OFTEN = 2_000
"""How often an exchange is repeated that is small."""
SELDOM = 10
"""How often a large one is."""


def redaction(suites: Suites) -> str:
    """What recording costs that hides secrets, in the processor's milliseconds beyond a run that records nothing."""
    lines = ["| a body of 1 MB, where ten secrets are known | ms |", "|---|---:|"]
    lines += [f"| {name} | {_milliseconds(suites, name, SELDOM):.0f} |" for name in LARGE]
    lines += ["", "| an ordinary exchange | ms |", "|---|---:|"]
    lines += [f"| {name} | {_milliseconds(suites, name, OFTEN):.3f} |" for name in SMALL]
    return "\n".join(lines)


def _milliseconds(suites: Suites, name: str, times: int) -> float:
    def once(*arguments: str) -> float:
        return run(suites.exchanges(name, times, *arguments)).processor

    return statistics.median(once() - once("--accord-docs=") for _ in range(ROUNDS)) / times * 1000
