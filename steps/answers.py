"""What the service answers: that it is done, or why not; each reason as the features put it, and as the answer does."""

import re

import httpx
from pytest_bdd import then

from steps.sentences import sentence

DONE = {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 204}
# Not known, not found, taken by another, and too much: the status, and what is said.
REASONS = {
    "the name or the password is wrong": (401, "Incorrect username or password"),
    "there is no such task": (404, "Task not found"),
    "the name is taken": (409, "Username is taken"),
    "the address is taken": (409, "Email is taken"),
    "it is too large": (413, "Request body is too large"),
}
# Not understood: what is wrong with which part.
FAULTS = {
    "it cannot be read": r"body( \d+)?: (json_invalid|unreadable|model_attributes_type|missing)",
    "there is no such detail": r"body \w+: extra_forbidden",
    "there are too many": "body: too_many_fields",
    "there is no such filter": r"query \w+: extra_forbidden",
    "there is no such part": r"query (limit|offset): (int_parsing|greater_than_equal|less_than_equal)",
    "this is no task's number": r"path task_id: (int_parsing|greater_than_equal|less_than_equal)",
    "it is completed or it is not": r"body completed: bool_type",
}
FIELDS = {
    "title": "title",
    "description": "description",
    "name": "username",
    "address": "email",
    "password": "password",
}
FIELD_FAULTS = {
    "is missing": "missing",
    "is blank": "blank",
    "is too short": "string_too_short",
    "is too long": "string_too_long",
    "is no text": "(string_type|string_unicode)",
    "has an unstorable character in it": "null_character",
    "will not do": "(string_pattern_mismatch|value_error|not_ascii)",
}


def accepted(answer: httpx.Response) -> None:
    """Assert that the service did what it was asked to."""
    assert answer.status_code == DONE[answer.request.method], f"it is refused: {said(answer)}"


def said(answer: httpx.Response) -> str:
    """Return what an answer says, as one sentence where it gives reasons."""
    try:
        detail = answer.json()["detail"]
        return detail if isinstance(detail, str) else "; ".join(f"{it['loc'][-1]}: {it['msg']}" for it in detail)
    except (ValueError, LookupError, TypeError):
        return f"{answer.status_code} {answer.text}"


def refused(answer: httpx.Response, reason: str) -> None:
    """Assert that the answer refuses for this reason, and for no other."""
    if reason in REASONS:
        status, detail = REASONS[reason]
        assert (answer.status_code, answer.json()) == (status, {"detail": detail}), f"the answer is: {answer.text}"
        assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
        return
    assert answer.status_code == 422, f"the answer is: {answer.status_code} {answer.text}"
    faults = [f"{' '.join(map(str, part['loc']))}: {part['type']}" for part in answer.json()["detail"]]
    assert len(faults) == 1, f"not one fault is found but {faults}"
    assert re.fullmatch(fault(reason), faults[0]), f"the fault found is another: {faults[0]}"


def fault(reason: str) -> str:
    """Return the pattern of the fault that a reason such as `the title is blank` stands for."""
    if reason in FAULTS:
        return FAULTS[reason]
    _the, field, *what = reason.split(" ")
    return f"body {FIELDS[field]}: {FIELD_FAULTS[' '.join(what)]}"


@then(sentence("I am told that {reason}"))
async def _(answer: httpx.Response, reason: str) -> None:
    refused(answer, reason)
