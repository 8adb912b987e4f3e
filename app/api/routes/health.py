"""Whether the service is up."""

from fastapi import APIRouter

router = APIRouter(tags=["service"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the service is up."""
    return {"status": "ok"}
