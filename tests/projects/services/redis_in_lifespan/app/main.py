from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, HttpUrl
from redis.asyncio import Redis
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import settings
from app.db import Link, engine, get_link, get_session


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.redis = Redis.from_url(settings.redis_url, decode_responses=True)
    await app.state.redis.ping()
    yield
    await app.state.redis.aclose()
    await engine.dispose()


def get_redis(request: Request) -> Redis:
    return request.app.state.redis


Cache = Annotated[Redis, Depends(get_redis)]
DbSession = Annotated[AsyncSession, Depends(get_session)]


async def rate_limit(redis: Cache, request: Request) -> None:
    key = f"rate:{request.client.host}"
    async with redis.pipeline(transaction=True) as pipeline:
        requests, _ = await pipeline.incr(key).expire(key, 60, nx=True).execute()
    if requests > settings.requests_per_minute:
        raise HTTPException(429, "Too many links", {"Retry-After": "60"})


class LinkCreate(BaseModel):
    code: str
    target: HttpUrl


class LinkStats(BaseModel):
    code: str
    target: str
    visits: int


app = FastAPI(title="Short links", lifespan=lifespan)
app.add_middleware(GZipMiddleware, minimum_size=50)
links = APIRouter(prefix="/links", tags=["links"])


@links.post("/", status_code=201, response_model=LinkStats, dependencies=[Depends(rate_limit)])
async def create_link(data: LinkCreate, session: DbSession):
    session.add(Link(code=data.code, target=str(data.target)))
    try:
        await session.commit()
    except IntegrityError as error:
        raise HTTPException(409, "Code is taken") from error
    return {"code": data.code, "target": str(data.target), "visits": 0}


@links.get("/", response_model=list[LinkStats])
async def most_visited(redis: Cache, session: DbSession):
    ranking = await redis.zrevrange("visits", 0, 9, withscores=True)
    found = [(await get_link(session, code), visits) for code, visits in ranking]
    return [{"code": link.code, "target": link.target, "visits": int(visits)} for link, visits in found if link]


app.include_router(links)


@app.get("/s/{code}", response_class=RedirectResponse, responses={404: {"description": "No such link"}})
async def follow(code: str, redis: Cache, session: DbSession):
    target = await redis.get(f"target:{code}")
    if target is None:
        link = await get_link(session, code)
        if link is None:
            raise HTTPException(404)
        target = link.target
        await redis.set(f"target:{code}", target, ex=300)
    await redis.zincrby("visits", 1, code)
    return RedirectResponse(target)
