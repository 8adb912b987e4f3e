"""Writing tasks down, reading, changing, completing and deleting them."""

import json
from datetime import datetime
from typing import Any, NamedTuple

import httpx
import pytest
from pytest_bdd import given, then, when

from steps.responses import REASONS, Reason, assert_refused, assert_success
from steps.sentences import moment_in_words, sentence

Task = dict[str, Any]
Payload = dict[str, object] | bytes
"""What is sent: fields, or a body that has none."""


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
Params = dict[str, str | int]
FILTERS: dict[str, Params] = {
    "open": {"completed": "false"},
    "completed": {"completed": "true"},
    "urgent": {"urgency": "high"},
}
NOT_NUMBERS = {"few": "few"}
FIELDS = {"title": "title", "description": "description"}
NOT_TEXTS: dict[str, object] = {"a number": 1, "nothing": None, "a list": ["Buy milk"]}
ODD_TEXTS = {"half an emoji": "Buy \ud83e", "a character that cannot be stored": "Buy\0milk"}
BLANKS = {
    "one space": " ",
    "three spaces": "   ",
    "a tab": "\t",
    "a line break": "\n",
    "invisible characters": "\u200b\u2060",
}
PAYLOADS: dict[str, Payload] = {
    **{f"whose {field} is {words}": {field: value} for field in FIELDS for words, value in NOT_TEXTS.items()},
    **{f"whose {field} contains {words}": {field: text} for field in FIELDS for words, text in ODD_TEXTS.items()},
    **{f"with a {field} of {words}": {field: blank} for field in FIELDS for words, blank in BLANKS.items()},
    "with a detail that nobody asked for": {"colour": "blue"},
    "with far too many details": {f"colour {number}": "blue" for number in range(1_000)},
    "that is only a list": b'["Buy milk"]',
    "that is gibberish": b"{milk",
    "written in letters that do not exist": b'{"title": "\xff"}',
    "that is nothing but brackets": b"[" * 100_000,
    "as long as a book": b'{"title": "' + b"x" * 1_000_000 + b'"}',
    "that is empty": b"",
}
SOME_TASK: dict[str, object] = {"title": "Buy milk"}
NEW_TASKS: dict[str, Payload] = {
    **{words: it if isinstance(it, bytes) else SOME_TASK | it for words, it in PAYLOADS.items()},
    "without a title": {},
    "without a description": SOME_TASK,
    "that is already completed": SOME_TASK | {"completed": True},
}
CHANGES: dict[str, Payload] = {
    **PAYLOADS,
    'whose state is "perhaps"': {"completed": "perhaps"},
    "whose state is a number": {"completed": 1},
    "whose state is nothing": {"completed": None},
}


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


def as_json(payload: Payload) -> dict[str, Any]:
    """Return a request whose body says that it is JSON, whatever it is."""
    # `json=` of httpx cannot write half an emoji; an escape can.
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {"content": content, "headers": {"Content-Type": "application/json"}}


@pytest.fixture
def tasks(client: httpx.AsyncClient) -> TaskList:
    """The list of tasks."""
    return TaskList(client)


@given(sentence("the task {title:Text}"))
@given(sentence("the task {title:Text} described as {description:Text}"))
async def create_task_before(tasks: TaskList, title: str, description: str | None = None) -> None:
    assert_success(await tasks.create(json={"title": title, "description": description}))


@given(sentence("the tasks {titles:Titles}"))
async def create_tasks_before(tasks: TaskList, titles: list[str]) -> None:
    for title in titles:
        assert_success(await tasks.create(json={"title": title}))


@given(sentence("{count:Tasks}"))
async def create_many_tasks(tasks: TaskList, count: int) -> None:
    for number in range(count):
        assert_success(await tasks.create(json={"title": f"Task {number}"}))


@given(sentence("the task {title:Text} was {action:PastAction}", PastAction=PAST_ACTIONS))
async def act_on_task_before(tasks: TaskList, title: str, action: Action) -> None:
    assert_success(await tasks.act(action, tasks.number(title)))


@when(sentence("I create the task {title:Text}"), target_fixture="response")
@when(sentence("I create the task {title:Text} described as {description:Text}"), target_fixture="response")
async def create_task(tasks: TaskList, title: str, description: str | None = None) -> httpx.Response:
    return await tasks.create(json={"title": title} | ({} if description is None else {"description": description}))


@when(sentence("I create a task {payload:NewTask}", NewTask=NEW_TASKS), target_fixture="response")
async def create_unusual_task(tasks: TaskList, payload: Payload) -> httpx.Response:
    return await tasks.create(**as_json(payload))


@when(sentence("I create a task with a {field:Field} of {length:Characters}", Field=FIELDS), target_fixture="response")
async def create_task_with_text_of_length(tasks: TaskList, field: str, length: int) -> httpx.Response:
    return await tasks.create(json=SOME_TASK | {field: "x" * length})


@when(sentence("I create a task with a title of {length:Characters} and spaces around it"), target_fixture="response")
async def create_task_with_padded_title(tasks: TaskList, length: int) -> httpx.Response:
    return await tasks.create(json={"title": f"  {'x' * length}  "})


@when(sentence("I change the task {title:Text} to one {payload:Change}", Change=CHANGES), target_fixture="response")
async def change_task(tasks: TaskList, title: str, payload: Payload) -> httpx.Response:
    return await tasks.change(title, **as_json(payload))


@when(sentence("I change nothing about the task {title:Text}"), target_fixture="response")
async def change_nothing(tasks: TaskList, title: str) -> httpx.Response:
    return await tasks.change(title, json={})


@when(
    sentence("I change the task {title:Text} to one with a {field:Field} of {length:Characters}", Field=FIELDS),
    target_fixture="response",
)
async def change_task_to_text_of_length(tasks: TaskList, title: str, field: str, length: int) -> httpx.Response:
    return await tasks.change(title, json={field: "x" * length})


@when(
    sentence("I change the {field:Field} of the task {title:Text} to {value:Text}", Field=FIELDS),
    target_fixture="response",
)
async def change_field(tasks: TaskList, field: str, title: str, value: str) -> httpx.Response:
    return await tasks.change(title, json={field: value})


@when(sentence("I remove the description of the task {title:Text}"), target_fixture="response")
async def remove_description(tasks: TaskList, title: str) -> httpx.Response:
    return await tasks.change(title, json={"description": None})


@when(sentence("I {action:Action} the task {title:Text}", Action=ACTIONS), target_fixture="response")
async def act_on_task(tasks: TaskList, action: Action, title: str) -> httpx.Response:
    return await tasks.act(action, tasks.number(title))


@when(sentence("I {action:Action} a task that does not exist", Action=ANY_ACTION), target_fixture="response")
async def act_on_missing_task(tasks: TaskList, action: Action) -> httpx.Response:
    return await tasks.act(action, UNUSED_NUMBER)


@when(sentence("I {action:Action} task number {number:Text}", Action=ANY_ACTION), target_fixture="response")
async def act_on_task_number(tasks: TaskList, action: Action, number: str) -> httpx.Response:
    return await tasks.act(action, number)


@when("I look at the list", target_fixture="response")
@when(sentence("I look at the list, skipping {offset:Number}"), target_fixture="response")
@when(sentence("I look at the first {limit:Plural} tasks"), target_fixture="response")
@when(sentence("I look at the first {limit:NotANumber} tasks", NotANumber=NOT_NUMBERS), target_fixture="response")
@when(sentence("I look at the first {limit:Plural} tasks, skipping {offset:Number}"), target_fixture="response")
async def look_at_list(
    client: httpx.AsyncClient, limit: int | str | None = None, offset: int | None = None
) -> httpx.Response:
    params = {"limit": limit, "offset": offset}
    return await client.get("/tasks/", params={name: value for name, value in params.items() if value is not None})


@when("I look at the first task", target_fixture="response")
async def look_at_first_task(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/tasks/", params={"limit": 1})


@when(sentence("I look at the {params:Filter} tasks", Filter=FILTERS), target_fixture="response")
async def look_at_some_tasks(client: httpx.AsyncClient, params: Params) -> httpx.Response:
    return await client.get("/tasks/", params=params)


@when(
    sentence("I look at the first {limit:Plural} {params:Filter} tasks, skipping {offset:Number}", Filter=FILTERS),
    target_fixture="response",
)
async def look_at_part_of_some_tasks(
    client: httpx.AsyncClient, limit: int, params: Params, offset: int
) -> httpx.Response:
    return await client.get("/tasks/", params={"limit": limit, "offset": offset, **params})


@then("I see nothing")
async def assert_nothing_shown(response: httpx.Response) -> None:
    assert titles_in(response) == [], "tasks are shown"


@then(sentence("I see {titles:Titles}"))
async def assert_tasks_shown(response: httpx.Response, titles: list[str]) -> None:
    assert titles_in(response) == titles, "other tasks are shown, or in another order"


@then(sentence("I see {count:Tasks}"))
async def assert_many_tasks_shown(response: httpx.Response, count: int) -> None:
    assert titles_in(response) == [f"Task {number}" for number in range(count)], f"it is not the first {count} tasks"


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
    assert (task["id"], task["completed_at"]) == (tasks.number(task["title"]), None), f"the task shows: {task}"
    assert set(task) == {"id", "title", "description", "completed", "created_at", "completed_at"}


@then("the task is on the list")
@then(sentence("the task {title:Text} is on the list"))
async def assert_task_on_list(client: httpx.AsyncClient, response: httpx.Response, title: str | None = None) -> None:
    assert_success(response)
    task = response.json()
    assert title in (None, task["title"]), "the title is another"
    assert set(task) == {"id", "title", "description", "completed", "created_at", "completed_at"}
    assert task in (await client.get("/tasks/")).json(), "the task is not on the list"
    assert (await client.get(f"/tasks/{task['id']}")).json() == task, "the task cannot be opened"


@then(sentence("the list shows {titles:Titles}"))
async def assert_list(tasks: TaskList, response: httpx.Response, titles: list[str]) -> None:
    assert_success(response)
    assert await tasks.titles() == titles, "the list shows something else"


@then(sentence("the task {title:Text} is {completed:State}", State=STATES))
async def assert_state(tasks: TaskList, response: httpx.Response, title: str, completed: bool) -> None:
    assert_success(response)
    task = await tasks.task(title)
    assert task["completed"] is completed, f"the task is {'completed' if task['completed'] else 'open'}"
    assert (task["completed_at"] is not None) is completed, "the time of completion says otherwise"


@then(sentence("the task {title:Text} was {field:Time} at {moment:Moment}", Time=TIMES))
async def assert_time(tasks: TaskList, title: str, field: str, moment: datetime) -> None:
    assert time_of((await tasks.task(title))[field]) == moment, "it was at another time"


@then(sentence("the task {title:Text} is described as {description:Text}"))
async def assert_description(tasks: TaskList, title: str, description: str) -> None:
    assert (await tasks.task(title))["description"] == description, "the description is another"


@then(sentence("only the {field:Field} of the task {title:Text} has changed, to {value:Text}", Field=FIELDS))
@then(sentence("only the {field:Field} of the task {title:Text} is gone", Field=FIELDS))
async def assert_only_field_changed(
    tasks: TaskList, response: httpx.Response, field: str, title: str, value: str | None = None
) -> None:
    assert_success(response)
    changed = tasks.before(title) | {field: value}
    assert changed != tasks.before(title), "it was so before"
    assert response.json() == changed, "the response says something else"
    assert await tasks.task(title) == changed, "the task is something else"


@then(sentence("the task {title:Text} is as it was"))
async def assert_unchanged(tasks: TaskList, title: str) -> None:
    assert await tasks.task(title) == tasks.before(title), "the task has changed"


@then(sentence("the task is refused: {reason:Reason}", Reason=REASONS))
async def assert_task_refused(response: httpx.Response, tasks: TaskList, reason: Reason) -> None:
    assert_refused(response, reason)
    assert await tasks.titles() == [], "it is on the list all the same"


@then("the change is accepted")
async def assert_change_accepted(response: httpx.Response) -> None:
    assert_success(response)
