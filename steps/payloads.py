"""What is sent for the tasks and changes that features describe, such as a task `whose title is a number`."""

import json
from typing import Any

Payload = dict[str, object] | bytes
"""What is sent: fields, or a body that has none."""

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
    "with an unknown field": {"colour": "blue"},
    "with far too many fields": {f"colour {number}": "blue" for number in range(1_000)},
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


def as_json(payload: Payload) -> dict[str, Any]:
    """Return a request whose body says that it is JSON, whatever it is."""
    # `json=` of httpx cannot write half an emoji; an escape can.
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {"content": content, "headers": {"Content-Type": "application/json"}}
