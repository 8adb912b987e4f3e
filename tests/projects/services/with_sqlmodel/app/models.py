from datetime import UTC, datetime

from sqlmodel import Field, Relationship, SQLModel


class GardenBase(SQLModel):
    name: str = Field(index=True, min_length=1)
    soil: str | None = None


class Garden(GardenBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    plants: list["Plant"] = Relationship(back_populates="garden", cascade_delete=True)


class PlantBase(SQLModel):
    species: str
    height_cm: int = Field(default=1, ge=0)


class Plant(PlantBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    planted_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    garden_id: int = Field(foreign_key="garden.id", ondelete="CASCADE")
    garden: Garden = Relationship(back_populates="plants")


class GardenCreate(GardenBase):
    pass


class PlantCreate(PlantBase):
    pass


class PlantRead(PlantBase):
    id: int
    planted_at: datetime


class GardenRead(GardenBase):
    id: int
    plants: list[PlantRead] = []


class GardenUpdate(SQLModel):
    name: str | None = None
    soil: str | None = None
