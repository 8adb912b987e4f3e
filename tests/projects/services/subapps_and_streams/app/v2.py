import asyncio
import uuid
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from app.database import Position, async_session

app = FastAPI(title="Parcels, version 2")


async def positions(parcel_id: uuid.UUID) -> AsyncIterator[str]:
    last = 0
    while True:
        async with async_session() as session:
            query = select(Position).where(Position.parcel_id == parcel_id, Position.id > last).order_by(Position.id)
            for position in await session.scalars(query):
                last = position.id
                yield f"event: position\nid: {last}\ndata: {position.place}\n\n"
        await asyncio.sleep(0.01)


@app.get("/parcels/{parcel_id}/positions", response_class=StreamingResponse)
async def follow(parcel_id: uuid.UUID):
    return StreamingResponse(positions(parcel_id), media_type="text/event-stream")
