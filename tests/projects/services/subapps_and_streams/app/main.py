from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import v1, v2
from app.database import engine


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield
    await engine.dispose()


app = FastAPI(title="Parcels", lifespan=lifespan)
app.mount("/v1", v1.app)
app.mount("/v2", v2.app)


@app.get("/ping")
async def ping() -> str:
    return "pong"
