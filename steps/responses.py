"""What the service responds: success, or a reason why not, as the features put it and as the response does."""

import re
from typing import Any, NamedTuple

import httpx
from pytest_bdd import then

from steps import parsers


class Reason(NamedTuple):
    """Why a request fails: the status, and a pattern of what is said of the one thing that is wrong."""

    status: int
    pattern: str


SUCCESS = {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 204}
FIELDS = {
    "title": "title",
    "description": "description",
    "name": "username",
    "address": "email",
    "password": "password",
}
FIELD_ERRORS = {
    "is missing": "missing",
    "is blank": "blank",
    "is too short": "string_too_short",
    "is too long": "string_too_long",
    "is not text": "(string_type|string_unicode)",
    "contains a character that cannot be stored": "null_character",
    "is invalid": "(string_pattern_mismatch|value_error|not_ascii)",
}
REASONS = {
    "the name or the password is wrong": Reason(401, "Incorrect username or password"),
    "there is no such task": Reason(404, "Task not found"),
    "the name is taken": Reason(409, "Username is taken"),
    "the address is taken": Reason(409, "Email is taken"),
    "it is too long": Reason(413, "Request body is too large"),
    "it cannot be read": Reason(422, r"body( \d+)?: (json_invalid|unreadable|model_attributes_type|missing)"),
    "there is no such field": Reason(422, r"body \w+: extra_forbidden"),
    "there are too many fields": Reason(422, "body: too_many_fields"),
    "there is no such filter": Reason(422, r"query \w+: extra_forbidden"),
    "there is no such part of the list": Reason(
        422, r"query (limit|offset): (int_parsing|greater_than_equal|less_than_equal)"
    ),
    "this cannot be the number of a task": Reason(
        422, r"path task_id: (int_parsing|greater_than_equal|less_than_equal)"
    ),
    "a task is either open or completed": Reason(422, "body completed: bool_type"),
} | {
    f"the {field} {error}": Reason(422, f"body {name}: {error_type}")
    for field, name in FIELDS.items()
    for error, error_type in FIELD_ERRORS.items()
}


def assert_success(response: httpx.Response) -> None:
    """Assert that the service did what it was asked to."""
    assert response.status_code == SUCCESS[response.request.method], f"it is refused: {detail(response)}"


def assert_refused(response: httpx.Response, reason: Reason) -> None:
    """Assert that the request is refused for this reason, and for no other."""
    assert response.status_code == reason.status, f"the response is: {response.status_code} {response.text}"
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if reason.status == 401 else None)
    assert response.json().keys() == {"detail"}, f"the response says more than why: {response.text}"
    assert re.fullmatch(reason.pattern, detail(response)), f"it is refused for another reason: {detail(response)}"


def detail(response: httpx.Response) -> str:
    """Return why a request is refused: the sentence, or for each part that is wrong where it is and its error."""
    try:
        said = response.json()["detail"]
        return said if isinstance(said, str) else "; ".join(map(_part, said))
    except (ValueError, LookupError, TypeError):
        return f"{response.status_code} {response.text}"


def _part(error: dict[str, Any]) -> str:
    return f"{' '.join(map(str, error['loc']))}: {error['type']}"


@then(parsers.parse("I am told that {reason}", reason=REASONS))
async def assert_reason(response: httpx.Response, reason: Reason) -> None:
    assert_refused(response, reason)
