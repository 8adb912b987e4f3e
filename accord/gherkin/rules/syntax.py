"""What is not Gherkin in a file, in a sentence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gherkin.dialect import DIALECTS
from gherkin.gherkin_line import GherkinLine
from gherkin.token_matcher import TokenMatcher

from accord.compat.pytest_bdd import GherkinParseError
from accord.gherkin.rules.fault import Fault
from accord.gherkin.rules.keywords import Keywords

_NAME = "not-gherkin"
_NO_SUCH_LINE = "Unexpected token found."
_DOC_STRINGS = ('"""', "```")


def syntax_fault(error: GherkinParseError, text: str) -> Fault:
    """Return what is not Gherkin in a file, and what to do; where that is not known, as pytest-bdd says it."""
    line = error.line_content.strip()
    lines = [it.strip() for it in text.split("\n")]
    language = _language(text)
    keywords = Keywords.of(language)
    message = re.sub(r"Unknown parsing error: Parser errors:\n\(\d+:\d+\): ", "", error.message).partition("\n")[0]
    sentence = f"`{line}` is not Gherkin here" if message.startswith(_NO_SUCH_LINE) else f"{message} {line}".strip()
    found = next(_known(error.line, message, lines, language), None)
    if found is not None:
        return Fault(*found, _NAME)
    if (meant := keywords.correction(line)) is not None:
        below = (it for it in lines[error.line :] if it and not it.startswith("#"))
        fix = keywords.fix(line, next(below, ""), with_feature=True)
        return Fault(error.line, f"{sentence}: did you mean `{meant}`?", _NAME, fix)
    if message.startswith(_NO_SUCH_LINE):
        sentence += ": begin it with a keyword, with `@` if it is a tag, or with `#` if it is a comment."
    return Fault(error.line, sentence, _NAME)


def _known(number: int, message: str, lines: Sequence[str], language: str) -> Iterator[tuple[int, str]]:
    """Yield line and sentence of what one does by mistake, where pytest-bdd's message is about something else."""
    line = lines[number - 1] if number <= len(lines) else ""
    above = [(at, it) for at, it in enumerate(lines[: number - 1], 1) if it and not it.startswith("#")]
    if "#DocStringSeparator, #Other" in message and (opened := _open_doc_string(lines)) is not None:
        yield opened, f"the text that begins here has no end: write `{lines[opened - 1][:3]}` in a line below it."
    if line.startswith("@") and any(not it.startswith("@") for it in line.partition(" #")[0].split()):
        yield number, f"a tag has no spaces, and each one begins with `@`: correct `{line}`."
    if above and above[-1][1].startswith("@") and Keywords.of(language).kind(line) is not None:
        at, tags = above[-1]
        yield at, f"`{tags}` stands above a step, which has no tags: put it above a scenario, a rule or Examples."
    if line.startswith("|") and message.startswith("inconsistent cell count"):
        yield number, _unequal(number, line, lines)
    if _is_title(line, "background", language):
        rules = [at for at, it in above if _is_title(it, "rule", language)]
        others = [at for at, it in above if at > max(rules, default=0) and _is_title(it, "background", language)]
        if not others:
            yield number, "a background stands above the first scenario of its feature or rule: move it there."
    if _is_title(line, "feature", language) and above:
        yield number, "a file has one feature, and this is its second: move it to a file of its own."
    if (_is_title(line, "scenario", language) or _is_title(line, "scenarioOutline", language)) and not any(
        _is_title(it, "feature", language) for _at, it in above
    ):
        yield number, "there is no feature above it: begin the file with a line `Feature: ...`."


def _open_doc_string(lines: Sequence[str]) -> int | None:
    """Return the line where a text under a step begins that does not end."""
    opened, separator = None, ""
    for number, line in enumerate(lines, 1):
        if opened is not None and line.startswith(separator):
            opened = None
        elif opened is None and line.startswith(_DOC_STRINGS):
            opened, separator = number, line[:3]
    return opened


def _unequal(number: int, line: str, lines: Sequence[str]) -> str:
    first = at = number
    while at > 1 and (not lines[at - 2] or lines[at - 2].startswith(("|", "#"))):
        at -= 1
        first = at if lines[at - 1].startswith("|") else first
    counts = [sum(1 for _ in GherkinLine(it, 1).table_cells) for it in (line, lines[first - 1])]
    cells = f"{counts[0]} cell{'' if counts[0] == 1 else 's'}"
    return (
        f"the row has {cells}, and the first row of its table (line {first}) has {counts[1]}: write `|` at both ends "
        r"of each cell, and `\|` for one that belongs to a value."
    )


def _is_title(line: str, kind: str, language: str) -> bool:
    dialect: Mapping[str, Any] = DIALECTS[language]
    return line.startswith(tuple(f"{title}:" for title in dialect[kind]))


def _language(text: str) -> str:
    """Return the language of a file, as far as its first lines say one that Gherkin has."""
    found = (TokenMatcher.LANGUAGE_RE.match(line) for line in text.split("\n"))
    language = next((it[1] for it in found if it), "en")
    return language if language in DIALECTS else "en"
