"""What one transaction on one connection cannot show, and where a scenario meets it: docs/one-transaction.md."""

import re
from dataclasses import dataclass
from functools import lru_cache

from accord.isolation.statements import words
from accord.isolation.work import Work


@dataclass(frozen=True)
class Limit:
    """Something that is otherwise than in production."""

    words: re.Pattern[str]
    """What shows in a statement that it may matter."""
    sentence: str
    transactions: int = 1
    """In how many transactions of a scenario it has to be met."""


def _limit(words: str, sentence: str, transactions: int = 1) -> Limit:
    return Limit(re.compile(rf"\b(?:{words})", re.IGNORECASE), sentence, transactions)


_LIMITS = (
    _limit(
        r"(?:now|transaction_timestamp)\s*\(|current_(?:timestamp|date|time)\b|localtime(?:stamp)?\b",
        "now() stood still: all transactions of a scenario have the time at which it began.",
        transactions=2,
    ),
    _limit(
        r"(?:LISTEN|NOTIFY)\b|pg_notify\s*\(",
        "LISTEN heard nothing: what NOTIFY says is sent when a transaction really commits.",
    ),
    _limit(
        r"(?:txid_current|pg_current_xact_id)\w*\s*\(",
        "All transactions of the scenario had one number: txid_current() does not tell them apart.",
    ),
    _limit(
        r"pg_(?:try_)?advisory_\w+\s*\(|FOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)\b.*\b(?:SKIP\s+LOCKED|NOWAIT)\b",
        "No lock was in another transaction's way: a scenario has one connection, which holds them all.",
    ),
)
_TABLE = re.compile(r"\b(?:FROM|TABLE)\b", re.IGNORECASE)
_LEVEL = "No transaction failed to serialize: a scenario's run one after another, whatever their isolation level."


@lru_cache(maxsize=2000)
def _limits_of(sql: str) -> tuple[Limit, ...]:
    """Return those that the statement may meet."""
    return tuple(limit for limit in _LIMITS if limit.words.search(words(sql)))


class Limits:
    """Those that the scenario has met."""

    def __init__(self) -> None:
        self._met: dict[Limit, dict[Work, None]] = {}
        self._sentences: dict[str, None] = {}

    def begin(self) -> None:
        """A scenario begins."""
        self._met.clear()
        self._sentences.clear()

    def note(self, work: Work, sql: str) -> None:
        """A statement is sent in the scenario's transaction."""
        for limit in _limits_of(sql):
            self._met.setdefault(limit, {})[work] = None
        if work.isolation in ("serializable", "repeatable read"):
            self._sentences[_LEVEL] = None

    def note_apart(self, by: str, sql: str) -> None:
        """A statement is sent on a connection that has no part in the scenario's transaction."""
        if _TABLE.search(words(sql)):
            self._sentences[f"What is read by {by} does not show what the scenario wrote."] = None

    def sentences(self) -> list[str]:
        """Return what of it may be why the scenario fails."""
        return [limit.sentence for limit, met in self._met.items() if len(met) >= limit.transactions] + [
            *self._sentences
        ]
