from datetime import datetime

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.recipe import RecipeError, RecipeRepo, RecipeService
from core.db import SQLAlchemyMiddleware

app = FastAPI(title="Recipe club", version="2.1.0")
app.add_middleware(SQLAlchemyMiddleware)
service = RecipeService(RecipeRepo())


class CreateRecipeRequest(BaseModel):
    title: str
    method: str


class RecipeResponse(CreateRecipeRequest):
    id: int
    created_at: datetime


@app.exception_handler(RecipeError)
async def recipe_error_handler(request: Request, exc: RecipeError):
    return JSONResponse(status_code=exc.status_code, content={"error_code": exc.error_code})


@app.get("/api/v1/recipe", response_model=list[RecipeResponse])
async def get_recipe_list(words: str = "", prev: int = 0, limit: int = Query(12, le=50)):
    return await service.repository.search(words, prev, limit)


@app.get("/api/v1/recipe/{recipe_id}", response_model=RecipeResponse)
async def get_recipe(recipe_id: int):
    return await service.get(recipe_id)


@app.post("/api/v1/recipe", status_code=201)
async def create_recipe(request: CreateRecipeRequest) -> dict[str, str]:
    await service.create(**request.model_dump())
    return {"title": request.title}


@app.delete("/api/v1/recipe/{recipe_id}", status_code=204)
async def delete_recipe(recipe_id: int) -> None:
    await service.delete(recipe_id)
