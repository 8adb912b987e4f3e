import pytest

from app.main import app as service

pytest_plugins = ["steps.claims"]


@pytest.fixture(scope="session")
def app():
    return service
