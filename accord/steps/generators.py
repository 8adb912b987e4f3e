"""An async generator step: what comes before its yield, and what comes after it when the scenario ends."""

import asyncio
from contextlib import suppress
from contextvars import Context
from types import AsyncGeneratorType

_END = object()


class GeneratorStep:
    """Runs such a step in one task: anyio's cancel scopes, and so WebSockets of httpx-ws, are left where they began."""

    def __init__(self, step: AsyncGeneratorType[object, None], context: Context) -> None:
        self._step = step
        self._context = context
        self._resumed = asyncio.Event()
        self._task: asyncio.Task[bool] | None = None

    @property
    def task(self) -> "asyncio.Task[bool]":
        """The task, once the step has begun."""
        assert self._task is not None, "it was entered"
        return self._task

    async def enter(self) -> object:
        """Run it to its yield, and return what it yields; None, where it returns before."""
        __tracebackhide__ = True
        yielded = asyncio.get_running_loop().create_future()
        self._task = task = asyncio.create_task(self._run(yielded), context=self._context)
        try:
            await asyncio.wait({task, yielded}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # One that goes on although it is cancelled goes on to its end.
            self._resumed.set()
            task.cancel()
            await task
            raise
        # It ends before it has yielded only by an error.
        return yielded.result() if yielded.done() else await task

    async def leave(self) -> bool:
        """Run what is left of it, and return whether that was all: it yields once."""
        __tracebackhide__ = True
        self._resumed.set()
        return await self.task

    async def _run(self, yielded: "asyncio.Future[object]") -> bool:
        __tracebackhide__ = True
        # With a default, since a step may return before its `yield`: it has nothing to tear down then.
        yielded.set_result(await anext(self._step, None))
        try:
            await self._resumed.wait()
        except asyncio.CancelledError as error:
            # What it has entered, such as a task group, may cancel it by this, and knows what to make of it.
            with suppress(StopAsyncIteration):
                await self._step.athrow(error)
        return await anext(self._step, _END) is _END
