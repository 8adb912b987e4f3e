"""What Accord uses of other packages beyond their documented interface is still there, and still does what it did."""

import ast
import asyncio
import gc
import importlib
import inspect
import logging
import logging.config
import re
import socket
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import fields, replace
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

import anyio.to_thread
import freezegun
import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import EndpointContext, ResponseValidationError
from pytest_bdd import parsers
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

import accord
from accord.compat.anyio import is_worker
from accord.compat.cpython import (
    Gathering,
    context_of,
    disconnect,
    drop_task,
    generator_of,
    is_closing_of_loop,
    is_loop_of_executor,
    logging_unchanged,
    replace_unawaited_warning,
    run_task,
    tasks_of,
)
from accord.compat.fastapi import InvalidResponse
from accord.compat.freezegun import is_of_freezegun
from accord.compat.httpx import is_read_whole
from accord.compat.pytest import give_fixture, unknown_settings
from accord.compat.pytest_asyncio import FIXTURE_SCOPE, RUNNER, SCOPE_OF_FIXTURE
from accord.compat.pytest_bdd import (
    StepParser,
    arguments_of,
    expression_of,
    kinds_of,
    rewritten,
    source_of,
    values_in,
)
from accord.compat.starlette import body_error, body_frame, routed
from accord.timeouts.stacks import is_busy
from tests.helpers.project import Project

CALLED = [
    ("asyncpg", "asyncpg.connect_utils", "_connect", ["loop", "connection_class", "record_class", "kwargs"]),
    ("sqlalchemy", "sqlalchemy.dialects.postgresql.asyncpg", "AsyncAdapt_asyncpg_dbapi.connect", ["self", "arg", "kw"]),
    ("pytest-bdd", "pytest_bdd.scenario", "call_fixture_func", ["fixturefunc", "request", "kwargs"]),
    ("pytest-bdd", "pytest_bdd.steps", "step_function_context_registry", []),
    ("pytest-bdd", "pytest_bdd.scenario", "_execute_scenario", ["feature", "scenario", "request"]),
    ("pytest-bdd", "pytest_bdd.scenario", "scenario_wrapper_template_registry", []),
    ("pytest-bdd", "pytest_bdd.compat", "get_fixture_names", ["fixturemanager"]),
    ("pytest-bdd", "pytest_bdd.compat", "getfixturedefs", ["fixturemanager", "fixturename", "node"]),
    ("pytest-bdd", "pytest_bdd.parsers", "parse.is_matching", ["self", "name"]),
    ("pytest-bdd", "pytest_bdd.parsers", "parse.parse_arguments", ["self", "name"]),
    ("pytest-bdd", "pytest_bdd.parsers", "parse.__init__", ["self", "name"]),
    ("pytest-bdd", "pytest_bdd.parsers", "cfparse", ["name"]),
    ("pytest-bdd", "pytest_bdd.parsers", "cfparse.__init__", ["self", "name"]),
    ("pytest-bdd", "pytest_bdd.parsers", "re", ["name"]),
    ("pytest-bdd", "pytest_bdd.parsers", "string", ["name"]),
    ("pytest-bdd", "pytest_bdd.gherkin_parser", "GherkinDocument.from_dict", ["data"]),
    ("pytest-bdd", "pytest_bdd.parser", "FeatureParser", ["basedir", "filename", "encoding"]),
    ("pytest-bdd", "pytest_bdd.parser", "FeatureParser.parse", ["self"]),
    ("pytest-bdd", "pytest_bdd.parser", "FeatureParser._parse_feature_file", ["self"]),
    ("pytest-bdd", "pytest_bdd.parser", "FeatureParser.parse_scenario", ["self", "scenario_data", "feature", "rule"]),
    ("pytest-bdd", "pytest_bdd.parser", "FeatureParser.parse_steps", ["self", "steps_data"]),
    ("pytest-bdd", "pytest_bdd.parser", "ScenarioTemplate.render", ["self", "context"]),
    ("pytest-bdd", "pytest_bdd.types", "STEP_TYPE_BY_PARSER_KEYWORD", []),
    ("pytest-bdd", "pytest_bdd.parser", "Examples.as_contexts", ["self"]),
    ("pytest-bdd", "pytest_bdd.exceptions", "GherkinParseError", ["message", "line", "line_content", "filename"]),
    ("pytest", "_pytest.python", "Metafunc", ["definition", "fixtureinfo", "config", "cls", "module"]),
    ("pytest", "_pytest.python", "Metafunc._recompute_direct_params_indices", ["self"]),
    ("pytest", "_pytest.python", "FunctionDefinition.from_parent", ["parent"]),
    ("pytest", "_pytest.fixtures", "FuncFixtureInfo.prune_dependency_tree", ["self"]),
    ("pytest-check", "pytest_check.check_log", "get_failures", []),
    ("pytest-check", "pytest_check.check_log", "get_num_failures", []),
    ("pytest-bdd", "pytest_bdd.hooks", "pytest_bdd_apply_tag", ["tag", "function"]),
    ("pytest-bdd", "pytest_bdd.reporting", "scenario_reports_registry", []),
    ("pytest-bdd", "pytest_bdd.reporting", "test_report_context_registry", []),
    ("time-machine", "time_machine", "escape_hatch.is_travelling", []),
    ("pytest", "_pytest.config", "Parser.parse_known_args", ["self", "args"]),
    ("pytest", "_pytest.logging", "LogCaptureHandler", []),
    ("pytest", "_pytest.capture", "CaptureManager.suspend", ["self", "in_"]),
    ("pytest", "_pytest.capture", "MultiCapture.pop_outerr_to_orig", ["self"]),
    ("pytest-xdist", "xdist.dsession", "DSession.triggershutdown", ["self"]),
    ("pytest-xdist", "xdist.dsession", "DSession.handle_crashitem", ["self", "nodeid", "worker"]),
    ("gherkin-official", "gherkin.dialect", "Dialect.for_name", ["name"]),
    ("gherkin-official", "gherkin.ast_builder", "AstBuilder", ["id_generator"]),
    ("gherkin-official", "gherkin.parser", "Parser", ["ast_builder"]),
    ("gherkin-official", "gherkin.pickles.compiler", "Compiler", ["id_generator"]),
    ("gherkin-official", "gherkin.pickles.compiler", "Compiler.compile", ["self", "gherkin_document"]),
    (
        "gherkin-official",
        "gherkin.pickles.compiler",
        "Compiler._interpolate",
        ["self", "name", "variable_cells", "value_cells"],
    ),
    ("gherkin-official", "gherkin.dialect", "DIALECTS", []),
    ("gherkin-official", "gherkin.stream.id_generator", "IdGenerator.get_next_id", ["self"]),
    (
        "httpx-ws",
        "httpx_ws.transport",
        "ASGIWebSocketAsyncNetworkStream",
        ["app", "scope", "task_group", "initial_receive_timeout"],
    ),
    ("pytest", "_pytest._code.code", "ExceptionChainRepr", ["chain"]),
    ("pytest", "_pytest._code.code", "ReprEntryNative", ["lines"]),
    ("pytest", "pytest", "FixtureLookupError.formatrepr", ["self"]),
    ("pytest", "pytest", "Function.repr_failure", ["self", "excinfo"]),
    ("pytest", "pytest", "Item.reportinfo", ["self"]),
    ("pytest", "_pytest.pathlib", "fnmatch_ex", ["pattern", "path"]),
    ("pytest", "_pytest.pathlib", "absolutepath", ["path"]),
    ("pytest", "_pytest.config", "Config._getconftest_pathlist", ["self", "name", "path"]),
    ("pytest", "pytest", "mark._markers", []),
    ("pytest", "pytest", "OptionGroup", []),
    ("pytest", "pytest", "Parser.parse_known_and_unknown_args", ["self", "args"]),
    ("pytest", "_pytest.fixtures", "FixtureRequest._get_active_fixturedef", ["self", "argname"]),
]

READ = [
    ("pytest_bdd.parser", "Feature", ["scenarios", "tags", "language", "filename"]),
    (
        "pytest_bdd.parser",
        "ScenarioTemplate",
        ["feature", "rule", "keyword", "name", "line_number", "tags", "examples"],
    ),
    ("pytest_bdd.parser", "Scenario", ["feature", "keyword", "name", "steps"]),
    ("pytest_bdd.parser", "Rule", ["name", "tags"]),
    ("pytest_bdd.parser", "Examples", ["name", "line_number", "tags"]),
    ("pytest_bdd.parser", "Step", ["type", "keyword", "name", "line_number", "datatable", "docstring"]),
    ("pytest_bdd.steps", "StepFunctionContext", ["type", "step_func", "parser", "converters", "target_fixture"]),
]


def _moved(distribution: str, module: str, name: str, parameters: list[str]) -> str | None:
    """Say what is not as accord/compat/ needs it."""
    release = f"{distribution} {version(distribution)}"
    try:
        found = attrgetter(name)(importlib.import_module(module))
    except (ImportError, AttributeError):
        return f"{release} has no {module}.{name}, which Accord uses"
    takes = list(inspect.signature(found).parameters) if callable(found) else []
    if takes[: len(parameters)] != parameters:
        return f"{release}: {module}.{name} takes {takes}, and Accord gives it {parameters}"
    return None


@pytest.mark.parametrize(
    ("distribution", "module", "name", "parameters"), CALLED, ids=[name for _, _, name, _ in CALLED]
)
def test_what_is_called_is_there_and_takes_what_it_is_given(
    distribution: str, module: str, name: str, parameters: list[str]
) -> None:
    moved = _moved(distribution, module, name, parameters)
    assert moved is None, moved


@pytest.mark.parametrize(("module", "name", "read"), READ, ids=[f"{module}.{name}" for module, name, _ in READ])
def test_what_is_read_of_a_feature_file_is_there(module: str, name: str, read: list[str]) -> None:
    moved = _moved("pytest-bdd", module, name, [])
    assert moved is None, moved
    there = {field.name for field in fields(attrgetter(name)(importlib.import_module(module)))}
    gone = sorted(set(read) - there)
    assert not gone, f"pytest-bdd {version('pytest-bdd')}: {module}.{name} has no {gone}, which Accord reads"


def test_what_moved_is_named_with_the_release() -> None:
    release = f"pytest-bdd {version('pytest-bdd')}"
    gone = _moved("pytest-bdd", "pytest_bdd.scenario", "_execute", [])
    assert gone == f"{release} has no pytest_bdd.scenario._execute, which Accord uses"
    changed = _moved("pytest-bdd", "pytest_bdd.scenario", "_execute_scenario", ["scenario"])
    assert changed == (
        f"{release}: pytest_bdd.scenario._execute_scenario takes ['feature', 'scenario', 'request'], "
        "and Accord gives it ['scenario']"
    )


@pytest.mark.parametrize("parser", [parsers.parse, parsers.cfparse])
def test_a_parser_for_another_sentence_has_the_same_kinds_and_capitals(parser: Any) -> None:
    made = rewritten(parser("I add {n:Text}", extra_types={"Text": str}, case_sensitive=True), "you add {n:Text}")
    assert made is not None
    assert (type(made), list(kinds_of(made)), made.is_matching("You add 3")) == (parser, ["Text"], False)
    assert values_in(made, "you add 3") == {"n": "3"}
    assert rewritten(made, "you add {n:Nothing}") is None


@pytest.mark.parametrize("parser", [parsers.parse, parsers.cfparse])
def test_what_a_parser_has_compiled_is_known_whatever_it_is_called(parser: Any) -> None:
    made = parser("I add {n:Text}", extra_types={"Text": str})
    made.name = "I add {n}"
    assert source_of(made) == "I add {n:Text}"
    assert expression_of(made) == "I add (?P<n>.+?)"
    assert [source_of(parsers.string("I add")), expression_of(parsers.string("I add"))] == ["I add", ""]
    assert [source_of(parsers.re("I .*")), expression_of(parsers.re("I .*"))] == ["I .*", ""]


def test_settings_that_are_not_there_are_known(pytestconfig: pytest.Config) -> None:
    known, unknown = unknown_settings(pytestconfig)
    assert {"accord_strict", "testpaths"} <= {*known}
    assert not unknown


def test_pytest_asyncio_reads_what_replaces_its_settings(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.getini(FIXTURE_SCOPE) in ("session", SCOPE_OF_FIXTURE)
    assert pytestconfig.getoption("asyncio_mode") in ("auto", None)


def test_pytest_asyncio_runs_fixtures_and_tests_through_the_runner_of_that_name(request: pytest.FixtureRequest) -> None:
    assert isinstance(request.getfixturevalue(RUNNER), asyncio.Runner)


def test_a_task_that_is_dropped_does_not_hold_the_end_of_its_runner_and_is_not_complained_of() -> None:
    complaints: list[object] = []

    async def begin() -> asyncio.Task[object]:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        task: asyncio.Task[object] = asyncio.create_task(swallow())
        await asyncio.sleep(0)
        return task

    async def swallow() -> None:
        with suppress(asyncio.CancelledError, GeneratorExit):
            await asyncio.Event().wait()
            return
        if not is_over:
            await asyncio.Event().wait()

    is_over = False
    with asyncio.Runner() as runner:
        task = runner.run(begin())
        drop_task(task)
    assert not task.done()
    is_over = True
    del task
    gc.collect()
    assert not complaints


def test_what_is_to_be_done_before_threads_are_joined_comes_before_those_of_executors_too() -> None:
    program = """
import os, threading
from accord.compat.cpython import before_threads_are_joined
from concurrent.futures import ThreadPoolExecutor
ThreadPoolExecutor().submit(threading.Event().wait)
threading.Thread(target=threading.Event().wait).start()
before_threads_are_joined(lambda: os._exit(7))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 7


def test_what_is_to_be_done_at_the_end_can_be_done_sooner() -> None:
    code = "import atexit, os; from accord.compat.cpython import run_exit_functions as run; "
    code += "atexit.register(print, 'done', flush=True); run(); os._exit(0)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "done\n"


def test_handlers_of_logging_are_neither_closed_nor_lost_by_what_sets_logging_up(tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / "log", mode="w")
    handler.set_name("of the file")
    logger = logging.getLogger("of_the_file")
    logger.addHandler(handler)
    with logging_unchanged():
        logging.config.dictConfig({"version": 1, "root": {"level": "ERROR"}})
        assert logger.disabled
    logger.warning("heard")
    assert (tmp_path / "log").read_text() == "heard\n"
    assert logging._handlers["of the file"] is handler  # type: ignore[attr-defined]
    logger.removeHandler(handler)
    logging.shutdown([weakref.ref(handler)])
    assert handler.stream is None


async def test_a_loop_runs_within_one_of_its_tasks_and_goes_on_after_it() -> None:
    loop = asyncio.get_running_loop()
    own, noted, finished = asyncio.current_task(), list[str](), asyncio.Event()

    async def inner() -> str:
        for _ in range(5):
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert asyncio.current_task() is not own
        return "inner"

    def run_inner() -> None:
        noted.append(str(run_task(loop.create_task(inner()), loop)))
        finished.set()

    others = [loop.create_task(inner()) for _ in range(3)]
    # The run around it has counted these, of which the inner run takes some.
    loop.call_soon(run_inner)
    for number in range(9):
        loop.call_soon(noted.append, str(number))
    await finished.wait()
    assert sorted(noted) == [*map(str, range(9)), "inner"]
    assert asyncio.current_task() is own
    assert run_task(loop.create_task(inner()), loop) == "inner"
    assert asyncio.current_task() is own
    assert await asyncio.gather(*others) == ["inner"] * 3


def test_a_loop_that_is_stopped_while_another_runs_within_it_stops() -> None:
    async def end_first() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: run_task(loop.create_task(asyncio.sleep(0.01)), loop))

    # What is awaited ends while the run within goes on, which asks the loop to stop: it returns.
    asyncio.run(end_first())


async def test_the_generator_of_a_step_is_known_and_when_the_loop_closes_one() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()

    generator = numbers()
    step, other = anext(generator), anext(generator, 0)
    assert generator_of(step) is generator_of(other) is generator
    assert await step == 1
    waiting: asyncio.Task[int] = asyncio.create_task(other)
    assert not is_closing_of_loop(waiting)
    waiting.cancel()
    before = asyncio.all_tasks()
    left = numbers()
    assert await anext(left) == 1
    del left
    await asyncio.sleep(0)
    assert [is_closing_of_loop(task) for task in asyncio.all_tasks() - before] == [True]


async def test_the_tasks_of_a_group_and_of_what_is_gathered_are_known() -> None:
    event = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(event.wait())
        gathered = asyncio.gather(asyncio.ensure_future(event.wait()))
        assert tasks_of(group) == tasks_of(task) == [task]
        assert [type(it) for it in tasks_of(gathered)] == [type(task)]
        assert tasks_of(event) == []
        event.set()
        await gathered


def test_a_fixture_that_is_given_is_what_others_are_made_of(request: pytest.FixtureRequest) -> None:
    give_fixture(request, "given_in_passing", 1)
    assert request.getfixturevalue("given_in_passing") == 1
    give_fixture(request, "given_in_passing", 2)
    assert request.getfixturevalue("made_of_it") == 3


@pytest.fixture
def made_of_it(given_in_passing: int) -> int:
    return given_in_passing + 1


def test_pytest_keeps_no_fixture_of_a_test_once_it_is_dropped(project: Project) -> None:
    project.scenario("Given a thing", "Then it is there")
    project.steps("""
        import gc, weakref
        class Thing: ...
        things = weakref.WeakSet()

        @pytest.fixture(scope="session")
        def outlasting(): ...

        @pytest.fixture
        def thing(outlasting):
            things.add(it := Thing())
            return it

        @given("a thing", target_fixture="it")
        def _(thing):
            return thing

        @then("it is there")
        def _(it):
            assert it in things

        def pytest_runtest_logfinish():
            gc.collect()
            print("left", len(things))
    """)
    result = project.run_process("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*left 0*"])


def test_pytest_bdd_runs_what_a_module_binds_through_the_function_that_is_replaced(project: Project) -> None:
    project.scenario("Given a step", "Then a step")
    project.path.joinpath("test_it.py").write_text("""
from pytest_bdd import given, scenarios, then
from accord.compat.pytest_bdd import execute, replace_execution

def replaced(feature, scenario, request):
    print("replaced", scenario.name)

undo = replace_execution(replaced)
scenarios("it.feature")

def teardown_module():
    undo()
""")
    result = project.run("-s", "test_it.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*replaced One*"])


def test_python_looks_up_its_report_of_an_unawaited_coroutine_anew_and_gets_it_back() -> None:
    async def call() -> None: ...

    dropped: list[str] = []
    undo = replace_unawaited_warning(lambda _report: lambda coroutine: dropped.append(coroutine.__qualname__))
    kept = call()
    del kept
    undo()
    assert dropped == ["test_python_looks_up_its_report_of_an_unawaited_coroutine_anew_and_gets_it_back.<locals>.call"]
    kept = call()
    with pytest.warns(RuntimeWarning, match="never awaited"):
        del kept


def test_what_freezegun_puts_in_the_place_of_a_clock_is_known() -> None:
    with freezegun.freeze_time("2020-01-01"):
        assert is_of_freezegun(time.time)
    assert not is_of_freezegun(time.time)


async def test_a_thread_of_anyios_is_known_and_waits_for_work_in_its_queue() -> None:
    thread = await anyio.to_thread.run_sync(threading.current_thread)
    assert is_worker(thread)
    assert not is_worker(threading.current_thread())
    # It gives its result before it waits again.
    while is_busy(thread):
        thread.join(0.001)


async def test_the_loop_of_an_executors_thread_is_known() -> None:
    def outer_frames() -> list[bool]:
        return [is_loop_of_executor(frame) for frame, _line in traceback.walk_stack(None)]

    assert any(await asyncio.get_running_loop().run_in_executor(None, outer_frames))
    assert not any(outer_frames())


async def test_where_the_body_of_a_response_is_made_is_known() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"part"

    response = StreamingResponse(body())
    await anext(response.body_iterator)  # type: ignore[call-overload]
    frame = body_frame(response)
    assert frame is not None
    assert frame.f_code.co_name == "body"
    assert body_frame("text") is None


async def test_an_error_in_the_body_of_a_response_is_known_from_one_after_it() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"part"
        raise ValueError("out of ink")

    async def fail() -> None:
        raise KeyError("gone")

    async def error_of(response: StreamingResponse) -> BaseException | None:
        async def pass_by(*_: object) -> None:
            await asyncio.sleep(0)

        with pytest.raises((ValueError, KeyError)) as raised:
            await response({"type": "http"}, asyncio.Event().wait, pass_by)  # type: ignore[arg-type]
        return body_error(ExceptionGroup("several", [raised.value]))

    assert isinstance(await error_of(StreamingResponse(body())), ValueError)
    assert await error_of(StreamingResponse(iter(["part"]), background=BackgroundTask(fail))) is None


async def test_who_reads_a_response_whole_is_known() -> None:
    found = []

    class Body(httpx.AsyncByteStream):
        def __aiter__(self) -> AsyncIterator[bytes]:
            found.append(is_read_whole(sys._getframe()))
            return httpx.ByteStream(b"part").__aiter__()

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Body())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await client.get("http://test")
        async with client.stream("GET", "http://test") as response:
            assert [part async for part in response.aiter_lines()] == ["part"]
    assert found == [True, False]


async def test_the_context_of_a_task_is_known() -> None:
    variable = ContextVar[int]("variable")
    variable.set(1)
    task = asyncio.create_task(asyncio.sleep(0))
    variable.set(2)
    assert context_of(task)[variable] == 1
    await task


def test_what_gather_returns_is_known_by_its_class() -> None:
    async def gather() -> object:
        gathered = asyncio.gather(asyncio.sleep(0))
        await gathered
        return gathered

    assert isinstance(asyncio.run(gather()), Gathering)


@pytest.mark.parametrize("parser", [parsers.parse("a {} and {b}"), parsers.re("a (.*) and (?P<b>.*)")])
def test_a_parser_says_where_its_arguments_stand(parser: StepParser) -> None:
    assert arguments_of(parser, "a pen and ink") == [(2, "pen"), (10, "ink")]


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
def test_a_connection_of_the_loop_is_cut_and_what_listens_is_not() -> None:
    loop = asyncio.new_event_loop()
    one, other = socket.socketpair()
    listening = socket.create_server(("127.0.0.1", 0))
    loop.add_reader(one, print)
    loop.add_reader(listening, print)
    disconnect(loop)
    with pytest.raises(OSError, match="non-socket"):
        one.send(b"said twice")
    assert listening.getsockname()
    assert other.recv(10) == b""
    loop.remove_reader(one)
    loop.remove_reader(listening)
    loop.close()
    for it in (one, other, listening):
        it.close()


def test_only_compat_imports_what_is_not_documented() -> None:
    assert accord.__file__ is not None
    package = Path(accord.__file__).parent
    private = re.compile(r"_pytest|pytest_bdd\..+|pytest_asyncio\..+|xdist|pytest_split|time_machine|freezegun")
    for file in package.rglob("*.py"):
        if file.parent == package / "compat" or "specimens" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            used = [name for name in names if private.fullmatch(name) or name.startswith("_pytest")]
            assert not used, f"{file.relative_to(package)} imports {used}"


async def test_starlette_and_fastapi_leave_in_the_scope_which_route_of_which_app_it_was() -> None:
    app, mounted, router, within = FastAPI(), FastAPI(), APIRouter(prefix="/b"), APIRouter()
    within.get("/{x}")(lambda x: x)
    router.include_router(within, include_in_schema=False)
    app.include_router(router, prefix="/a")
    mounted.get("/{x}")(lambda x: x)
    app.mount("/m", mounted)
    scopes: list[Any] = []

    async def seen(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(seen), base_url="http://test") as client:
        for path in ("/a/b/1", "/m/1", "/m/1/2", "/docs", "/nowhere"):
            await client.get(path)
    found = [routed(scope) for scope in scopes]
    hidden, of_mounted, *_ = found
    wanted = "FastAPI no longer leaves in the scope what Accord finds its operation by"
    assert [it.template for it in found] == ["/a/b/{x}", "/{x}", None, "/docs", None], wanted
    assert [it.is_taken for it in found] == [True, True, False, True, False], wanted
    assert [it.is_published for it in found] == [False, True, False, False, False], wanted
    assert (of_mounted.app, of_mounted.is_of_other_app, of_mounted.mount, of_mounted.path) == (
        mounted,
        True,
        "/m",
        "/1",
    )
    assert (hidden.app, hidden.is_of_other_app, hidden.mount) == (app, False, "")
    # Where a middleware answers first, the same is found by the routes themselves.
    for it, path in zip(found[:4], ("/a/b/1", "/m/1", "/m/1/2", "/docs"), strict=True):
        unrouted = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": [], "app": app}
        assert replace(routed(unrouted), is_taken=it.is_taken) == it, wanted


def test_fastapi_says_of_which_operation_a_response_is_invalid() -> None:
    where = EndpointContext(file="routes.py", line=7, function="read", path="GET /")
    error = ResponseValidationError([{"loc": ("response", 0, "id"), "msg": "no"}], endpoint_ctx=where)
    assert InvalidResponse.of(error) == ("0.id: no", "routes.py", 7)


@pytest.mark.parametrize("capture", ["fd", "sys", "tee-sys"])
def test_what_pytest_captures_and_logs_is_read_as_it_comes(project: Project, capture: str) -> None:
    project.pytester.makepyfile("""
        import logging
        from accord.compat.pytest_output import Output

        def test_it(request):
            output = Output(request.config)
            output.begin(request.node)
            assert list(output.pieces()) == []
            print("one")
            logging.warning("two")
            (out, first), (log, second) = output.pieces()
            assert (out, first, log) == ("stdout", "one\\n", "log")
            assert second.endswith("two")
            assert list(output.pieces()) == []
            print("three")
            assert list(output.pieces()) == [("stdout", "three\\n")]
            request.config.pluginmanager.getplugin("capturemanager").read_global_capture()
            print("four")
            assert list(output.pieces()) == [("stdout", "four\\n")]
        """)
    project.run_process(f"--capture={capture}").assert_outcomes(passed=1)
