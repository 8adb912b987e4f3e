"""The service: `uvicorn app.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api import errors
from app.api.body_limit import BodyLimit
from app.api.routes import accounts, health, tasks
from app.core.config import get_settings
from app.core.database import dispose_engine
from app.schemas.size import LARGEST_FORM_FIELD, MOST_FIELDS


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    get_settings()  # Invalid settings are refused here, not at the first request.
    yield
    await dispose_engine()


def create_app() -> FastAPI:
    """Make the service; nothing is connected to yet."""
    app = FastAPI(
        title="Task service",
        version="1.0.0",
        lifespan=_lifespan,
        form_limits={"max_fields": MOST_FIELDS, "max_part_size": LARGEST_FORM_FIELD},
    )
    app.add_middleware(BodyLimit)
    errors.install(app)
    for module in (health, tasks, accounts):
        app.include_router(module.router)
    return app


app = create_app()
