"""How a suite of this kind passes although what it promises does not hold: each case is named, and shown.

Each specimen is a feature and its steps, run twice: with the common pattern (pytest-bdd, pytest-asyncio, one session
shared between the test and the app), and with Accord.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from accord.database import provision
from accord.pitfalls.outcomes import FILE

HERE = Path(__file__).parent
SETTINGS = """
[pytest]
pythonpath = .
asyncio_mode = auto
markers = smoke: what CI selects
"""
BINDING = 'from pytest_bdd import scenarios\n\nscenarios("pitfall.feature")\n'
NO_BINDING = "def test_something_else() -> None:\n    pass\n"
# Without plugins that change the order or remember earlier runs: each specimen ends the same way every time.
ARGUMENTS = [
    *["-q", "--continue-on-collection-errors", "--import-mode=importlib"],
    *["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "accord.pitfalls.outcomes"],
]


@dataclass(frozen=True)
class Pitfall:
    """How a suite passes although the promise is broken, or, if it `dies`, fails although the promise holds."""

    number: int
    words: str
    specimen: str
    dies: bool = False


PITFALLS = [
    Pitfall(1, "an async step is never awaited", "01_never_awaited"),
    Pitfall(2, "a coroutine made inside a step is forgotten", "02_forgotten_coroutine"),
    Pitfall(3, "the first of two scenarios of one name never runs", "03_two_of_one_name"),
    Pitfall(4, "a feature that no module binds never runs", "04_never_bound"),
    Pitfall(5, "a scenario without steps, or without a Then, passes", "05_nothing_checked"),
    Pitfall(6, "an outline without examples passes", "06_no_examples"),
    Pitfall(7, "of two definitions of a sentence one is picked silently", "07_two_definitions"),
    Pitfall(8, "a forgotten commit still shows in the next request", "08_forgotten_commit"),
    Pitfall(9, "a rollback in the app also undoes the scenario's Givens", "09_rolled_back_givens", dies=True),
    Pitfall(10, "an object in memory answers instead of the database", "10_identity_map"),
    Pitfall(11, "a deferred constraint is never checked", "11_deferred_constraint"),
    Pitfall(12, "two requests at once break on one session", "12_requests_at_once", dies=True),
    Pitfall(13, "the app never started", "13_lifespan"),
    Pitfall(14, "an unhandled error reaches the test as an exception, and a user as a 500", "14_unhandled_error"),
    Pitfall(15, "a response breaks the app's own OpenAPI document", "15_contract"),
    Pitfall(16, "what one scenario leaves behind lets the next one pass", "16_leak"),
    Pitfall(18, "a misspelt tag is never selected", "18_misspelt_tag"),
]
NOT_SHOWN = {17: "a crashed worker's scenarios are missing: pytest-xdist names the one that it ran, in either half"}


@dataclass(frozen=True)
class Finding:
    """How both halves of a specimen ended: what each failed with, or nothing where it passed."""

    pitfall: Pitfall
    plain: list[str]
    accord: list[str]

    @property
    def caught(self) -> bool:
        """Whether Accord's result is right where the plain pattern's is wrong."""
        return bool(self.plain) is self.pitfall.dies and bool(self.accord) is not self.pitfall.dies


async def findings() -> list[Finding]:
    """Run all specimens, on PostgreSQL from the wheel. Raises UsageError where it does not start."""
    with tempfile.TemporaryDirectory() as directory:
        async with provision.database(None) as url:
            address = {"PLAIN_DATABASE_URL": url.render_as_string(hide_password=False)}
            # At once, each in its own process and database.
            plain, accord = await asyncio.gather(
                _run(Path(directory, "plain"), address, "-p", "no:accord", "-p", "no:warnings"),
                _run(Path(directory, "accord"), {"ACCORD_DATABASE_URL": ""}),
            )
    return [Finding(pitfall, plain.get(pitfall.specimen, []), accord.get(pitfall.specimen, [])) for pitfall in PITFALLS]


async def _run(half: Path, environment: dict[str, str], *arguments: str) -> dict[str, list[str]]:
    """Run one half in a process of its own, and return what failed, by specimen."""
    _lay_out(half)
    outcomes = half / "outcomes.json"
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "pytest", *ARGUMENTS, *arguments],
        cwd=half,
        env=os.environ | environment | {FILE: str(outcomes)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if not outcomes.exists():
        raise RuntimeError(f"the specimens in {half.name} did not run:\n{output.decode(errors='replace')}")
    failed: dict[str, list[str]] = json.loads(outcomes.read_text(encoding="utf-8"))
    return failed


def _lay_out(half: Path) -> None:
    """Make a project of the specimens, as a team of either half would have it."""
    half.mkdir()
    half.joinpath("pytest.ini").write_text(SETTINGS, encoding="utf-8")
    shutil.copy(HERE / f"conftest_{half.name}.py", half / "conftest.py")
    shutil.copy(HERE / "service.py", half)
    for pitfall in PITFALLS:
        directory = half / pitfall.specimen
        directory.mkdir()
        shutil.copy(HERE / "specimens" / pitfall.specimen / "pitfall.feature", directory)
        shutil.copy(HERE / "specimens" / pitfall.specimen / "steps.py", directory / "conftest.py")
        if half.name == "plain":
            # pytest-bdd runs a feature only through a module that binds it, and one specimen is about forgetting that.
            binding = NO_BINDING if pitfall.specimen.endswith("never_bound") else BINDING
            directory.joinpath("test_pitfall.py").write_text(binding, encoding="utf-8")


def table(found: list[Finding]) -> str:
    """Return both halves side by side, and under each line what Accord says."""
    lines = [f"{'':3} {'the pitfall':72} {'plain':7} accord"]
    for finding in found:
        plain, accord = ("fails" if failed else "passes" for failed in (finding.plain, finding.accord))
        mark = "" if finding.caught else "   NOT CAUGHT"
        lines.append(f"{finding.pitfall.number:3} {finding.pitfall.words:72} {plain:7} {accord}{mark}")
        lines += [f"{'':4}{words}" for words in finding.accord]
    lines += [f"{number:3} {words}" for number, words in NOT_SHOWN.items()]
    return "\n".join(lines)
