"""What an operation of the app promises, in business words: no method, path or status is in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from accord.contract.openapi import Operation, operations

_VERBS = {
    "get", "gets", "list", "lists", "read", "reads", "fetch", "fetches", "retrieve", "retrieves", "show", "shows",
    "view", "find", "finds", "search", "return", "returns", "load", "query", "display", "browse", "see", "check",
    "lookup", "select", "obtain", "give", "provide", "do", "handle", "perform", "create", "add", "post", "put", "patch",
    "delete", "remove", "update", "available", "existing", "paginated", "single", "specific",
}  # fmt: skip
_TECHNICAL = {
    "api", "apis", "endpoint", "endpoints", "route", "router", "json", "http", "https", "rest", "url", "html", "db",
    "sql", "async", "sync", "handler", "view", "views", "list", "all", "the", "a", "an", "of", "my", "id", "ids",
    "uuid", "every", "request", "response", "crud", "object", "objects", "openapi", "fastapi",
}  # fmt: skip
_OF_MAKERS = {
    "sqlalchemy", "sqlmodel", "asyncpg", "postgres", "postgresql", "alembic", "pydantic", "backend", "server", "app",
    "application", "template", "boilerplate", "starter", "example", "demo", "project", "microservice", "service",
}  # fmt: skip
_ENDS = {"by", "for", "with", "from", "in", "using", "via", "to", "and", "or", "per", "on", "as", "if", "that", "which"}
_OF_THE_SERVICE = {
    "health", "healthcheck", "healthz", "healthy", "ping", "pong", "ready", "readiness", "readyz", "readycheck", "live",
    "liveness", "livez", "alive", "status", "heartbeat", "root", "index", "home", "hello", "welcome", "main", "service",
    "info", "version", "metrics", "docs", "monitoring", "server", "world",
}  # fmt: skip
# Whatever is below these, or is one of these alone, is about the service itself.
_HEALTH = {"health", "healthcheck", "healthz", "monitoring", "metrics", "liveness", "readiness", "probes", "probe"}
_PARTS_OF_IT = {"redis", "database", "postgres", "postgresql", "celery", "kafka", "cache", "queue", "worker", "ping"}
_UNWELL = re.compile(r"\b(false|error|down|fail\w*|unhealthy|unavailable|degraded)\b", re.IGNORECASE)
_ACCOUNT = "account"
_OF_AN_ACCOUNT = {"me", "myself", "current", "profile", "account", "whoami"}
_SIGNING_IN = {"login", "logout", "token", "tokens", "auth", "callback", "oauth", "csrf", "session", "authorize"}
_MARKUP = re.compile(r"<[^<>]*>|\{[^{}]*\}")
_WORD = re.compile(r"[A-Za-z]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_VERSION = re.compile(r"v\d+")
_LONGEST = 28
_KEYS = ("email", "username", "items", "data", "results", "status", "total", "count", "message", "name", "title", "id")


_RANK_SIGNED_IN = 1


@dataclass(frozen=True)
class Question:
    """An operation that can be asked as it is: its path filled in, and what it is about."""

    method: str
    path: str
    subject: str | None
    """What it is about, in business words: `todo items`; None for the service itself."""
    is_secured: bool = False
    is_filled_in: bool = False
    """Whether something was put into its path that nobody has created."""
    is_about_signing_in: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the app answered."""

    status: int
    body: Any
    """What its JSON stands for; text where that is none."""


@dataclass(frozen=True)
class Promise:
    """A feature of one scenario, and what its steps do and expect."""

    feature: str
    wish: str
    benefit: str
    scenario: str
    when: str
    then: str
    name: str
    """What the files and functions are called after."""
    question: Question
    outcome: Outcome
    signs_in: bool = False
    """Whether one has to sign in for it."""

    @property
    def key(self) -> str | None:
        """A key that is in the body, if that is an object."""
        body = self.outcome.body
        if not isinstance(body, dict):
            return None
        fitting = [key for key in body if re.fullmatch(r"\w{1,30}", key)]
        return next((key for key in _KEYS if key in fitting), next(iter(fitting), None))


def questions(document: Mapping[str, Any]) -> list[Question]:
    """Return what the app can be asked without knowing anything, the plainest first."""
    found = (_question(document, operation) for operation in operations(document, strict=False))
    return sorted((it for it in found if it is not None), key=_plainness)


def _question(document: Mapping[str, Any], operation: Operation) -> Question | None:
    """Return how an operation is asked; None where that takes what only the project knows."""
    path = _mapping(_mapping(document.get("paths")).get(operation.template))
    content = _mapping(path.get(operation.method.lower()))
    listed = [*(path.get("parameters") or ()), *(content.get("parameters") or ())]
    needed = [it for it in map(_mapping, listed) if it.get("required")]
    in_path = {str(it.get("name")): _sample(it) for it in needed if it.get("in") == "path"}
    is_secured = bool(content.get("security", document.get("security")))
    is_askable = is_secured or (operation.method == "GET" and len(in_path) == len(needed))
    if content.get("deprecated") or not is_askable:
        return None
    return Question(
        operation.method,
        operation.filled_in(in_path),
        _subject(content, operation.template),
        is_secured,
        bool(in_path),
        bool(_SIGNING_IN & {*_words(operation.template)}),
    )


def _mapping(content: Any) -> Mapping[str, Any]:
    return content if isinstance(content, Mapping) else {}


def _plainness(question: Question) -> tuple[bool, ...]:
    return (
        question.method != "GET",
        question.is_filled_in,
        question.is_secured,
        question.is_about_signing_in,
        question.subject is None,
    )


def promises(
    answered: Sequence[tuple[Question, Outcome]], signed_in: Sequence[tuple[Question, Outcome]]
) -> list[Promise]:
    """Return what the answers promise, those first that say most about the domain.

    That is what is seen without signing in, then what is seen with it, of which `signed_in` are the answers; then that
    the service is up, that one has to sign in, and that something is not there.
    """
    found = [(_rank(it), it) for answer in answered if (it := _promise(*answer))]
    seen = [it for answer in signed_in if (it := _promise(*answer)) and _is_seen(it)]
    found += [(_RANK_SIGNED_IN, replace(it, signs_in=True)) for it in seen]
    return [promise for _, promise in sorted(found, key=lambda it: it[0])]


def _is_seen(promise: Promise) -> bool:
    return promise.outcome.status < 300 and promise.question.subject is not None


def _rank(promise: Promise) -> int:
    question = promise.question
    if promise.outcome.status < 300:
        return 2 if question.subject is None else 3 if question.is_about_signing_in else 0
    if promise.outcome.status == 404:
        return 6
    return 4 if question.method == "GET" else 5


def _promise(question: Question, outcome: Outcome) -> Promise | None:
    """Return what an answer promises; None where that is nothing."""
    subject = question.subject or "service"
    is_or_are = "are" if subject.endswith("s") and not subject.endswith("ss") else "is"
    article = "an" if subject[0] in "aeiou" else "a"
    whose = "my" if question.subject == _ACCOUNT else "the"
    title = _capitalized(f"my {subject}" if whose == "my" else subject)
    if question.method == "GET" and not question.is_filled_in and 200 <= outcome.status < 300:
        if question.subject is None:
            if _UNWELL.search(str(outcome.body)):
                return None
            texts = (
                "The service",
                "I want to know that the service is there",
                "so that I can rely on it.",
                "The service is up",
                "I ask whether the service is up",
                "it is up",
            )
        else:
            texts = (
                title,
                f"I want to see {whose} {subject}",
                "so that I know what is there.",
                f"{_capitalized(whose)} {subject} can be seen",
                f"I ask for {whose} {subject}",
                f"I get {whose} {subject}",
            )
    elif outcome.status in (401, 403):
        act = "ask for" if question.method == "GET" else "change"
        texts = (
            title,
            "I want to be asked who I am",
            "so that nobody else uses what is mine.",
            f"{_capitalized(whose)} {subject} {is_or_are} for those who have signed in"
            if whose == "the"
            else "My account is for me alone",
            f"I {act} {whose} {subject} without having signed in",
            "I am asked to sign in",
        )
    elif outcome.status == 404 and question.is_filled_in and question.subject:
        texts = (
            title,
            f"I want to hear it when there is no such {subject}",
            "so that I do not wait for it.",
            f"{_capitalized(article)} {subject} that nobody has added is not there",
            f"I ask for {article} {subject} that nobody has added",
            "I hear that it is not there",
        )
    else:
        return None
    return Promise(*texts, "_".join(subject.split()), question, outcome)


def service_name(title: str) -> str:
    """Return what people call the service, by the title of its document."""
    words = [word for word in re.findall(r"[^\W_]+", title) if word.lower() not in _TECHNICAL | _OF_MAKERS]
    name = " ".join(words)
    return name if 0 < len(name) <= 40 else "the service"


def _subject(operation: Mapping[str, Any], template: str) -> str | None:
    """Return what an operation is about, by its summary, else its path, else its tag."""
    summary, tags = str(operation.get("summary", "")), operation.get("tags") or [""]
    segments = [segment for segment in template.split("/") if segment and "{" not in segment]
    words = [*_words(summary), *_words(segments[-1] if segments else "")]
    if not segments or _OF_THE_SERVICE & set(words) or _HEALTH & {*_words(" ".join(segments))}:
        return None
    if _OF_AN_ACCOUNT & set(words):
        return _ACCOUNT
    for text in (summary, segments[-1], str(tags[0])):
        if text.isascii() and (found := _about(text)):
            return None if _PARTS_OF_IT.issuperset(found.split()) else found
    return None


def _about(text: str) -> str | None:
    """Return what of a text names a thing: `todo items` of "Get all Todo items by user"."""
    words: list[str] = []
    for word in _words(_MARKUP.sub(" ", text)):
        if words and (word in _ENDS or word in _VERBS):
            break
        if word not in _VERBS and word not in _TECHNICAL and word not in _ENDS and not _VERSION.fullmatch(word):
            words.append(word)
    found = " ".join(words[:3])
    return found if 2 < len(found) <= _LONGEST else None


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield from (part.lower() for part in _PARTS.findall(word))


def _sample(parameter: Mapping[str, Any]) -> str:
    """Return a value for a parameter of a path, which nothing is found by."""
    schema = _mapping(parameter.get("schema"))
    for kind in map(_mapping, (schema, *(schema.get("anyOf") or ()))):
        if kind.get("enum"):
            return quote(str(kind["enum"][0]), safe="")
        if kind.get("format") == "uuid":
            return "00000000-0000-4000-8000-000000000000"
        if kind.get("type") in ("integer", "number"):
            return str(kind.get("maximum", 2147483647))
    return "unknown"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
