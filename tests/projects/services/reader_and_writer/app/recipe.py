from datetime import datetime

from sqlalchemy import DateTime, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, session, transactional


class RecipeError(Exception):
    def __init__(self, status_code: int, error_code: str) -> None:
        self.status_code = status_code
        self.error_code = error_code


class Recipe(Base):
    __tablename__ = "recipe"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    method: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime)


class RecipeRepo:
    def _all(self):
        return select(Recipe).where(Recipe.deleted_at.is_(None)).order_by(Recipe.id)

    async def get_by_id(self, recipe_id: int) -> Recipe | None:
        return await session.scalar(self._all().where(Recipe.id == recipe_id))

    async def get_by_title(self, title: str) -> Recipe | None:
        return await session.scalar(self._all().where(Recipe.title == title))

    async def search(self, words: str, prev: int, limit: int) -> list[Recipe]:
        found = or_(Recipe.title.icontains(words), Recipe.method.icontains(words))
        return list(await session.scalars(self._all().where(found, Recipe.id > prev).limit(limit)))


class RecipeService:
    def __init__(self, repository: RecipeRepo) -> None:
        self.repository = repository

    async def get(self, recipe_id: int) -> Recipe:
        recipe = await self.repository.get_by_id(recipe_id)
        if recipe is None:
            raise RecipeError(404, "RECIPE__NOT_FOUND")
        return recipe

    @transactional
    async def create(self, title: str, method: str) -> None:
        if await self.repository.get_by_title(title):
            raise RecipeError(409, "RECIPE__DUPLICATE_TITLE")
        session.add(Recipe(title=title, method=method))

    @transactional
    async def delete(self, recipe_id: int) -> None:
        recipe = await self.get(recipe_id)
        recipe.deleted_at = datetime.now()
