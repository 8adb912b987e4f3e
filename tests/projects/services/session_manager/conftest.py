import os

import pytest

import accord

os.environ.setdefault("POSTGRES_DSN", "postgresql+asyncpg://events:events@localhost:5432/events")
os.environ.setdefault("API_KEY", "desk-key")
os.environ.setdefault("ALLOWED_HOSTS", '["api.events.example"]')

from app.database import Base
from app.main import app as service


@pytest.fixture(scope="session")
def app():
    return service


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(Base.metadata)
