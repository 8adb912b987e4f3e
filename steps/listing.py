"""Looking at the list of tasks, or at part of it."""

import httpx
from pytest_bdd import then, when

from steps import parsers
from steps.responses import assert_success
from steps.tasks import TaskList, titles_in

Params = dict[str, str | int]
FILTERS: dict[str, Params] = {
    "open": {"completed": "false"},
    "completed": {"completed": "true"},
    "urgent": {"urgency": "high"},
}
NOT_NUMBERS = {"few": "few"}


@when("I look at the list", target_fixture="response")
@when(parsers.parse("I look at the list, skipping {offset:d}"), target_fixture="response")
@when(parsers.parse("I look at the first {limit:d} tasks"), target_fixture="response")
@when(parsers.parse("I look at the first {limit} tasks", limit=NOT_NUMBERS), target_fixture="response")
@when(parsers.parse("I look at the first {limit:d} tasks, skipping {offset:d}"), target_fixture="response")
async def look_at_list(
    client: httpx.AsyncClient, limit: int | str | None = None, offset: int | None = None
) -> httpx.Response:
    params = {"limit": limit, "offset": offset}
    return await client.get("/tasks/", params={name: value for name, value in params.items() if value is not None})


@when("I look at the first task", target_fixture="response")
async def look_at_first_task(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/tasks/", params={"limit": 1})


@when(parsers.parse("I look at the {kind} tasks", kind=FILTERS), target_fixture="response")
async def look_at_some_tasks(client: httpx.AsyncClient, kind: Params) -> httpx.Response:
    return await client.get("/tasks/", params=kind)


@when(
    parsers.parse("I look at the first {limit:d} {kind} tasks, skipping {offset:d}", kind=FILTERS),
    target_fixture="response",
)
async def look_at_part_of_some_tasks(
    client: httpx.AsyncClient, limit: int, kind: Params, offset: int
) -> httpx.Response:
    return await client.get("/tasks/", params={"limit": limit, "offset": offset, **kind})


@then("I see nothing")
async def assert_nothing_shown(response: httpx.Response) -> None:
    assert titles_in(response) == [], "tasks are shown"


@then(parsers.parse('I see "{titles}"'))
async def assert_tasks_shown(response: httpx.Response, titles: list[str]) -> None:
    assert titles_in(response) == titles, "other tasks are shown, or in another order"


@then("I see 1 task")
@then(parsers.parse("I see {count:d} tasks"))
async def assert_many_tasks_shown(response: httpx.Response, count: int = 1) -> None:
    assert titles_in(response) == [f"Task {number}" for number in range(count)], (
        f"these are not the first {count} tasks"
    )


@then(parsers.parse('the list shows "{titles}"'))
async def assert_list(tasks: TaskList, response: httpx.Response, titles: list[str]) -> None:
    assert_success(response)
    assert await tasks.titles() == titles, "the list shows something else"
