"""The tables of a service that has no migrations, made from its models."""

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateSchema

from accord.database.provision import Prepare
from accord.errors import UsageError


def tables(metadata: MetaData) -> Prepare:
    """Return what makes all tables of `metadata`, and their schemas, for the fixture `prepare_database` to return.

    `metadata` is `Base.metadata`, or SQLModel's; it knows the tables of those modules that were imported.
    What it returns raises UsageError if it knows none, and whatever the database raises.
    """

    async def create(url: str) -> None:
        if not metadata.tables:
            raise UsageError(
                "The metadata given to accord.tables knows no table: import the modules of your models in conftest.py, "
                "and give the metadata of the base class that they inherit from."
            )
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
                    await connection.execute(CreateSchema(schema, if_not_exists=True))
                await connection.run_sync(metadata.create_all)
        finally:
            await engine.dispose()

    return create
