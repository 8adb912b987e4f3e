from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy.orm import selectinload
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.database import create_db_and_tables, engine, get_session
from app.models import Garden, GardenCreate, GardenRead, GardenUpdate, Plant, PlantCreate, PlantRead


@asynccontextmanager
async def lifespan(app: FastAPI):
    await create_db_and_tables()
    yield
    await engine.dispose()


app = FastAPI(title="Garden club", lifespan=lifespan)
SessionDep = Annotated[AsyncSession, Depends(get_session)]


async def get_garden(garden_id: int, session: SessionDep) -> Garden:
    query = select(Garden).where(Garden.id == garden_id).options(selectinload(Garden.plants))
    garden = (await session.exec(query)).one_or_none()
    if not garden:
        raise HTTPException(status_code=404, detail="Garden not found")
    return garden


GardenDep = Annotated[Garden, Depends(get_garden)]


@app.post("/gardens/", response_model=GardenRead, status_code=201)
async def create_garden(garden: GardenCreate, session: SessionDep):
    db_garden = Garden.model_validate(garden)
    session.add(db_garden)
    await session.commit()
    await session.refresh(db_garden, ["id", "plants"])
    return db_garden


@app.get("/gardens/", response_model=list[GardenRead])
async def read_gardens(session: SessionDep, offset: int = 0, limit: Annotated[int, Query(le=100)] = 100):
    query = select(Garden).options(selectinload(Garden.plants)).order_by(Garden.name).offset(offset).limit(limit)
    return (await session.exec(query)).all()


@app.get("/gardens/{garden_id}", response_model=GardenRead)
async def read_garden(garden: GardenDep):
    return garden


@app.patch("/gardens/{garden_id}", response_model=GardenRead)
async def update_garden(garden: GardenDep, update: GardenUpdate, session: SessionDep):
    garden.sqlmodel_update(update.model_dump(exclude_unset=True))
    session.add(garden)
    await session.commit()
    return garden


@app.delete("/gardens/{garden_id}")
async def delete_garden(garden: GardenDep, session: SessionDep):
    await session.delete(garden)
    await session.commit()
    return {"ok": True}


@app.post("/gardens/{garden_id}/plants/", response_model=PlantRead, status_code=201)
async def add_plant(garden: GardenDep, plant: PlantCreate, session: SessionDep):
    db_plant = Plant.model_validate(plant, update={"garden_id": garden.id})
    session.add(db_plant)
    await session.commit()
    await session.refresh(db_plant)
    return db_plant
