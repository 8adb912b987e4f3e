"""Writing tasks down, reading, changing, completing and deleting them."""

import json
import re
from datetime import datetime
from typing import Any

import httpx
import pytest
from pytest_bdd import given, then, when

from steps.answers import accepted, refused
from steps.sentences import moment as read_moment
from steps.sentences import sentence

Task = dict[str, Any]

NOWHERE = 2147483647
DEEDS: dict[str, Task] = {"complete": {"completed": True}, "reopen": {"completed": False}}
DONE = {"completed": "complete", "reopened": "reopen", "deleted": "delete"}
ODDITIES: dict[str, object] = {
    "a number": 1,
    "nothing": None,
    "a list": ["Buy milk"],
    "half an emoji": "Buy \ud83e",
    "an unstorable character": "Buy\0milk",
    "one space": " ",
    "three spaces": "   ",
    "a tab": "\t",
    "a line break": "\n",
    "invisible characters": "\u200b\u2060",
}
MISSING = object()
DETAILS: dict[str, dict[str, object]] = {
    "without a title": {"title": MISSING},
    "without a description": {"description": MISSING},
    "with a detail that nobody asks": {"colour": "blue"},
    "with far too many details": {f"colour {number}": "blue" for number in range(1_000)},
    "that is completed already": {"completed": True},
    "with nothing new": {},
    'completed "perhaps"': {"completed": "perhaps"},
    "completed by a number": {"completed": 1},
    "completed by nothing": {"completed": None},
}
FILTERS: dict[str | None, dict[str, str]] = {
    None: {},
    "open": {"completed": "false"},
    "completed": {"completed": "true"},
    "urgent": {"urgency": "high"},
}
BODIES: dict[str, bytes] = {
    "that is only a list": b'["Buy milk"]',
    "that is no more than noise": b"{milk",
    "that is noise beyond all letters": b'{"title": "\xff"}',
    "that is nothing but brackets": b"[" * 100_000,
    "that fills many books": b'{"title": "' + b"x" * 1_000_000 + b'"}',
    "of which nothing arrives": b"",
}


class TaskList:
    """The list of tasks, whose tasks a feature knows by their titles."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._numbers: dict[str, int] = {}
        self.before: dict[str, Task] = {}

    async def create(self, body: Task) -> httpx.Response:
        """Ask for a new task."""
        answer = await self._client.post("/tasks/", json=body)
        if answer.status_code == 201:
            self._numbers[answer.json()["title"]] = answer.json()["id"]
        return answer

    async def do(self, deed: str, number: object) -> httpx.Response:
        """Open, delete, complete, reopen or otherwise change the task of this number."""
        if deed == "open":
            return await self._client.get(f"/tasks/{number}")
        if deed == "delete":
            return await self._client.delete(f"/tasks/{number}")
        return await self._client.patch(f"/tasks/{number}", json=DEEDS.get(deed, {"title": "Buy oat milk"}))

    async def change(self, title: str, **request: Any) -> httpx.Response:
        """Ask for a change of the task, and keep what it was before."""
        self.before[title] = await self.task(title)
        return await self._client.patch(f"/tasks/{self.number(title)}", **request)

    async def task(self, title: str) -> Task:
        """Return the task as it is now."""
        answer = await self._client.get(f"/tasks/{self.number(title)}")
        accepted(answer)
        task: Task = answer.json()
        return task

    async def titles(self) -> list[str]:
        """Return the titles of all tasks, in order."""
        return shown(await self._client.get("/tasks/"))

    def number(self, title: str) -> int:
        """Return the number of the task that was created with this title."""
        assert title in self._numbers, f'the task "{title}" was not created'
        return self._numbers[title]


def shown(answer: httpx.Response) -> list[str]:
    """Return the titles that an answer shows."""
    accepted(answer)
    tasks = answer.json() if isinstance(answer.json(), list) else [answer.json()]
    return [task["title"] for task in tasks]


def at(time: str) -> datetime:
    """Read a time as the service writes it, which says its zone."""
    read = datetime.fromisoformat(time)
    assert read.tzinfo is not None, f"{time} does not say in which time zone"
    return read


def draft(what: str, task: Task) -> dict[str, Any]:
    """Return the request for `task` made into one such as `with a title of 201 characters`."""
    if what in BODIES:
        return content(BODIES[what])
    if found := re.fullmatch(r"with a (\w+) of (\d+) characters( and blanks around it)?", what):
        text = "x" * int(found[2])
        task |= {found[1]: f"  {text}  " if found[3] else text}
    elif found := re.fullmatch(r"(?:whose|with a) (title|description) (?:is|has|of) ([\w ]+?)(?: in it)?", what):
        task |= {found[1]: ODDITIES[found[2]]}
    else:
        task |= DETAILS[what]
    # `json=` of httpx cannot write half an emoji; an escape can.
    return content(json.dumps({field: value for field, value in task.items() if value is not MISSING}).encode())


def content(body: bytes) -> dict[str, Any]:
    """Return a request whose body says that it is JSON, whatever it is."""
    return {"content": body, "headers": {"Content-Type": "application/json"}}


@pytest.fixture
def tasks(client: httpx.AsyncClient) -> TaskList:
    """The list of tasks."""
    return TaskList(client)


@given(sentence("the task {title:Text}"))
@given(sentence("the task {title:Text} described as {description:Text}"))
async def _(tasks: TaskList, title: str, description: str | None = None) -> None:
    accepted(await tasks.create({"title": title, "description": description}))


@given(sentence("the tasks {titles:Titles}"))
async def _(tasks: TaskList, titles: list[str]) -> None:
    for title in titles:
        accepted(await tasks.create({"title": title}))


@given(sentence("{count:d} tasks"))
async def _(tasks: TaskList, count: int) -> None:
    for number in range(count):
        accepted(await tasks.create({"title": f"Task {number}"}))


@given(sentence("the task {title:Text} was {done}"))
async def _(tasks: TaskList, title: str, done: str) -> None:
    accepted(await tasks.do(DONE[done], tasks.number(title)))


@when(sentence("I create the task {title:Text}"), target_fixture="answer")
@when(sentence("I create the task {title:Text} described as {description:Text}"), target_fixture="answer")
async def _(tasks: TaskList, title: str, description: str | None = None) -> httpx.Response:
    return await tasks.create({"title": title} | ({} if description is None else {"description": description}))


@when(sentence("I create a task {kind}"), target_fixture="answer")
async def _(client: httpx.AsyncClient, kind: str) -> httpx.Response:
    return await client.post("/tasks/", **draft(kind, {"title": "Buy milk"}))


@when(sentence("I change the task {title:Text} to one {kind}"), target_fixture="answer")
async def _(tasks: TaskList, title: str, kind: str) -> httpx.Response:
    return await tasks.change(title, **draft(kind, {}))


@when(sentence("I change the {field:w} of the task {title:Text} to {value:Text}"), target_fixture="answer")
async def _(tasks: TaskList, field: str, title: str, value: str) -> httpx.Response:
    return await tasks.change(title, json={field: value})


@when(sentence("I {deed:Deed} the task {title:Text}"), target_fixture="answer")
async def _(tasks: TaskList, deed: str, title: str) -> httpx.Response:
    return await tasks.do(deed, tasks.number(title))


@when(sentence("I {deed:Deed} a task that does not exist"), target_fixture="answer")
async def _(tasks: TaskList, deed: str) -> httpx.Response:
    return await tasks.do(deed, NOWHERE)


@when(sentence("I {deed:Deed} the task numbered {number:Text}"), target_fixture="answer")
async def _(tasks: TaskList, deed: str, number: str) -> httpx.Response:
    return await tasks.do(deed, number)


@when(sentence("I look at the {part}"), target_fixture="answer")
async def _(client: httpx.AsyncClient, part: str) -> httpx.Response:
    found = re.fullmatch(r"(?:first (\S+) )?(?:(\w+) )?(?:list|tasks)(?:, leaving out (\S+))?", part)
    assert found, f"there is no way to look at the {part}"
    asked = {"limit": found[1], "offset": found[3]} | FILTERS[found[2]]
    return await client.get("/tasks/", params={name: value for name, value in asked.items() if value is not None})


@then(sentence("I see {titles:Titles}"))
async def _(answer: httpx.Response, titles: list[str]) -> None:
    assert shown(answer) == titles, "other tasks are shown, or in another order"


@then(sentence("I see {count:d} tasks"))
async def _(answer: httpx.Response, count: int) -> None:
    assert shown(answer) == [f"Task {number}" for number in range(count)], f"it is not the first {count} tasks"


@then("I see this task:")
async def _(answer: httpx.Response, tasks: TaskList, datatable: list[list[str]]) -> None:
    wanted = dict(zip(*datatable, strict=True))
    accepted(answer)
    assert answer.json() == {
        "id": tasks.number(wanted["title"]),
        "title": wanted["title"],
        "description": wanted["described as"],
        "completed": wanted["state"] == "completed",
        "created_at": answer.json()["created_at"],
        "completed_at": None,
    }, "the task shows something else"
    assert at(answer.json()["created_at"]) == read_moment(wanted["created"]), "it was created at another time"


@then("the task is on the list")
@then(sentence("the task {title:Text} is on the list"))
async def _(client: httpx.AsyncClient, answer: httpx.Response, title: str | None = None) -> None:
    accepted(answer)
    task = answer.json()
    assert title in (None, task["title"]), "the title is another"
    assert set(task) == {"id", "title", "description", "completed", "created_at", "completed_at"}
    assert task in (await client.get("/tasks/")).json(), "the task is not on the list"
    assert (await client.get(f"/tasks/{task['id']}")).json() == task, "the task cannot be opened"


@then(sentence("the list shows {titles:Titles}"))
async def _(tasks: TaskList, answer: httpx.Response, titles: list[str]) -> None:
    accepted(answer)
    assert await tasks.titles() == titles, "the list shows something else"


@then(sentence("the task {title:Text} is {state:w}"))
async def _(tasks: TaskList, answer: httpx.Response, title: str, state: str) -> None:
    accepted(answer)
    task = await tasks.task(title)
    assert task["completed"] is (state == "completed"), f"the task is not {state}"
    assert (task["completed_at"] is not None) is (state == "completed"), "the time of completion says otherwise"


@then(sentence("the task {title:Text} was {done:w} at {moment:Moment}"))
async def _(tasks: TaskList, title: str, done: str, moment: datetime) -> None:
    task = await tasks.task(title)
    assert at(task[f"{done}_at"]) == moment, f"the task was {done} at another time"


@then(sentence("the task {title:Text} is described as {description:Text}"))
async def _(tasks: TaskList, title: str, description: str) -> None:
    assert (await tasks.task(title))["description"] == description, "the description is another"


@then(sentence("only the {field:w} of the task {title:Text} is changed, to {value}"))
async def _(tasks: TaskList, answer: httpx.Response, field: str, title: str, value: str) -> None:
    changed = tasks.before[title] | {field: None if value == "nothing" else value.strip('"')}
    accepted(answer)
    assert answer.json() == changed, "the answer says something else"
    assert await tasks.task(title) == changed, "the task is something else"


@then(sentence("the task {title:Text} is as it was"))
async def _(tasks: TaskList, title: str) -> None:
    assert await tasks.task(title) == tasks.before[title], "the task is changed"


@then(sentence("the task is refused: {reason}"))
async def _(answer: httpx.Response, tasks: TaskList, reason: str) -> None:
    refused(answer, reason)
    assert await tasks.titles() == [], "it is on the list all the same"


@then("the change is accepted")
async def _(answer: httpx.Response) -> None:
    accepted(answer)
