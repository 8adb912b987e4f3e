"""What is exchanged with a service that answers with it: bodies of a megabyte, and an ordinary exchange."""

import json
from itertools import cycle, islice

SIZE = 1_000_000
"""Bytes of a large body."""
SECRETS = [f"secret-{number}-of-mine-{number * 7919}" for number in range(10)]
TASK = {"id": 7, "title": "Buy milk", "completed_at": None, "created_at": "2026-11-25T10:00:00Z"}
TEXT = "The quick brown fox jumps over the lazy dog, and back again. "
_ITEMS = json.dumps([{**TASK, "owner": {"name": "alice", "password": "s3cret-of-alice"}}] * (SIZE // 160))
LARGE = {
    "JSON without secrets": (json.dumps([TASK] * (SIZE // 95)), "application/json"),
    "JSON with a password in each object": (_ITEMS, "application/json"),
    "the same, broken": (_ITEMS[: len(_ITEMS) // 2] + "}]" + _ITEMS[len(_ITEMS) // 2 : -9], "application/json"),
    "a form": (
        "&".join(islice(cycle(["title=Buy+milk", "access_token=abc%2Fdef", "page=2"]), SIZE // 15)),
        "application/x-www-form-urlencoded",
    ),
    "text": (TEXT * (SIZE // len(TEXT)), "text/plain"),
    "text with one of the ten in each sentence": (
        "".join(TEXT + secret for secret in islice(cycle(SECRETS), SIZE // 85)),
        "text/plain",
    ),
}
SMALL: dict[str, dict[str, str]] = {
    "an exchange without secrets": {},
    "the same with a bearer's token": {"Authorization": f"Bearer {SECRETS[0]}"},
}
