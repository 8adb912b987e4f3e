"""A service of somebody's, in a directory of its own, in which `accord init` is run."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

MODELS = """
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class Hero(Base):
        __tablename__ = "heroes"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
"""
DATABASE = """
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

    engine = create_async_engine("postgresql+asyncpg://developer@localhost:1/heroes")
    sessions = async_sessionmaker(engine)


    async def get_session():
        async with sessions() as session:
            yield session
"""


class Written:
    """A project, and what is run in it."""

    def __init__(self, path: Path, options: str) -> None:
        self.path = path
        self._options = options

    def write(self, files: dict[str, str]) -> None:
        """Write files, each without the indentation that it has in the test."""
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def contents(self) -> dict[str, str]:
        """Return what is in each file that somebody wrote."""
        return {
            file.relative_to(self.path).as_posix(): file.read_text(encoding="utf-8", errors="replace")
            for file in sorted(self.path.rglob("*"))
            if file.is_file() and not {"__pycache__", "living-docs", ".pytest_cache", ".ruff_cache"} & {*file.parts}
        }

    def init(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `accord init`, as the command does."""
        return self._run("-c", "from accord.cli import main; main()", "init", *arguments)

    def pytest(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run pytest as the command `pytest` does, with the directory not on `sys.path`."""
        return self._run("-P", "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments)

    def ruff(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ruff, as it is where nothing is configured."""
        return self._run("-m", "ruff", *arguments)

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        # Plugins of this environment that the project does not have.
        without = {"PYTEST_ADDOPTS": self._options, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env=os.environ | without,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> Written:
    """An empty project, whose name says nothing; its runs know nothing of this one."""
    for name in ("ACCORD_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "project").mkdir()
    left_out = [option for option in pytestconfig.getini("addopts") if option.startswith("-pno:")]
    return Written(tmp_path / "project", " ".join([*left_out, "-pno:randomly"]))
