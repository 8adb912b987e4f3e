"""The service, whose engines are made when it is imported, for servers that are not there."""

from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

tenants = create_async_engine("postgresql+asyncpg://dev:secret@127.0.0.1:1/dev")
events = create_async_engine("postgresql+asyncpg://dev:secret@127.0.0.1:1/events")
app = FastAPI()


@app.get("/invoices/{tenant}")
async def read_invoices(tenant: str) -> list[str]:
    """Show the tenant's own."""
    async with tenants.begin() as connection:
        await connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
        return list(await connection.scalars(text("SELECT tenant FROM invoices")))


@app.post("/events/{kind}")
async def note_event(kind: str) -> list[str]:
    """Note an event, and show all."""
    async with events.begin() as connection:
        await connection.execute(text("INSERT INTO events VALUES (:kind)"), {"kind": kind})
    async with events.connect() as connection:
        return list(await connection.scalars(text("SELECT kind FROM events")))


@app.get("/role")
async def read_role() -> str:
    """Show as whom it asks, where each statement is a transaction."""
    async with tenants.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        return await connection.scalar(text("SELECT current_user"))
