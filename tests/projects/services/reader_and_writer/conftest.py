import pytest

import accord
from app.server import app as service
from core.db import Base

pytest_plugins = ["steps.recipes"]


@pytest.fixture(scope="session")
def app():
    return service


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(Base.metadata)
