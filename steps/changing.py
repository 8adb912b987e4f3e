"""Changing what a task says."""

import httpx
from pytest_bdd import then, when

from steps.payloads import CHANGES, FIELDS, Payload, as_json
from steps.responses import assert_success
from steps.sentences import sentence
from steps.tasks import TaskList


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


@then(sentence("only the {field:Field} of the task {title:Text} has changed, to {value:Text}", Field=FIELDS))
@then(sentence("only the {field:Field} of the task {title:Text} is gone", Field=FIELDS))
async def assert_only_field_changed(
    tasks: TaskList, response: httpx.Response, field: str, title: str, value: str | None = None
) -> None:
    assert_success(response)
    changed = tasks.before(title) | {field: value}
    assert changed != tasks.before(title), "nothing has changed"
    assert response.json() == changed, "the response shows something else"
    assert await tasks.task(title) == changed, "the task shows something else"


@then(sentence("the task {title:Text} is as it was"))
async def assert_unchanged(tasks: TaskList, title: str) -> None:
    assert await tasks.task(title) == tasks.before(title), "the task has changed"


@then("the change is accepted")
async def assert_change_accepted(response: httpx.Response) -> None:
    assert_success(response)
