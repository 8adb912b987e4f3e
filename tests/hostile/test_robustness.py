"""What a run says, leaves and repairs when the ground under it gives way: server, connection, worker, disk, Ctrl-C."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from accord.database.embedded import Cluster
from tests.helpers.project import SETTINGS, copy_program
from tests.helpers.servers import databases, directory, with_programs

OF_THIS_RUN = ("ACCORD_DATABASE_URL", "DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
ROOT = Path(__file__).parents[2]
SECONDS = 60

# Each scenario is shown with its end, and Hypothesis has nothing to say.
ARGUMENTS = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-rA", "-v", "-o", "accord_lifespan_timeout=0.2"]


class Service:
    """A project of someone who uses Accord, whose database is on the server."""

    def __init__(self, path: Path, server: Cluster, bytecode: Path) -> None:
        self.path = path
        self.server = server
        self.environment = {name: value for name, value in os.environ.items() if name not in OF_THIS_RUN} | {
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(bytecode),
            "CLUSTER_HOME": str(server.directory),
            **({"CLUSTER_ACCOUNT": server.account} if server.account else {}),
            **({"CLUSTER_TCP": "1"} if server.tcp else {}),
        }
        (path / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
        copy_program("notes", path)
        os.mkfifo(path / "told")
        # Open for writing too, so that it does not end when one of those who write to it does.
        self.told = os.fdopen(os.open(path / "told", os.O_RDWR), "rb", buffering=0)
        self.begun: list[subprocess.Popen[str]] = []

    def scenarios(self, **whens: str) -> None:
        """Write a feature with a scenario of each name: what happens in it."""
        lines = ["Feature: Notes"]
        for name, when in whens.items():
            tag = "@real_commits" if name.startswith("really") else ""
            lines += [tag, f"Scenario: {name}", 'Given the note "milk"', f"When {when}"]
            lines += ['Then the notes are "milk, bread"' if when == WRITE else "Then all is well"]
        (self.path / "it.feature").write_text("\n".join(lines), encoding="utf-8")

    def begin(self, *arguments: str, limit: int | None = None) -> "subprocess.Popen[str]":
        """Begin a run in a group of processes of its own, which may write files up to the limit."""
        command = [sys.executable, "-m", "pytest", *ARGUMENTS, *arguments]
        if limit is not None:
            command = ["prlimit", f"--fsize={limit}", *command]
        output = subprocess.Popen(
            command,
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.begun.append(output)
        return output

    def run(self, *arguments: str, limit: int | None = None) -> "Ended":
        """Run to the end."""
        return Ended(self.begin(*arguments, limit=limit))

    def wait_for(self, what: str, times: int = 1) -> None:
        """Wait until a run has told this so many times."""
        for _ in range(times):
            assert select.select([self.told], [], [], SECONDS)[0], f"no run came to be {what}"
            assert self.told.readline() == f"{what}\n".encode()

    async def next_run_is_clean(self) -> None:
        """See that the next run passes, removes what is left, and stops the server."""
        self.scenarios(kept=WRITE, kept_too=WRITE)
        assert self.run().outcomes == {"kept": "PASSED", "kept_too": "PASSED"}
        await self.nothing_is_left()

    async def nothing_is_left(self) -> None:
        """See that the server is stopped, and that it has no database of a run."""
        assert not self.server.running()
        assert not await databases(self.server.start())
        self.server.stop()


class Ended:
    """What a run said, and its end."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.output, _ = process.communicate(timeout=SECONDS)
        self.code = process.returncode

    @property
    def outcomes(self) -> dict[str, str]:
        """How each scenario ended; an error at its end goes before."""
        found = re.findall(r"^(PASSED|FAILED|ERROR) it\.feature::(\w+)", self.output, re.MULTILINE)
        return {name: outcome for outcome, name in found}

    def sections(self) -> dict[str, list[str]]:
        """What is said of each scenario that failed, by its heading."""
        failures = re.split("= (?:notices|short test summary)", self.output)[0]
        parts = re.split(r"^_{3,} (.+) _{3,}$", failures, flags=re.MULTILINE)
        lines = [[line for line in part.splitlines() if line and not line.startswith("==")] for part in parts[2::2]]
        return dict(zip(parts[1::2], lines, strict=True))


WRITE = 'I write "bread"'
NOISE = re.compile("Traceback|Error|never awaited|destroyed|never retrieved|Warning")


@pytest.fixture
def serve(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Cluster], Service]]:
    """Make a project whose database is on the server."""
    made: list[Service] = []

    def serve(server: Cluster) -> Service:
        made.append(Service(tmp_path, server, tmp_path_factory.getbasetemp() / "bytecode"))
        return made[-1]

    yield serve
    for service in made:
        for process in service.begun:
            process.kill()
            process.communicate()
        service.told.close()
        if service.server.running():
            service.server.stop()


@pytest.fixture
def service(serve: Callable[[Cluster], Service], server: Cluster) -> Service:
    """A project on PostgreSQL from the wheel."""
    return serve(server)


@pytest.fixture
def small_disk(lasting: Cluster) -> Iterator[Cluster]:
    """A cluster that is not made yet, on a disk of its own that has little room."""
    with directory() as path:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", str(path)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("nobody but root may mount a small disk")
        try:
            yield Cluster(with_programs(path, of=lasting), lasting.account)
        finally:
            subprocess.run(["umount", str(path)], check=True)


def gone(server: Cluster) -> str:
    """What is said of a scenario that fails since the server is gone."""
    address = server._address() if server.tcp else f"{server.directory}/postgresql-18:5432"
    place = f"{address.host}:{address.port}" if isinstance(address, URL) else address
    return (
        rf"The PostgreSQL server at {re.escape(place)} does not answer any more \(.+\): "
        r"look in its log for the reason, start it if it is one of yours, and run again\."
    )


CUT = (
    r"{} lost the connection to the database \(.+\), and with it all that the scenario had done there: "
    r"see what ended it, or tag the scenario @real_commits if that is part of what it tells\."
)


def says(sections: dict[str, list[str]], expected: dict[str, str]) -> bool:
    """Whether one line is said of each scenario that failed, and no other failed."""
    return sections.keys() == expected.keys() and all(
        len(said) == 1 and re.fullmatch(expected[name], said[0]) for name, said in sections.items()
    )


def is_refused(ended: Ended, why: str) -> bool:
    """Whether the run ended with this sentence, and said nothing more."""
    line = rf"! _pytest\.outcomes\.Exit: PostgreSQL from the wheel {why}: set ACCORD_DATABASE_URL to use .+\. !"
    *_, last = ended.output.splitlines()
    return (
        ended.code == pytest.ExitCode.USAGE_ERROR and "Traceback" not in ended.output and bool(re.fullmatch(line, last))
    )


KILLED = {"during": f"the server is killed\nAnd {WRITE}", "after": WRITE, "really_after": WRITE}


async def test_after_the_server_is_killed_each_scenario_fails_with_one_line_and_the_next_run_is_clean(
    service: Service,
) -> None:
    service.scenarios(before=WRITE, **KILLED)

    ended = service.run()

    assert ended.code == pytest.ExitCode.TESTS_FAILED
    assert ended.outcomes["before"] == "PASSED"
    failed = ["during", "after", "really_after", "ERROR at teardown of really_after"]
    assert says(ended.sections(), dict.fromkeys(failed, gone(service.server))), ended.output
    await service.next_run_is_clean()


async def test_after_a_server_of_the_users_is_killed_it_is_the_same_and_once_it_runs_again_so_is_the_next_run(
    serve: Callable[[Cluster], Service], home: Path, lasting: Cluster
) -> None:
    server = Cluster(home, lasting.account, tcp=True)
    address = server.start().set(database="shop_test")
    service = serve(server)
    service.environment["DATABASE_URL"] = address.render_as_string(hide_password=False)
    line = gone(server)
    service.scenarios(before=WRITE, **KILLED)

    ended = service.run()

    assert ended.code == pytest.ExitCode.TESTS_FAILED
    assert ended.outcomes["before"] == "PASSED"
    failed = ["during", "after", "really_after", "ERROR at teardown of really_after"]
    assert says(ended.sections(), dict.fromkeys(failed, line)), ended.output
    again = server.start()
    service.environment["DATABASE_URL"] = again.set(database="shop_test").render_as_string(hide_password=False)
    service.scenarios(kept=WRITE)
    assert service.run().outcomes == {"kept": "PASSED"}
    assert not await databases(again)


async def test_a_connection_that_is_cut_fails_its_own_scenario_with_one_line(service: Service) -> None:
    service.scenarios(
        step="the connection is cut in a step",
        request="the connection is cut in a request",
        other=f"the connection is cut by another\nAnd {WRITE}",
        unseen="the connection is cut by another",
        really_other="the connection is cut by another",
        kept=WRITE,
    )

    ended = service.run()

    assert ended.code == pytest.ExitCode.TESTS_FAILED
    # Of one that is cut once all is done, nothing is lost.
    assert ended.outcomes["kept"] == ended.outcomes["unseen"] == ended.outcomes["really_other"] == "PASSED"
    expected = {
        "step": r"The step `When the connection is cut in a step` \(it\.feature:5\)",
        "request": r"The step `When the connection is cut in a request` \(it\.feature:10\)",
        "other": rf"The step `And {WRITE}` \(it\.feature:16\)",
    }
    assert says(ended.sections(), {name: CUT.format(who) for name, who in expected.items()}), ended.output
    await service.nothing_is_left()


async def test_the_scenario_of_a_killed_worker_is_named_and_the_others_run(service: Service) -> None:
    service.scenarios(one=WRITE, killing="the worker is killed", two=WRITE, three=WRITE)

    ended = service.run("-n", "2")

    assert ended.code == pytest.ExitCode.TESTS_FAILED
    assert ended.outcomes == {"one": "PASSED", "two": "PASSED", "three": "PASSED", "killing": "FAILED"}
    assert re.search(r"^worker 'gw\d' crashed while running 'it\.feature::killing'$", ended.output, re.MULTILINE)
    await service.next_run_is_clean()


@pytest.mark.parametrize("workers", [0, 2])
async def test_ctrl_c_tears_down_and_says_no_more_than_that(service: Service, workers: int) -> None:
    service.scenarios(one="I wait", two="I wait", three="I wait")
    run = service.begin("-n", str(workers))
    service.wait_for("waiting", times=workers or 1)

    os.killpg(run.pid, signal.SIGINT)

    ended = Ended(run)
    assert ended.code == pytest.ExitCode.INTERRUPTED
    assert not NOISE.search(ended.output), ended.output
    assert len(list(service.path.glob("dropped-*"))) == (workers or 1)
    await service.nothing_is_left()


async def test_a_second_ctrl_c_leaves_nothing_that_the_next_run_does_not_remove(service: Service) -> None:
    service.scenarios(one="I wait, and linger at the end")
    run = service.begin()
    service.wait_for("waiting")
    os.killpg(run.pid, signal.SIGINT)
    service.wait_for("lingering")

    os.killpg(run.pid, signal.SIGINT)

    # That of a program which a signal ends: pytest has given up.
    assert Ended(run).code == -signal.SIGINT
    await service.next_run_is_clean()


async def test_a_cluster_that_there_is_no_room_for_is_reported_in_one_line(
    serve: Callable[[Cluster], Service], small_disk: Cluster
) -> None:
    filling = small_disk.directory / "filling"
    filling.write_bytes(bytes(60 << 20))
    service = serve(small_disk)
    service.scenarios(kept=WRITE)

    ended = service.run()

    assert is_refused(ended, rf"cannot be set up in {small_disk.directory}/\S+ \(.*No space left on device\)"), (
        ended.output
    )
    filling.unlink()
    await service.next_run_is_clean()


async def test_a_copy_of_the_server_that_there_is_no_room_for_is_reported_in_one_line(
    serve: Callable[[Cluster], Service], small_disk: Cluster
) -> None:
    for copy in small_disk.directory.glob("embedded-postgres-*"):
        copy.unlink()
    (small_disk.directory / "filling").write_bytes(bytes(60 << 20))
    service = serve(small_disk)
    service.scenarios(kept=WRITE)

    ended = service.run()

    assert is_refused(ended, rf"cannot be kept in {small_disk.directory} \(.*No space left on device.*\)"), ended.output


async def test_a_cluster_whose_files_may_not_grow_is_reported_in_one_line(
    serve: Callable[[Cluster], Service], home: Path, lasting: Cluster
) -> None:
    service = serve(Cluster(home, lasting.account))
    service.scenarios(kept=WRITE)

    ended = service.run(limit=1 << 20)

    assert is_refused(ended, rf"cannot be set up in {home}/\S+ \(.*File too large\)"), ended.output
    await service.next_run_is_clean()


async def test_a_disk_that_fills_up_in_mid_run_is_reported_in_one_line(
    serve: Callable[[Cluster], Service], small_disk: Cluster
) -> None:
    service = serve(small_disk)
    service.scenarios(full="the disk fills up\nAnd I write more than there is room for")

    ended = service.run()

    assert ended.code == pytest.ExitCode.TESTS_FAILED
    full = r"The disk of the PostgreSQL server is full \(.+\): make room there, and run again\."
    assert says(ended.sections(), {"full": full}), ended.output
    (small_disk.directory / "filling").unlink()
    await service.next_run_is_clean()


async def test_a_server_that_ends_since_its_disk_is_full_is_gone_and_with_room_again_the_next_run_is_clean(
    serve: Callable[[Cluster], Service], small_disk: Cluster
) -> None:
    service = serve(small_disk)
    service.scenarios(full="the disk fills up\nAnd I write more than there is room for in the log", after=WRITE)

    ended = service.run()

    assert ended.code == pytest.ExitCode.TESTS_FAILED
    failed = ["full", "after", "ERROR at teardown of after"]
    assert says(ended.sections(), dict.fromkeys(failed, gone(small_disk))), ended.output
    (small_disk.directory / "filling").unlink()
    await service.next_run_is_clean()


async def test_two_runs_at_once_with_two_workers_each_pass_and_leave_nothing(service: Service) -> None:
    service.scenarios(one=WRITE, two=WRITE, really_three=WRITE, four=WRITE)

    for run in [service.begin("-n", "2"), service.begin("-n", "2")]:
        ended = Ended(run)
        assert ended.code == pytest.ExitCode.OK, ended.output

    await service.nothing_is_left()


async def test_a_startup_or_shutdown_of_the_app_that_fails_or_hangs_is_named(service: Service) -> None:
    ends = ["startup_fails", "startup_hangs", "shutdown_fails", "shutdown_hangs"]
    service.scenarios(**{end: f"the app's {end.replace('_', ' ')}\nAnd {WRITE}" for end in ends})

    ended = service.run()

    sections = ended.sections()
    fails = [sections.pop(name) for name in ("startup_fails", "ERROR at teardown of shutdown_fails")]
    for said, phase in zip(fails, ("startup", "shutdown"), strict=True):
        named = f"accord.errors.LifespanError: The {phase} of the app failed: TimeoutError: out of ink"
        assert [line for line in said if line.startswith("E ") and line.endswith(named)], ended.output
        assert [line for line in said if 'raise TimeoutError("out of ink")' in line], ended.output
    for phase, name in {"startup": "startup_hangs", "shutdown": "ERROR at teardown of shutdown_hangs"}.items():
        sentence, *_ = sections.pop(name)
        assert re.match(
            rf"The {phase} of the app had not ended after 0\.2 seconds: it waits at service\.py:\d+ in `go_wrong`: "
            r"`await asyncio\.Event\(\)\.wait\(\)`\. .*accord_lifespan_timeout",
            sentence,
        ), ended.output
    assert not sections
