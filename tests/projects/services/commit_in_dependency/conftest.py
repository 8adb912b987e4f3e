import pytest

import accord
from app.database import Base
from app.main import app as service

pytest_plugins = ["steps.lending"]


@pytest.fixture(scope="session")
def app():
    return service


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(Base.metadata)
