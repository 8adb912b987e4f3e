"""Looking at the list of tasks, or at part of it."""

import httpx
from pytest_bdd import then, when

from steps.responses import assert_success
from steps.sentences import sentence
from steps.tasks import TaskList, titles_in

Params = dict[str, str | int]
FILTERS: dict[str, Params] = {
    "open": {"completed": "false"},
    "completed": {"completed": "true"},
    "urgent": {"urgency": "high"},
}
NOT_NUMBERS = {"few": "few"}


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
    assert titles_in(response) == [f"Task {number}" for number in range(count)], (
        f"these are not the first {count} tasks"
    )


@then(sentence("the list shows {titles:Titles}"))
async def assert_list(tasks: TaskList, response: httpx.Response, titles: list[str]) -> None:
    assert_success(response)
    assert await tasks.titles() == titles, "the list shows something else"
