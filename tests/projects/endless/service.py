"""A service whose answers never end, in one way or another."""

import asyncio
import threading
from contextlib import asynccontextmanager, suppress

import httpx
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse

app = FastAPI()


@app.middleware("http")
async def middleware(request, call_next):
    return await call_next(request)


@app.get("/waits")
async def waits():
    await asyncio.Event().wait()


@app.get("/sync")
def sync():
    threading.Event().wait()


@app.get("/blocks")
async def blocks():
    threading.Event().wait()


@app.get("/spins")
async def spins():
    while True:
        pass


@app.get("/swallows")
async def swallows():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


@app.get("/gathers")
async def gathers():
    await asyncio.gather(asyncio.sleep(0), helper())


@app.get("/group")
async def group():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(helper())


async def helper():
    await asyncio.Event().wait()


@app.get("/executor")
async def executor():
    await asyncio.to_thread(threading.Event().wait)


@app.get("/events")
async def events():
    async def every():
        while True:
            yield b"data: 1\n\n"
            await asyncio.sleep(0)

    return StreamingResponse(every(), media_type="text/event-stream")


@app.get("/one-event")
async def one_event():
    async def one():
        yield b"data: 1\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(one(), media_type="text/event-stream")


@app.get("/some-events")
async def some_events():
    async def some():
        for _ in range(4):
            yield b"data: 1\n\n"
            await asyncio.sleep(0.3)

    return StreamingResponse(some(), media_type="text/event-stream")


@app.post("/upload")
async def upload(request: Request):
    async for _ in request.stream():
        await asyncio.sleep(0)


@app.get("/ok")
async def ok():
    return "ok"


async def never():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


@asynccontextmanager
async def never_starts(_app):
    await never()
    yield


@asynccontextmanager
async def never_stops(_app):
    yield
    await never()


def client_of(isolation, **arguments):
    return httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test", **arguments)
