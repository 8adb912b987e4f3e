"""What varies in a sentence: what is in quotes, numbers, dates, times, and what an outline fills in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SHORT_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# The form as `strptime` has it, the expression for it, and the class that a step is given: the longest first.
_DATES = (
    ("%Y-%m-%dT%H:%M:%S", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", "datetime"),
    ("%Y-%m-%dT%H:%M", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", "datetime"),
    ("%Y-%m-%d %H:%M", r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", "datetime"),
    ("%H:%M on %d %B %Y", rf"\d{{1,2}}:\d{{2}} on \d{{1,2}} (?:{_MONTHS}) \d{{4}}", "datetime"),
    ("%Y-%m-%d", r"\d{4}-\d{2}-\d{2}", "date"),
    ("%d %B %Y", rf"\d{{1,2}} (?:{_MONTHS}) \d{{4}}", "date"),
    ("%d %b %Y", rf"\d{{1,2}} (?:{_SHORT_MONTHS}) \d{{4}}", "date"),
    ("%B %d, %Y", rf"(?:{_MONTHS}) \d{{1,2}}, \d{{4}}", "date"),
    ("%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}", "date"),
    ("%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}", "date"),
    ("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}", "date"),
    ("%H:%M:%S", r"\d{1,2}:\d{2}:\d{2}", "time"),
    ("%H:%M", r"\d{1,2}:\d{2}", "time"),
)
_QUOTED = (
    r'"[^"]*"',
    # An apostrophe has a letter before it, or none after the next one.
    r"(?<!\w)'[^']*'(?!\w)",
    "\u201c[^\u201d]*\u201d",
    "\u201e[^\u201c\u201d]*[\u201c\u201d]",
    "\u00ab[^\u00bb]*\u00bb",
)
_NUMBER = r"-?\d+(?:\.\d+)?"
_WHERE_A_NUMBER_BEGINS, _WHERE_IT_ENDS = r"(?<![\w.,:/+-])", r"(?![\w/]|[.,:-]\d)"
_GAP = re.compile(
    rf"(?P<text>{'|'.join(_QUOTED)})"
    rf"|{_WHERE_A_NUMBER_BEGINS}(?:(?P<date>{'|'.join(form for _, form, _ in _DATES)})"
    rf"|(?P<words>\d{{1,2}} (?:{_MONTHS})\b)|(?P<number>{_NUMBER})){_WHERE_IT_ENDS}"
)
_PLACEHOLDER = re.compile("<([^<>]+)>")
_WORD = re.compile(r"[^\W\d_]\w*")
# What a name stands after, as in `the task "Buy milk"`: after any other word, it is not known to be one.
_BEFORE_A_NAME = {"a", "an", "the", "my", "your", "his", "her", "its", "our", "their", "this", "that", "no", "new"} | {
    *("of", "with", "in", "on", "for", "by", "from", "to", "as", "at", "into", "under", "and", "or", "without"),
}
_USUAL_NAMES = {
    "text": "text",
    "number": "number",
    "words": "day",
    "date": "day",
    "datetime": "moment",
    "time": "at",
    "word": "word",
}


class Gap(NamedTuple):
    """A part of a sentence that varies."""

    kind: str
    """`text` in quotes, `number`, `date`, `datetime`, `time`, `words` such as `1 March`, or `word` of an outline."""
    name: str
    """What to call it."""
    values: tuple[str, ...]
    """What stands there; a text with its quotes."""
    form: str = ""
    """The form of a date or a time, as `strptime` has it."""

    @property
    def expression(self) -> str:
        """The regular expression for all that may stand there, without quotes."""
        if self.kind == "text":
            return f"[^{self.values[0][-1]}]*"
        if self.kind == "word":
            return "|".join(escaped(value) for value in dict.fromkeys(self.values)) or ".*"
        if self.kind == "words":
            return r"\d{1,2} \w+"
        if self.kind == "number":
            return _NUMBER if self.is_decimal else r"-?\d+"
        return re.sub(r"\(\?:[\w|]+\)", r"\\w+", next(it for form, it, _ in _DATES if form == self.form))

    @property
    def is_decimal(self) -> bool:
        """Whether it is a number with a point."""
        return any("." in value for value in self.values)

    @property
    def shape(self) -> tuple[str, str, str]:
        """What it has in common with the gaps of sentences that one definition is for."""
        quotes = self.values[0][0] + self.values[0][-1] if self.kind == "text" else ""
        return self.kind, self.form, quotes


Part = str | Gap


def merged(parts: Sequence[Part]) -> Part:
    """Return the part that stands for those of several sentences, all of one shape."""
    first = parts[0]
    gaps = [part for part in parts if isinstance(part, Gap)]
    if isinstance(first, str):
        return first
    name = next((gap.name for gap in gaps if gap.name), "")
    return first._replace(name=name, values=tuple(dict.fromkeys(value for gap in gaps for value in gap.values)))


def parts_of(sentence: str, columns: Mapping[str, Sequence[str]]) -> list[Part]:
    """Return the parts of a sentence as it is written, of which `columns` has the values that an outline fills in."""
    parts: list[Part] = []
    end = 0
    for placeholder in _PLACEHOLDER.finditer(sentence):
        if (values := columns.get(placeholder[1])) is None:
            continue
        start, stop = placeholder.span()
        # One in quotes is a text, whatever stands in them.
        if sentence[start - 1 : start] + sentence[stop : stop + 1] in ('""', "''"):
            start, stop = start - 1, stop + 1
            values = [f"{sentence[start]}{value}{sentence[start]}" for value in values]
        parts += _without_columns(sentence[end:start])
        parts.append(_of_column(placeholder[1], tuple(values)))
        end = stop
    return [*parts, *_without_columns(sentence[end:])]


def _of_column(name: str, values: tuple[str, ...]) -> Gap:
    found = [_without_columns(value) for value in values]
    kinds = {(it[0].kind, it[0].form) if len(it) == 1 and isinstance(it[0], Gap) else ("word", "") for it in found}
    [(kind, form), *others] = kinds or {("word", "")}
    return Gap("word", name, values) if others else Gap(kind, name, values, form)


def _without_columns(text: str) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for found in _GAP.finditer(text):
        if text[end : found.start()]:
            parts.append(text[end : found.start()])
        parts.append(_gap(found, text[: found.start()]))
        end = found.end()
    return [*parts, *([text[end:]] if text[end:] else [])]


def _gap(found: "re.Match[str]", before: str) -> Gap:
    kind, value, form = str(found.lastgroup), found[0], ""
    if kind == "date":
        form, kind = next(_forms(value))
        # A number of something else may look like one, but no month.
        if not _is_possible(value) and not re.search("%[bB]|%Y-", form):
            form, kind = "", "word"
    return Gap(kind, _name_before(before) if kind in ("text", "number") else "", (value,), form)


def impossible_date(sentence: str) -> str | None:
    """Return what is written as a date in a sentence, and is none: `31 February 2026`."""
    dates = (found["date"] for found in _GAP.finditer(sentence) if found["date"])
    return next((it for it in dates if not _is_possible(it) and re.search("%[bB]|%Y-", next(_forms(it))[0])), None)


def _is_possible(text: str) -> bool:
    return len([*_forms(text)]) > 1


def _forms(text: str) -> Iterator[tuple[str, str]]:
    """Yield the forms that a date or a time has, the likeliest first, and then that of its looks."""
    looks = [(form, kind) for form, expression, kind in _DATES if re.fullmatch(expression, text)]
    for form, kind in looks:
        with suppress(ValueError):
            datetime.strptime(text, form)  # noqa: DTZ007  # Only whether there is such a day.
            yield form, kind
    yield looks[0]


def _name_before(text: str) -> str:
    """Return the noun before a gap, as in `the task "Buy milk"`; nothing where it may be any other word."""
    if not text.endswith(" "):
        return ""
    *_, before, last = ["", "", *text.split()]
    return last if before.lower() in _BEFORE_A_NAME and _WORD.fullmatch(last) else ""


def usual_name(kind: str) -> str:
    """Return what a gap of a kind is called where the sentence does not say it."""
    return _USUAL_NAMES[kind]


def escaped(text: str) -> str:
    """Return the regular expression for a text, in which spaces, dashes and the like stay as they are."""
    return re.sub(r"[.^$*+?{}\[\]\\|()]", r"\\\g<0>", text)


def expression_of(parts: Sequence[Part]) -> "re.Pattern[str]":
    """Return the expression of all sentences that have the same parts."""
    return re.compile("".join(map(_expression, parts)))


def _expression(part: Part) -> str:
    if isinstance(part, str):
        return escaped(part)
    expression = f"(?:{part.expression})"
    return part.values[0][0] + expression + part.values[0][-1] if part.kind == "text" else expression
