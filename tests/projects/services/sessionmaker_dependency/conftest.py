import pytest

import accord
from app.main import app as service
from app.models import Base

pytest_plugins = ["steps.stock"]


@pytest.fixture(scope="session")
def app():
    return service


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(Base.metadata)
