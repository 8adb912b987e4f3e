"""`accord init`: services of several shapes get a first feature that passes, and nothing of theirs is changed."""

import shutil

import pytest

from tests.helpers.project import PROJECTS
from tests.helpers.services import DATABASE, MODELS, Written, written

__all__ = ["written"]

HEROES = {
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "app/database.py": DATABASE,
    "app/main.py": """
        from typing import Annotated

        from fastapi import APIRouter, Depends, FastAPI
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.database import get_session
        from app.models import Hero

        router = APIRouter(prefix="/heroes", tags=["heroes"])


        @router.get("")
        async def list_heroes(session: Annotated[AsyncSession, Depends(get_session)]) -> list[str]:
            return list(await session.scalars(select(Hero.name)))


        app = FastAPI(title="Heroes API")
        app.include_router(router)
    """,
}


ADMIN = "from fastapi import FastAPI\n\nadmin = FastAPI()\n"


def passes(project: Written, features: str = "features") -> str:
    """Write a suite, see it pass and in good style, and a second time nothing overwritten; return all that it says."""
    before = project.contents()
    first = project.init()
    assert first.returncode == 0, first.stdout + first.stderr
    after = project.contents()
    assert after.items() >= before.items()
    new = {name: text for name, text in after.items() if name not in before}
    assert all(name in first.stdout for name in new), first.stdout

    run = project.pytest(features)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout

    sources = [name for name in new if name.endswith(".py")]
    assert project.ruff("check", "--isolated", "--select=E4,E7,E9,F,I", *sources).returncode == 0
    assert project.ruff("format", "--isolated", "--check", *sources).returncode == 0
    conftest = next(text for name, text in new.items() if name.endswith("conftest.py"))
    fixtures = conftest.partition("@when")[0]
    assert sum(bool(line) for line in fixtures.splitlines()) <= 30
    # A product owner reads it.
    feature = next(text for name, text in new.items() if name.endswith(".feature"))
    assert not any(word in feature for word in ("GET", "/", "200", "401", "{", "_", "json", "endpoint"))

    second = project.init()
    assert second.returncode == 1
    assert "There are features already" in second.stderr
    assert project.contents() == after
    return first.stdout + "".join(new.values())


def refused(project: Written, *arguments: str) -> str:
    """Have a suite refused, and nothing written; return the sentence that says why."""
    before = project.contents()
    ended = project.init(*arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert project.contents() == before
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_models_are_found_and_their_tables_made(written: Written) -> None:
    written.write(HEROES)
    all_of_it = passes(written)
    assert "app.models: Base.metadata, 1 table" in all_of_it
    assert "accord.tables(Base.metadata)" in all_of_it
    assert "I ask for the heroes" in all_of_it


def test_a_single_file_without_a_database_passes_too_whatever_does_not_end(written: Written) -> None:
    written.write(
        {
            "main.py": """
                import asyncio

                from fastapi import FastAPI
                from fastapi.responses import StreamingResponse

                app = FastAPI(title="Weather")


                @app.get("/forecasts")
                async def forecasts() -> StreamingResponse:
                    async def without_end():
                        while True:
                            yield "sunny"
                            await asyncio.sleep(0.01)

                    return StreamingResponse(without_end())


                @app.get("/health")
                def health() -> dict[str, str]:
                    return {"status": "ok"}
            """
        }
    )
    all_of_it = passes(written)
    assert "Scenario: The service is up" in all_of_it
    assert '"status" in response.json()' in all_of_it
    assert "If the service has tables, write a fixture `prepare_database`" in all_of_it


def test_migrations_are_found_and_run(written: Written) -> None:
    written.write(
        HEROES
        | {
            "alembic.ini": "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n",
            "migrations/env.py": """
                from alembic import context
                from sqlalchemy import create_engine

                from app.models import Base

                engine = create_engine(context.config.get_main_option("sqlalchemy.url").replace("+asyncpg", "+psycopg"))
                with engine.connect() as connection:
                    context.configure(connection=connection, target_metadata=Base.metadata)
                    with context.begin_transaction():
                        context.run_migrations()
            """,
            "migrations/versions/one.py": """
                import sqlalchemy as sa
                from alembic import op

                revision = "one"
                down_revision = None


                def upgrade() -> None:
                    op.create_table("heroes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
            """,
        }
    )
    all_of_it = passes(written)
    assert "Alembic, alembic.ini" in all_of_it
    assert "prepare_database" not in all_of_it


def test_a_factory_below_src_with_settings_that_are_read_at_import(written: Written) -> None:
    written.write(
        {
            "src/shop/config.py": """
                from pydantic import PostgresDsn
                from pydantic_settings import BaseSettings, SettingsConfigDict


                class Settings(BaseSettings):
                    model_config = SettingsConfigDict(env_prefix="SHOP_")
                    secret_key: str
                    workers: int
                    database_url: PostgresDsn
                    origins: list[str]


                settings = Settings()
            """,
            "src/shop/api.py": """
                import os

                from fastapi import FastAPI

                from shop.config import settings

                REGION = os.environ["SHOP_REGION"]


                def create_app(debug: bool = False) -> FastAPI:
                    app = FastAPI(title="Shop", debug=debug)

                    @app.get("/api/v1/products")
                    async def get_all_products() -> dict[str, list[str]]:
                        return {"items": [], "origins": settings.origins}

                    return app
            """,
        }
    )
    all_of_it = passes(written)
    assert "SHOP_SECRET_KEY, SHOP_WORKERS, SHOP_DATABASE_URL, SHOP_ORIGINS, SHOP_REGION: needed at import" in all_of_it
    assert "pythonpath = src" in all_of_it
    assert "return create_app()" in all_of_it
    assert '"items" in response.json()' in all_of_it


def test_where_pytest_is_configured_already_the_conftest_finds_the_service_by_itself(written: Written) -> None:
    written.write({f"src/{name}": text for name, text in HEROES.items()})
    written.write(
        {
            "pyproject.toml": """
                [tool.pytest.ini_options]
                testpaths = ["tests"]
                addopts = "--import-mode=importlib"
            """,
            # The run's database is not the one that the service names.
            "src/app/database.py": DATABASE.replace(
                '"postgresql+asyncpg://developer@localhost:1/heroes"', 'os.environ.get("DATABASE_URL")'
            ).replace("    from sqlalchemy", "    import os\n\n    from sqlalchemy", 1),
        }
    )
    all_of_it = passes(written)
    assert 'sys.path.insert(0, str(Path(__file__).parent / "src"))' in all_of_it
    assert 'Add "features" to testpaths in pyproject.toml' in all_of_it
    assert "settings  DATABASE_URL: needed at import" in all_of_it


def test_a_service_that_trusts_one_host_is_asked_there(written: Written) -> None:
    written.write(HEROES)
    main = """
        from starlette.middleware.trustedhost import TrustedHostMiddleware

        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["heroes.example", "*.heroes.example"])
    """
    written.write({"app/main.py": HEROES["app/main.py"] + main, "app/admin.py": ADMIN})
    all_of_it = passes(written)
    assert "accord_base_url = http://heroes.example" in all_of_it
    assert "not used  app/admin.py:3" in all_of_it


def test_a_conftest_of_their_own_is_left_alone(written: Written) -> None:
    written.write(HEROES)
    written.write(
        {
            "conftest.py": """
                import pytest


                @pytest.fixture
                def client():
                    return "theirs"
            """,
            "tests/test_theirs.py": """
                def test_client(client):
                    assert client == "theirs"
            """,
        }
    )
    all_of_it = passes(written)
    assert "fixtures and steps are in features/conftest.py" in all_of_it
    both = written.pytest()
    assert "2 passed" in both.stdout, both.stdout


def test_folders_that_are_named_so_already_are_left_alone(written: Written) -> None:
    written.write(HEROES)
    written.write({"features/__init__.py": "", "features/store.py": "", "steps/deploy.py": "raise SystemExit"})
    all_of_it = passes(written, "acceptance")
    assert 'pytest_plugins = ["acceptance_steps.heroes"]' in all_of_it


SIGNING_IN = {
    "service/__init__.py": "",
    "service/main.py": """
        from datetime import datetime

        from fastapi import Depends, FastAPI, HTTPException
        from fastapi.security import OAuth2PasswordBearer
        from sqlalchemy import DateTime
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        scheme = OAuth2PasswordBearer(tokenUrl="login")


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str]
            since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
            is_active: Mapped[bool] = mapped_column(default=False)


        def get_current_user(token: str = Depends(scheme)) -> User:
            raise HTTPException(401)


        def get_active_user(user: User = Depends(get_current_user)) -> User:
            if not user.is_active:
                raise HTTPException(403)
            return user


        app = FastAPI(title="Diary")


        @app.get("/entries")
        async def read_entries(user: User = Depends(get_active_user)) -> list[str]:
            return [user.email]
    """,
}


def test_where_one_has_to_sign_in_somebody_does(written: Written) -> None:
    written.write(SIGNING_IN)
    all_of_it = passes(written)
    assert "Given I am signed in" in all_of_it
    assert "app.dependency_overrides[get_current_user] = lambda: test_user" in all_of_it
    assert "users    service/main.py:15, `User`" in all_of_it


def test_tables_of_sqlmodel_are_found(written: Written) -> None:
    shutil.copytree(PROJECTS / "services/with_sqlmodel/app", written.path / "app")
    assert "sqlmodel: SQLModel.metadata, 2 tables" in passes(written)


def test_a_startup_that_does_not_work_here_is_left_out(written: Written) -> None:
    written.write(HEROES)
    written.write(
        {
            "app/main.py": HEROES["app/main.py"]
            + """
        @app.on_event("startup")
        async def connect() -> None:
            raise ConnectionError("no Redis on port 6379")
    """
        }
    )
    all_of_it = passes(written)
    assert "no Redis on port 6379" in all_of_it
    assert "remove `transport` from conftest.py" in all_of_it


def test_without_an_app_nothing_is_written(written: Written) -> None:
    assert "There are no Python files below" in refused(written)
    written.write({"tool.py": "print('FastAPI')\n", "venv/pyvenv.cfg": "", "venv/main.py": HEROES["app/main.py"]})
    assert "No FastAPI app is found in the 1 Python files" in refused(written)
    written.path.joinpath("broken.py").write_bytes(b"from fastapi import FastAPI\nfor\n")
    assert "broken.py:2: invalid syntax" in refused(written)
    written.path.joinpath("broken.py").write_bytes(b"fastapi\x00\xff" * 99)
    assert "broken.py:1" in refused(written)
    assert "is not a directory" in refused(written, "nowhere")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import nowhere_to_be_found", "app/main.py:1: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise RuntimeError('out of order\\n')", "app/main.py:1: RuntimeError: out of order: correct that"),
        ("import os; os._exit(3)", "ended the process (exit 3)"),
        ("exit('no')", "app/main.py:1: SystemExit: no"),
    ],
)
def test_an_app_that_cannot_be_imported_is_said_in_a_line(written: Written, line: str, said: str) -> None:
    written.write(HEROES)
    main = written.path / "app/main.py"
    main.write_text(f"{line}\n{main.read_text()}")
    assert said in refused(written)
