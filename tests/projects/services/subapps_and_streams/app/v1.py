import asyncio
import uuid
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Letter, Parcel, Position, async_session, get_session, write_letter

app = FastAPI(title="Parcels, version 1")
DbSession = Annotated[AsyncSession, Depends(get_session)]
running_tasks: set[asyncio.Task] = set()


class ParcelIn(BaseModel):
    recipient: str
    address: str


class ParcelOut(ParcelIn):
    id: uuid.UUID


@app.post("/parcels", status_code=201, response_model=ParcelOut)
async def send(data: ParcelIn, session: DbSession, background_tasks: BackgroundTasks):
    parcel = Parcel(**data.model_dump())
    session.add(parcel)
    await session.commit()
    await session.refresh(parcel)
    background_tasks.add_task(write_letter, parcel.recipient, "Your parcel is on its way")
    return parcel


@app.post("/parcels/{parcel_id}/delivery", status_code=202)
async def deliver(parcel_id: uuid.UUID, session: DbSession) -> None:
    parcel = await session.get(Parcel, parcel_id)
    if parcel is None:
        raise HTTPException(404, "Unknown parcel")
    task = asyncio.create_task(write_letter(parcel.recipient, "Your parcel is there"))
    running_tasks.add(task)
    task.add_done_callback(running_tasks.discard)


@app.get("/letters/{recipient}")
async def letters(recipient: str, session: DbSession) -> list[str]:
    return list(await session.scalars(select(Letter.text).where(Letter.recipient == recipient).order_by(Letter.id)))


@app.websocket("/parcels/{parcel_id}/scanner")
async def scanner(websocket: WebSocket, parcel_id: uuid.UUID) -> None:
    await websocket.accept()
    async with async_session() as session:
        if await session.get(Parcel, parcel_id) is None:
            await websocket.close(4404, "Unknown parcel")
            return
        try:
            while True:
                place = await websocket.receive_text()
                session.add(Position(parcel_id=parcel_id, place=place))
                await session.commit()
                await websocket.send_json({"scanned": place})
        except WebSocketDisconnect:
            pass
