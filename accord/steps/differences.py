"""What nobody sees: by what alone a sentence without a definition differs from one that a step definition says."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from accord.basics.source import defined_at, location
from accord.compat.pytest_bdd import ANY_KIND, Step, StepDefinition, literal_start

_ODD_SPACE = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
QUOTED = re.compile(r"""("[^"]*"|(?<!\w)'[^']*'(?!\w)|\u201c[^\u201d]*\u201d)""")
"""What is in quotes; where a text is split by it, each second part."""
_END = "what it ends with"
_SIGNS = " .:;,!?"
Fix = Callable[[str], str]
# In this order: each has what those above it have mended.
_FIXES: dict[str, Fix] = {
    "an invisible character": lambda text: _INVISIBLE.sub("", text),
    "a space of another kind": lambda text: _ODD_SPACE.sub(" ", text),
    "several spaces in a row": lambda text: re.sub(" {2,}", " ", text),
    "a space at its end": str.strip,
    "letters that are composed in another way": lambda text: unicodedata.normalize("NFC", text),
    "quotes or dashes of another kind": lambda text: text.translate(_ALIKE),
    _END: lambda text: text.rstrip(_SIGNS),
}
# What an empty value may stand for, and where it may be.
_VALUES = ("x", "1")
_EMPTY = re.compile(r"""(?<=")(?=")|(?<=')(?=')|(?<= )(?= )|(?<= )$|^(?= )""")


def invisible_difference(step: Step, definitions: Iterable[StepDefinition], rootpath: Path) -> str | None:
    """Return by what alone the sentence of a step differs from what a definition says; None if there is no such one."""
    for definition in definitions:
        is_of_kind = definition.kind in (None, step.type) or step.type == ANY_KIND
        if is_of_kind and (reason := next(_reasons(step.name, definition), None)) is not None:
            where = location(*defined_at(definition.function), rootpath)
            return f"it differs from `{definition.parser.name}` ({where}) only by {reason}"
    return None


def mends(sentence: str) -> tuple[str, list[str]]:
    """Return a sentence without anything that nobody sees, and what that was."""
    reasons = []
    for reason, fix in _FIXES.items():
        if (mended := fix(sentence)) != sentence:
            reasons.append(_named(reason, sentence, None))
            sentence = mended
    return sentence, reasons


def mended(sentence: str) -> Iterator[str]:
    """Yield a sentence with ever more of its slips mended: what nobody sees, quotes of another kind, what it ends with.

    What is in quotes is a value, and stays as it is.
    """
    parts = QUOTED.split(sentence)
    for fix in (_without_odd_spaces, _with_plain_quotes, _without_end):
        parts = fix(parts)
        if (text := "".join(parts)) != sentence:
            yield text


def _without_odd_spaces(parts: list[str]) -> list[str]:
    outside = (re.sub(" {2,}", " ", _ODD_SPACE.sub(" ", _INVISIBLE.sub("", part))) for part in parts[::2])
    return _with_outside(parts, outside)


def _with_plain_quotes(parts: list[str]) -> list[str]:
    values = (f'"{it[1:-1]}"' if it[0] == "\u201c" and '"' not in it else it for it in parts[1::2])
    parts[1::2] = values
    return _with_outside(parts, (part.translate(_ALIKE) for part in parts[::2]))


def _without_end(parts: list[str]) -> list[str]:
    return [*parts[:-1], parts[-1].rstrip(_SIGNS)]


def _with_outside(parts: list[str], outside: Iterable[str]) -> list[str]:
    parts[::2] = outside
    return parts


def _reasons(sentence: str, definition: StepDefinition) -> Iterator[str]:
    parser = definition.parser
    said, is_literal = literal_start(parser)
    reasons: list[str] = []
    mended = sentence
    for reason, fix in _FIXES.items():
        before, said_before = mended, said
        mended, said = fix(mended), fix(said) if is_literal else said
        if (mended, said) != (before, said_before):
            reasons.append(_named(reason, before, said_before if is_literal else None))
            if mended == said if is_literal else parser.is_matching(mended):
                yield " and ".join(reasons)
    for position in _EMPTY.finditer(sentence):
        for value in _VALUES:
            filled = sentence[: position.start()] + value + sentence[position.end() :]
            if not is_literal and parser.is_matching(filled):
                names = [name for name, it in (parser.parse_arguments(filled) or {}).items() if str(it) == value]
                yield f"an empty value, where {f'`{{{names[0]}}}`' if names else 'it'} needs a character"


def _named(reason: str, sentence: str, said: str | None) -> str:
    """Return the reason, with the numbers of the characters that cannot be seen, or with what stands at the end."""
    if reason == _END:
        end, other = _end_of(sentence), _end_of(said or "")
        if not end:
            return f"the `{other}` at its end, which is missing"
        return f"the `{end}` at its end, which is {f'`{other}`' if other else 'not'} there"
    found = (
        letter
        for text in (sentence, said or "")
        for pattern in (_INVISIBLE, _ODD_SPACE)
        for letter in pattern.findall(text)
    )
    numbers = ", ".join(f"U+{ord(letter):04X}" for letter in dict.fromkeys(found))
    return f"{reason} ({numbers})" if numbers and reason.startswith(("an invisible", "a space of")) else reason


def _end_of(text: str) -> str:
    return text[len(text.rstrip(_SIGNS)) :].strip()
