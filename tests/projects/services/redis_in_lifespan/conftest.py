import threading

import pytest
from fakeredis import TcpFakeServer

import accord
from app.config import settings
from app.db import Base
from app.main import app as service

pytest_plugins = ["steps.links"]


@pytest.fixture(scope="session")
def app():
    with TcpFakeServer(("127.0.0.1", 0)) as redis:
        threading.Thread(target=redis.serve_forever, daemon=True).start()
        settings.redis_url = f"redis://127.0.0.1:{redis.server_address[1]}"
        yield service
        redis.shutdown()


@pytest.fixture(autouse=True)
async def empty_redis(client):
    await service.state.redis.flushall()


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(Base.metadata)
