"""Changing what a task says."""

import httpx
from pytest_bdd import then, when

from steps import parsers
from steps.payloads import CHANGES, FIELDS, Payload, as_json
from steps.responses import assert_success
from steps.tasks import TaskList


@when(parsers.parse('I change the task "{title}" to one {payload}', payload=CHANGES), target_fixture="response")
async def change_task(tasks: TaskList, title: str, payload: Payload) -> httpx.Response:
    return await tasks.change(title, **as_json(payload))


@when(parsers.parse('I change nothing about the task "{title}"'), target_fixture="response")
async def change_nothing(tasks: TaskList, title: str) -> httpx.Response:
    return await tasks.change(title, json={})


@when(
    parsers.parse('I change the task "{title}" to one with a {field} of {length:d} characters', field=FIELDS),
    target_fixture="response",
)
async def change_task_to_text_of_length(tasks: TaskList, title: str, field: str, length: int) -> httpx.Response:
    return await tasks.change(title, json={field: "x" * length})


@when(
    parsers.parse('I change the {field} of the task "{title}" to "{value}"', field=FIELDS),
    target_fixture="response",
)
async def change_field(tasks: TaskList, field: str, title: str, value: str) -> httpx.Response:
    return await tasks.change(title, json={field: value})


@when(parsers.parse('I remove the description of the task "{title}"'), target_fixture="response")
async def remove_description(tasks: TaskList, title: str) -> httpx.Response:
    return await tasks.change(title, json={"description": None})


@then(parsers.parse('only the {field} of the task "{title}" has changed, to "{value}"', field=FIELDS))
@then(parsers.parse('only the {field} of the task "{title}" is gone', field=FIELDS))
async def assert_only_field_changed(
    tasks: TaskList, response: httpx.Response, field: str, title: str, value: str | None = None
) -> None:
    assert_success(response)
    changed = tasks.before(title) | {field: value}
    assert changed != tasks.before(title), "nothing has changed"
    assert response.json() == changed, "the response shows something else"
    assert await tasks.task(title) == changed, "the task shows something else"


@then(parsers.parse('the task "{title}" is as it was'))
async def assert_unchanged(tasks: TaskList, title: str) -> None:
    assert await tasks.task(title) == tasks.before(title), "the task has changed"


@then("the change is accepted")
async def assert_change_accepted(response: httpx.Response) -> None:
    assert_success(response)
