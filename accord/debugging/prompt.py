"""What can be said at a debugger's prompt in a scenario: `await`, and the names of its fixtures."""

import ast
import asyncio
import builtins
import inspect
from collections.abc import Callable, Coroutine, MutableMapping
from contextvars import Context, copy_context
from functools import partial
from types import CodeType
from typing import Any

from accord.compat.cpython import names_at, run_task
from accord.compat.pytest import fixture_value, has_fixture, is_fixture_definition
from accord.running import AT_PROMPT, Running
from accord.timeouts.watchdog import Watchdog

# By this name what was typed is evaluated, where the debugger evaluates it.
_EVALUATE = "__accord_evaluate__"


class Prompt:
    """Evaluates what a debugger of bdb's family cannot, in the scenario's transaction and on its event loop."""

    def __init__(self, running: Running, watchdog: Watchdog | None) -> None:
        self._running = running
        self._watchdog = watchdog

    def serve(self, debugger: Any) -> None:
        """Have this debugger hand over what it cannot evaluate; of one without such commands nothing changes."""
        for name, mode in {"default": "single", "do_p": "eval", "do_pp": "eval"}.items():
            if (command := getattr(debugger, name, None)) is not None:
                setattr(debugger, name, partial(self._execute, debugger, command, mode))

    def _execute(self, debugger: Any, command: Callable[[str], object], mode: str, line: str) -> object:
        """Have the debugger execute a line, which shows values and errors as it does."""
        try:
            tree: Any = compile(line.removeprefix("!").strip() + "\n", "<stdin>", mode, ast.PyCF_ONLY_AST)
            code = compile(tree, "<stdin>", mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError):
            # It is incomplete, or wrong, which the debugger says.
            return command(line)
        fixtures = self._fixtures_in(tree)
        if not (fixtures or _is_async(code)):
            return command(line)
        setattr(builtins, _EVALUATE, partial(self._evaluate, code, fixtures, *names_at(debugger)))
        try:
            return command(f"{_EVALUATE}()")
        finally:
            delattr(builtins, _EVALUATE)

    def _fixtures_in(self, tree: ast.AST) -> list[str]:
        item = self._running.item
        names = dict.fromkeys(it.id for it in ast.walk(tree) if isinstance(it, ast.Name))
        return [] if item is None else [name for name in names if has_fixture(item, name)]

    def _evaluate(
        self, code: CodeType, fixtures: list[str], of_module: dict[str, Any], of_frame: MutableMapping[str, Any]
    ) -> object:
        # Together, since functions within the code, such as a generator's, would not see the names of the frame.
        names = {**of_module, **of_frame}
        for name in fixtures:
            if name not in names or is_fixture_definition(names[name]):
                names[name] = self._fixture(name)
        outcome = eval(code, names, of_frame)
        return self._await(outcome) if _is_async(code) else outcome

    def _fixture(self, name: str) -> object:
        assert self._running.item is not None
        return fixture_value(self._running.item, name)

    def _await(self, coroutine: Coroutine[Any, Any, object]) -> object:
        context = copy_context()
        context.run(AT_PROMPT.set, True)
        try:
            own: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            own = None
        loop: Any = own or self._running.loop or self._fixture("session_loop")
        if own is None and loop.is_running():
            # The prompt is in a thread, as that of an endpoint that is not async.
            return asyncio.run_coroutine_threadsafe(_in_context(coroutine, context), loop).result()
        if self._watchdog is None:
            return run_task(loop.create_task(coroutine, context=context), loop)
        return self._watchdog.completing.complete(coroutine, loop, context)


def _is_async(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


async def _in_context(coroutine: Coroutine[Any, Any, object], context: Context) -> object:
    return await asyncio.get_running_loop().create_task(coroutine, context=context)
