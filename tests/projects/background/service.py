"""A service whose handlers start tasks, and go on without them."""

import asyncio
from contextlib import asynccontextmanager
from typing import Literal

import httpx
from fastapi import FastAPI, WebSocket
from starlette.responses import StreamingResponse

DONE = []
tasks = set()
jobs = asyncio.Queue()


@asynccontextmanager
async def lifespan(_app):
    worker = asyncio.create_task(work())
    yield
    worker.cancel()


async def work():
    while True:
        job = await jobs.get()
        start(job())


app = FastAPI(lifespan=lifespan)


def start(coroutine):
    task = asyncio.create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


@app.post("/slow")
async def slow():
    start(notify())


async def notify():
    await asyncio.sleep(0.05)
    start(log())


async def log():
    await asyncio.sleep(0.05)
    DONE.append("logged")


@app.post("/endless")
async def endless():
    start(poll())


async def poll():
    for _ in range(10_000):
        await asyncio.sleep(0.01)


@app.post("/stubborn")
async def stubborn():
    start(never())


async def never():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            DONE.append("not cancelled")


@app.post("/jobs/{job}")
async def give_job(job: Literal["endless", "failing"]):
    jobs.put_nowait({"endless": poll, "failing": fail}[job])


@app.post("/failing")
async def failing(seconds: float):
    start(fail(seconds))


async def fail(seconds=0):
    await asyncio.sleep(seconds)
    raise ValueError("out of ink")


@app.get("/events")
async def events():
    async def every():
        while True:
            yield b"data: 1\n\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(every(), media_type="text/event-stream")


@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    reading = asyncio.create_task(socket.receive_text())
    try:
        await reading
    finally:
        reading.cancel()
        DONE.append("closed")


def client_of(isolation, **options):
    return httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test", **options)
