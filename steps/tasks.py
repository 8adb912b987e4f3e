"""Writing tasks down, opening, completing, reopening and deleting them."""

from datetime import datetime
from typing import Any, NamedTuple

import httpx
import pytest
from pytest_bdd import given, then, when

from steps import parsers
from steps.parsers import moment_in_words
from steps.payloads import FIELDS, NEW_TASKS, SOME_TASK, Payload, as_json
from steps.responses import REASONS, Reason, assert_refused, assert_success

Task = dict[str, Any]


class Action(NamedTuple):
    """What one does with a task: the method, and the payload."""

    method: str
    payload: dict[str, object] | None = None


UNUSED_NUMBER = 2147483647
ACTIONS = {
    "open": Action("GET"),
    "complete": Action("PATCH", {"completed": True}),
    "reopen": Action("PATCH", {"completed": False}),
    "delete": Action("DELETE"),
}
ANY_ACTION = ACTIONS | {"change": Action("PATCH", {"title": "Buy oat milk"})}
PAST_ACTIONS = {"completed": ACTIONS["complete"], "reopened": ACTIONS["reopen"], "deleted": ACTIONS["delete"]}
TIMES = {"created": "created_at", "completed": "completed_at"}
STATES = {"open": False, "completed": True}


class TaskList:
    """The list of tasks, whose tasks a feature knows by their titles."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._numbers: dict[str, int] = {}
        self._before: dict[str, Task] = {}

    async def create(self, **request: Any) -> httpx.Response:
        """Ask for a new task."""
        response = await self._client.post("/tasks/", **request)
        if response.status_code == 201:
            self._numbers[response.json()["title"]] = response.json()["id"]
        return response

    async def act(self, action: Action, number: object) -> httpx.Response:
        """Open, complete, reopen, delete or change the task of this number."""
        return await self._client.request(action.method, f"/tasks/{number}", json=action.payload)

    async def change(self, title: str, **request: Any) -> httpx.Response:
        """Ask for a change of the task, and remember what it was before."""
        self._before[title] = await self.task(title)
        return await self._client.patch(f"/tasks/{self.number(title)}", **request)

    async def task(self, title: str) -> Task:
        """Return the task as it is now."""
        response = await self._client.get(f"/tasks/{self.number(title)}")
        assert_success(response)
        task: Task = response.json()
        return task

    async def titles(self) -> list[str]:
        """Return the titles of all tasks, in order."""
        return titles_in(await self._client.get("/tasks/"))

    def number(self, title: str) -> int:
        """Return the number of the task that was created with this title."""
        assert title in self._numbers, f'the task "{title}" was not created'
        return self._numbers[title]

    def before(self, title: str) -> Task:
        """Return the task as it was before the last change that was asked for."""
        assert title in self._before, f'no change of the task "{title}" was asked for'
        return self._before[title]


def titles_in(response: httpx.Response) -> list[str]:
    """Return the titles that a response shows."""
    assert_success(response)
    tasks = response.json() if isinstance(response.json(), list) else [response.json()]
    return [task["title"] for task in tasks]


def time_of(text: str) -> datetime:
    """Read a time as the service writes it, which says its zone."""
    time = datetime.fromisoformat(text)
    assert time.tzinfo is not None, f"{text} does not say in which time zone"
    return time


@pytest.fixture
def tasks(client: httpx.AsyncClient) -> TaskList:
    """The list of tasks."""
    return TaskList(client)


@given(parsers.parse('the task "{title}"'))
@given(parsers.parse('the task "{title}" described as "{description}"'))
async def create_task_before(tasks: TaskList, title: str, description: str | None = None) -> None:
    assert_success(await tasks.create(json={"title": title, "description": description}))


@given(parsers.parse('the tasks "{titles}"'))
async def create_tasks_before(tasks: TaskList, titles: list[str]) -> None:
    for title in titles:
        assert_success(await tasks.create(json={"title": title}))


@given(parsers.parse("{count:d} tasks"))
async def create_many_tasks(tasks: TaskList, count: int) -> None:
    for number in range(count):
        assert_success(await tasks.create(json={"title": f"Task {number}"}))


@given(parsers.parse('the task "{title}" was {action}', action=PAST_ACTIONS))
async def act_on_task_before(tasks: TaskList, title: str, action: Action) -> None:
    assert_success(await tasks.act(action, tasks.number(title)))


@when(parsers.parse('I create the task "{title}"'), target_fixture="response")
@when(parsers.parse('I create the task "{title}" described as "{description}"'), target_fixture="response")
async def create_task(tasks: TaskList, title: str, description: str | None = None) -> httpx.Response:
    return await tasks.create(json={"title": title} | ({} if description is None else {"description": description}))


@when(parsers.parse("I create a task {payload}", payload=NEW_TASKS), target_fixture="response")
async def create_unusual_task(tasks: TaskList, payload: Payload) -> httpx.Response:
    return await tasks.create(**as_json(payload))


@when(parsers.parse("I create a task with a {field} of 1 character", field=FIELDS), target_fixture="response")
@when(parsers.parse("I create a task with a {field} of {length:d} characters", field=FIELDS), target_fixture="response")
async def create_task_with_text_of_length(tasks: TaskList, field: str, length: int = 1) -> httpx.Response:
    return await tasks.create(json=SOME_TASK | {field: "x" * length})


@when(
    parsers.parse("I create a task with a title of {length:d} characters and spaces around it"),
    target_fixture="response",
)
async def create_task_with_padded_title(tasks: TaskList, length: int) -> httpx.Response:
    return await tasks.create(json={"title": f"  {'x' * length}  "})


@when(parsers.parse('I {action} the task "{title}"', action=ACTIONS), target_fixture="response")
async def act_on_task(tasks: TaskList, action: Action, title: str) -> httpx.Response:
    return await tasks.act(action, tasks.number(title))


@when(parsers.parse("I {action} a task that does not exist", action=ANY_ACTION), target_fixture="response")
async def act_on_missing_task(tasks: TaskList, action: Action) -> httpx.Response:
    return await tasks.act(action, UNUSED_NUMBER)


@when(parsers.parse('I {action} task number "{number}"', action=ANY_ACTION), target_fixture="response")
async def act_on_task_number(tasks: TaskList, action: Action, number: str) -> httpx.Response:
    return await tasks.act(action, number)


@then("I see this task:")
async def assert_task_shown(response: httpx.Response, tasks: TaskList, datatable: list[list[str]]) -> None:
    assert_success(response)
    task = response.json()
    shown = {
        "title": task["title"],
        "described as": task["description"],
        "state": "completed" if task["completed"] else "open",
        "created": moment_in_words(time_of(task["created_at"])),
    }
    assert datatable == [list(shown), list(shown.values())], "the task shows something else"
    assert task["id"] == tasks.number(task["title"]), "another task is shown"
    assert (task["completed_at"] is not None) is task["completed"], "the time of completion says otherwise"
    assert set(task) == {"id", "title", "description", "completed", "created_at", "completed_at"}


@then("the task is on the list")
@then(parsers.parse('the task "{title}" is on the list'))
async def assert_task_on_list(client: httpx.AsyncClient, response: httpx.Response, title: str | None = None) -> None:
    assert_success(response)
    task = response.json()
    assert title in (None, task["title"]), "the title is different"
    assert set(task) == {"id", "title", "description", "completed", "created_at", "completed_at"}
    assert task in (await client.get("/tasks/")).json(), "the task is not on the list"
    assert (await client.get(f"/tasks/{task['id']}")).json() == task, "the task cannot be opened"


@then(parsers.parse('the task "{title}" is {state}', state=STATES))
async def assert_state(tasks: TaskList, response: httpx.Response, title: str, state: bool) -> None:
    assert_success(response)
    task = await tasks.task(title)
    assert task["completed"] is state, f"the task is {'completed' if task['completed'] else 'open'}"
    assert (task["completed_at"] is not None) is state, "the time of completion says otherwise"


@then(parsers.parse('the task "{title}" was {field} at {moment}', field=TIMES))
async def assert_time(tasks: TaskList, title: str, field: str, moment: datetime) -> None:
    assert time_of((await tasks.task(title))[field]) == moment, "it was at another time"


@then(parsers.parse('the task "{title}" is described as "{description}"'))
async def assert_description(tasks: TaskList, title: str, description: str) -> None:
    assert (await tasks.task(title))["description"] == description, "the description is different"


@then(parsers.parse("the task is refused: {reason}", reason=REASONS))
async def assert_task_refused(response: httpx.Response, tasks: TaskList, reason: Reason) -> None:
    assert_refused(response, reason)
    assert await tasks.titles() == [], "it is on the list nevertheless"
