import pytest
from sqlmodel import SQLModel

import accord
from app.main import app as service


@pytest.fixture(scope="session")
def app():
    return service


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(SQLModel.metadata)
