"""Writing tasks down, reading, changing and deleting them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, HTTPException, Path, Query, status
from sqlalchemy import select

from app.api.deps import Database
from app.core.database import LARGEST_ID, SMALLEST_ID
from app.core.outgoing import post_completed_notice
from app.models.task import Task
from app.schemas.error import NOT_FOUND, NOT_UNDERSTOOD, TOO_LARGE
from app.schemas.size import FEW_FIELDS
from app.schemas.task import TaskCreate, TaskFilter, TaskRead, TaskUpdate

router = APIRouter(prefix="/tasks", tags=["tasks"], responses=NOT_UNDERSTOOD)

TaskId = Annotated[int, Path(ge=SMALLEST_ID, le=LARGEST_ID)]


@router.post("/", status_code=status.HTTP_201_CREATED, response_model=TaskRead, responses=TOO_LARGE)
async def create_task(db: Database, payload: Annotated[TaskCreate, FEW_FIELDS]) -> Task:
    """Write a task down."""
    task = Task(**payload.model_dump())
    db.add(task)
    await db.commit()
    return task


@router.get("/", response_model=list[TaskRead])
async def list_tasks(db: Database, filters: Annotated[TaskFilter, Query(), FEW_FIELDS]) -> Sequence[Task]:
    """Show tasks, the oldest first."""
    query = select(Task).order_by(Task.created_at, Task.id).limit(filters.limit).offset(filters.offset)
    if filters.completed is not None:
        query = query.where(Task.completed_at.is_not(None) == filters.completed)
    return (await db.scalars(query)).all()


@router.get("/{task_id}", response_model=TaskRead, responses=NOT_FOUND)
async def read_task(db: Database, task_id: TaskId) -> Task:
    """Show a task."""
    return _existing(await db.get(Task, task_id))


@router.patch("/{task_id}", response_model=TaskRead, responses=NOT_FOUND | TOO_LARGE)
async def update_task(
    db: Database, task_id: TaskId, payload: Annotated[TaskUpdate, FEW_FIELDS], afterwards: BackgroundTasks
) -> Task:
    """Change the fields that are sent, and no others."""
    task = _existing(await db.get(Task, task_id, with_for_update=True))
    was_completed = task.completed
    for field, value in payload.items():
        setattr(task, field, value)
    await db.commit()
    if task.completed and not was_completed:
        afterwards.add_task(post_completed_notice, TaskRead.model_validate(task).model_dump(mode="json"))
    return task


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND)
async def delete_task(db: Database, task_id: TaskId) -> None:
    """Strike a task off."""
    task = _existing(await db.get(Task, task_id, with_for_update=True))
    await db.delete(task)
    await db.commit()


def _existing(task: Task | None) -> Task:
    if task is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Task not found")
    return task
