"""The same ten behaviours for plain pytest-asyncio, Accord and behave, laid out as often as is asked.

A scenario has 1.6 requests and 3.4 sentences on average. All three use one connection to one database, and roll back.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import ACCORD, Command, run

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BEHAVIOURS = 10
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*_cache")
PYTEST = ["-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
# Plugins that this repository's own tests use; they do not come with Accord.
OTHERS = (
    *("allure_pytest_bdd", "check", "django", "html", "html_fixtures", "hypothesispytest", "metadata", "pytest-split"),
    *("pytest_cov", "repeat", "rerunfailures", "respx", "schemathesis", "time_machine", "timeout", "xdist"),
    "xdist.looponfail",
)
ONE_LOOP = [f"--override-ini=asyncio_default_{kind}_loop_scope=session" for kind in ("fixture", "test")]
"""What pytest-asyncio needs for a connection that is shared by tests."""
# Without Accord its settings are unknown, which the repository's own configuration makes an error.
PLAIN = ["-p", "no:accord", "-p", "no:pytest-bdd", "-p", "no:schemathesis", "-o", "addopts=", *ONE_LOOP]
PLAIN += ["-W", "ignore::pytest.PytestConfigWarning"]
IDLE = '''"""Two step definitions that do nothing, and others."""

from pytest_bdd import given, parsers, then


@given("nothing")
async def do_nothing() -> None:
    pass


@then("nothing")
async def expect_nothing() -> None:
    pass
'''
ADDRESS = '''
@pytest_asyncio.fixture(scope="session")
def database_url() -> str:
    """The database of the benchmark."""
    import os

    return os.environ["DATABASE_URL"]
'''


class Ten(NamedTuple):
    """Ten scenarios in a row: when the last ended, by this machine's clock, their seconds, the most KB by then."""

    ended: float
    took: float
    kilobytes: int


class Suites:
    """A copy of the service with suites beside it, in a directory, to be run on one database."""

    def __init__(self, directory: Path, url: str = "") -> None:
        self.url = url
        self._directory = directory
        self._environment = {"DATABASE_URL": url}
        for name in ("app", "benchmarks", "steps"):
            shutil.copytree(ROOT / name, directory / name, ignore=LEFT_OUT)
        for name in ("conftest.py", "pyproject.toml", ".env.test"):
            shutil.copy(ROOT / name, directory)

    def plain(
        self, scenarios: int, *arguments: str, conftest: str = "tutorial/conftest.py", **environment: str
    ) -> Command:
        """Tests of pytest-asyncio, with the fixtures that tutorials of this pattern give, or others."""
        folder = self._folder("plain", scenarios, conftest)
        if not folder.exists():
            folder.mkdir(parents=True)
            fixtures = (ROOT / "benchmarks" / conftest).read_text(encoding="utf-8")
            folder.joinpath("conftest.py").write_text(fixtures + ADDRESS, encoding="utf-8")
            behaviours = (HERE / "plain" / "behaviours.py").read_text(encoding="utf-8")
            head, _, tests = behaviours.partition("async def ")
            tests = "async def " + tests
            for number in range(scenarios // BEHAVIOURS):
                folder.joinpath(f"test_behaviours_{number}.py").write_text(head + tests, encoding="utf-8")
        return self._pytest(folder, scenarios, *PLAIN, *arguments, **environment)

    def accord(
        self, scenarios: int, *arguments: str, a_feature: int = BEHAVIOURS, definitions: int = 0, **environment: str
    ) -> Command:
        """Scenarios, so many to a feature, with so many step definitions more than they need."""
        folder = self._folder("accord", scenarios, a_feature, definitions)
        if not folder.exists():
            self._copy("accord", folder)
            write_features(folder, scenarios, a_feature)
            with folder.joinpath("conftest.py").open("a", encoding="utf-8") as file:
                file.writelines(map(_definition, range(definitions)))
        return self._pytest(folder, scenarios, *arguments, **environment)

    def behave(self, scenarios: int) -> Command:
        """Scenarios of behave."""
        folder = self._folder("behave", scenarios)
        if not folder.exists():
            self._copy("behave", folder)
            write_features(folder, scenarios, BEHAVIOURS)
        arguments = ["-m", "behave", "--format=progress", "--no-timings", str(folder.relative_to(self._directory))]
        output = f"{scenarios} scenarios passed, 0 failed"
        return Command(arguments, self._directory, output, self._environment | {"PYTHONPATH": "."})

    def bare(self, scenarios: int) -> Command:
        """The same requests without pytest: the app is called as an ASGI server calls it."""
        arguments = ["-m", "benchmarks.suites.bare", str(scenarios)]
        return Command(arguments, self._directory, f"{scenarios} scenarios passed", self._environment)

    def idle(self, scenarios: int, definitions: int) -> Command:
        """Scenarios whose sentences do nothing, and without a service."""
        folder = self._folder("idle", scenarios, definitions)
        if not folder.exists():
            folder.mkdir(parents=True)
            cases = "".join(
                f"\n  Scenario: Case {number}\n    Given nothing\n    Then nothing\n" for number in range(100)
            )
            for number in range(scenarios // 100):
                folder.joinpath(f"idle_{number}.feature").write_text(
                    f"Feature: Idle {number}\n{cases}", encoding="utf-8"
                )
            defined = "".join(map(_definition, range(definitions)))
            folder.joinpath("conftest.py").write_text(IDLE + defined, encoding="utf-8")
        return self._pytest(folder, scenarios)

    def exchanges(self, name: str, times: int, *arguments: str) -> Command:
        """A scenario in which something is exchanged so many times, where ten secrets are known."""
        folder = self._folder("exchanges", name, times)
        if not folder.exists():
            self._copy("exchanges", folder)
            steps = f"Given ten secrets are known\n    When {name} is exchanged {times} times\n    Then that is all\n"
            folder.joinpath("it.feature").write_text(f"Feature: It\n  Scenario: It\n    {steps}", encoding="utf-8")
        return self._pytest(folder, 1, *arguments)

    def pace(self, suite: Callable[..., Command], scenarios: int, *arguments: str, **environment: str) -> list[Ten]:
        """Run a suite; return what every ten of its scenarios took."""
        written = self._directory / f"pace-{scenarios}.json"
        run(suite(scenarios, "-p", "benchmarks.suites.pace", *arguments, BENCHMARK_PACE=str(written), **environment))
        tests = json.loads(written.read_text(encoding="utf-8"))
        tens = [tests[first : first + BEHAVIOURS] for first in range(0, scenarios, BEHAVIOURS)]
        return [Ten(ten[-1][0], sum(took for _ended, took, _kilobytes in ten), ten[-1][2]) for ten in tens]

    def imports(self) -> Command:
        """The app and pytest, imported."""
        return Command(["-c", "import app.main, pytest"], self._directory)

    def render(self) -> Command:
        """What the last run of Accord recorded, published again."""
        return self._command("render", f"living-docs/{'messages.ndjson'}", "-o", "again")

    def nothing(self) -> Command:
        """The command that publishes, started and ended."""
        return self._command("--help")

    def _command(self, *arguments: str) -> Command:
        return Command([ACCORD, *arguments], self._directory)

    def first(self, address: str = "", *, before: Callable[[], object] = lambda: None) -> Command:
        """A run until its first scenario begins, on the server of the wheel or at the address of a database."""
        begun = self._directory / "begun"
        arguments = ["-p", "benchmarks.suites.first", *(f"-pno:{name}" for name in OTHERS)]
        command = self.accord(BEHAVIOURS, *arguments, BENCHMARK_BEGUN=str(begun), DATABASE_URL=address)
        return replace(command, until=begun, before=before)

    def _folder(self, *parts: object) -> Path:
        return self._directory / "many" / re.sub(r"\W+", "_", "_".join(map(str, parts)))

    def _copy(self, suite: str, folder: Path) -> None:
        shutil.copytree(HERE / suite, folder, ignore=LEFT_OUT)

    def _pytest(self, folder: Path, scenarios: int, *arguments: str, **environment: str) -> Command:
        path = str(folder.relative_to(self._directory))
        command = [*PYTEST, path, f"--confcutdir={path}", "--import-mode=importlib", *arguments]
        output = "tests collected" if "--collect-only" in arguments else "passed"
        return Command(command, self._directory, f"{scenarios} {output}", self._environment | environment)


def write_features(folder: Path, scenarios: int, a_feature: int) -> None:
    """Write features with the ten behaviours in turn, each scenario with a name of its own."""
    head, *behaviours = (HERE / "behaviours.feature").read_text(encoding="utf-8").split("  Scenario: ")
    for first in range(0, scenarios, a_feature):
        numbers = range(first, min(first + a_feature, scenarios))
        scenario_texts = [behaviours[number % BEHAVIOURS].replace("\n", f", case {number}\n", 1) for number in numbers]
        text = "  Scenario: ".join([head.replace("\n", f", from {first}\n", 1), *scenario_texts])
        folder.joinpath(f"from_{first}.feature").write_text(text, encoding="utf-8")


def _definition(number: int) -> str:
    sentence = f'"nobody says sentence {number}"' if number % 2 else f'parsers.parse("nobody says {{this}} {number}")'
    argument = "" if number % 2 else "this: str"
    return f"\n\n@given({sentence})\nasync def never_{number}({argument}) -> None:\n    raise AssertionError\n"
